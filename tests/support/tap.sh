#!/bin/sh
# What the test scripts share: a folder of their own and TAP. Sourced, from the repository's folder.

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
count=0
failed=0

# verdict SENTENCE: passes when the last command was true; else shows what the commands said.
verdict() {
    if [ "$?" -eq 0 ]; then outcome=ok; else outcome='not ok' failed=$((failed + 1)); fi
    count=$((count + 1))
    echo "$outcome $count - $1"
    [ "$outcome" = ok ] || find "$folder" -maxdepth 1 \( -name out -o -name err -o -name '*.log' \) -exec sed 's/^/# /' {} +
}

# skip SENTENCE WHY
skip() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

# The last command of a script.
finish() {
    echo "1..$count"
    [ "$failed" -eq 0 ]
}

# What the last command left in $folder/err and $folder/out.
says() { grep -q -e "$1" "$folder/err"; }
prints() { grep -q -e "$1" "$folder/out"; }
