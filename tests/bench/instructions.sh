#!/bin/sh
# How many instructions a storage query takes at the node's end, without a socket: callgrind counts them, so that the
# number is the same on a busy machine. Two runs of different length, so that their beginning and end cancel out.
# Fails when there are more than the limit. The first argument is the session_speed program.
set -eu

limit=2000
fewer=1000
more=11000

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" "$2" 2>&1 | sed -n 's/^==.*Collected : //p'
}

first=$(count "$1" $fewer)
second=$(count "$1" $more)
if [ -z "$first" ] || [ -z "$second" ]; then
    echo "instructions: callgrind counted nothing" >&2
    exit 1
fi
each=$(((second - first) / (more - fewer)))
echo "instructions of a storage query at the node's end, by callgrind: $each (limit $limit)"
[ "$each" -ge 100 ] && [ "$each" -le "$limit" ]
