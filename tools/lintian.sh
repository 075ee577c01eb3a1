#!/bin/sh
# lintian on the Debian packages in build/deb, without errors. It is not asked for the bug that a first package closes.
set -eu

changes=$(find build/deb -maxdepth 1 -name '*.changes' 2>/dev/null || true)
if [ -z "$changes" ]; then
    echo "lint: there are no Debian packages (make deb): lintian was NOT run"
elif ! command -v lintian >/dev/null; then
    echo "lint: lintian is not installed: the Debian packages were NOT checked"
else
    # The names of packages have no blanks.
    # shellcheck disable=SC2086
    lintian --fail-on error,warning --suppress-tags initial-upload-closes-no-bugs --allow-root $changes
    echo "lint: lintian finds nothing wrong with the Debian packages"
fi
