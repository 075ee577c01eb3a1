#!/bin/sh
# `extvm probe`: what it finds out about VMs of both protocols and about each broken server, how it exits, and that the
# VM is alive afterwards. $EXTVM is the command, $SCRIPTED_VM the VM that plays scripts. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${SCRIPTED_VM:?the path of the scripted VM}"
. tests/support/tap.sh

# probe ARGUMENT...: leaves $status, $folder/out and $folder/err.
probe() {
    "$EXTVM" probe "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}
one_line() { [ "$(wc -l <"$folder/err")" -eq 1 ]; }
finds() { prints "^  cause: .*$1" && prints '^  try: .*[a-z]'; }

# serve ARGUMENT...: a server in the background; leaves $server and $place.
serve() {
    : >"$folder/serve.out"
    "$EXTVM" serve "$@" >"$folder/serve.out" 2>"$folder/serve.log" &
    server=$!
    while ! grep -q '^listening on ' "$folder/serve.out"; do sleep 0.02; done
    place=$(sed 's/^listening on //' "$folder/serve.out")
}
stop() {
    kill "$server"
    wait "$server"
}

# -- one that works --

serve --listen 127.0.0.1:0
probe "$place"
[ "$status" -eq 0 ] && prints "^$place  *yes  *KEVM 2.2  *right  *[0-9.]* [um]s  *[0-9.]* [um]s  *[0-9.]* [um]s$" &&
    [ ! -s "$folder/err" ] && ! prints cause
verdict 'HOST:PORT: it is reachable, speaks 2.2, answers right, and a round trip takes so long'
probe "iele://$place"
[ "$status" -eq 0 ] && prints 'yes  *IELE 3.0  *right'
verdict 'an IELE is called as one'
probe --json --count 3 "kevm://$place" "$place"
python3 - "$folder/out" <<'PYTHON'
import json, sys
document = json.load(open(sys.argv[1]))
assert document["exitStatus"] == 0 and len(document["vms"]) == 2
for vm in document["vms"]:
    assert vm["reachable"] and vm["protocol"] == "kevm" and vm["version"] == "2.2" and vm["answer"] == "right"
    assert vm["status"] == "ok" and vm["error"] is None and vm["exitStatus"] == 0 and vm["calls"] == 4
    trips = vm["roundTripNanoseconds"]
    assert trips["count"] == 15 and 0 < trips["min"] <= trips["median"] <= trips["max"]
PYTHON
verdict '--json is one document with all of it for each VM'
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$EXTVM" probe "$place" "iele://$place" >"$folder/out" 2>"$folder/err" || break
done && "$EXTVM" run --vm "kevm://$place" --code 602a60005260206000f3 >"$folder/out" 2>"$folder/err"
verdict 'the server serves after many probes'
stop
probe internal internal-iele test-mode test-mode-iele
[ "$status" -eq 0 ] && [ "$(grep -c ' right ' "$folder/out")" -eq 4 ]
verdict 'the VMs of this library answer right'
serve --listen "unix:$folder/socket"
probe "unix:$folder/socket" "kevm+unix:$folder/socket" "iele+unix:$folder/socket"
[ "$status" -eq 0 ] && [ "$(grep -c 'KEVM 2.2  *right' "$folder/out")" -eq 2 ] && prints 'IELE 3.0  *right'
verdict 'unix sockets, with a protocol or without'
stop

# -- scripted VMs: each session is ended politely, or the VM's exit status says so --

caller=1111111111111111111111111111111111111111
contract=cccccccccccccccccccccccccccccccccccccccc
created=8f7a45ebde059392e46a46dcc14ab24681a961ea
changed="32250a14$contract 1201011a0100 22070a010412021234"
touched() { echo "4214$(printf '%040d' 0) 4214$caller 4214$1"; }

# A session that ends at its Hello, as those of another version do.
rejected='session
deaf
> any
half-close'
# call GAS-LEFT RESULT: one call; the gas of three bytes stands in the result.
call() {
    echo "> any
< 00000018 0a160a14$caller
> any
< 00000018 0a160a14$contract
> any
< 00000018 1a160a14$contract"
    for key in 00 01 02 03 04; do
        echo "> any
< 0000001b 12190a14$contract 1201$key"
    done
    echo "> any
< $1"
}
create() {
    echo "> any
< 00000018 0a160a14$caller
> any
< 00000018 0a160a14$created
> any
< $1"
}
# kevm_call [GAS-LEFT]: a session of a KEVM with one call, that is right, or has other gas left.
kevm_call() {
    echo 'session
> any'
    call "000000b9 2ab601 0a40 $(printf '%060d' 0)1234 $(printf '%024d' 0)$caller 120101 1a03${1:-0ecae7} 220100 $changed $(touched $contract)"
}
kevm_session() {
    kevm_call
    create "0000008b 2a8801 121500$created 1a030f3cb0 220100 32250a14$created 1201011a0100 2a0760003560005500 $(touched $created)"
}
iele_code=00000039630269000570726f626567000000006800010000618000540161010054020125610200540201256103005402012561040055013303f600020d
iele_session() {
    echo 'session
> any'
    call "0000004f 2a4d 0a19d882123494$caller 120100 1a030f1d0f 220100 $changed"
    create "00000084 2a8101 0a17d69500$created 120100 1a030f1298 220100 325b0a14$created 1201011a0100 2a3d$iele_code"
}

# vm [--iele] SCRIPT-TEXT: leaves $vm and $place.
vm() {
    option=
    if [ "$1" = --iele ]; then option=--iele && shift; fi
    printf '%s\n' "$1" >"$folder/own.script"
    : >"$folder/vm.out"
    # shellcheck disable=SC2086
    "$SCRIPTED_VM" $option "$folder/own.script" >"$folder/vm.out" 2>"$folder/vm.log" &
    vm=$!
    while ! grep -q '^listening' "$folder/vm.out"; do sleep 0.02; done
    place=$(sed 's/^listening on //' "$folder/vm.out")
}
vm_is_content() { wait "$vm"; }

vm "$rejected
$(kevm_session)
$rejected
$(kevm_session)
$rejected
$(kevm_session)"
probe --count 1 "$place" "kevm://$place" "$place"
[ "$status" -eq 0 ] && [ "$(grep -c 'KEVM 2.2  *right' "$folder/out")" -eq 3 ] && vm_is_content
verdict 'each probe of a KEVM is a harmless Hello and one session, and both are ended politely'
vm --iele "$rejected
$rejected
$(iele_session)"
probe --count 1 "$place"
[ "$status" -eq 0 ] && prints 'IELE 3.0  *right' && vm_is_content
verdict 'HOST:PORT of an IELE: 2.2 is tried, then 3.0 on a new session'
vm --iele "$rejected
$rejected
$(iele_session)"
probe --count 1 "kevm://$place"
[ "$status" -eq 4 ] && one_line && says "accepts 3.0: use iele://$place" && finds 'the other kind' && vm_is_content
verdict 'an IELE that is taken for a KEVM is found out: exit 4, with the right address'
vm "$rejected
$rejected
$(kevm_session)"
probe --count 1 "iele://$place"
[ "$status" -eq 4 ] && says "accepts 2.2: use kevm://$place" && prints ' KEVM 2.2 ' && vm_is_content
verdict 'and a KEVM that is taken for an IELE'
vm "$rejected
$(kevm_call 0ecae8)"
probe --count 1 "$place"
[ "$status" -eq 1 ] && prints 'KEVM 2.2  *wrong' && says "$place.*gas used of the call is 30552, and right is 30553" &&
    finds 'the answer is wrong' && vm_is_content
verdict 'one unit of gas too little: exit 1'
vm "$rejected
$(kevm_call | sed 's/12021234/12021235/')"
probe --count 1 --json "$place"
[ "$status" -eq 1 ] && prints '"answer": *"wrong"' && prints '"exitStatus":1}$' && says 'stored at key 4 of the call is 0x1235, and right is 0x1234' && vm_is_content
verdict 'a wrong value in the storage: exit 1'

vm 'session
deaf
> any
stall'
probe --connect-timeout 0.3 "$place"
[ "$status" -eq 6 ] && one_line && finds 'another client has the one session' && vm_is_content
verdict 'a VM that serves somebody else is not called: exit 6'
vm "session
deaf
> any
stall
$(kevm_session)"
probe --connect-timeout 0.3 --force --count 1 "$place"
[ "$status" -eq 0 ] && prints 'KEVM 2.2  *right' && vm_is_content
verdict '--force calls it all the same'
vm "session
deaf
> any
stall
$rejected
$(kevm_session)"
probe --connect-timeout 2 --wait 10 --count 1 "$place"
[ "$status" -eq 0 ] && prints 'KEVM 2.2  *right' && vm_is_content
verdict '--wait waits until a VM is free'
vm 'session
< 485454502f312e3120343030
> any
half-close'
probe "$place"
[ "$status" -eq 5 ] && finds 'another kind of server' && vm_is_content
verdict 'a server that is no VM: exit 5'

# -- each fault --

# fault NAME EXIT-STATUS CAUSE SPEAKS SENTENCE
fault() {
    case $1 in
    stall-after=*) patience=1 ;; # it is waited for
    *) patience=10 ;;
    esac
    serve --listen 127.0.0.1:0 --fault "$1"
    probe --timeout "$patience" --count 2 "$place"
    [ "$status" -eq "$2" ] && finds "$3" && prints "yes  *$4 " && { [ "$2" -eq 0 ] || one_line; } && kill -0 "$server"
    verdict "$5"
    stop
}
fault close-after-hello 4 'closes every session after Hello' - 'the fault close-after-hello is named'
fault close-after=2 5 'ends the session in the middle of a call' 'KEVM 2.2' 'the fault close-after is named'
fault reset-after=2 5 'reset in the middle' 'KEVM 2.2' 'the fault reset-after is named'
fault stall-after=2 6 'stops answering' 'KEVM 2.2' 'the fault stall-after is named'
fault oversize 5 'a message over the limit' - 'the fault oversize is named'
fault garbage 5 'no message of this protocol' - 'the fault garbage is named'
fault wrong-type 5 'no message of this protocol' - 'the fault wrong-type is named'
fault delay=25ms 0 'takes long' 'KEVM 2.2' 'the fault delay is named, and the answers are right'
serve --listen 127.0.0.1:0 --fault split=3
probe "$place"
[ "$status" -eq 0 ] && prints 'KEVM 2.2  *right'
verdict 'answers in pieces (the fault split) are right'
stop
serve --listen 127.0.0.1:0 --fault like-kevm
probe "$place"
[ "$status" -eq 0 ] && prints 'KEVM 2.2  *right' && prints 'put right:.*sender-nonce-stepped'
verdict 'what KEVM does its own way (the fault like-kevm) is put right and named'
stop

# -- nobody there --

probe kevm://127.0.0.1:1
[ "$status" -eq 3 ] && one_line && says 'Connection refused' && finds 'nobody listens'
verdict 'nobody listening: exit 3'
probe --json "kevm+unix:$folder/none" internal
[ "$status" -eq 3 ] && prints '"reachable":false' && prints '"answer":"right"' && prints '"exitStatus":3}$'
verdict 'of several VMs all are probed, and the exit status is that of the first that is not good'
"$EXTVM" probe --wait 20 "unix:$folder/late" >"$folder/out" 2>"$folder/err" &
waiting=$!
sleep 0.5
serve --listen "unix:$folder/late"
wait "$waiting" && prints 'KEVM 2.2  *right'
verdict '--wait waits until a VM is up'
stop
probe --wait 0.3 127.0.0.1:1
[ "$status" -eq 3 ]
verdict '--wait ends when its time is over'

# -- usage --

refuses() {
    sentence=$1 pattern=$2
    shift 2
    probe "$@"
    [ "$status" -eq 2 ] && says "^extvm: .*$pattern"
    verdict "$sentence"
}
refuses 'an address is needed' 'no ADDRESS'
refuses 'an address without a port is refused' 'HOST:PORT' 127.0.0.1
refuses 'several VMs with commas between are refused' 'of its own' kevm://127.0.0.1:1,kevm://127.0.0.1:2
refuses 'a time that is no number is refused' '--wait' --wait long 127.0.0.1:1
refuses 'no calls at all are refused' '1 to 1000' --count 0 127.0.0.1:1
probe --help
[ "$status" -eq 0 ] && prints '--wait SECONDS' && prints 'Exit status' && ! prints '--vm ADDRESS  '
verdict '--help says what there is'

finish
