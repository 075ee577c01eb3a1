#!/bin/sh
# The README's program is the example, is short, and runs as an installed library's user would build it; its commands
# are the command's own. $EXTVM and $SCRIPTED_VM as in tests/cli. Prints TAP.
set -u

: "${EXTVM:?the path of the extvm command}" "${SCRIPTED_VM:?the path of the scripted VM}"
. tests/support/tap.sh

# vm SCRIPT PATH: a VM that plays it at a unix socket.
vm() {
    : >"$folder/vm.out"
    "$SCRIPTED_VM" --unix "$2" tests/scripts/common.script "tests/scripts/$1.script" >"$folder/vm.out" 2>"$folder/vm.log" &
    vm=$!
    while ! grep -q '^listening' "$folder/vm.out"; do sleep 0.02; done
}

# The back quotes are the README's.
# shellcheck disable=SC2016
sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d' >"$folder/minimal.c"
cmp -s "$folder/minimal.c" examples/minimal.c
verdict 'the program in the README is examples/minimal.c'
[ "$(wc -l <"$folder/minimal.c")" -le 60 ]
verdict 'the program in the README has at most 60 lines'

make -s install DESTDIR="$folder/root" PREFIX=/opt/extvm >"$folder/install.log" 2>&1
verdict 'the library can be installed under DESTDIR'

PKG_CONFIG_PATH=$folder/root/opt/extvm/lib/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$folder/root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
# pkg-config's output is meant to be split.
# shellcheck disable=SC2046
gcc -Wall -Wextra -Werror -o "$folder/minimal" "$folder/minimal.c" $(pkg-config --cflags --libs extvm) >"$folder/cc.log" 2>&1
verdict 'the program compiles against the installed library with pkg-config'

# minimal ADDRESS: whether the program prints what the README says.
minimal() {
    LD_LIBRARY_PATH=$folder/root/opt/extvm/lib "$folder/minimal" "$1" >"$folder/run.log" 2>&1 &&
        [ "$(cat "$folder/run.log")" = 'success, storage[0] = 42' ]
}

vm minimal "$folder/socket"
minimal "kevm+unix:$folder/socket" && wait "$vm"
verdict 'the program runs and prints what the README says'
minimal internal
verdict 'the program prints the same with the VM in the library'

vm store "$folder/socket"
"$EXTVM" run --vm "kevm+unix:$folder/socket" --call examples/call.json --world examples/world.json --json >"$folder/run.log" 2>&1 &&
    wait "$vm"
verdict 'the command in the README runs'

make -s uninstall DESTDIR="$folder/root" PREFIX=/opt/extvm >"$folder/install.log" 2>&1 && [ -z "$(find "$folder/root" -type f)" ]
verdict 'uninstall removes what install made'

finish
