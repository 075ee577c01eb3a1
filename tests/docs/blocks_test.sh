#!/bin/sh
# Every shell line, C block and base.conf in README.md and docs/*.md works. $EXTVM is the command. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}"
exec python3 tests/docs/blocks.py README.md docs/*.md
