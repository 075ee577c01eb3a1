#!/bin/sh
# `extvm ieletest` from outside: what it prints and how it exits, and the vectors when they are there. $EXTVM is the
# command, $SCRIPTED_VM the VM that plays scripts. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh
cases=tests/ieletest/own_cases.json
vectors=${EXTVM_SHARED:-../shared}/vectors/iele-tests

# run ARGUMENT...: leaves $status, $folder/out and $folder/err.
run() {
    "$EXTVM" ieletest "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

# ends STATUS SENTENCE PATTERN ARGUMENT...: the exit status, and a line of the output.
ends() {
    wanted=$1 sentence=$2 pattern=$3
    shift 3
    run "$@"
    [ "$status" -eq "$wanted" ] && prints "$pattern" && [ ! -s "$folder/err" ]
    verdict "$sentence"
}

# refuses STATUS SENTENCE PATTERN ARGUMENT...: the exit status, nothing on stdout, one line on stderr.
refuses() {
    wanted=$1 sentence=$2 pattern=$3
    shift 3
    run "$@"
    [ "$status" -eq "$wanted" ] && says "^extvm: .*$pattern" && [ "$(wc -l <"$folder/err")" -eq 1 ] && [ ! -s "$folder/out" ]
    verdict "$sentence"
}

# change OLD NEW: our own cases, with one thing changed, in $folder/changed.json.
change() {
    sed "s/$1/$2/" "$cases" >"$folder/changed.json"
    ! cmp -s "$cases" "$folder/changed.json" || echo "nothing was changed: $1" >>"$folder/changed.json"
}

# -- cases --

for vm in internal-iele test-mode-iele; do
    ends 0 "our own cases pass on $vm" '^3 passed, 0 failed, 0 skipped$' --vm "$vm" "$cases"
done
ends 0 'the VM is internal-iele when none is named' '^3 passed' "$cases"
: >"$folder/served"
"$EXTVM" serve --listen 127.0.0.1:0 >"$folder/served" 2>/dev/null &
server=$!
while ! grep -q '^listening' "$folder/served"; do sleep 0.02; done
ends 0 'our own cases pass on a server that speaks both protocols' '^3 passed' \
    --vm "iele://$(sed 's/^listening on //' "$folder/served")" "$cases"
kill "$server"
wait "$server"

change '"status": "0x07"' '"status": "-0x08"'
ends 1 'a status that differs is shown' '^failed: .*changed:put; transaction 1: status is 7, expected -8$' "$folder/changed.json"
change '"0x2a"' '"-0x2a"'
ends 1 'an output that differs is shown' 'changed:tiny; transaction 1: out is \[0x2a\], expected \[-0x2a\]$' "$folder/changed.json"
change '"gas": "0x0fac18"' '"gas": "0x0fac19"'
ends 1 'gas that differs is shown' 'transaction 1: gas is 1027096, expected 1027097$' "$folder/changed.json"
change '"refund": ""' '"refund": "0x05"'
ends 1 'a refund that differs is shown' 'refund is 0, expected 5' "$folder/changed.json"
change '174a98ea' '074a98ea'
ends 1 'logs that differ are shown' 'transaction 0: logs is 0x174a98ea.*expected 0x074a98ea' "$folder/changed.json"
change '1027095199' '1027095198'
ends 1 'gas in thousandths is compared where the VM reports it' 'milligas is 1027095199, expected 1027095198$' "$folder/changed.json"
ends 0 'and is not where it does not' '^3 passed' --vm test-mode-iele "$folder/changed.json"
change '"0x05": "0x80"' '"0x05": "0x81"'
ends 1 'storage that differs is shown' 'account 0x813e.* storage\[0x5\] is 0x80, expected 0x81$' "$folder/changed.json"
change '"0x07": "-0x0100"' '"0x08": "-0x0100"'
ends 0 'storage of the state before is read' '^3 passed' "$folder/changed.json"
change '"balance": "0xe8d3c50f00"' '"balance": "0xe8d3c50f01"'
ends 1 'a balance that differs is shown' 'account 0xa1a1.* balance is [0-9]*, expected [0-9]*$' "$folder/changed.json"
change '"0xb2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2": {' '"0xb3b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2": {'
ends 1 'accounts that should not be there, or should, are shown' \
    'account 0xb2b2.* is there, expected absent; account 0xb3b2.* is absent, expected there$' "$folder/changed.json"
change '"gasLimit": "0x100000"' '"gasLimit": "0x10"'
ends 1 'a gas limit below the intrinsic gas fails the case' 'transaction 0: out-of-range: .*intrinsic gas' "$folder/changed.json"
change '"gasPrice": "0x01"' '"gasPrice": "0x0100000000000000"'
ends 1 'a sender that cannot pay fails the case' 'transaction 0: out-of-range: the sender cannot pay' "$folder/changed.json"

ends 0 'a filter takes the name of a test' '^1 passed' --filter put "$cases"
ends 0 'a filter takes folder and file' '^3 passed' --filter 'ieletest/own_cases:*' "$cases"
ends 0 '--json has one object for each case' '^{"file":"ieletest/own_cases","test":"put","passed":true}$' --json "$cases"
tail -n 1 "$folder/out" | grep -q '^{"passed":3,"failed":0,"skipped":0}$' && [ "$(wc -l <"$folder/out")" -eq 4 ]
verdict '--json ends with the three numbers'
change '"gas": "0x0fac18"' '"gas": "0x0fac19"'
run --json "$folder/changed.json"
[ "$status" -eq 1 ] && prints '"passed":false.*{"what":"transaction 1: gas","got":"1027096","expected":"1027097"}'
verdict '--json says what differs'
mkdir -p "$folder/suite/b" "$folder/suite/a" "$folder/empty"
cp "$cases" "$folder/suite/a/good.json"
cp "$folder/changed.json" "$folder/suite/b/bad.json"
run --jobs 1 "$folder/suite" "$folder/suite"
cp "$folder/out" "$folder/one"
run --jobs 4 "$folder/suite" "$folder/suite"
prints '^10 passed, 2 failed, 0 skipped$' && cmp -s "$folder/out" "$folder/one"
verdict 'the output has the order of the files, whatever the jobs'

# -- single instructions: section 9 of protocol/iele-vm.md --

cat >"$folder/instructions.json" <<'CASES'
[{"op": "add", "in": ["0x29", "-0x2a"], "M": 2, "C": 2801, "out": "-0x01", "cur": 0, "peak": 1, "charged": 2801},
 {"op": "store", "in": ["-0x0080", "0x00"], "cell": null, "C": 2804, "cell_after": "80", "cur": 1, "peak": 1, "charged": 2804},
 {"op": "log2", "in": ["-0x40"], "M": 2, "C": 2301, "status": 4}]
CASES
ends 0 'single instructions are cases' '^3 passed, 0 failed, 0 skipped$' "$folder/instructions.json"
ends 0 'one of them can be chosen' '"test":"store\[1\]","passed":true' --json --filter 'store*' "$folder/instructions.json"
sed 's/"out": "-0x01"/"out": "0x01"/; s/"C": 2801/"C": 28010000000000000000/; s/"80"/"81"/; s/"status": 4/"status": 5/' \
    "$folder/instructions.json" >"$folder/wrong.json"
run "$folder/wrong.json"
[ "$status" -eq 1 ] && prints 'wrong:add\[0\]; C is 2801, expected 28010000000000000000; out is -0x1, expected 0x1$' &&
    prints 'store\[1\]; cell 0 is 0x80, expected 0x81$' && prints 'log2\[2\]; status is 4, expected 5$' && prints '^0 passed, 3 failed'
verdict 'what differs of an instruction is shown, however long the numbers'
refuses 2 'an instruction with an unknown member is refused' "instructions.json: \[0\].cel: there is no such member" \
    "$(sed 's/"cur"/"cel"/' "$folder/instructions.json" >"$folder/x-instructions.json" && echo "$folder/x-instructions.json")"

# -- refusals --

refuses 2 'no path is a usage error' 'no PATH'
refuses 2 'a VM that is no IELE is a usage error' "'kevm://127.0.0.1:1' is no IELE: allowed is internal-iele" --vm kevm://127.0.0.1:1 "$cases"
refuses 2 'an unknown option is a usage error' "'--nonsense'" --nonsense "$cases"
refuses 2 'no jobs at all are a usage error' "--jobs '0'" --jobs 0 "$cases"
refuses 2 'a file that is not there is a usage error' 'absent: No such file' "$folder/absent"
refuses 2 'a folder without tests is a usage error' 'no file in it' "$folder/empty"
echo '{"a": 1}' >"$folder/other.json"
refuses 2 'JSON that is no IELE test is named, with the place' 'no IELE test: .*other.json: a is 1' "$folder/other.json"
change '"to": ""' '"to": "0xabc"'
refuses 2 'a value that cannot be is named, with the place' 'changed.json: tiny.blocks\[0\].transactions\[0\].to is' "$folder/changed.json"
change '"value": "0x0100"' '"value": "-0x0100"'
refuses 2 'a negative value is refused' 'transactions\[0\].value is .*: it must be 0 or more' "$folder/changed.json"
refuses 2 'a filter that matches nothing is an error' 'no case' --filter never "$cases"
refuses 3 'a VM that cannot be reached ends the run' 'Connection refused' --vm iele://127.0.0.1:1 \
    --option connect-retries=0 "$cases"
run --json "$folder/other.json"
[ "$status" -eq 2 ] && prints '^{"error":{"status":"invalid-argument","message":".*other.json: a is 1'
verdict '--json has the error too'
ends 0 'help is given, and says what a case is' '^A case is one test' --help

# -- the vectors --

for vm in internal-iele test-mode-iele; do
    for part in tests programs instructions.json; do
        sentence="the vectors of $part pass on $vm"
        if [ ! -e "$vectors/$part" ]; then
            skip "$sentence" "no vectors at $vectors"
            continue
        fi
        run --vm "$vm" "$vectors/$part"
        [ "$status" -eq 0 ] && tail -n 1 "$folder/out" | grep -q '^[1-9][0-9]* passed, 0 failed, 0 skipped$'
        verdict "$sentence ($(tail -n 1 "$folder/out"))"
        : >"$folder/out"
    done
done
if [ -e "$vectors/instructions.json" ]; then
    ends 0 'each of the instructions is a case' '^2357 passed, 0 failed, 0 skipped$' "$vectors/instructions.json"
else
    skip 'each of the instructions is a case' "no vectors at $vectors"
fi

finish
