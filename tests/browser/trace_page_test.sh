#!/bin/sh
# The page that `extvm trace show --html` makes, in a real browser (make deps-browser installs one). $EXTVM is the
# command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
. tests/support/tap.sh

if ! command -v "${BROWSER_PROGRAM:-chromium}" >/dev/null; then
    skip 'the trace page is looked at in a browser' 'chromium is not there: make deps-browser'
    finish
    exit
fi

# record NAME OPTION...: a run's trace as $folder/NAME.html.
record() {
    name=$1
    shift
    "$EXTVM" run --vm test-mode "$@" --trace "$folder/$name.jsonl" --trace-format json >"$folder/out" 2>"$folder/err" &&
        "$EXTVM" trace show "$folder/$name.jsonl" --html "$folder/$name.html" 2>>"$folder/err"
}

record small --call examples/call.json --world examples/world.json || exit 1
# From 5000 down: SLOAD of each key.
record long --to cccccccccccccccccccccccccccccccccccccccc --gas 20000000 --code 6113885b600190038054508060035700 || exit 1
evil='</script><script>window.owned=1</script><b class=evil>&lt;<!--<img src=x onerror=window.owned=1>'
sed -e "s|\"peer\":\"[^\"]*\"|\"peer\":\"$(printf '%s' "$evil" | sed 's/&/\\&/g')\"|" \
    -e "s|\"started\":\"[^\"]*\"|\"started\":\"<script>window.owned=2</script>\"|" "$folder/small.jsonl" >"$folder/evil.jsonl"
"$EXTVM" trace show "$folder/evil.jsonl" --html "$folder/evil.html" || exit 1

head -1 "$folder/small.jsonl" >"$folder/empty.jsonl"
"$EXTVM" trace show "$folder/empty.jsonl" --html "$folder/empty.html" || exit 1

PYTHONDONTWRITEBYTECODE=1 python3 tests/browser/trace_page.py "$folder/small.html" "$folder/long.html" "$folder/evil.html" \
    "$folder/empty.html"
