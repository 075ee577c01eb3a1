#!/bin/sh
# The wire trace in its formats, and what is done with a recorded one: `extvm trace show`, `extvm trace replay` and `extvm
# serve --replay`. $EXTVM is the command, $SCRIPTED_VM the VM that plays scripts. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${SCRIPTED_VM:?the path of the scripted VM}"
. tests/support/tap.sh

# extvm ARGUMENT...: leaves $status, $folder/out and $folder/err.
extvm() {
    "$EXTVM" "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

# record FORMAT FILE: the example call's trace.
record() {
    extvm run --vm test-mode --call examples/call.json --world examples/world.json --trace "$folder/$2" --trace-format "$1"
}

# -- formats --

record regress once && record regress again
[ "$status" -eq 0 ] && [ "$(wc -l <"$folder/once")" -eq 11 ] && cmp -s "$folder/once" "$folder/again"
verdict 'two runs of a call have the same trace in the format regress'
grep -q '^VM -> node GetStorageData 27 bytes address=0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3 key=0$' "$folder/once"
verdict 'a line has direction, name, size, the whole address and the number in decimal'
record text text
sed 's/^[0-9]*\.[0-9]* //' "$folder/text" | cmp -s - "$folder/once"
verdict 'the format text is the same after the time'

record json t.jsonl
[ "$status" -eq 0 ] && jq -e . "$folder/t.jsonl" >/dev/null && [ "$(wc -l <"$folder/t.jsonl")" -eq 13 ]
verdict 'the format json is an object a line: a header, the session, and the messages'
[ "$(jq -r 'select(.type == "trace") | .format' "$folder/t.jsonl")" = 1 ] &&
    [ "$(jq -r 'select(.type == "session") | .protocol + .vm + .end' "$folder/t.jsonl")" = 2.2KEVMnode ] &&
    jq -s -e '.[1].peer | startswith("kevm://127.0.0.1:")' "$folder/t.jsonl" >/dev/null
verdict 'the header and the session say format, protocol, VM and address'
[ "$(jq -r 'select(.name == "CallContext") | .fields.gasProvided + .direction + (.call | tostring)' "$folder/t.jsonl")" = 1027064node-to-vm1 ] &&
    [ "$(jq -r 'select(.name == "CallResult") | .fields.modified[0].storage[0].key' "$folder/t.jsonl")" = 0 ]
verdict 'the fields of a message are structured'
jq -s -e 'map(select(.type == "message")) | all(.size * 2 == (.body | length)) and (map(.time) | . == sort)' "$folder/t.jsonl" >/dev/null
verdict 'each message has its bytes, and the time goes on'
jq -s -e 'map(select(.type == "message")) | (map(.vmTime) | add > 0) and (map(.wireTime) | add > 0) and (map(.nodeTime) | add > 0) and
    (map(.vmTime + .wireTime + .nodeTime) | add) <= (map(.time) | max - min) + 0.001' "$folder/t.jsonl" >/dev/null
verdict 'the time is divided between VM, wire and node'
extvm run --vm test-mode --code 00 --trace "$folder/x" --trace-format xml
[ "$status" -eq 2 ] && says 'text, regress or json'
verdict 'a format that there is not is refused'

# -- show --

record json t.jsonl
extvm trace show "$folder/t.jsonl" --format regress
[ "$status" -eq 0 ] && tail -n +3 "$folder/once" | cut -d ' ' -f 1-6 >"$folder/a" && tail -n +3 "$folder/out" | cut -d ' ' -f 1-6 | cmp -s - "$folder/a"
verdict 'a recorded trace is shown as the text that it would have been'
extvm trace show "$folder/t.jsonl" --json
[ "$status" -eq 0 ] && [ "$(jq -s 'map(select(.fields != null)) | length' "$folder/out")" -eq 11 ]
verdict 'and as JSON'
extvm trace show "$folder/t.jsonl" --html "$folder/t.html"
[ "$status" -eq 0 ] && [ ! -s "$folder/out" ] && ! grep -qE 'https?://|src=' "$folder/t.html"
verdict 'the page refers to nothing outside of it'
extvm trace show "$folder/t.jsonl" --html "$folder/nowhere/t.html"
[ "$status" -eq 2 ] && says '--html: cannot write'
verdict 'a page that cannot be written is refused'

# broken SENTENCE PATTERN SED-SCRIPT: the changed trace is refused, by show and by replay, with its line.
broken() {
    sed "$3" "$folder/t.jsonl" >"$folder/broken.jsonl"
    extvm trace show "$folder/broken.jsonl"
    [ "$status" -eq 2 ] && says "^extvm: .*broken.jsonl:$2" && extvm trace replay "$folder/broken.jsonl" &&
        [ "$status" -eq 2 ] && says "^extvm: .*broken.jsonl:$2"
    verdict "$1"
}
broken 'a line that is no JSON is refused with its number' '5: .*JSON' '5s/}$//'
broken 'a file that is no trace is refused' '1: .*trace-format json' '1d'
broken 'another format is refused' '1: .*format' '1s/"format":1/"format":2/'
broken 'a body that is no hex is refused' '4: .*body' '4s/"body":"0a/"body":"0x0g/'
broken 'a body that is not as long as is said is refused' '4: .*size' '4s/"size":[0-9]*/"size":1/'
broken 'a body that is no message is refused' '5: .*GetAccount\|VMQuery' '5s/"size":24/"size":23/;5s/"body":"0a/"body":"/'
broken 'a name that no message has is refused' '5: .*name' '5s/GetAccount/GetCount/'
broken 'a direction that a message has not is refused' '5: .*direction' '5s/vm-to-node/node-to-vm/'
broken 'a session that has not begun is refused' '2: .*session' '2d'
broken 'a protocol that there is not is refused' '3: .*2.2 and 3.0' '2s/"protocol":"2.2"/"protocol":"9.9"/'
broken 'a negative time is refused' '3: .*time' '3s/"time":/"time":-1/'
sed 6d "$folder/t.jsonl" >"$folder/broken.jsonl"
extvm trace replay "$folder/broken.jsonl"
[ "$status" -eq 2 ] && says 'broken.jsonl:6: .*GetAccount cannot come after GetAccount'
verdict 'a message that is missing is noticed before anything is run'
: >"$folder/empty"
extvm trace show "$folder/empty"
[ "$status" -eq 2 ] && says 'empty'
verdict 'an empty file is refused'
extvm trace shw "$folder/t.jsonl"
[ "$status" -eq 2 ] && says 'did you mean show'
verdict 'a verb that there is not is refused with the nearest one'
extvm trace show --help && prints '--html' && extvm trace --help && prints 'replay'
verdict 'help says what can be done'

# -- replay --

for vm in test-mode internal; do
    extvm trace replay "$folder/t.jsonl" --vm "$vm"
    [ "$status" -eq 0 ] && prints '^1 same, 0 different, 0 not complete$'
    verdict "a recorded call is the same on $vm"
done
# The program in the answer to GetCode stores the input's word at 1, and no more at 0.
sed 's/0a0760003560005500/0a0760003560015500/' "$folder/t.jsonl" >"$folder/other.jsonl"
extvm trace replay "$folder/other.jsonl" --vm internal
[ "$status" -eq 1 ] && prints '^call 1 (line 4) differs$' && prints '\[0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3\].storage.0x0: recorded "0xf*e", now null' &&
    prints 'not in the record: GetStorageData .* key=1$' && prints '^0 same, 1 different'
verdict 'what differs is told, and a query that was not recorded, with exit status 1'
extvm trace replay "$folder/other.jsonl" --vm internal --json
[ "$status" -eq 1 ] && [ "$(head -1 "$folder/out" | jq -r '.verdict + .unknownQueries[0]')" = \
    'differentGetStorageData address=0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3 key=1' ]
verdict 'and as JSON'
# The recorded nonce of the contract was higher than the one it is left with.
sed '8s/"body":"0a0101/"body":"0a0107/' "$folder/t.jsonl" >"$folder/other.jsonl"
extvm trace replay "$folder/other.jsonl" --vm internal
[ "$status" -eq 1 ] && prints 'status: recorded "result-rejected", now "ok"'
verdict 'a recorded result that cannot be true is a difference'
sed '$d' "$folder/t.jsonl" >"$folder/cut.jsonl"
extvm trace replay "$folder/cut.jsonl" --vm internal
[ "$status" -eq 0 ] && prints '^0 same, 0 different, 1 not complete$'
verdict 'a call that was cut off is not run'
extvm trace replay "$folder/t.jsonl" --vm kevm://127.0.0.1:1 --option connect-retries=0
[ "$status" -eq 3 ] && says 'call 1 (line 4): '
verdict 'a VM that cannot be reached is exit status 3'
extvm trace replay "$folder/t.jsonl" --vm iele://127.0.0.1:1
[ "$status" -eq 2 ] && says 'protocol 2.2'
verdict 'a call is not sent to another kind of VM'

# What a real KEVM was asked and has answered (protocol/kevm.md, section 13.1), as a trace.
shared=${EXTVM_SHARED:-../shared}/vectors/kevm-session
if [ -e "$shared/accesslist_proto.bin" ]; then
    python3 - "$shared/accesslist_proto.bin" >"$folder/real.jsonl" <<'END'
import json, sys

def frames(path):
    data = open(path, "rb").read()
    while data:
        size = 4 + int.from_bytes(data[:4], "big")
        yield data[4:size]
        data = data[size:]

def message(name, body, direction, call):
    print(json.dumps({"type": "message", "session": 1, "call": call, "direction": direction, "name": name,
                      "size": len(body), "body": body.hex()}))

names = {0x0a: ("GetAccount", "Account"), 0x12: ("GetStorageData", "StorageData"), 0x1a: ("GetCode", "Code")}
node = frames(sys.argv[1])
print('{"type": "trace", "format": 1}')
print('{"type": "session", "session": 1, "protocol": "2.2", "vm": "KEVM", "peer": "", "end": "node"}')
message("Hello", next(node), "node-to-vm", 0)
message("CallContext", next(node), "node-to-vm", 1)
for body in frames(sys.argv[1] + ".expected"):
    query, answer = names.get(body[0], ("CallResult", None))
    message(query, body, "vm-to-node", 1)
    if answer:
        message(answer, next(node), "node-to-vm", 1)
END
    extvm trace replay "$folder/real.jsonl" --vm internal
    [ "$status" -eq 0 ] && prints '^1 same'
    verdict 'what a real KEVM has decided is the same on the VM inside'
else
    skip 'what a real KEVM has decided is the same on the VM inside' "$shared is not there: set EXTVM_SHARED"
fi

# -- serve --replay --

# playback FILE: a server that plays it; leaves $server and $place.
playback() {
    : >"$folder/serve.log"
    "$EXTVM" serve --listen "unix:$folder/socket" --replay "$folder/$1" >"$folder/serve.log" 2>"$folder/serve-err.log" &
    server=$!
    while ! grep -q '^listening on ' "$folder/serve.log" && kill -0 "$server"; do sleep 0.02; done
}

playback t.jsonl
extvm run --vm "kevm+unix:$folder/socket" --call examples/call.json --world examples/world.json --json
wait "$server" && [ "$status" -eq 0 ] && prints '"gasUsed": *"22109"' && grep -q '^1 of 1 calls played, 0 differences$' "$folder/serve.log"
verdict 'a node that does what was recorded gets what was recorded'
playback t.jsonl
sed 's/"0xf*e"/"0x01"/' examples/call.json >"$folder/call.json"
extvm run --vm "kevm+unix:$folder/socket" --call "$folder/call.json" --world examples/world.json --json
wait "$server"
[ $? -eq 1 ] && grep -q '^call 1 (line 4): CallContext differs: recorded input=0xf*e, now input=0x01$' "$folder/serve.log"
verdict 'what a node does otherwise is told, with exit status 1'
playback t.jsonl
kill -TERM "$server"
wait "$server"
[ $? -eq 1 ] && grep -q '^0 of 1 calls played' "$folder/serve.log" && [ ! -e "$folder/socket" ]
verdict 'a playback that is stopped too early says so'
extvm serve --listen 127.0.0.1:0 --replay "$folder/broken.jsonl"
[ "$status" -eq 2 ] && says 'broken.jsonl:6'
verdict 'a broken trace is not served'
extvm serve --listen 127.0.0.1:0 --replay "$folder/t.jsonl" --fault garbage
[ "$status" -eq 2 ] && says '--replay'
verdict 'a playback has no other faults than the recorded ones'

# -- IELE --

tiny=0xa24dc96c7cfd9e1c44d482f5fb78d118ff0c53f3
printf '{"caller": "0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "gasPrice": 1, "block": {"beneficiary": "0xc0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0",
    "difficulty": "0x20000", "number": 1, "gasLimit": "0x174876e800", "timestamp": 1000}}\n' >"$folder/call.json"
printf '{"0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1": {"nonce": 2, "balance": "0xe8d4851000"}, "%s": {"nonce": 1, "code": "%s", "storage": {"5": 9}}}\n' \
    "$tiny" "$(sed -n 's/^define TINYCODE //p' tests/scripts/iele-common.script)" >"$folder/world.json"

# iele_vm: a scripted IELE; leaves $vm and $address.
iele_vm() {
    : >"$folder/vm.out"
    "$SCRIPTED_VM" --iele tests/scripts/iele-common.script tests/scripts/iele-signed.script >"$folder/vm.out" 2>"$folder/vm.log" &
    vm=$!
    while ! grep -q '^listening' "$folder/vm.out"; do sleep 0.02; done
    address=iele://$(sed 's/^listening on //' "$folder/vm.out")
}
inc() {
    extvm run --vm "$1" --call "$folder/call.json" --world "$folder/world.json" --to "$tiny" --gas 1027100 --function inc --arg 41 \
        --trace "$folder/$2" --trace-format json
}
iele_vm
inc "$address" i.jsonl
wait "$vm" && [ "$status" -eq 0 ] && [ "$(jq -r 'select(.type == "session") | .protocol + .vm' "$folder/i.jsonl")" = 3.0IELE ] &&
    [ "$(jq -r 'select(.name == "CallResult") | .fields.modified | map(.storage[]?.value) | join(" ")' "$folder/i.jsonl")" = '-128 0' ]
verdict "an IELE's trace has signed integers"
iele_vm
extvm trace replay "$folder/i.jsonl" --vm "$address"
wait "$vm" && [ "$status" -eq 0 ] && prints '^1 same'
verdict 'a recorded call of an IELE is the same on it'
playback i.jsonl
inc "iele+unix:$folder/socket" j.jsonl
wait "$server" && [ "$status" -eq 0 ] && prints '^returned  *4 integers: 42, -1, -128'
verdict "the record of an IELE is played to its node"

finish
