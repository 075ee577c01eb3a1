#!/bin/sh
# `extvm bench`: what it prints, as a table and as JSON, of a server of its own and of a given VM, and how it exits.
# The numbers are the machine's and are not judged, only what must hold between them. $EXTVM is the command,
# $SCRIPTED_VM the VM that plays scripts. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${SCRIPTED_VM:?the path of the scripted VM}"
. tests/support/tap.sh

# bench ARGUMENT...: leaves $status, $folder/out and $folder/err.
bench() {
    "$EXTVM" bench "$@" >"$folder/out" 2>"$folder/err"
    status=$?
}

bench --quick --json
[ "$status" -eq 0 ] && [ "$(wc -l <"$folder/out")" -eq 1 ] && [ ! -s "$folder/err" ]
verdict 'bench --quick --json prints one document and nothing else'
python3 - "$folder/out" <<'PYTHON'
import json, sys
document = json.load(open(sys.argv[1]))
assert document["vm"] is None and document["isHint"] is False and document["quick"] is True
measures = document["measures"]
found = [(m["socket"], m["load"], m["sessions"]) for m in measures]
assert found == [(s, l, n) for s in ("tcp", "unix")
                 for l, n in (("storage", 1), ("storage", 8), ("code", 1), ("result", 1))], found
for measure in measures:
    assert measure["queriesPerCall"] == (1004 if measure["load"] == "storage" else 4)
    assert [side["name"] for side in measure["sides"]] == ["bare", "client", "both"]
    assert measure["sides"][0]["ratio"] == 1
    for side in measure["sides"]:
        assert side["callsPerSecond"] > 0 and side["ratio"] > 0
        assert abs(side["queriesPerSecond"] / side["callsPerSecond"] / measure["queriesPerCall"] - 1) < 0.01
        assert 0 < side["p50Nanoseconds"] <= side["p99Nanoseconds"]
PYTHON
verdict 'it has each load over both sockets, with rates, round trips and ratios'

: >"$folder/serve.out"
"$EXTVM" serve --listen 127.0.0.1:0 >"$folder/serve.out" 2>"$folder/serve.log" &
server=$!
while ! grep -q '^listening on ' "$folder/serve.out"; do sleep 0.02; done
place=$(sed 's/^listening on //' "$folder/serve.out")
bench --quick --vm "kevm://$place"
[ "$status" -eq 0 ] && prints '^tcp  *storage  *1  *104  *bare ' && prints '^tcp  *storage  *1  *104  *vm ' && prints 'a hint only'
verdict 'a given VM is measured, and the ratio is called a hint'
bench --quick --json --vm "iele://$place"
[ "$status" -eq 0 ] && prints '"isHint": *true' && prints "\"vm\": *\"iele://$place\"" && prints '"name": *"vm"'
verdict 'an IELE is measured'
bench --quick --floor 9 --vm "kevm://$place"
[ "$status" -eq 1 ] && says 'under the --floor 9'
verdict 'a ratio under the floor: exit 1'
kill "$server"
wait "$server"

printf 'session\ndeaf\n> any\nstall\n' >"$folder/own.script"
: >"$folder/vm.out"
"$SCRIPTED_VM" "$folder/own.script" >"$folder/vm.out" 2>"$folder/vm.log" &
vm=$!
while ! grep -q '^listening' "$folder/vm.out"; do sleep 0.02; done
bench --quick --connect-timeout 0.3 --vm "kevm://$(sed 's/^listening on //' "$folder/vm.out")"
[ "$status" -eq 6 ] && says 'it is busy' && wait "$vm"
verdict 'a VM that serves somebody else is not called'
bench --quick --vm kevm://127.0.0.1:1
[ "$status" -eq 3 ] && [ ! -s "$folder/out" ]
verdict 'nobody listening: exit 3'
bench --quick --vm internal
[ "$status" -eq 2 ] && says 'without a socket'
verdict 'a VM without a socket is refused'
bench --floor fast
[ "$status" -eq 2 ] && says '^extvm: --floor'
verdict 'a floor that is no number is refused'
bench --help
[ "$status" -eq 0 ] && prints '--quick' && prints 'ping-pong'
verdict '--help says what is measured'

finish
