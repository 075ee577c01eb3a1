#!/bin/sh
# What Doxygen is to read of a file: a header's plain comments as its own kind (`/**` before what they are about, `/**<`
# behind it), a page's links to the repository as plain text.
set -eu

case $1 in
*.md) sed -E 's/\[([^]]*)\]\([^)]*\)/\1/g' "$1" ;;
*) sed -E -e '1s|^/\* |/** \\file\n * |' -e 's|^( *)/\* --.*-- \*/$||' -e 's|^( *)/\* |\1/** |' -e 's|^(.*[;,{(a-zA-Z0-9].*) /\* |\1 /**< |' "$1" |
    # What would be a command, a tag or a link to Doxygen stands as it is.
    sed -E -e 's/^ \*   /&    /' -e '/\/\*\*|^ \*/{s/@/\\@/g;s/</\\</g;s/\/\*\*\\</\/**</;s/#/\\#/g}' ;;
esac
