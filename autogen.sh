#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes configure from configure.ac. Needed after a clone; a release tarball has it already.
set -eu
cd "$(dirname "$0")"

missing=
need() # COMMAND DEBIAN-PACKAGE
{
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need autoconf autoconf
need automake automake
need libtoolize libtool
need pkg-config pkg-config
[ -f "$(aclocal --print-ac-dir 2>/dev/null)/pkg.m4" ] || need pkg.m4 pkg-config
if [ -n "$missing" ]; then
    echo "autogen.sh: missing:$missing" >&2
    echo "autogen.sh: on Debian: apt-get install$missing" >&2
    exit 1
fi

autoreconf --force --install
echo "Now: mkdir build-dev && cd build-dev && ../configure --enable-dev && make"
