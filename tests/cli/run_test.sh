#!/bin/sh
# What `extvm` and `extvm run` say and how they exit, as far as no VM is needed. $EXTVM is the command. Prints TAP.
# Port 1 of the loopback answers to nobody: exit status 3 there means that everything before the connect was taken.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh

# run ARGUMENT...: leaves $status, $folder/out and $folder/err.
run() {
    "$EXTVM" "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

one_line() { [ "$(wc -l <"$folder/err")" -eq 1 ] && says '^extvm: '; }

# refuses SENTENCE PATTERN ARGUMENT...: exit 2, nothing on stdout, one line on stderr that matches the pattern.
refuses() {
    sentence=$1 pattern=$2
    shift 2
    run "$@"
    [ "$status" -eq 2 ] && one_line && says "$pattern" && [ ! -s "$folder/out" ]
    verdict "$sentence"
}

# call JSON, world JSON: the files that the next runs read.
call() { printf '%s' "$1" >"$folder/call.json"; }
world() { printf '%s' "$1" >"$folder/world.json"; }

nobody='kevm://127.0.0.1:1'
caller=0x00000000000000000000000000000000000000aa
other=0x00000000000000000000000000000000000000bb

# refuses_call SENTENCE PATTERN JSON; refuses_world likewise.
refuses_call() {
    call "$3"
    refuses "$1" "call.json: $2" run --vm "$nobody" --call "$folder/call.json"
}
refuses_world() {
    world "$3"
    refuses "$1" "world.json: $2" run --vm "$nobody" --world "$folder/world.json"
}

# takes SENTENCE ARGUMENT...: the run gets as far as the connect.
takes() {
    sentence=$1
    shift
    run run --vm "$nobody" --option connect-retries=0 "$@"
    [ "$status" -eq 3 ] && one_line
    verdict "$sentence"
}
takes_call() {
    call "$2"
    takes "$1" --call "$folder/call.json" --world "$folder/world.json"
}

# -- the overview ----------------------------------------------------------------------------------

run
[ "$status" -eq 2 ] && says '^Usage: extvm' && [ ! -s "$folder/out" ]
verdict "no command at all shows the usage on stderr and is an error"
run --version
[ "$status" -eq 0 ] && prints '^extvm [0-9]*\.[0-9]*\.[0-9]* .*KEVM protocol 2\.2'
verdict "--version names the version and the protocols"
for way in --help help -h; do
    run "$way"
    [ "$status" -eq 0 ] && prints '^  run ' && [ ! -s "$folder/err" ]
    verdict "$way lists the commands on stdout"
done
run help run
cp "$folder/out" "$folder/help"
[ "$status" -eq 0 ] && prints '--world-out FILE' && [ ! -s "$folder/err" ]
verdict "help run shows the options of run"
run run --gas --nonsense --help
[ "$status" -eq 0 ] && cmp -s "$folder/out" "$folder/help"
verdict "run --help shows the same, whatever else is given"
refuses "an unknown command is named" "'frobnicate'" frobnicate
refuses "a slip in a command is put right" 'did you mean run?' rnu
refuses "a slip in an option of extvm is put right" 'did you mean --version?' --verison
refuses "help for an unknown command is an error" "'nothing'" help nothing
refuses "help takes one command" "'again'" help run again

# -- options ---------------------------------------------------------------------------------------

refuses "an unknown option is named" "'--colour-of-money'" run --colour-of-money
refuses "a slip in an option is put right" 'did you mean --world-out?' run --world_out x
refuses "an unknown letter is named" "'-x'" run -x
refuses "an option without its value says what it wants" '--gas NUMBER' run --gas
refuses "an option does not take the next option for its value" '--vm ADDRESS' run --vm --trace
refuses "a value for an option without one is refused" '--json takes no value' run --json=yes
refuses "an argument that is no option is refused" "'call.json'" run call.json
refuses "a second --vm is refused" "'kevm://b:2'" run --vm kevm://a:1 --vm kevm://b:2
refuses "a --vm of no known kind is refused" 'carrier-pigeon' run --vm carrier-pigeon://loft
refuses "--timeout wants seconds" "--timeout 'soon'" run --timeout soon
refuses "--timeout takes no unit of its own" "--timeout '3ms'" run --timeout 3ms
refuses "--connect-timeout wants seconds" "--connect-timeout '1e3'" run --connect-timeout 1e3
refuses "--connect-timeout 0 is out of range" '--connect-timeout' run --connect-timeout 0
refuses "an --option that the library does not have is refused" 'no-such-option' \
    run --option no-such-option=1
refuses "an --option without = is refused" "--option 'retry-delay'" run --option retry-delay
refuses "an --option with a wrong value is refused" 'retry-delay' run --option retry-delay=soon
refuses "an unknown --log-format is refused" "--log-format 'xml'" run --log-format xml
refuses "a --config that is not there is refused" 'none.conf: cannot read it' run --config "$folder/none.conf"
refuses "a --trace that cannot be written is refused" '/nowhere/trace' \
    run --vm "$nobody" --trace "$folder/nowhere/trace"
refuses "a --world-out that cannot be written is refused before the run" '--world-out: .*/nowhere/w' \
    run --vm "$nobody" --world-out "$folder/nowhere/w"
refuses "a --world-out that is a folder is refused" 'is a folder' run --vm "$nobody" --world-out "$folder"

refuses "a negative number is refused" "--value '-1'" run --value=-1
refuses "a number over 256 bits is refused" '2^256-1' run --gas-price \
    0x10000000000000000000000000000000000000000000000000000000000000000
refuses "an empty number is refused" "--gas ''" run --gas ''
refuses "an address that is too short is refused" "--from '0xaa'" run --from 0xaa
refuses "an address that is no hex is refused" '40 hex digits' run --to 0x00000000000000000000000000000000000000zz
refuses "data with half a byte is refused" "--input '0x123'" run --input 0x123
refuses "data that is no hex is refused" "--code 'PUSH1'" run --code PUSH1
refuses "a data file that is not there is named" '--input: .*/nothing: No such file' run --input "@$folder/nothing"
refuses "code for a create is refused" '--code needs a recipient' run --vm "$nobody" --call /dev/fd/0 --code 00 <<'END'
{"recipient": null}
END
long=$(printf '%05000d' 0)z
refuses "a long value is cut in the message" "'000*\.\.\.'" run --gas "$long"

# -- the exit status and the text of an error --------------------------------------------------------

run run --vm "$nobody" --option retry-delay=10ms
[ "$status" -eq 3 ] && one_line && says '127\.0\.0\.1:1' && [ ! -s "$folder/out" ]
verdict "a VM that is not there is status 3 and one line that names it"
run run --vm "$nobody" --option retry-delay=10ms --json
[ "$status" -eq 3 ] && one_line && [ "$(wc -l <"$folder/out")" -eq 1 ] &&
    prints '^{"error":{"status":"unreachable","message":".*"}}$'
verdict "with --json the error is on stdout too"
run run --gas --json
[ "$status" -eq 2 ] && one_line && prints '^{"error":{"status":"invalid-argument",'
verdict "with --json a usage error is on stdout too"
run run --json --call "$folder/$(printf 'a\nb\377')"
[ "$status" -eq 2 ] && one_line && prints '^{"error":{.*a?b?'
verdict "no file name breaks the line or the JSON"
refuses "a call without --world has no caller" 'call' run --vm "$nobody" --call /dev/fd/0 <<'END'
{}
END

# -- what is taken -----------------------------------------------------------------------------------

takes "code alone makes a call" --code 602a60005260206000f3
takes "a create takes its init code" --input 0x6000 --value 1 --gas 0xffff --gas-price 7 --from "$caller"
takes "every option about the VM is taken" --timeout 2.5 --connect-timeout=0.25 --log-format text
run run --vm "$nobody" --option connect-retries=0 -v -vv --log-format json
[ "$status" -eq 3 ] && says '^extvm: ' && ! grep -v -e '^extvm: ' "$folder/err" | grep -v -q -e '^{"time":".*Z","level":"[a-z]*","event":"[a-z-]*",.*"message":".*"}$'
verdict "log lines are JSON when they are to be"
printf ' 0x6001\n6002 ' >"$folder/raw"
printf '\t0x60016002\n' >"$folder/hex"
takes "a data file holds hex or bytes" --input "@$folder/raw" --code "@$folder/hex"
world "{\"$caller\": {\"nonce\": 1}}"
takes_call "a call with nothing but its caller" "{\"caller\": \"$caller\"}"
takes_call "numbers as hex, decimal text and JSON numbers" \
    "{\"caller\": \"$caller\", \"value\": \"0x0\", \"gas\": \"9007199254740993\", \"gasPrice\": 9007199254740991}"
takes_call "block, chain and access list" "{\"caller\": \"$caller\", \"recipient\": \"$other\", \"input\": \"\",
    \"block\": {\"beneficiary\": \"$other\", \"difficulty\": 1, \"number\": 1, \"gasLimit\": \"0x7a1200\", \"timestamp\": 1000},
    \"chain\": {\"fork\": \"istanbul\", \"berlinBlockNumber\": 5, \"chainId\": \"0x3d\", \"maxCodeSize\": \"0x6000\"},
    \"accessList\": [{\"address\": \"$other\", \"storageKeys\": [\"0x1\", 2]}, {\"address\": \"$caller\"}]}"
takes_call "a null access list is none" "{\"caller\": \"$caller\", \"accessList\": null}"
world "{\"${caller#0x}\": {\"nonce\": \"1\", \"balance\": \"0xffff\", \"code\": \"0x00\", \"storage\": {\"0x1\": \"0x2\", \"7\": 8}},
    \"$other\": {}, \"blockHashes\": {\"5\": \"$(printf '0x%064d' 7)\"}}"
takes "a world with all its members" --world "$folder/world.json" --from "$caller"
printf 'old' >"$folder/world-out.json"
takes "a run that does not happen leaves --world-out alone" --world-out "$folder/world-out.json"
[ "$status" -eq 3 ] && [ "$(cat "$folder/world-out.json")" = old ] && [ "$(find "$folder" -name 'world-out*' | wc -l)" -eq 1 ]
verdict "the file that was to be replaced is as it was, and nothing lies beside it"

# A world and a call of several MB.
{
    printf '{"%s": {"nonce": "1", "storage": {"0x0": "0x1"' "$caller"
    awk 'BEGIN { for (i = 1; i < 60000; i++) printf ",\"0x%x\": \"0x%064x\"", i, i }'
    printf '}}}'
} >"$folder/world.json"
{
    printf '{"caller": "%s", "input": "0x' "$caller"
    awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%040d", i }'
    printf '"}'
} >"$folder/call.json"
takes "a world and a call of several MB" --call "$folder/call.json" --world "$folder/world.json"

# -- CALL.json ---------------------------------------------------------------------------------------

refuses "a --call that is not there is named" '/nothing.json: No such file' run --call "$folder/nothing.json"
refuses "a --call that is a folder is refused" 'Is a directory' run --call "$folder"
refuses_call "bad JSON is named by line and column" 'line 2, column [0-9]' '{
  "gas" "1"}'
refuses_call "an empty file is refused" 'line 1' ''
refuses_call "more than one document is refused" 'line 1' '{} {}'
refuses_call "a list is no call" 'the document is a list: it must be an object' '[]'
refuses_call "a member twice is refused" 'line 1, column' '{"gas": 1, "gas": 2}'
refuses_call "an unknown member is named, with the nearest" 'gasprice: .*did you mean gasPrice?' '{"gasprice": 1}'
refuses_call "an unknown member of the block is named by its path" 'block\.numbr: .*number?' '{"block": {"numbr": 1}}'
refuses_call "an unknown member of the chain is named by its path" 'chain\.cancunBlockNumber' \
    '{"chain": {"cancunBlockNumber": 1}}'
refuses_call "an unknown member of an access list is named by its path" 'accessList\[1\]\.keys' \
    "{\"accessList\": [{\"address\": \"$other\"}, {\"keys\": []}]}"
refuses_call "an entry of an access list needs its address" 'accessList\[0\]: .*no address' '{"accessList": [{}]}'
refuses_call "a storage key that is no number is named by its path" "accessList\[0\]\.storageKeys\[1\] is 'x'" \
    "{\"accessList\": [{\"address\": \"$other\", \"storageKeys\": [1, \"x\"]}]}"
refuses_call "an access list that is no list is refused" 'accessList is an object: it must be a list' '{"accessList": {}}'
refuses_call "a block that is no object is refused" 'block is 1: it must be an object' '{"block": 1}'
refuses_call "a number that is true is refused" 'gas is true: it must be a whole number' '{"gas": true}'
refuses_call "a fraction is refused" 'gas is 1\.5: it must be a whole number' '{"gas": 1.5}'
refuses_call "a JSON number of 2^53 must be a string" 'value is 9007199254740992: .*string' '{"value": 9007199254740992}'
refuses_call "a JSON number over 64 bits must be a string" 'line 1, column .*string' '{"value": 18446744073709551616}'
refuses_call "a negative number is refused with its path" 'block\.number is -1: ' '{"block": {"number": -1}}'
refuses_call "a number over 256 bits is refused with its path" 'chain\.chainId is .*2^256-1' \
    "{\"chain\": {\"chainId\": \"0x1$(printf '%064d' 0)\"}}"
refuses_call "a timestamp of 2^63 is refused" 'block\.timestamp is .*2^63' '{"block": {"timestamp": "0x8000000000000000"}}'
refuses_call "a fork that is none is refused, with the nearest" "chain\.fork is 'Berlim': .*Istanbul.*did you mean Berlin?" \
    '{"chain": {"fork": "Berlim"}}'
refuses_call "a fork that is no text is refused" 'chain\.fork is 5: ' '{"chain": {"fork": 5}}'
refuses_call "a caller that is no address is refused" "caller is '0x12': .*40 hex digits" '{"caller": "0x12"}'
refuses_call "a caller cannot be null" 'caller is null: ' '{"caller": null}'
refuses_call "a recipient that is no address is refused" 'recipient is 7: ' '{"recipient": 7}'
refuses_call "an input that is no hex is refused" "input is '0x1': .*two to a byte" '{"input": "0x1"}'
refuses_call "a transaction type that is none is refused" 'type is 2: it must be 0' '{"type": 2}'
world "{\"$caller\": {\"nonce\": 1}}"
call "{\"caller\": \"$caller\", \"type\": 1}"
refuses "type 1 without a list is refused" 'access list' \
    run --vm "$nobody" --call "$folder/call.json" --world "$folder/world.json"
takes_call "type 1 with an empty list" "{\"caller\": \"$caller\", \"type\": \"0x1\", \"accessList\": []}"
call "{\"caller\": \"$caller\", \"type\": 0, \"accessList\": []}"
refuses "type 0 with a list is refused" 'access list' \
    run --vm "$nobody" --call "$folder/call.json" --world "$folder/world.json"

# -- WORLD.json --------------------------------------------------------------------------------------

refuses_world "an address that is too short is refused" '0xaa: .*40 hex digits' '{"0xaa": {}}'
refuses_world "an account twice is refused" 'line 1' "{\"$caller\": {}, \"$caller\": {}}"
refuses_world "an account twice in two spellings is refused" '.*twice' "{\"$caller\": {}, \"${caller#0x}\": {}}"
refuses_world "an account that is no object is refused" "$caller is 1: it must be an object" "{\"$caller\": 1}"
refuses_world "an unknown member of an account is named" "$caller\.nonse: .*did you mean nonce?" \
    "{\"$caller\": {\"nonse\": 1}}"
refuses_world "a balance that is no number is refused" "$caller\.balance is 'rich': " "{\"$caller\": {\"balance\": \"rich\"}}"
refuses_world "a storage key that is no number is refused" "$caller\.storage\.x: .*whole number" \
    "{\"$caller\": {\"storage\": {\"x\": 1}}}"
refuses_world "a storage value that is no number is refused" "$caller\.storage\.0x1 is \[\?a list" \
    "{\"$caller\": {\"storage\": {\"0x1\": []}}}"
refuses_world "a storage key twice in two spellings is refused" "$caller\.storage\.1: .*twice" \
    "{\"$caller\": {\"storage\": {\"0x1\": 1, \"1\": 2}}}"
refuses_world "a storage that is no object is refused" "$caller\.storage is a list" "{\"$caller\": {\"storage\": []}}"
refuses_world "code that is no hex is refused" "$caller\.code is '0xq'" "{\"$caller\": {\"code\": \"0xq\"}}"
refuses_world "a block hash that is too short is refused" "blockHashes\.5 is '0x1': .*64 hex digits" \
    '{"blockHashes": {"5": "0x1"}}'
refuses_world "a block hash without a number is refused" 'blockHashes\.latest: ' \
    "{\"blockHashes\": {\"latest\": \"$(printf '%064d' 0)\"}}"
refuses_world "a block hash twice in two spellings is refused" 'blockHashes: block 16 .*twice' \
    "{\"blockHashes\": {\"16\": \"$(printf '%064d' 0)\", \"0x10\": \"$(printf '%064d' 1)\"}}"

finish
