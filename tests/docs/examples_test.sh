#!/bin/sh
# The examples do what they say. $EXAMPLES is their folder. Prints TAP.
set -u

: "${EXAMPLES:?the folder of the built examples}"
. tests/support/tap.sh

for vm in '' internal test-mode; do
    # Without an argument the example starts its own server.
    "$EXAMPLES/token" ${vm:+"$vm"} >"$folder/token.log" 2>&1 &&
        [ "$(tail -n 1 "$folder/token.log")" = '  balances: Alice 30 Bob 70 Carol 0' ] &&
        grep -q 'outcome: revert, .* it says: not enough' "$folder/token.log"
    verdict "the token is deployed, minted, transferred and refused on ${vm:-a server of its own}"
done
"$EXAMPLES/token" >"$folder/token.log" 2>&1
for message in Hello CallContext GetAccount Account GetCode Code GetStorageData StorageData CallResult; do
    grep -q "^  [a-zA-Z]* -> [a-zA-Z]* $message " "$folder/token.log" || echo "no $message" >>"$folder/missing.log"
done
[ ! -e "$folder/missing.log" ]
verdict 'the dialogue shows each kind of message'


for vm in '' test-mode; do
    "$EXAMPLES/async" ${vm:+"$vm"} >"$folder/async.log" 2>&1 &&
        [ "$(grep -c '^call [1-4]: success$' "$folder/async.log")" -eq 4 ]
    verdict "four calls run at once in an event loop on ${vm:-two servers of its own}"
done
"$EXAMPLES/async" internal >"$folder/async.log" 2>&1
[ $? -eq 1 ] && grep -q 'inside the library' "$folder/async.log"
verdict 'a VM inside the library is refused by the event loop, with the reason'
for vm in test-mode-iele internal-iele; do
    "$EXAMPLES/iele_token" "$vm" >"$folder/token.log" 2>&1 &&
        [ "$(tail -n 1 "$folder/token.log")" = "  outcome: success (status 0), returned 25$(printf '%078d' 0)" ] &&
        grep -q 'outcome: revert (status 2)' "$folder/token.log"
    verdict "the IELE token is assembled, made, transferred, refused and asked for a balance on $vm"
done
"$EXAMPLES/iele_token" >"$folder/token.log" 2>&1 &&
    grep -q '^  node -> VM Hello  *version=3.0' "$folder/token.log" && grep -q 'VM -> node CallResult  *returnCode=2' "$folder/token.log"
verdict 'the dialogue with the IELE VM is shown'

"$EXAMPLES/differential" internal test-mode >"$folder/differential.log" 2>&1 &&
    [ "$(tail -n 1 "$folder/differential.log")" = '0 differences' ] && [ "$(grep -c '^  the same: ' "$folder/differential.log")" -eq 6 ]
verdict 'two VMs that are the same have no difference'
"$EXAMPLES/differential" >"$folder/differential.log" 2>&1
[ $? -eq 1 ] && [ "$(tail -n 1 "$folder/differential.log")" = '1 difference' ] &&
    grep -A 1 '^the hash of the block before$' "$folder/differential.log" | grep -q '^  return data: '
verdict 'a VM that is like KEVM gives another hash of a block, and that is seen'
"$EXAMPLES/differential" internal kevm://127.0.0.1:1 >"$folder/differential.log" 2>&1
[ $? -eq 2 ] && grep -q '^  kevm://127.0.0.1:1: .*cannot reach' "$folder/differential.log"
verdict 'a VM that does not answer is no difference'

"$EXAMPLES/several" >"$folder/several.log" 2>&1 && [ "$(wc -l <"$folder/several.log")" -eq 3 ] &&
    [ "$(awk '{ calls += $2; if ($2 > 0 && $5 == 1) busy++ } END { print calls, busy }' "$folder/several.log")" = '24 3' ]
verdict 'three VM processes share the calls of six threads, each on one connection'

for vm in '' test-mode; do
    [ "$("$EXAMPLES/cpp" ${vm:+"$vm"} 2>"$folder/cpp.log")" = 'success, the recipient has 300 wei' ]
    verdict "a C++ program runs a call on ${vm:-the VM inside}"
done
"$EXAMPLES/cpp" no-vm >"$folder/cpp.log" 2>&1
[ $? -eq 1 ] && grep -q '^cpp: invalid-argument: ' "$folder/cpp.log"
verdict 'a C++ program gets an exception for a failure'

finish
