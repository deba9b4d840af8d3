#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, and twice, and so does a program with every options struct: as C11, C17 and
# C++17, by each compiler that is here, without a warning.
set -u
: "${ZREG_SRCDIR:?run me with ./run, or by make check}" "${CC:=cc}" "${CXX:=c++}"
strict="-Wall -Wextra -Wpedantic -Wshadow -Werror -fsyntax-only -I$ZREG_SRCDIR/libzreg"
number=0

cd "$ZREG_SRCDIR/libzreg" || exit 1

options_program()
{
    printf '#include <zreg.h>\nint main(void)\n{\n    zreg_error err = {%s};\n' "$1"
    sed -n 's/^} \(zreg_[a-z_]*_options\);$/\1/p' zreg/*.h | while read -r type; do
        printf '    %s of_%s = ZREG_OPTIONS(%s);\n' "$type" "$type" "$type"
        printf '    if (of_%s.size != sizeof(%s)) { return 1; }\n' "$type" "$type"
    done
    printf '    return err.code == ZREG_OK ? 0 : 1;\n}\n'
}

# try COMPILER LANGUAGE STANDARD WHAT SOURCE
try()
{
    number=$((number + 1))
    # The compilers may be given with options, such as "ccache gcc".
    # shellcheck disable=SC2086
    if said=$(printf '%s\n' "$5" | $1 -x "$2" "-std=$3" $strict - 2>&1); then
        echo "ok $number - $4 as $3 by $1"
    else
        echo "not ok $number - $4 as $3 by $1"
        printf '%s\n' "$said" | sed 's/^/# /'
    fi
}

# try_all COMPILER LANGUAGE STANDARD INITIALIZER
try_all()
{
    if ! command -v "${1%% *}" >/dev/null 2>&1; then
        number=$((number + 1))
        echo "ok $number - headers as $3 by $1 # SKIP no $1"
        return
    fi
    for header in zreg.h zreg/*.h; do
        try "$1" "$2" "$3" "$header" "$(printf '#include <%s>\n#include <%s>' "$header" "$header")"
    done
    try "$1" "$2" "$3" "ZREG_OPTIONS of each struct" "$(options_program "$4")"
}

for compiler in "$CC" clang; do
    try_all "$compiler" c c11 0
    try_all "$compiler" c c17 0
done
for compiler in "$CXX" clang++; do
    try_all "$compiler" c++ c++17 ""
done
echo "1..$number"
