#!/bin/sh
# All of the Ethereum state tests, when the vectors are there, on the internal EVM and on the same EVM behind a socket.
# $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh
suite=${EXTVM_SHARED:-../shared}/vectors/ethereum-state-tests

for vm in internal test-mode; do
    sentence="every case of the Ethereum state tests has the official state root on $vm"
    if [ ! -d "$suite" ]; then
        skip "$sentence" "no vectors at $suite"
        continue
    fi
    "$EXTVM" statetest --vm "$vm" "$suite" >"$folder/out" 2>"$folder/err" &&
        tail -n 1 "$folder/out" | grep -q '^[1-9][0-9]* passed, 0 failed, 0 skipped$'
    verdict "$sentence ($(tail -n 1 "$folder/out"))"
    : >"$folder/out" # thousands of lines, should the next one fail
done

finish
