#!/bin/sh
# Runs test programs and scripts that print TAP, shows what fails, where it ran and once more at the end (the part
# of a log that is read first), and ends with the line `N passed, N failed, N skipped`. Each argument is a command
# line. WRAPPER goes before each of them.
set -u
passed=0 failed=0 skipped=0
output=$(mktemp) failures=$(mktemp)
trap 'rm -f "$output" "$failures"' EXIT

for command in "$@"; do
    started=$(date +%s)
    # The words of a command line are meant to be split.
    # shellcheck disable=SC2086
    CMOCKA_MESSAGE_OUTPUT=TAP timeout "${TEST_TIMEOUT:-300}" ${WRAPPER:-} $command >"$output" 2>&1
    status=$?
    # cmocka writes a skipped test as "not ok N # SKIP".
    skip=$(grep -cE '^(not )?ok .*# *SKIP' "$output")
    bad=$(grep '^not ok' "$output" | grep -cv '# *SKIP')
    good=$(grep '^ok ' "$output" | grep -cv '# *SKIP')
    if [ $status -ne 0 ] && [ "$bad" -eq 0 ]; then
        bad=1 # it crashed, leaked or hung
    elif [ "$good" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$skip" -eq 0 ]; then
        bad=1
        echo "it ran no test" >>"$output"
    fi
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
    printf '%s: %d passed, %d failed, %d skipped, %d s\n' "$command" "$good" "$bad" "$skip" \
        $(($(date +%s) - started))
    # A passed test shows its figures, "# 123 faults", a failed one all that it said.
    if [ "$bad" -eq 0 ]; then
        sed -n 's/^# \([0-9]\)/    \1/p' "$output"
    else
        sed 's/^/    /' "$output"
        {
            printf 'failed: %s (exit code %d)\n' "$command" "$status"
            # What an assertion said stands beside its "not ok", a sanitizer's report and a crash at the end.
            if grep -q '^not ok' "$output"; then
                grep -A 6 '^not ok' "$output" | grep -v '^ok '
            else
                tail -n 12 "$output"
            fi | sed 's/^/    /'
        } >>"$failures"
    fi
    [ "$skip" -eq 0 ] || grep -E '# *SKIP|not there' "$output" | sed 's/^/    /'
done

cat "$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
