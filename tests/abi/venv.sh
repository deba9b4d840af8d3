#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# configure PYTHON=VENV/bin/python: `make install` puts the Python package where that Python finds it
# with nothing set, all else below the prefix, and all below DESTDIR when there is one. Of every other
# prefix and Python, tests/abi/python_dirs.py asks where.
# Run by `tests/run install`. Needs ./configure. Environment: PYTHON (python3).
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
: "${PYTHON:=python3}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset LD_LIBRARY_PATH PYTHONPATH

check() # WHAT COMMAND...
{
    what=$1
    shift
    "$@" || { echo "venv.sh: not so: $what" >&2; exit 1; }
    echo "ok: $what"
}

configure() # FOLDER OPTION...: leaves the summary in FOLDER/summary
{
    folder=$1
    shift
    mkdir "$work/$folder"
    (cd "$work/$folder" && "$source/configure" --disable-go --disable-server CFLAGS=-O0 "$@" >summary)
}

folders_of() # FOLDER: where there is a package zreg below it
{
    find "$1" -type d -path '*-packages/zreg'
}

"$PYTHON" -m venv --without-pip "$work/venv"
configure build --prefix="$work/prefix" PYTHON="$work/venv/bin/python"
check "the summary has nothing to add" test -z "$(grep PYTHONPATH "$work/build/summary")"

make -s -C "$work/build" -j"$(nproc)"
make -s -C "$work/build" install DESTDIR="$work/stage"
check "DESTDIR holds the package" test -d "$work/stage$(folders_of "$work/stage" | sed "s,^$work/stage,,")"
check "and nothing is beside it" test ! -e "$work/prefix" -a -z "$(folders_of "$work/venv")"

make -s -C "$work/build" install
check "the prefix holds the library" test -e "$work/prefix/lib/libzreg.so"
check "and no package" test -z "$(folders_of "$work/prefix")"
cd /
check "the Python finds package and library" "$work/venv/bin/python" -c 'import zreg; zreg.Client().close()'
make -s -C "$work/build" uninstall
check "uninstall leaves no module" test -z "$(find "$work/venv" -path '*/zreg/*' -type f ! -name '*.pyc')"

configure other --prefix="$work/prefix" PYTHON="$PYTHON"
check "the summary names a folder that Python does not look in" grep -q "PYTHONPATH=$work/prefix/" "$work/other/summary"
