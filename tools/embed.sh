#!/bin/sh
# The trace page as C on stdout: page.html with the style and the script in it, as what comes before the data and what
# comes after. Arguments: page.html page.css page.js.
set -eu
page=$(mktemp)
trap 'rm -f "$page"' EXIT
sed -e "/^@STYLE@\$/{
r $2
d
}" -e "/^@SCRIPT@\$/{
r $3
d
}" "$1" >"$page"

# as_array NAME: stdin as an array of bytes and its size.
as_array() {
    printf 'const unsigned char %s[] = {\n' "$1"
    od -An -v -tx1 | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
    printf '};\nconst size_t %s_size = sizeof %s;\n' "$1" "$1"
}

printf '/* Made by tools/embed.sh. */\n#include "cli/trace_page.h"\n\n'
sed '/^@TRACE@$/,$d' "$page" | as_array trace_page_before
sed '1,/^@TRACE@$/d' "$page" | as_array trace_page_after
