#!/bin/sh
# `extvm run --vm internal`: whole calls on the EVM in the library, as a user sees them. $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh

contract=0x000000000000000000000000000000000000c0de # where --code goes

# run ARGUMENT...: leaves $status, $folder/out and $folder/err.
run() {
    "$EXTVM" run --vm internal "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

# worked: the VM answered, and nothing was complained about.
worked() { [ "$status" -eq 0 ] && [ ! -s "$folder/err" ]; }

# has JSON-TEXT...: each stands in the document.
has() {
    for text in "$@"; do
        grep -q -F -e "$text" "$folder/out" || return 1
    done
}

# refuses SENTENCE PATTERN ARGUMENT...: exit 2, one line on stderr, nothing on stdout.
refuses() {
    sentence=$1 pattern=$2
    shift 2
    run "$@"
    [ "$status" -eq 2 ] && says "^extvm: .*$pattern" && [ "$(wc -l <"$folder/err")" -eq 1 ] && [ ! -s "$folder/out" ]
    verdict "$sentence"
}

# -- outcomes --

run --code 602a60005260206000f3 --json
worked && has '"outcome":"success"' '"gasUsed":"18"' '"gasRemaining":"999982"' '"createdAddress":null' \
    '"returnData":"0x000000000000000000000000000000000000000000000000000000000000002a"'
verdict 'a call gives its return data, and the gas that the yellow paper says'
has '"queries":{"account":2,"storage":0,"code":1,"blockHash":0}' '"bytesSent":0,"bytesReceived":0' '"attempts":1'
verdict 'the statistics say what the world was asked, and that nothing went over a wire'
"$EXTVM" run --code 602a60005260206000f3 --json >"$folder/out" 2>"$folder/err"
status=$?
worked && has '"outcome":"success"' '"gasUsed":"18"'
verdict 'internal is what runs when no VM is named'
run --code 602a60005260206000f3
worked && prints '^outcome  *success' && prints '2a (32 bytes)$' && prints '^gas  *18 used of 1000000'
verdict 'the same is printed as text'

run --input 6001600c60003960016000f300 --json --world-out "$folder/after.json"
worked && has '"outcome":"success"' '"createdAddress":"0xbd770416a3345f91e4b34576cb804a576fa48eb1"' '"gasUsed":"224"' &&
    has '"address":"0xbd770416a3345f91e4b34576cb804a576fa48eb1","nonce":"1","balance":"0","code":"0x00"'
verdict 'a create tells the address and the code of the new contract'
grep -q '"0xbd770416a3345f91e4b34576cb804a576fa48eb1"' "$folder/after.json" && grep -q '"code": "0x00"' "$folder/after.json"
verdict 'a contract that was created is in the world that is written'

run --code 63deadbeef6000526004601cfd --json
worked && has '"outcome":"revert"' '"returnData":"0xdeadbeef"' '"gasRemaining":"999982"' '"modifiedAccounts":[]'
verdict 'a revert gives its data, leaves gas, and is no failure of the command'
rm "$folder/after.json"
run --code 602a600055fe --json --world-out "$folder/after.json"
worked && has '"outcome":"failure"' '"gasUsed":"1000000"' '"returnData":"0x"' '"modifiedAccounts":[]' &&
    [ -s "$folder/after.json" ] && ! grep -q '"0x2a"' "$folder/after.json"
verdict 'a program that fails uses up the gas, changes nothing, and is no failure of the command'
run --code 00 --value 2000000000000000000000000 --json
worked && has '"outcome":"failure"' '"modifiedAccounts":[]'
verdict 'a value over the balance is a failure'
run --code 602a600052600760206000a1 --json
worked && has "\"logs\":[{\"address\":\"$contract\",\"topics\":[\"0x0000000000000000000000000000000000000000000000000000000000000007\"]" \
    '"data":"0x000000000000000000000000000000000000000000000000000000000000002a"}]'
verdict 'a log has its address, topic and data'

# -- worlds and files --

run --call examples/call.json --world examples/world.json --world-out "$folder/after.json" --json
worked && has '"outcome":"success"' '"gasUsed":"22109"' && grep -q '"0x0": *"0xf*e"' "$folder/after.json" &&
    grep -q '"balance": "999998896756"' "$folder/after.json"
verdict 'the example call runs, and the world is written as it is afterwards'
run --code 60005460010160005500 --to 0x00000000000000000000000000000000000000c1 --world examples/world.json \
    --from 0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 --world-out "$folder/first.json"
run --to 0x00000000000000000000000000000000000000c1 --world "$folder/first.json" \
    --from 0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 --world-out "$folder/second.json"
worked && grep -q '"0x0": "0x1"' "$folder/first.json" && grep -q '"0x0": "0x2"' "$folder/second.json"
verdict 'a world that was written can be read for the next call'
echo 0x60003560005260206000f3 >"$folder/code.hex"
run --code "@$folder/code.hex" --input 00000000000000000000000000000000000000000000000000000000000000ff --json
worked && has '"returnData":"0x00000000000000000000000000000000000000000000000000000000000000ff"'
verdict 'code from a file sees the input'
printf '{ "0x%040d": { "nonce": "1" }, "blockHashes": { "6": "0x%064d" } }' 0 77 >"$folder/world.json"
printf '{ "recipient": "%s", "gas": "100000", "block": { "number": "7" }, "chain": { "fork": "Berlin" } }' "$contract" >"$folder/call.json"
run --call "$folder/call.json" --world "$folder/world.json" --code 60064060005260206000f3 --json
worked && has '"returnData":"0x0000000000000000000000000000000000000000000000000000000000000077"' '"blockHash":1'
verdict 'the hash of a block comes from the world'

# -- deadlines --

started=$(date +%s)
run --code 5b600056 --gas 0xffffffffffffffff --timeout 0.3 --json
[ "$status" -eq 6 ] && [ $(($(date +%s) - started)) -le 5 ] && says 'call-timeout' && has '"status":"deadline-passed"'
verdict 'an endless loop with gas for centuries ends at --timeout: exit 6'

# -- refused calls --

printf '{}' >"$folder/world.json"
refuses 'a caller that does not exist is refused' 'does not exist' --world "$folder/world.json" --code 00
printf '{ "0x%040d": { "nonce": "0" } }' 0 >"$folder/world.json"
refuses 'a create whose caller has nonce 0 is refused' 'nonce 0' --world "$folder/world.json" --input 00
printf '{ "type": 1, "gas": "100" }' >"$folder/call.json"
refuses 'an access-list transaction without a list is refused' 'access list' --call "$folder/call.json"
refuses 'a second VM is refused' 'one VM' --vm internal --code 00
run --world "$folder/world.json" --input 00 --json
[ "$status" -eq 2 ] && has '{"error":{"status":"create-nonce-zero"'
verdict '--json names the status of a refused call'
finish
