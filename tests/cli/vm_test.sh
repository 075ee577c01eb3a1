#!/bin/sh
# `extvm run` against a VM on a real socket: what it prints, what it writes, how it exits. $EXTVM is the command,
# $SCRIPTED_VM the VM that plays scripts. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${SCRIPTED_VM:?the path of the scripted VM}"
shared=${EXTVM_SHARED:-../shared}
. tests/support/tap.sh

# vm SCRIPT-TEXT: a VM that plays it after the common definitions; leaves $address.
vm() {
    printf '%s\n' "$1" >"$folder/own.script"
    : >"$folder/vm.out"
    "$SCRIPTED_VM" tests/scripts/common.script "$folder/own.script" >"$folder/vm.out" 2>"$folder/vm.log" &
    vm=$!
    while ! grep -q '^listening' "$folder/vm.out"; do sleep 0.02; done
    address=kevm://$(sed 's/^listening on //' "$folder/vm.out")
}

# run ARGUMENT...: leaves $status, $folder/out and $folder/err.
run() {
    "$EXTVM" run --vm "$address" --option retry-delay=10ms --option call-retries=0 "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

vm_is_content() { wait "$vm"; }

# exits STATUS SENTENCE PATTERN SCRIPT [OPTION...]: an account of the default caller, a call to cc…cc.
exits() {
    wanted=$1 sentence=$2 pattern=$3
    vm "$4"
    shift 4
    printf '{ "0x%s": { "nonce": "4", "balance": "1000000" } }' a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 >"$folder/world.json"
    run --from a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 --to cccccccccccccccccccccccccccccccccccccccc \
        --gas 1027064 --world "$folder/world.json" "$@"
    wait "$vm"
    [ "$status" -eq "$wanted" ] && says "^extvm: .*$pattern"
    verdict "$sentence"
}

# -- a call that works --

vm "$(cat tests/scripts/store.script)"
run --call examples/call.json --world examples/world.json --world-out "$folder/after.json" --trace "$folder/trace" --json
vm_is_content && [ "$status" -eq 0 ]
verdict 'the example call runs and its VM gets exactly the bytes that it expects'
prints '"outcome": *"success"' && prints '"gasUsed": *"22109"' && prints '"returnCode": *"0x1"' &&
    prints '"0x0": *"0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"'
verdict 'the result is printed as JSON'
[ "$(wc -l <"$folder/trace")" -eq 11 ] && grep -q 'VM -> node *GetStorageData .*key=0' "$folder/trace" &&
    grep -q 'node -> VM *CallContext .*chainId=137' "$folder/trace"
verdict 'the trace has one line for each of the eleven messages'
grep -q '"0x0": *"0xf*e"' "$folder/after.json" && grep -q '"nonce": *"2"' "$folder/after.json"
verdict 'the world is written as it is afterwards'

vm "$(cat tests/scripts/create.script)"
printf '{ "0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1": { "nonce": "1", "balance": "0xe8d4951000" } }' >"$folder/world.json"
sed -e '/recipient/d' -e 's/"input": *"[^"]*"/"input": "0x6007600c60003960076000f360003560005500"/' -e 's/1027064/995332/' \
    examples/call.json >"$folder/call.json"
run --call "$folder/call.json" --world "$folder/world.json" --world-out "$folder/after.json" --json
vm_is_content && [ "$status" -eq 0 ] && prints '"createdAddress": *"0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3"' &&
    prints 'sender-nonce-stepped' && grep -q '"code": *"0x60003560005500"' "$folder/after.json" &&
    ! grep -q '"nonce": *"2"' "$folder/after.json"
verdict 'a create tells the new address and does not step the sender twice'

vm "$(cat tests/scripts/revert.script)"
printf '{ "0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1": { "nonce": "1", "balance": "5" },
          "0xcccccccccccccccccccccccccccccccccccccccc": { "nonce": "1", "code": "0x63deadbeef6000526004601cfd" } }' >"$folder/world.json"
sed -e 's/0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3/0xcccccccccccccccccccccccccccccccccccccccc/' -e 's/1027064/1027576/' examples/call.json >"$folder/call.json"
run --call "$folder/call.json" --world "$folder/world.json" --json
[ "$status" -eq 0 ] && prints '"outcome": *"revert"' && prints '"returnData": *"0xdeadbeef"' && prints '"touchedAccounts": *\[\]'
verdict 'a revert is an outcome and no failure of the command'
wait "$vm"

# -- a VM that fails --

exits 4 'a VM that closes right after Hello: exit 4, and what to check' 'protocol 2.2.*check that it is KEVM that listens there' '> any
close'
exits 5 'a VM that closes in the middle of a call: exit 5' 'closed the session in the middle of a call' '> any
> any
< AS
> any
close'
exits 5 'a VM that closes inside a frame: exit 5' 'inside a frame' '> any
> any
< 00000018 0a16
close'
exits 5 'a VM that resets: exit 5' 'reset' '> any
> any
< AS
> any
reset'
exits 5 'an oversize frame: exit 5, with the limit' 'max-frame' '> any
> any
< ffffffff'
exits 5 'bytes that are no message: exit 5' 'no VMQuery' '> any
> any
< 00000003 ffffff'
exits 5 'a query with nothing in it: exit 5' 'nothing in it' '> any
> any
< 00000000'
exits 5 'a result that makes money: exit 5' 'cannot be true' '> any
> any
< AS
> any
< 0000002f 2a2d 120101 1a030fadf8 220100 3220 0a14 S 120104 1a05 0100000000'
exits 6 'a VM that says nothing: exit 6 at the deadline' 'did not answer in time' '> any
> any
< AS
> any
stall' --timeout 0.3

address=kevm://127.0.0.1:1
run --code 00
[ "$status" -eq 3 ] && [ "$(wc -l <"$folder/err")" -eq 1 ] && says 'Connection refused'
verdict 'nobody listening: exit 3 with one line'

# -- the recorded session of the real KEVM --

# bytes FILE FROM COUNT: as hex.
bytes() { tail -c "+$(($2 + 1))" "$1" | head -c "$3" | od -An -v -tx1 | tr -d ' \n'; }

name='the recorded KEVM gets the recorded answers from the command'
if [ -d "$shared/vectors/kevm-session" ]; then
    node=$shared/vectors/kevm-session/accesslist_proto.bin recorded=$shared/vectors/kevm-session/accesslist_proto.bin.expected
    config=$(bytes "$node" 9 49) # the recorded Hello's EthereumConfig, that our CallContext has too
    vm "> $(bytes "$node" 0 58)
> 000000cd $(bytes "$node" 62 103) 42${config#12} $(bytes "$node" 165 53)
< $(bytes "$recorded" 0 28)
> $(bytes "$node" 218 21)
< $(bytes "$recorded" 28 28)
> $(bytes "$node" 239 6)
< $(bytes "$recorded" 56 31)
> $(bytes "$node" 245 7)
< $(bytes "$recorded" 87 31)
> $(bytes "$node" 252 7)
< $(bytes "$recorded" 118 353)"
    cat >"$folder/call.json" <<'JSON'
{ "caller": "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b", "input": "0x5a3031505a90036001555a60ff6000555a900360005500",
  "gasPrice": "1", "gas": "342368",
  "block": { "beneficiary": "0x2adc25665018aa1fe0e6bc666dac8fc2697ff9ba", "difficulty": "0x20000", "number": "1",
             "gasLimit": "0xff112233445566", "timestamp": 1000 },
  "chain": { "berlinBlockNumber": "1000000000000000000", "chainId": "1", "maxCodeSize": "24576" },
  "accessList": [ { "address": "0xec0e71ad0a90ffe1909d27dac207f7680abba42d", "storageKeys": [ "0x0" ] } ] }
JSON
    printf '{ "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b": { "nonce": "2", "balance": "0xfffffffffffff9e580" } }' >"$folder/world.json"
    run --call "$folder/call.json" --world "$folder/world.json" --json
    vm_is_content && [ "$status" -eq 0 ] && prints '"gasRemaining": *"300032"' &&
        prints '"createdAddress": *"0xec0e71ad0a90ffe1909d27dac207f7680abba42d"' && prints '"0x0": *"0x4e28"' && prints '"0x1": *"0x6a"'
    verdict "$name"
else
    skip "$name" "no vectors at $shared"
fi

finish
