#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make installcheck: what was installed works by itself, from outside the tree, and all parts name
# one version. Environment: SRCDIR, LIBDIR, BINDIR, PYTHONDIR, PYEXECDIR, DATADIR, VERSION, CC, PYTHON, GO.
set -eu
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp "$SRCDIR/tests/abi/installed.c" "$work"
cd "$work"
PKG_CONFIG_PATH=$LIBDIR/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$LIBDIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH

expect() # WHAT WANTED GOT
{
    if [ "$2" != "$3" ]; then
        printf 'installcheck: %s: wanted "%s", got "%s"\n' "$1" "$2" "$3" >&2
        exit 1
    fi
    echo "ok: $1"
}

# sources FOLDER: the files of a package there that are no tests
sources()
{
    (cd "$1" && find . -type f \( -name '*.py' -o -name '*.go' -o -name '*.[ch]' -o -name '*.swig' \) \
        ! -name '*_test.go' ! -name _raw.py | sort)
}

# shellcheck disable=SC2046,SC2086 # compilers and pkg-config give several words
$CC installed.c $(pkg-config --cflags --libs zreg) -o installed
expect "a C program" "$VERSION docker.io/library/debian:latest" "$(./installed debian)"

# The addresses of what they call are written once, when they start (-z now, -z relro).
for file in "$LIBDIR/libzreg.so" "$BINDIR/zreg" "$PYEXECDIR/zreg/_libzreg.so"; do
    [ ! -e "$file" ] || expect "${file##*/} is hardened" yes \
        "$(readelf --wide --dynamic --segments "$file" | awk '/BIND_NOW|FLAGS.* NOW/ { now = 1 } /GNU_RELRO/ { relro = 1 }
            END { print now && relro ? "yes" : "no" }')"
done

if [ -x "$BINDIR/zreg" ]; then
    expect "the command" "$VERSION" "$("$BINDIR/zreg" version | awk 'NR == 1 { print $NF }')"
fi

if [ -d "$PYTHONDIR/zreg" ]; then
    expect "the Python package" "$VERSION" \
        "$(PYTHONPATH=$PYTHONDIR:$PYEXECDIR $PYTHON -c 'import zreg; print(zreg.__version__)')"
    expect "all of the Python package" "$(sources "$SRCDIR/bindings/python/zreg")" "$(sources "$PYTHONDIR/zreg")"
fi

if [ -n "$GO" ] && [ -d "$DATADIR/zreg/go" ]; then
    expect "all of the Go package" "$(sources "$SRCDIR/bindings/go")" "$(sources "$DATADIR/zreg/go")"
    mkdir go
    cd go
    cat > main.go <<'EOF'
package main

import (
	"fmt"

	"MODULE"
)

func main() { fmt.Println(zreg.Version()) }
EOF
    module=$(sed -n 's/^module //p' "$DATADIR/zreg/go/go.mod")
    sed -i "s,MODULE,$module," main.go
    printf 'module example\n\ngo 1.19\n\nrequire %s v0.0.0\n\nreplace %s => %s\n' \
        "$module" "$module" "$DATADIR/zreg/go" > go.mod
    expect "a Go program" "$VERSION" \
        "$(GOFLAGS=-mod=mod GOPROXY=off GOCACHE="${GOCACHE:-$work/cache}" $GO run .)"
fi
