#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What programs were compiled with still fits: functions, structs and enums of the built library are those of
# tests/abi/layout.abi, which `make abi-record` writes. Whoever records a difference answers for it: a struct
# grows at its end alone, a value keeps its meaning, a function its parameters.
set -u
: "${ZREG_SRCDIR:?run me with ./run, or by make check}" "${ZREG_BUILDDIR:?}"
library=$ZREG_BUILDDIR/libzreg/.libs/libzreg.so
recorded=$ZREG_SRCDIR/tests/abi/layout.abi

# Types that no public header shows are nobody's business.
look()
{
    abidw --exported-interfaces-only --headers-dir "$ZREG_SRCDIR/libzreg/zreg" --drop-private-types --no-corpus-path \
        --no-comp-dir-path --no-show-locs --no-elf-needed --no-parameter-names --no-architecture --type-id-style hash \
        "$library" | sed "s|path='$ZREG_SRCDIR/|path='|; s|path='\(\.\./\)*|path='|"
}

if [ "${1-}" = --record ]; then
    look >"$recorded.new" && mv "$recorded.new" "$recorded"
    exit
fi

echo 1..1
if ! command -v abidw >/dev/null 2>&1; then
    echo "ok 1 - layouts are those on record # SKIP abigail-tools is not installed"
    exit
fi
if [ ! -f "$library" ]; then
    echo "ok 1 - layouts are those on record # SKIP a static build has no library of its own"
    exit
fi
now=$(mktemp) || exit 1
trap 'rm -f "$now"' EXIT
look >"$now"
if said=$(abidiff --no-show-locs "$recorded" "$now" 2>&1); then
    echo "ok 1 - layouts are those on record"
else
    echo "not ok 1 - layouts are those on record"
    printf '%s\n' "$said" | sed 's/^/# /'
fi
