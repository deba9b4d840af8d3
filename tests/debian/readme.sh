#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A stranger's run: README's build line, literally, in a Debian with nothing but a release's files. What is missing is
# installed as the errors say. Command, manual, Python package and a C program work at once; then all documents are
# followed (tests/docs/run); then it is uninstalled. Started by tests/run debian13 and the like, in a tree of its own
# (tests/lib/debian_tree.sh), whose /usr/local it may empty. The last line is a tally.
set -u -o pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
. "$source/tests/lib/install.sh"
. "$source/tests/lib/checks.sh"
MAKEFLAGS=-j$(nproc)
export MAKEFLAGS

files_installed() {
    find /usr/local ! -type d | grep -v '\.pyc$'
}

# Carries the line out until it succeeds; after each failure what was said to be missing is installed.
build() {
    local said wanted round
    for round in 1 2 3 4 5; do
        if said=$(PYTHONWARNINGS=error bash -e -c "$line" 2>&1); then
            return 0
        fi
        wanted=$(sed -n 's/.*[Oo]n Debian: apt-get install//p' <<<"$said" | tail -n 1)
        [ -n "$wanted" ] || break
        echo "$round: apt-get install$wanted"
        # shellcheck disable=SC2086 # a list of names
        apt_install $wanted || return
    done
    echo "$said"
    return 1
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

manual() {
    man zreg-copy | grep -q 'zreg copy' && man libzreg | grep -q 'zreg_copy'
}

uninstalled() {
    make -s -C build uninstall && [ -z "$(files_installed)" ] && ! ldconfig -p | grep libzreg
}

find /usr/local ! -type d -delete
ldconfig
work=$(mktemp -d)
(cd "$source" && tar --create --files-from=build-aux/manifest --file=- build-aux/manifest) | tar -x -C "$work"
cd "$work" || exit 1

line=$(grep -m 1 -o '\./autogen\.sh && .*make install$' README.md)
check "README has a line that builds and installs" test -n "$line"
check "apt-get update" apt-get update -qq
check "$line" build || finish
export PYTHONWARNINGS=error
check "zreg version" zreg version
check "python3 -c 'import zreg'" python3 -c 'import zreg'
check "a C program by pkg-config" compile
check "and it starts a registry" ./buildset
check "a registry in Python" python_registry
PYTHONWARNINGS='' check "what the documents need beside" install_sets docs
check "man zreg-copy, man libzreg" manual
counted "$source/tests/docs/run"
check "make uninstall leaves nothing" uninstalled
finish
