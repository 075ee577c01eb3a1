#!/bin/sh
# `extvm run` against an IELE on a real socket: call data from options, integers of either sign, exit codes. $EXTVM is
# the command, $SCRIPTED_VM the VM that plays scripts. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${SCRIPTED_VM:?the path of the scripted VM}"
. tests/support/tap.sh

caller=0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1
tiny=0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3
demo=0x813eff013aec419c94b1c337db7317683f446d5a
code() { sed -n "s/^define $1 //p" tests/scripts/iele-common.script; }

# vm SCRIPT: a VM that plays the file after the common definitions; leaves $address and $vm.
vm() {
    : >"$folder/vm.out"
    "$SCRIPTED_VM" --iele tests/scripts/iele-common.script "$1" >"$folder/vm.out" 2>"$folder/vm.log" &
    vm=$!
    while ! grep -q '^listening' "$folder/vm.out"; do sleep 0.02; done
    address=iele://$(sed 's/^listening on //' "$folder/vm.out")
}

# world NONCE CONTRACT CODE STORAGE: leaves a world of the caller and a contract in $folder/world.json.
world() {
    printf '{"%s": {"nonce": "%s", "balance": "0x%s"}, "%s": {"nonce": 1, "code": "%s", "storage": %s}}\n' \
        "$caller" "$1" "$2" "$3" "$4" "$5" >"$folder/world.json"
}

# The block of protocol/iele.md, section 13.
printf '{"caller": "%s", "gasPrice": 1, "block": {"beneficiary": "0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0",
    "difficulty": "0x20000", "number": 1, "gasLimit": "0x174876e800", "timestamp": 1000}}\n' "$caller" >"$folder/call.json"

# run ARGUMENT...: leaves $status, $folder/out and $folder/err.
run() {
    "$EXTVM" run --vm "$address" --call "$folder/call.json" --world "$folder/world.json" --option retry-delay=10ms \
        --option connect-retries=0 --option call-retries=0 "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

world 2 e8d4851000 "$tiny" "$(code TINYCODE)" '{}'
vm tests/scripts/iele-increase-127.script
run --to "$tiny" --gas 1027100 --function inc --arg 127
wait "$vm" && [ "$status" -eq 0 ]
verdict 'a function and its argument become exactly the call data that the VM expects'
prints '^returned  *1 integer: 128$' && prints '^return code .*(success)'
verdict 'the returned integers are printed'

vm tests/scripts/iele-increase-negative.script
run --to "$tiny" --gas 0xfabd8 --function inc --arg -1 --json
wait "$vm" && [ "$status" -eq 0 ] && prints '"returnData": *"0xc100"' && prints '"returnCodeName": *"success"'
verdict 'an argument may be negative'

world 2 e8d4851000 "$tiny" "$(code TINYCODE)" '{"5": 9}'
vm tests/scripts/iele-signed.script
run --to "$tiny" --gas 1027100 --function inc --arg 41
wait "$vm" && [ "$status" -eq 0 ] && prints '^returned  *4 integers: 42, -1, -128, 39614081257132168796771975167$'
verdict 'returned integers are printed in decimal and with their sign, however wide'
prints '-0x1 = -0x80$' && prints '0x5 = 0x0 (erased)$'
verdict 'a negative value at a negative key is printed with both signs, and what is erased as that'
prints '^Code coverage.* (2)$' && prints '^ *code hash  *0xaaaa*$' && prints '^ *coverage  *0x0105 '
verdict 'the coverage of each contract that ran is printed'

vm tests/scripts/iele-signed.script
run --to "$tiny" --gas 1027100 --function inc --arg 41 --json --world-out "$folder/after.json"
early=$(printf '%064d' 0 | tr 0 a) late=$(printf '%064d' 0 | tr 0 b)
wait "$vm" && [ "$status" -eq 0 ] &&
    prints "\"coverage\":\[{\"codeHash\":\"0x$early\",\"code\":\"0x600b\",\"coverage\":\"0x03\"},\
{\"codeHash\":\"0x$late\",\"code\":\"0x600a\",\"coverage\":\"0x0105\"}\]"
verdict '--json has the coverage of each contract that ran, in the order of their hashes'
prints '"storage":{"-0x1":"-0x80","0x5":"0x0"}' && prints '"deletedAccounts":\["0xb2b2[b2]*"\]' &&
    grep -q '"-0x1": *"-0x80"' "$folder/after.json" && ! grep -q '"0x5"' "$folder/after.json"
verdict '--json and --world-out have negative storage with its sign, and not what was erased'

vm tests/scripts/iele-revert-negative.script
run --to "$tiny" --gas 1027100 --function inc --arg 41
wait "$vm" && [ "$status" -eq 0 ] && prints '^return code  *-0x80 (revert)$' && prints '^outcome  *revert'
verdict 'a status that a program chose is printed with its sign'

world 2 e8d4851000 "$demo" "$(code DEMOCODE)" '{"-0x123456789012345678901234567890123456789012345678901234567890123456789": "-256"}'
vm tests/scripts/iele-put-negative.script
run --to "$demo" --gas 0xfab94 --function put --arg=-0x80 --arg 1 --json --world-out "$folder/after.json"
wait "$vm" && [ "$status" -eq 0 ] && prints '"-0x80": *"0x1"'
verdict 'a negative storage key is printed with its sign'
grep -q '"-0x123456789012345678901234567890123456789012345678901234567890123456789": "-0x100"' "$folder/after.json" &&
    grep -q '"-0x80": "0x1"' "$folder/after.json"
verdict 'storage of a world may be negative and wider than 256 bits'

world 1 e8d4951000 0x0000000000000000000000000000000000000001 '' '{}'
code TINYCODE >"$folder/contract.bin"
vm tests/scripts/iele-create.script
run --gas 993968 --deploy "@$folder/contract.bin" --json
wait "$vm" && [ "$status" -eq 0 ] && prints "\"createdAddress\": *\"$tiny\"" && prints '"coverage": *\[\]'
verdict 'a contract is deployed from a file'

printf '> any\n> any\nclose\n' >"$folder/close.script"
vm "$folder/close.script"
run --gas 993968 --deploy "@$folder/contract.bin"
[ "$status" -eq 4 ] && says 'protocol 3.0'
verdict 'an IELE that closes right after Hello: exit 4, and the version that was spoken'
kill "$vm" 2>/dev/null

address=iele://127.0.0.1:1
run --gas 993968 --deploy "@$folder/contract.bin"
[ "$status" -eq 3 ] && says '127.0.0.1:1'
verdict 'an IELE that is not there: exit 3'
run --to "$tiny" --input 83616263
[ "$status" -eq 2 ] && says 'at byte 0 of 4'
verdict 'call data that would kill the VM is refused with its place'

# refuses SENTENCE PATTERN OPTION...
refuses() {
    sentence=$1 pattern=$2
    shift 2
    run "$@"
    [ "$status" -eq 2 ] && says "$pattern"
    verdict "$sentence"
}
refuses '--arg alone is refused' '--function or --deploy' --arg 1
refuses '--function and --deploy together are refused' 'only one' --function f --deploy 00
refuses '--function with --input is refused' 'only one' --to "$tiny" --function f --input 00
refuses '--function without a recipient is refused' 'give --to' --function f
refuses '--deploy with a recipient is refused' 'has a recipient' --to "$tiny" --deploy 00
refuses 'an argument that is no number is refused' "--arg 'x'" --to "$tiny" --function f --arg x
"$EXTVM" --version | grep -q 'KEVM protocol 2.2.*IELE protocol 3.0'
verdict 'the version names both protocols'
printf 'vm = { vm-type = "iele", iele = { host = "127.0.0.1", port = 1, proto-api-version = "3.0", connect-retries = 0 } }\n' >"$folder/base.conf"
"$EXTVM" run --config "$folder/base.conf" --to "$tiny" --function deposit >"$folder/out" 2>"$folder/err"
[ $? -eq 3 ]
verdict 'a base.conf names an IELE'
finish
