#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, and twice, as C11 and as C++17, without a warning.
set -u
: "${ZREG_SRCDIR:?run me with ./run, or by make check}" "${CC:=cc}" "${CXX:=c++}"
strict="-Wall -Wextra -Werror -pedantic -fsyntax-only -I$ZREG_SRCDIR/libzreg"

cd "$ZREG_SRCDIR/libzreg" || exit 1
set -- zreg.h zreg/*.h
echo "1..$(($# * 2))"
number=0

try() # LANGUAGE HEADER COMPILER...
{
    language=$1 header=$2
    shift 2
    number=$((number + 1))
    if ! command -v "${1%% *}" >/dev/null 2>&1; then
        echo "ok $number - $header as $language # SKIP no $1"
        return
    fi
    if said=$(printf '#include <%s>\n#include <%s>\n' "$header" "$header" | "$@" - 2>&1); then
        echo "ok $number - $header as $language"
    else
        echo "not ok $number - $header as $language"
        printf '%s\n' "$said" | sed 's/^/# /'
    fi
}

for header; do
    # The compilers may be given with options, such as "ccache gcc".
    # shellcheck disable=SC2086
    try C11 "$header" $CC -x c -std=c11 $strict
    # shellcheck disable=SC2086
    try C++17 "$header" $CXX -x c++ -std=c++17 $strict
done
