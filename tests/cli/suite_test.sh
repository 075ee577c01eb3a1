#!/bin/sh
# All of the Ethereum state tests on the internal EVM, when the vectors are there. $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
suite=${EXTVM_SHARED:-../shared}/vectors/ethereum-state-tests
name='every case of the Ethereum state tests has the official state root on the internal EVM'

if [ ! -d "$suite" ]; then
    echo "ok 1 - $name # SKIP no vectors at $suite"
    exit 0
fi
"$EXTVM" statetest --vm internal "$suite" >/tmp/extvm-suite.$$ 2>&1
status=$?
summary=$(tail -n 1 /tmp/extvm-suite.$$)
case "$status $summary" in
"0 "[1-9]*" passed, 0 failed, 0 skipped") echo "ok 1 - $name ($summary)" ;;
*)
    echo "not ok 1 - $name"
    grep -v ' passed, ' /tmp/extvm-suite.$$ | head -20
    echo "# $summary"
    ;;
esac
rm -f /tmp/extvm-suite.$$
