#!/bin/sh
# A fleet behind conf/haproxy.cfg: 4 VM servers, 8 nodes, one connection at a time for each server.
# One server is killed in the middle of a call, one is started again: no call is lost, no result is
# wrong. $EXTVM is the command, $FLEET_CLIENT the nodes, $SCRIPTED_VM a VM with a script. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${FLEET_CLIENT:?the path of the nodes}" "${SCRIPTED_VM:?the path of scripted_vm}"
. tests/support/tap.sh

PATH=$PATH:/usr/sbin
if ! command -v haproxy >/dev/null; then
    skip 'a fleet loses no call' 'haproxy is not there (make deps)'
    finish
    exit
fi

# pick_ports: leaves $front and $nobody, ports that are free now; whoever asks for a free port later may get one of them.
pick_ports() {
    ports=$(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))')
    front=${ports% *} nobody=${ports#* }
}

# proxy ADDRESS...: haproxy with our configuration and these VMs, on ports that are picked for it.
proxy() {
    pick_ports
    sed -e "s/127\.0\.0\.1:8888/127.0.0.1:$front/" -e "s/127\.0\.0\.1:8887/127.0.0.1:$nobody/" \
        -e "s/port 8887/port $nobody/" conf/haproxy.cfg >"$folder/haproxy.cfg"
    for number in 1 2 3 4; do
        if [ "$#" -gt 0 ]; then
            sed -i "s/10\.0\.0\.$number:8888/$1/" "$folder/haproxy.cfg"
            shift
        else
            sed -i "/10\.0\.0\.$number:8888/d" "$folder/haproxy.cfg"
        fi
    done
    haproxy -db -f "$folder/haproxy.cfg" >"$folder/proxy.out" 2>"$folder/proxy.log" &
    proxy=$!
    echo "$proxy" >"$folder/haproxy.pid"
    wait_until python3 -c "import socket; socket.create_connection(('127.0.0.1', $nobody)).close()"
}

# wait_until COMMAND...: until it succeeds, or for 20 s; says so when it gives up.
wait_until() {
    limit=$(($(date +%s) + 20))
    until "$@" 2>/dev/null; do
        if [ "$(date +%s)" -ge "$limit" ]; then
            echo "# gave up waiting for: $*"
            return
        fi
        sleep 0.02
    done
}

# serve NUMBER LISTEN DELAY: a server that takes some time for each message; leaves its process in
# $folder/vm-NUMBER.pid, its address in $folder/vm-NUMBER and its messages in $folder/vm-NUMBER.jsonl.
serve() {
    : >"$folder/vm-$1.out"
    "$EXTVM" serve -v --listen "$2" --fault "delay=$3" --trace "$folder/vm-$1.jsonl" --trace-format json \
        >"$folder/vm-$1.out" 2>>"$folder/vm-$1.log" &
    echo $! >"$folder/vm-$1.pid"
    wait_until grep -q '^listening on ' "$folder/vm-$1.out"
    sed 's/^listening on //' "$folder/vm-$1.out" >"$folder/vm-$1"
}

stop_all() {
    for pid in "$folder"/*.pid; do
        kill "$(cat "$pid")" 2>/dev/null
    done
    wait
    rm -rf "$folder"
}
trap stop_all EXIT

for number in 1 2 3 4; do
    serve "$number" 127.0.0.1:0 "$([ "$number" -eq 1 ] && echo 20ms || echo 1ms)"
done
proxy "$(cat "$folder/vm-1")" "$(cat "$folder/vm-2")" "$(cat "$folder/vm-3")" "$(cat "$folder/vm-4")"
haproxy -c -q -f "$folder/haproxy.cfg" >"$folder/out" 2>"$folder/err" && ! says WARNING
verdict 'haproxy takes conf/haproxy.cfg without a warning'

# second_connections NUMBER: how often a server had a second connection while the call of another ran. Its messages
# tell, because a result is in the trace before any node has it; when the server notices an end does not.
second_connections() {
    python3 - "$folder/vm-$1.jsonl" <<'PYTHON'
import json, sys
running, seconds = set(), 0
for line in open(sys.argv[1]):
    message = json.loads(line)
    name = message.get("name")
    if name == "Hello":
        seconds += len(running) > 0
        running.add(message["session"])
    elif name == "CallResult":
        running.discard(message["session"])
print(seconds)
PYTHON
}

# in_a_call NUMBER: stops the server, and lets it go on if it was not in the middle of a call.
in_a_call() {
    kill -STOP "$(cat "$folder/vm-$1.pid")"
    sleep 0.01 # until all its threads have stopped
    tail -n 1 "$folder/vm-$1.jsonl" | grep '"type":"message"' | grep -qv '"name":"CallResult"' && return
    kill -CONT "$(cat "$folder/vm-$1.pid")"
    false
}

figures() { grep '^# ' "$folder/out"; }

"$FLEET_CLIENT" "kevm://127.0.0.1:$front" 8 1500 1 >"$folder/out" 2>"$folder/err" && prints ' 0 calls run again'
verdict '8 nodes share 4 VMs: no call is lost, none is run twice'
figures

"$FLEET_CLIENT" "kevm://127.0.0.1:$front" 8 5000 2 >"$folder/out" 2>"$folder/err" &
nodes=$!
sleep 1
wait_until in_a_call 1
kill -KILL "$(cat "$folder/vm-1.pid")"
sleep 1
kill -TERM "$(cat "$folder/vm-2.pid")"
wait "$(cat "$folder/vm-2.pid")"
sleep 0.3
before_restart=$(second_connections 2)
serve 2 "$(cat "$folder/vm-2")" 1ms
wait "$nodes" && prints 'lost calls 0, wrong results 0' && ! prints ' 0 calls run again'
verdict 'a VM is killed in the middle of a call, another is started again: no call is lost, no result is wrong'
figures

# haproxy brings it back after about 2 s; on a busy machine that may be after these calls.
before=$(wc -l <"$folder/proxy.out")
for _ in 1 2 3 4 5; do
    "$FLEET_CLIENT" "kevm://127.0.0.1:$front" 8 1500 3 >"$folder/out" 2>"$folder/err" || break
    tail -n "+$((before + 1))" "$folder/proxy.out" | grep -q ' vms/vm2 ' && break
done
prints 'lost calls 0, wrong results 0' && tail -n "+$((before + 1))" "$folder/proxy.out" | grep -q ' vms/vm2 '
verdict 'the VM that was started again has calls again'
figures

seconds="$(second_connections 1) $before_restart $(second_connections 3) $(second_connections 4)"
[ "$(grep -c 'session begun' "$folder/vm-3.log")" -gt 50 ] && [ "$seconds" = '0 0 0 0' ]
verdict 'no VM has a second connection while it has one'
echo "# second connections: $seconds"

# As conf/haproxy.cfg says of haproxy 2.6.
second=$(second_connections 2)
[ "$second" -le 10 ]
verdict 'a VM that has just come up has a second connection only for a few calls'
echo "# $second second connections of the VM that was started again"

# -- calls that are given up --

end_proxy() {
    kill "$proxy"
    wait "$proxy"
}

give_up() { "$EXTVM" run --vm "kevm://127.0.0.1:$front" --code 00 --option after-call=leave --timeout "$1" 2>>"$folder/err"; }

end_proxy
serve 5 127.0.0.1:0 '1ms,stall-after=1'
proxy "$(cat "$folder/vm-5")"
: >"$folder/err"
give_up 3 &
first=$!
wait_until grep -q 'session begun' "$folder/vm-5.log"
give_up 0.3
second=$?
wait "$first"
[ $? -eq 6 ] && [ "$second" -eq 6 ] && sleep 0.5 && [ "$(grep -c 'session begun' "$folder/vm-5.log")" -eq 1 ]
verdict 'a call that is given up in the queue never comes to a VM'

end_proxy
cat >"$folder/script" <<'.'
> any
> any
< 00000018 0a16 0a14 0000000000000000000000000000000000000000
> any
slow-end 300
stall
.
"$SCRIPTED_VM" "$folder/script" >"$folder/script.out" 2>"$folder/script.log" &
scripted=$!
wait_until grep -q '^listening on ' "$folder/script.out"
proxy "$(sed 's/^listening on //' "$folder/script.out")"
give_up 2
[ $? -eq 6 ] && wait "$scripted"
verdict 'a VM whose call is given up sees a half-close, and no reset while it comes to its end'

finish
