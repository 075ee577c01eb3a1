#!/bin/sh
# `extvm statetest` from outside: what it prints and how it exits. $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh
cases=tests/statetest/own_cases.json

# run ARGUMENT...: leaves $status, $folder/out and $folder/err.
run() {
    "$EXTVM" statetest "$@" >"$folder/out" 2>"$folder/err"
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

mkdir -p "$folder/suite/stB" "$folder/suite/stA" "$folder/empty"
cp "$cases" "$folder/suite/stA/good.json"
# The hash of no logs, replaced: these cases fail.
sed 's/0x1dcc4de8/0x00000000/' "$cases" >"$folder/suite/stB/bad.json"
echo '{"a": 1}' >"$folder/other.json"
echo '{' >"$folder/broken.json"
sed 's/"data": 0/"data": 7/' "$cases" >"$folder/index.json"

# -- cases --

ends 0 'our own cases pass' '^124 passed, 0 failed, 0 skipped$' "$cases"
ends 1 'a case that fails says what differs' \
    '^failed: stB/bad:transfer Berlin data 0 gas 0 value 0; logs hash is 0x1dcc4de8.*expected 0x00000000' "$folder/suite"
ends 1 'the last line counts the cases' '^133 passed, 115 failed, 0 skipped$' "$folder/suite"
ends 0 'one fork can be chosen' '^13 passed' --fork SpuriousDragon "$cases"
ends 0 'a filter takes folder and file' '^9 passed' --filter 'stA/*:transfer' "$folder/suite"
ends 0 '--json has one object for each case' '"test":"log","fork":"Berlin".*"passed":true' --json --filter log "$cases"
tail -n 1 "$folder/out" | grep -q '^{"passed":9,"failed":0,"skipped":0}$' && [ "$(wc -l <"$folder/out")" -eq 10 ]
verdict '--json ends with the three numbers'
run --json --filter 'stB/*:transfer' --fork Berlin "$folder/suite"
[ "$status" -eq 1 ] && prints '"passed":false.*"logsHash":{"got":"0x1dcc4de8.*","expected":"0x00000000.*"}'
verdict '--json says what differs'

run --jobs 1 "$folder/suite"
sed '$d' "$folder/out" >"$folder/one"
run --jobs 4 "$folder/suite" "$folder/suite"
cat "$folder/one" "$folder/one" >"$folder/twice"
sed '$d' "$folder/out" | cmp -s - "$folder/twice" && [ -s "$folder/one" ]
verdict 'the output has the order of the files, whatever the jobs'
run --vm internal --vm internal --jobs 3 "$folder/suite/stA" "$folder/suite/stA/good.json"
[ "$status" -eq 0 ] && prints '^248 passed'
verdict '--vm can be given twice'
run -vv --log-format json --jobs 2 "$folder/suite/stA" "$cases"
[ "$status" -eq 0 ] && [ "$(grep -c -v '^{"time":"[^"]*","level":"debug","event":"call",[^{}]*"message":"[^"]*"}$' "$folder/err")" -eq 0 ] && [ -s "$folder/err" ]
verdict 'log lines of several jobs stay whole'
ends 0 'what is no terminal sees no progress' '^124 passed' "$cases"

# -- refusals --

refuses 2 'no path is a usage error' 'no PATH'
refuses 2 'an unknown option is a usage error' "'--nonsense'" --nonsense "$cases"
refuses 2 'a slip in an option is put right' 'did you mean --filter?' --fliter x "$cases"
refuses 2 'an unknown fork is a usage error that names the forks' 'no such fork.*Berlin' --fork Never "$cases"
refuses 2 'a slip in a fork is put right' 'did you mean Berlin?' --fork Berlim "$cases"
vms=$(i=0 && while [ $i -lt 65 ]; do printf -- '--vm internal ' && i=$((i + 1)); done)
# They are meant to be split.
# shellcheck disable=SC2086
refuses 2 'more VMs than there can be are a usage error' 'at most 64 VMs' $vms "$cases"
refuses 2 'no jobs at all are a usage error' "--jobs '0'" --jobs 0 "$cases"
refuses 2 'a wrong --timeout is a usage error' "--timeout 'soon'" --timeout soon "$cases"
refuses 2 'a --vm of no known kind is a usage error' 'carrier-pigeon' --vm carrier-pigeon://loft "$cases"
refuses 2 'a file that is not there is a usage error' 'absent: No such file' "$folder/absent"
refuses 2 'a folder without tests is a usage error' 'no file in it' "$folder/empty"
refuses 2 'JSON that is no state test is named, with the place' 'no state test: .*other.json: a is 1' "$folder/other.json"
refuses 2 'a case with an index that no list has is refused' 'no state test: .*transaction.data\[7\]' "$folder/index.json"
refuses 2 'a file that is no JSON is named, with the line' 'no state test: .*broken.json: line 2' "$folder/broken.json"
refuses 2 'a filter that matches nothing is an error' 'no case' --filter never "$cases"
refuses 3 'a VM that cannot be reached ends the run' 'Connection refused' --vm kevm://127.0.0.1:1 \
    --option connect-retries=0 "$cases"
run --json "$folder/other.json"
[ "$status" -eq 2 ] && prints '^{"error":{"status":"invalid-argument","message":".*other.json: a is 1'
verdict '--json has the error too'
ends 0 'help is given' '^Usage: extvm statetest' --help
finish
