#!/bin/sh
# The promises in docs/reliability.md: every test that is named there exists, and runs.
# shellcheck source=tests/support/tap.sh
. tests/support/tap.sh

# shellcheck disable=SC2016
named=$(grep -o '`[a-z0-9_]*`' docs/reliability.md | tr -d '`' | grep '_.*_' | sort -u)
[ "$(echo "$named" | wc -l)" -gt 30 ]
verdict 'the page names the tests that keep its promises'
for test in $named; do
    grep -r -q "cmocka_unit_test[a-z_]*($test" tests || echo "$test" >>"$folder/missing"
done
[ ! -e "$folder/missing" ] || cat "$folder/missing"
[ ! -e "$folder/missing" ]
verdict 'each of them is a test that is run'
# shellcheck disable=SC2016
for file in $(grep -o '`tests/[a-z_/]*\.[a-z]*`' docs/reliability.md | tr -d '`'); do
    [ -e "$file" ] || echo "$file" >>"$folder/missing"
done
[ ! -e "$folder/missing" ]
verdict 'each file that the page names is there'

finish
