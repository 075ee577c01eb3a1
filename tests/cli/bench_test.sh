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
import json, os, sys
document = json.load(open(sys.argv[1]))
assert document["vm"] is None and document["isHint"] is False and document["quick"] is True
measures = document["measures"]
found = [(m["socket"], m["load"], m["sessions"]) for m in measures]
assert found == [(s, l, n) for s in ("tcp", "unix")
                 for l, n in (("storage", 1), ("code", 1), ("result", 1), ("storage", 8))], found
several_cpus = len(os.sched_getaffinity(0)) > 1
for measure in measures:
    one = measure["sessions"] == 1
    assert measure["queriesPerCall"] == (4 if measure["load"] != "storage" else 1004 if one else 54)
    names = ["bare", "client", "both"] + (["spin"] if one and several_cpus else [])
    assert [side["name"] for side in measure["sides"]] == names
    assert measure["sides"][0]["ratio"] == 1
    for side in measure["sides"]:
        assert side["callsPerSecond"] > 0 and side["ratio"] > 0
        assert abs(side["queriesPerSecond"] / side["callsPerSecond"] / measure["queriesPerCall"] - 1) < 0.01
        assert 0 < side["p50Nanoseconds"] <= side["p99Nanoseconds"]
        bare = side["name"] == "bare"
        assert (side["ownNanosecondsPerQuery"] is None) == bare
        assert (side["allocationsPerCall"] is None) == (bare or not one)
assert [s["socket"] for s in document["server"]] == ["tcp", "unix"]
for server in document["server"]:
    assert [rate["sessions"] for rate in server["rates"]] == [8, 64]
    assert all(rate["queriesPerSecond"] > 0 for rate in server["rates"]) and server["toBestOfFewer"] > 0
PYTHON
verdict 'it has each load over both sockets, with rates, round trips and ratios'
python3 - "$folder/out" <<'PYTHON'
import json, sys
for measure in json.load(open(sys.argv[1]))["measures"]:
    if measure["load"] == "storage" and measure["sessions"] == 1:
        counted = {side["name"]: side for side in measure["sides"]}
        for name in ("bare", "client", "both"):
            side = counted[name]
            assert side["sendsPerQuery"] == 1, side
            assert 1 <= side["receivesPerQuery"] < 1.02, side
            assert side["systemCallsPerQuery"] < 2.03, side
PYTHON
verdict 'a query costs the node one send and one receive, and nothing else'

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
bench --check --vm kevm://127.0.0.1:1
[ "$status" -eq 2 ] && says 'judges this library'
verdict '--check with a VM of somebody is refused'
bench --cpus everywhere
[ "$status" -eq 2 ] && says '^extvm: --cpus'
verdict 'a place for the two ends that there is not is refused'
bench --help
[ "$status" -eq 0 ] && prints '--quick' && prints 'ping-pong'
verdict '--help says what is measured'

finish
