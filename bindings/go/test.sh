#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the Go tests under the race detector and prints TAP, a line for each test. Start it by ./run.
set -eu
cd "${ZREG_SRCDIR:?start this by ./run}/bindings/go"
export GOTOOLCHAIN=local
[ -n "${HOME-}" ] || export GOCACHE="$ZREG_BUILDDIR/bindings/go/cache"

{
    "${GO:-go}" test -count=1 -race -v . || echo "FAIL	build"
} 2>&1 | awk '
    function result(word, name, note) { printf "%s %d - %s%s\n", word, ++count, name, note }
    /^--- PASS: / { result("ok", $3, ""); next }
    /^--- SKIP: / { result("ok", $3, " # SKIP"); next }
    /^--- FAIL: / { result("not ok", $3, ""); failed = 1; next }
    /^FAIL\t/     { if (!failed) result("not ok", $2, ""); failed = 1 }
    !/^=== /      { print "# " $0 }
    END { print "1.." count }'
