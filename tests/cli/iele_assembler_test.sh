#!/bin/sh
# `extvm iele assemble` and `disassemble`: what they print and how they exit, and, when the vectors are there, every
# program and contract of theirs. $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh

# extvm ARGUMENT...: leaves $status, $folder/out and $folder/err.
extvm() {
    "$EXTVM" "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}
one_line() { [ "$(wc -l <"$folder/err")" -eq 1 ]; }

source=$folder/inc.iele
cat >"$source" <<'TEXT'
contract Inc {
  define @init() {}
  define public @inc(%x) { %y = add %x, 1  ret %y }
}
TEXT
code=0000001b6302690003696e63670000000068000100016101010112f6000102

# -- assemble --

extvm iele assemble "$source"
[ "$status" -eq 0 ] && [ "$(cat "$folder/out")" = "$code" ] && [ ! -s "$folder/err" ]
verdict 'a text becomes the hex of its contract'
extvm iele assemble "$source" -o "$folder/inc.bin"
[ "$status" -eq 0 ] && [ ! -s "$folder/out" ] && [ "$(od -An -v -tx1 "$folder/inc.bin" | tr -d ' \n')" = "$code" ]
verdict '-o writes the bytes themselves'
extvm iele assemble --json "$source"
[ "$status" -eq 0 ] && [ "$(cat "$folder/out")" = "{\"code\":\"0x$code\",\"size\":31}" ]
verdict 'assemble --json prints one JSON document'

printf 'contract A {\n  define @f() {\n    br out\n  }\n}\n' >"$folder/wrong.iele"
extvm iele assemble "$folder/wrong.iele" -o "$folder/wrong.bin"
[ "$status" -eq 2 ] && one_line && says "^extvm: $folder/wrong.iele:3:8: there is no label out in this function$" &&
    [ ! -s "$folder/out" ] && [ ! -e "$folder/wrong.bin" ]
verdict 'what is wrong in a text is told with file, line and column: exit 2, and no file'
extvm iele assemble --json "$folder/wrong.iele"
[ "$status" -eq 2 ] && prints '^{"error":{"status":"invalid-argument","message":".*wrong.iele:3:8: there is no label' &&
    [ "$(wc -l <"$folder/out")" -eq 1 ]
verdict 'with --json the message is in a JSON document too'
extvm iele assemble "$folder/none.iele"
[ "$status" -eq 2 ] && one_line && says 'none.iele: No such file'
verdict 'a text that is not there: exit 2'
extvm iele assemble "$source" -o "$folder/none/inc.bin"
[ "$status" -ne 0 ] && one_line && says 'none/inc.bin'
verdict 'a file that cannot be written is named'

# -- disassemble --

extvm iele disassemble "$folder/inc.bin"
[ "$status" -eq 0 ] && prints '^  define public @inc(%0) {$' && prints '^    %2 = add %0, %1$' && [ ! -s "$folder/err" ]
verdict 'bytes become a text'
cp "$folder/out" "$folder/inc.text"
printf ' 0x%s\r\n' "$code" >"$folder/inc.hex"
extvm iele disassemble "$folder/inc.hex"
[ "$status" -eq 0 ] && cmp -s "$folder/out" "$folder/inc.text"
verdict 'hex text becomes the same one'
extvm iele disassemble -o "$folder/again.iele" "$folder/inc.bin" && [ "$status" -eq 0 ] && [ ! -s "$folder/out" ] &&
    extvm iele assemble "$folder/again.iele" && [ "$(cat "$folder/out")" = "$code" ]
verdict 'the text becomes the same bytes again'
extvm iele disassemble --json "$folder/inc.bin"
[ "$status" -eq 0 ] && prints '^{"text":"contract Main {\\n.*,"exact":true}$'
verdict 'disassemble --json prints one JSON document'
printf '000000026305\n' >"$folder/wide.hex"
extvm iele disassemble "$folder/wide.hex"
[ "$status" -eq 0 ] && prints '^// This text assembles to other bytes: byte 5 of 6 is 00, and not 05 as here\.$'
verdict 'a contract that the assembler would make otherwise begins with a comment'
extvm iele disassemble --json "$folder/wide.hex"
[ "$status" -eq 0 ] && prints '"exact":false}$'
verdict 'and is not exact in JSON'
extvm iele disassemble "$source"
[ "$status" -eq 2 ] && one_line && says "^extvm: $source: these [0-9]* bytes are no IELE contract$"
verdict 'what is no contract: exit 2'

# -- the command line --

extvm iele
[ "$status" -eq 2 ] && says 'assemble or disassemble'
verdict 'no verb: exit 2'
extvm iele assemlbe "$source"
[ "$status" -eq 2 ] && says 'did you mean assemble?'
verdict 'a verb that there is none of: exit 2'
extvm iele assemble
[ "$status" -eq 2 ] && says 'needs a FILE'
verdict 'no file: exit 2'
extvm iele assemble "$source" "$source"
[ "$status" -eq 2 ] && says 'one FILE'
verdict 'two files: exit 2'
extvm iele assemble "$source" -o
[ "$status" -eq 2 ] && says '-o needs a value'
verdict '-o without a file: exit 2'
extvm iele assemble "-o$folder/x" "$source"
[ "$status" -eq 2 ] && says 'no option'
verdict 'a letter with a value stands by itself'
extvm iele --help
[ "$status" -eq 0 ] && prints '^Usage: extvm iele assemble' && cp "$folder/out" "$folder/help" && extvm help iele &&
    cmp -s "$folder/out" "$folder/help"
verdict 'help is printed'
extvm iele assemble examples/token.iele
[ "$status" -eq 0 ]
verdict 'the example assembles'

# -- the vectors --

vectors=${EXTVM_SHARED:-../shared}/vectors/iele-tests
assembles='every program of the vectors assembles to the hex beside it'
returns='every contract of the vectors disassembles to a text that assembles to the same bytes, or says why not'
if [ ! -d "$vectors/programs" ]; then
    skip "$assembles" "no vectors at $vectors"
    skip "$returns" "no vectors at $vectors"
    finish
    exit
fi

: >"$folder/wrong.log"
programs=0
for program in "$vectors"/programs/*.iele; do
    extvm iele assemble "$program"
    programs=$((programs + 1))
    tr -d '\n' <"$folder/out" >"$folder/hex"
    tr -d '\n' <"${program%.iele}.hex" | cmp -s - "$folder/hex" || echo "$program: status $status" >>"$folder/wrong.log"
done
[ "$programs" -gt 100 ] && [ ! -s "$folder/wrong.log" ]
verdict "$assembles"

# Each code once; those that are no contract stand only where a creation is to fail.
cat "$vectors"/programs/*.hex >"$folder/codes"
find "$vectors" -name '*.iele.json' -exec grep -Eho '"(code|contractCode)": *"0x[0-9a-fA-F]+"' {} + |
    sed 's/.*"0x//; s/"$//' >>"$folder/codes"
sort -u "$folder/codes" >"$folder/unique"
: >"$folder/wrong.log"
exact=0
other=0
none=0
while read -r code; do
    echo "$code" >"$folder/code.hex"
    extvm iele disassemble "$folder/code.hex"
    cp "$folder/out" "$folder/code.iele"
    if [ "$status" -ne 0 ]; then
        none=$((none + 1))
        says 'are no IELE contract$' || echo "$code: status $status" >>"$folder/wrong.log"
    elif head -n 1 "$folder/code.iele" | grep -q '^// This text '; then
        other=$((other + 1))
    else
        exact=$((exact + 1))
        extvm iele assemble "$folder/code.iele"
        tr -d '\n' <"$folder/code.hex" | tr A-F a-f >"$folder/hex"
        tr -d '\n' <"$folder/out" | cmp -s - "$folder/hex" || echo "$code: status $status" >>"$folder/wrong.log"
    fi
done <"$folder/unique"
echo "# $exact come back as they were, $other say that they do not, $none are no contracts"
[ "$exact" -gt 100 ] && [ "$other" -lt 10 ] && [ "$none" -lt 20 ] && [ ! -s "$folder/wrong.log" ]
verdict "$returns"
finish
