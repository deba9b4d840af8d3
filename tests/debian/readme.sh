#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# README's build line, literally, in a Debian that has had no libzreg: command, Python package and a C program work at
# once. Started by tests/run debian13 and the like, in a tree of its own (tests/lib/debian_tree.sh), whose /usr/local it
# may empty. The last line is a tally.
set -u -o pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/lib/install.sh"
. "$source/tests/lib/checks.sh"
MAKEFLAGS=-j$(nproc) PYTHONWARNINGS=error
export MAKEFLAGS PYTHONWARNINGS

files_installed() {
    find /usr/local ! -type d | grep -v '\.pyc$'
}

build() {
    bash -e -c "$line"
}

compile() {
    # shellcheck disable=SC2046 # words of pkg-config
    cc -Wall -Werror "$source/examples/c/buildset.c" -o buildset $(pkg-config --cflags --libs zreg)
}

python_registry() {
    mkdir -p root/etc && python3 -c 'import zreg
with zreg.BuildsetRegistry() as registry, zreg.Client() as client:
    client.append("scratch", ["root"], "oci:layout:latest")
    client.copy("oci:layout:latest", "example/base:latest", dst_server=registry)'
}

uninstalled() {
    make -s -C build uninstall && [ -z "$(files_installed)" ] && ! ldconfig -p | grep libzreg
}

install_sets build bindings || exit 1
find /usr/local ! -type d -delete
ldconfig
work=$(mktemp -d)
(cd "$source" && tar --create --files-from=build-aux/manifest --file=- build-aux/manifest) | tar -x -C "$work"
cd "$work" || exit 1

line=$(grep -m 1 -o '\./autogen\.sh && .*make install$' README.md)
check "README has a line that builds and installs" test -n "$line"
check "$line" build
check "zreg version" zreg version
check "python3 -c 'import zreg'" python3 -c 'import zreg'
check "a C program by pkg-config" compile
check "and it starts a registry" ./buildset
check "a registry in Python" python_registry
check "make uninstall leaves nothing" uninstalled
finish
