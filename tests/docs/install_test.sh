#!/bin/sh
# What `make install` puts there can be used: by pkg-config, by CMake, with another folder for libraries; and uninstall
# takes it away again. Prints TAP.
set -u

. tests/support/tap.sh

root=$folder/root
# Paths of which neither is the default.
triplet=$(gcc -print-multiarch)
where="DESTDIR=$root PREFIX=/opt/extvm LIB=lib/$triplet"
prefix=$root/opt/extvm
lib=$prefix/lib/$triplet

# $where is a list of words on purpose.
# shellcheck disable=SC2086
make -s install $where >"$folder/install.log" 2>&1
verdict 'the library can be installed where somebody wants it'

[ "$(readlink "$lib/libextvm.so")" = libextvm.so.0 ] && [ -f "$lib/libextvm.so.0" ] && [ ! -L "$lib/libextvm.so.0" ] &&
    readelf -d "$lib/libextvm.so.0" | grep -q 'SONAME.*\[libextvm.so.0\]'
verdict 'libextvm.so is a link to the library with the name that programs ask for'

nm -D --defined-only "$lib/libextvm.so.0" | awk '{ print $3 }' | grep -v -e '^extvm_' -e '^EXTVM_0$' >"$folder/names.log"
[ ! -s "$folder/names.log" ]
verdict 'the library shows no name but its own'

PKG_CONFIG_PATH=$lib/pkgconfig
PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
[ "$(pkg-config --modversion extvm)" = "$(build/extvm --version | cut -d ' ' -f 2)" ] &&
    pkg-config --variable=libdir extvm | grep -q "/opt/extvm/lib/$triplet\$"
verdict 'pkg-config knows the version and the folder'

# pkg-config's output is meant to be split.
# shellcheck disable=SC2046
gcc -o "$folder/static" examples/minimal.c $(pkg-config --cflags extvm) "$lib/libextvm.a" \
    $(pkg-config --static --libs-only-l extvm | sed 's/-lextvm//') >"$folder/cc.log" 2>&1 &&
    [ "$("$folder/static" internal)" = 'success, storage[0] = 42' ]
verdict 'a program links the static library with what pkg-config says it needs'

for header in "$prefix"/include/extvm/*.h; do
    printf '#include <extvm/%s>\nint used;\n' "$(basename "$header")" >"$folder/header.c"
    gcc -std=c17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$prefix/include" "$folder/header.c" &&
        g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$prefix/include" -x c++ "$folder/header.c"
done >"$folder/headers.log" 2>&1
[ ! -s "$folder/headers.log" ]
verdict 'each header can be included by itself, in C and in C++'

for page in man1/extvm.1 man1/extvm-run.1 man3/libextvm.3 man5/base.conf.5; do
    [ -s "$prefix/share/man/$page" ] || echo "$page"
done >"$folder/pages.log"
[ ! -s "$folder/pages.log" ] && ! grep -rq '^@' "$prefix/share/man"
verdict 'the man pages are there, and whole'

bash -n "$prefix/share/bash-completion/completions/extvm" && [ -s "$prefix/share/zsh/site-functions/_extvm" ]
verdict 'the completions are there'

if command -v cmake >/dev/null; then
    mkdir "$folder/project"
    cat >"$folder/project/CMakeLists.txt" <<'EOS'
cmake_minimum_required(VERSION 3.18)
project(minimal C)
find_package(extvm 0.1 REQUIRED)
add_executable(minimal ${EXAMPLE})
target_link_libraries(minimal extvm::extvm)
add_executable(minimal-static ${EXAMPLE})
target_link_libraries(minimal-static extvm::static)
find_package(extvm 1.0 QUIET)
if(extvm_FOUND)
  message(FATAL_ERROR "0.1 is no 1.0")
endif()
EOS
    {
        cmake -S "$folder/project" -B "$folder/project/build" -DCMAKE_PREFIX_PATH="$prefix" \
            -DEXAMPLE="$PWD/examples/minimal.c" && cmake --build "$folder/project/build"
    } >"$folder/cmake.log" 2>&1 &&
        [ "$("$folder/project/build/minimal" internal)" = 'success, storage[0] = 42' ] &&
        [ "$("$folder/project/build/minimal-static" internal)" = 'success, storage[0] = 42' ]
    verdict 'CMake finds the library, shared and static, and not for a version that it is not'
else
    skip 'CMake finds the library' 'cmake is not installed'
fi

# shellcheck disable=SC2086
make -s uninstall $where >"$folder/install.log" 2>&1 && [ -z "$(find "$root" ! -type d)" ]
verdict 'uninstall leaves no file and no link'

make -s >"$folder/make.log" 2>&1 # extvm.pc and the like as they were
verdict 'a make afterwards works'

finish
