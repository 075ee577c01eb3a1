#!/bin/sh
# Whether programs that were linked with the library of the last tag go on with the one in build/: abidiff says what a change
# would break. LIBRARY: the library now; ABI_TAG: another tag or commit.
set -eu

library=${LIBRARY:-build/libextvm.so.0}
if ! command -v abidiff >/dev/null; then
    echo "lint: abidiff is not installed (Debian: abigail-tools): the ABI was NOT compared"
    exit 0
fi
tag=${ABI_TAG:-$(git describe --tags --abbrev=0 2>/dev/null || true)}
if [ -z "$tag" ]; then
    echo "lint: there is no tag yet: the ABI was NOT compared"
    exit 0
fi

# The library of that time is built once.
old=build/abi/$(git rev-parse --short "$tag^{commit}")
if [ ! -e "$old/build/libextvm.so.0" ]; then
    rm -rf "$old"
    mkdir -p "$old"
    git archive "$tag" | tar -x -C "$old"
    env -u MAKEFLAGS -u MAKELEVEL make -s -C "$old" build/libextvm.so.0 >/dev/null
fi
abidiff --no-added-syms --headers-dir1 "$old/include" --headers-dir2 include "$old/build/libextvm.so.0" "$library"
echo "lint: the ABI is that of $tag, or more"
