#!/bin/sh
# A fleet behind conf/haproxy.cfg: 4 VM servers that take one session each, 8 nodes. One server is
# killed in the middle of calls, one is started again: no call is lost, no result is wrong. $EXTVM
# is the command, $FLEET_CLIENT the nodes. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${FLEET_CLIENT:?the path of the nodes}"
. tests/support/tap.sh

PATH=$PATH:/usr/sbin
if ! command -v haproxy >/dev/null; then
    skip 'a fleet loses no call' 'haproxy is not there (make deps)'
    finish
    exit
fi

# Ports that were free a moment ago.
ports=$(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for one in sockets:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in sockets))')
front=${ports% *} nobody=${ports#* }

# serve NUMBER LISTEN: a server that takes one session and some time; leaves its process in
# $folder/vm-NUMBER.pid and its address in $folder/vm-NUMBER.
serve() {
    "$EXTVM" serve --listen "$2" --max-sessions 1 --fault delay=1ms >"$folder/vm-$1.out" 2>"$folder/vm-$1.log" &
    echo $! >"$folder/vm-$1.pid"
    tries=0
    while ! grep -q '^listening on ' "$folder/vm-$1.out" && [ "$tries" -lt 200 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
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
    serve "$number" 127.0.0.1:0
done
sed -e "s/127\.0\.0\.1:8888/127.0.0.1:$front/" -e "s/127\.0\.0\.1:8887/127.0.0.1:$nobody/" -e "s/port 8887/port $nobody/" \
    -e "s/10\.0\.0\.1:8888/$(cat "$folder/vm-1")/" -e "s/10\.0\.0\.2:8888/$(cat "$folder/vm-2")/" \
    -e "s/10\.0\.0\.3:8888/$(cat "$folder/vm-3")/" -e "s/10\.0\.0\.4:8888/$(cat "$folder/vm-4")/" \
    conf/haproxy.cfg >"$folder/haproxy.cfg"

haproxy -c -q -f "$folder/haproxy.cfg" >"$folder/out" 2>"$folder/err" && ! says WARNING
verdict 'haproxy takes conf/haproxy.cfg without a warning'

haproxy -db -f "$folder/haproxy.cfg" >"$folder/proxy.out" 2>"$folder/proxy.log" &
echo $! >"$folder/haproxy.pid"
sleep 0.5

# How many sessions a server has had to turn away.
turned_away() { cat "$folder"/vm-*.log | grep -c 'turned away'; }

figures() { grep '^# ' "$folder/out"; }

"$FLEET_CLIENT" "kevm://127.0.0.1:$front" 8 1500 1 >"$folder/out" 2>"$folder/err" && prints ' 0 calls run again'
verdict '8 nodes share 4 VMs: no call is lost, none is run twice'
figures

"$FLEET_CLIENT" "kevm://127.0.0.1:$front" 8 5000 2 >"$folder/out" 2>"$folder/err" &
nodes=$!
sleep 1
kill -KILL "$(cat "$folder/vm-1.pid")"
sleep 1
kill -TERM "$(cat "$folder/vm-2.pid")"
wait "$(cat "$folder/vm-2.pid")"
sleep 0.3
serve 2 "$(cat "$folder/vm-2")"
wait "$nodes"
[ $? -eq 0 ] && prints 'lost calls 0, wrong results 0' && ! prints ' 0 calls run again'
verdict 'a VM is killed in the middle of a call, another is started again: no call is lost, no result is wrong'
figures

before=$(wc -l <"$folder/proxy.out")
"$FLEET_CLIENT" "kevm://127.0.0.1:$front" 8 1500 3 >"$folder/out" 2>"$folder/err" &&
    tail -n "+$((before + 1))" "$folder/proxy.out" | grep -q ' vms/vm2 '
verdict 'the VM that was started again has calls again'
figures

[ "$(turned_away)" -eq 0 ]
verdict 'no VM ever had a second connection'

finish
