#!/bin/sh
# Whether man (groff) finds nothing wrong with the pages that are named.
set -u

if ! command -v man >/dev/null; then
    echo "lint: man is not installed (Debian: man-db): the man pages were NOT checked"
    exit 0
fi
for page in "$@"; do
    { LC_ALL=C.UTF-8 man --warnings=w -l -Tutf8 -Z "$page" >/dev/null; } 2>&1 | sed "s|<standard input>|$page|"
done | { ! grep .; }
