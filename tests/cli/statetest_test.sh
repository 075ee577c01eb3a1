#!/bin/sh
# `extvm statetest` from outside: output and exit status. Usage: [EXTVM=PATH] statetest_test.sh [PATH]
set -u

extvm=${1:-${EXTVM:-build/extvm}}
cases=$(dirname "$0")/../statetest/own_cases.json
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

# check NAME STATUS PATTERN COMMAND...: the command's status, and a pattern that its output has.
check() {
    name=$1 status=$2 pattern=$3
    shift 3
    "$@" >"$work/out" 2>&1
    got=$?
    if [ "$got" -ne "$status" ] || ! grep -q -- "$pattern" "$work/out"; then
        echo "FAILED $name: exit status $got, expected $status and: $pattern"
        sed 's/^/    /' "$work/out" | head -5
        failed=1
    else
        echo "ok $name"
    fi
}

mkdir -p "$work/suite/stB" "$work/suite/stA" "$work/empty"
cp "$cases" "$work/suite/stA/good.json"
# The hash of no logs, replaced: these cases fail.
sed 's/0x1dcc4de8/0x00000000/' "$cases" >"$work/suite/stB/bad.json"
echo '{"a": 1}' >"$work/other.json"
echo '{' >"$work/broken.json"

check own_cases_pass 0 '^124 passed, 0 failed, 0 skipped$' "$extvm" statetest "$cases"
check a_failing_case_says_what_differs 1 \
    '^failed: stB/bad:transfer Berlin data 0 gas 0 value 0; logs hash is 0x1dcc4de8.*expected 0x00000000' \
    "$extvm" statetest "$work/suite"
check the_last_line_counts 1 '^133 passed, 115 failed, 0 skipped$' "$extvm" statetest "$work/suite"
check one_fork_can_be_chosen 0 '^13 passed' "$extvm" statetest --fork SpuriousDragon "$cases"
check a_filter_takes_folder_and_file 0 '^9 passed' "$extvm" statetest --filter 'stA/*:transfer' \
    "$work/suite"
check json_has_one_object_for_each_case 0 '"test":"log","fork":"Berlin".*"passed":true' \
    "$extvm" statetest --json --filter log "$cases"
check json_ends_with_the_numbers 0 '^{"passed":9,"failed":0,"skipped":0}$' \
    "$extvm" statetest --json --filter log "$cases"
check no_path_is_a_usage_error 2 'no PATH' "$extvm" statetest
check an_unknown_option_is_a_usage_error 2 'nonsense' "$extvm" statetest --nonsense "$cases"
check an_unknown_fork_is_a_usage_error 2 'no such fork' "$extvm" statetest --fork Never "$cases"
check an_absent_file_is_a_usage_error 2 'No such file' "$extvm" statetest "$work/absent"
check a_folder_without_tests_is_a_usage_error 2 'no file in it' "$extvm" statetest "$work/empty"
check another_json_file_is_named 2 'other.json is no state test: test "a"' \
    "$extvm" statetest "$work/other.json"
check a_broken_file_is_named 2 'broken.json is no state test' "$extvm" statetest "$work/broken.json"
check a_filter_that_matches_nothing_is_an_error 2 'no case' "$extvm" statetest --filter never "$cases"
check help_is_given 0 '^Usage: extvm statetest' "$extvm" statetest --help

"$extvm" statetest --jobs 1 "$work/suite" >"$work/one"
"$extvm" statetest --jobs 4 "$work/suite" "$work/suite" >"$work/four"
check output_has_a_fixed_order 0 same sh -c "sed '\$d' '$work/one' >'$work/a'; \
    cat '$work/a' '$work/a' >'$work/b'; sed '\$d' '$work/four' | cmp - '$work/b' && echo same"
exit "$failed"
