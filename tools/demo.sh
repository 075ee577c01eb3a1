#!/bin/sh
# The demo: a VM process plays KEVM's part of a worked exchange (protocol 2.2) on a real socket, and the
# extvm command runs the call on it. $1 is the build folder.
set -eu
build=$1
folder=$(mktemp -d)
vm=
trap 'rm -rf "$folder"; [ -z "$vm" ] || kill "$vm" 2>/dev/null || true' EXIT

"$build/tests/scripted_vm" tests/scripts/common.script tests/scripts/store.script >"$folder/vm" &
vm=$!
while ! grep -q '^listening' "$folder/vm"; do sleep 0.05; done
address=$(sed 's/^listening on //' "$folder/vm")

cat <<TEXT
A node runs a transaction on a VM in another process. The transaction calls the contract "Store", whose
code writes the call's first word into slot 0 of its storage: PUSH 0, CALLDATALOAD, PUSH 0, SSTORE, STOP.

\$ extvm run --vm kevm://$address --call examples/call.json --world examples/world.json --trace -

The dialogue on the wire (the VM knows nothing of the node's state but what it asks for):

TEXT
"$build/extvm" run --vm "kevm://$address" --call examples/call.json --world examples/world.json \
    --world-out "$folder/world.json" --trace "$folder/trace" >"$folder/result"
cat "$folder/trace"
printf '\nWhat the VM decided:\n\n'
cat "$folder/result"
printf '\nThe world afterwards:\n\n'
cat "$folder/world.json"
wait "$vm" || { echo "demo: the VM did not get what it expected" >&2; exit 1; }
vm=
