#!/bin/sh
# The man pages say what the command's help says: the same commands, and for each the same options. $EXTVM is the
# command; the pages are in build/man. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh

pages=${MAN_PAGES:-build/man}

# options_of_help COMMAND: the options that its help lists, and that of its verbs, one on a line.
options_of_help() {
    {
        "$EXTVM" "$1" --help
        "$EXTVM" "$1" --help | sed -n '/^Verbs/,/^$/s/^  \([a-z]*\) .*/\1/p' | while read -r verb; do
            "$EXTVM" "$1" "$verb" --help
        done
    } | sed -n 's/^  \(--*[a-z][a-z-]*\).*/\1/p' | sort -u
}

# options_of_page PAGE: the options that have a paragraph there.
options_of_page() {
    sed -n '/^\.TP$/{n;s/\\-/-/g;s/^\.BI* \(--*[a-z][a-z-]*\).*/\1/p}' "$1" | sort -u
}

# mentions_of_page PAGE COMMAND: the long options that it speaks of anywhere, but for examples of other commands.
mentions_of_page() {
    sed -e "/^extvm $2 /!{/^extvm /d}" "$1" | sed 's/\\-/-/g; s/\\[a-z(]*//g' | grep -oE '(^|[^a-z-])--[a-z]+(-[a-z]+)*' | sed 's/^[^-]*//' | sort -u
}

commands=$("$EXTVM" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -l)" -ge 6 ]
verdict 'the overview lists the commands'

for command in $commands; do
    grep -q "^\.BR $command " "$pages/extvm.1" && [ -e "$pages/extvm-$command.1" ]
    verdict "extvm(1) tells of $command, and $command has a page"
done

for page in "$pages"/extvm-*.1; do
    command=$(basename "$page" .1)
    command=${command#extvm-}
    if ! echo "$commands" | grep -qx "$command"; then
        skip "the page of $command has the options of its help" "this program has no command $command"
        continue
    fi
    options_of_help "$command" >"$folder/help"
    options_of_page "$page" >"$folder/page"
    [ -s "$folder/help" ] && diff "$folder/help" "$folder/page" >"$folder/options.log"
    verdict "the page of $command has the options of its help, and no other"
    mentions_of_page "$page" "$command" | grep -vx -e --help -e --version | grep -vxF -f "$folder/help" >"$folder/mentions.log"
    [ ! -s "$folder/mentions.log" ]
    verdict "the page of $command speaks of no option that is not there"
done
: >"$folder/options.log"

"$EXTVM" serve --fault no-such 2>&1 | sed 's/.*there are //' | tr ',' '\n' | sed 's/^ *//; s/=.*//' | sort >"$folder/help"
sed -n '/^\.RS$/,/^\.RE$/s/^\.BI* //p' "$pages/extvm-serve.1" | sed 's/\\-/-/g; s/=.*//' | sort >"$folder/page"
diff "$folder/help" "$folder/page" >"$folder/options.log"
verdict 'the page of serve has each fault, and no other'

for header in include/extvm/*.h; do
    case $header in */declare.h | */extvm.h) continue ;; esac
    grep -q "extvm/$(basename "$header")" "$pages/libextvm.3" || echo "${header#include/}"
done >"$folder/headers.log"
[ ! -s "$folder/headers.log" ]
verdict 'libextvm(3) tells of each header'

"$EXTVM" run --option no-such=1 2>&1 | sed 's/.*there are //' | tr ',' '\n' | sed 's/^ *//' >"$folder/names"
sed 's/\\-/-/g' "$pages/base.conf.5" >"$folder/page"
while read -r name; do
    grep -q "^\.BR* $name " "$folder/page" || echo "$name"
done <"$folder/names" >"$folder/names.log"
[ -s "$folder/names" ] && [ ! -s "$folder/names.log" ]
verdict 'base.conf(5) has each option of the library'

"$EXTVM" run --help | sed -n '/^  --option/,/^  --trace/p' | tr -cs 'a-z-' '\n' >"$folder/help"
while read -r name; do
    grep -qxe "$name" "$folder/help" || echo "$name"
done <"$folder/names" >"$folder/names.log"
[ ! -s "$folder/names.log" ]
verdict 'the help of --option has each option of the library'

finish
