#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes DIR the Go module as it is released: with the sources that SWIG writes, so that who uses it needs Go,
# a C compiler and pkg-config with an installed libzreg, and no SWIG.
#
#     build-aux/go-release.sh DIR
set -eu
[ $# = 1 ] || { sed -n '3,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
swig=${SWIG:-swig}
command -v "$swig" >/dev/null || { echo "go-release.sh: swig is missing. On Debian: apt-get install swig" >&2; exit 1; }
[ ! -e "$1" ] || [ -z "$(ls -A "$1")" ] || { echo "go-release.sh: $1 is not empty; name a new folder" >&2; exit 1; }
mkdir -p "$1"
module=$(cd "$1" && pwd)
raw=$module/internal/raw

cd "$root"
build-aux/sources.sh | grep '^bindings/go/' | grep -vE '/(local\.mk|test\.sh|.*\.swig)$' | tar -cf - -T - |
    tar -xf - -C "$module" --strip-components=2
cp LICENSE "$module/"

# A Go int has the processor's size, which SWIG has to know: each size has a pair of files.
generate() # BITS CONSTRAINT
{
    "$swig" -go -cgo -intgosize "$1" -module raw -Wall -Werror -o "$raw/raw_wrap$1.c" -outdir "$raw/swig$1" -Ilibzreg -I/usr/include \
        bindings/go/internal/raw/raw.swig
    for file in "$raw/raw_wrap$1.c" "$raw/swig$1/raw.go"; do
        { printf '//go:build %s\n\n' "$2"; cat "$file"; } >"$file.new"
        mv "$file.new" "$file"
    done
    mv "$raw/swig$1/raw.go" "$raw/raw_swig$1.go"
    rmdir "$raw/swig$1"
}
small='386 || arm || mips || mipsle'
mkdir "$raw/swig32" "$raw/swig64"
generate 32 "$small"
generate 64 "!($small)"
