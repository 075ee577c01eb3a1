#!/bin/sh
# docs/errors.md has each error text of the source, and what is printed is in it. $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh

python3 tools/errors.py >"$folder/errors.md" 2>"$folder/err" && diff docs/errors.md "$folder/errors.md" >"$folder/errors.log"
verdict 'docs/errors.md is what tools/errors.py makes of the source'

sed -n 's/.*\[EXTVM_[A-Z_]*\] = {"\([a-z-]*\)".*/\1/p' src/common/error.c >"$folder/statuses"
while read -r status; do
    [ "$status" = ok ] || grep -qx "## $status" docs/errors.md || echo "$status"
done <"$folder/statuses" >"$folder/errors.log"
[ -s "$folder/statuses" ] && [ ! -s "$folder/errors.log" ]
verdict 'each status has its texts there, and what to do'

# Whether what the command says about something wrong is one of the texts: a … stands for anything.
cat >"$folder/known.py" <<'EOS'
import re, sys
texts = re.findall(r"^\| `(.*)` \|", open("docs/errors.md").read(), re.M)
patterns = [re.compile(".*".join(re.escape(part) for part in text.replace("\\|", "|").split("…")), re.S) for text in texts]
said = sys.stdin.read().strip()
assert said.startswith("extvm: ") and "\n" not in said, said
# Of texts that are values only, as "…: …", nothing is learnt.
telling = [pattern for pattern, text in zip(patterns, texts) if len(re.findall("[a-z]", text)) >= 8]
assert any(pattern.search(said) for pattern in telling), "not in docs/errors.md: " + said
EOS

# says ARGUMENT...
says_known() {
    "$EXTVM" "$@" >"$folder/out" 2>"$folder/said"
    python3 "$folder/known.py" <"$folder/said" >>"$folder/known.log" 2>&1 || echo "$*" >>"$folder/unknown.log"
}

says_known run --no-such
says_known run --vm no-such
says_known run --vm kevm://127.0.0.1:1 --option connect-retries=0
says_known run --gas many
says_known run --arg 1
says_known run --vm kevm://h:99999
says_known run --call /nowhere
says_known run --option call-timeout=never
says_known run --fork x
says_known run --vm iele://127.0.0.1:1 --to "$(printf '%040d' 1)"
says_known statetest
says_known statetest --fork no-such .
says_known statetest --filter no-such tests/statetest
says_known config check /nowhere
says_known config check Makefile
says_known iele assemble Makefile
says_known iele disassemble conf/base.conf
says_known serve --fault no-such
says_known no-such
for fault in close-after-hello close-after=1 reset-after=1 oversize garbage wrong-type; do
    : >"$folder/serve.out"
    "$EXTVM" serve --listen "unix:$folder/socket" --fault "$fault" >"$folder/serve.out" 2>/dev/null &
    server=$!
    while ! grep -q '^listening' "$folder/serve.out"; do sleep 0.02; done
    says_known run --vm "kevm+unix:$folder/socket" --code 6000545000 --option call-retries=0
    kill "$server"
    wait "$server"
    rm -f "$folder/socket" "$folder/serve.out"
done
[ ! -e "$folder/unknown.log" ]
verdict 'what the command says about what went wrong is in docs/errors.md'

finish
