#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes DIR hold all that libzreg is linked with, as static libraries: for one file that runs anywhere
# (configure --enable-static-cli) and for a wheel that brings everything (make wheel).
#
#     packaging/static/deps.sh DIR        as root or with the -dev packages there; needs Debian
#
# libcurl is compiled here, from Debian's sources with Debian's patches, because Debian's own archive wants
# libraries that have no static form; only HTTP is made of it. The others are Debian's own archives. DIR/versions
# tells of each archive, and of those that the compiler adds, the source package and its version; DIR/licenses has
# the package's licences (licenses.py beside this). What Debian has newer is made again the next time. It takes minutes.
set -eu
[ $# = 1 ] || { sed -n '3,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
work=$dir/work

# Debian's archives: the package that brings one, and its name.
archives="libssl-dev:ssl libssl-dev:crypto libjson-c-dev:json-c libyaml-dev:yaml zlib1g-dev:z libcrypt-dev:crypt"
# Sources, and the archive that comes of each.
sources="curl:curl"
tools="dpkg-dev gcc make pkg-config"

fail()
{
    echo "deps.sh: $1" >&2
    exit 1
}

command -v dpkg-query >/dev/null || fail "this needs a Debian machine; elsewhere give configure the static libraries yourself"

is_installed()
{
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# --- packages
missing=
for package in $tools $(printf '%s\n' $archives | sed 's/:.*//' | sort -u); do
    is_installed "$package" || missing="$missing $package"
done
if [ -n "$missing" ]; then
    [ "$(id -u)" = 0 ] || fail "missing packages; as root: apt-get install$missing"
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >&2
fi

# The packages of what the compiler adds of its own accord.
toolchain=$(for archive in libc.a libgcc.a; do
    dpkg-query -S "$(realpath "$(cc -print-file-name=$archive)")" | sed 's/:.*//'
done)

# --- sources: apt verifies them as it does packages, with lists of our own, as most machines have none of sources
apt()
{
    command=$1
    shift
    "$command" -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/apt/parts" \
        -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root "$@"
}

source_lists()
{
    rm -rf "$work/apt"
    mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    for list in /etc/apt/sources.list.d/*.sources; do
        [ ! -e "$list" ] || sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/apt/parts/${list##*/}"
    done
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -e "$list" ] || sed -n 's/^deb /deb-src /p' "$list" >"$work/apt/parts/${list##*/}"
    done
    apt apt-get update >&2
}

# newest PACKAGE: the version of the sources that apt would give
newest()
{
    apt apt-cache showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -V | tail -n 1
}

license() # PACKAGE FILE: what Debian says of it
{
    mkdir -p "$dir/licenses/$1"
    cp -L "$2" "$dir/licenses/$1/copyright"
}

# Beside each file the texts that it refers to. One that names no more than their folder means that of the Lesser
# GPL (libxcrypt).
license_texts()
{
    for file in "$dir"/licenses/*/copyright; do
        texts=$(grep -oE 'common-licenses/[A-Za-z0-9.-]*[A-Za-z0-9]' "$file" | sed 's|.*/||' | sort -u)
        ! grep -q 'common-licenses/ ' "$file" || texts="$texts LGPL-2.1"
        for text in $texts; do
            cp -L "/usr/share/common-licenses/$text" "${file%/*}/"
        done
    done
}

unpack() # PACKAGE VERSION: its sources in $work/PACKAGE
{
    rm -rf "${work:?}/$1" "$work/$1.download"
    mkdir "$work/$1.download"
    (cd "$work/$1.download" && apt apt-get --only-source --download-only source "$1=$2" >&2)
    dpkg-source --no-check -x "$work/$1.download"/*.dsc "$work/$1" >&2
    license "$1" "$work/$1/debian/copyright"
}

build() # PACKAGE OPTION...
{
    package=$1
    shift
    (
        cd "$work/$package"
        PKG_CONFIG_PATH="$dir/lib/pkgconfig" LDFLAGS="-L$dir/lib" CPPFLAGS="-I$dir/include" ./configure --quiet --prefix="$dir" --libdir="$dir/lib" \
            --disable-shared --enable-static --with-pic CFLAGS="-O2 -fPIC -fvisibility=hidden -ffunction-sections" "$@"
    ) >"$work/$package.log" 2>&1 || { tail -n 20 "$work/$package.log" >&2; fail "$package: configure failed"; }
}

make_in() # PACKAGE FOLDER TARGET: made and installed
{
    make -C "$work/$1/$2" -j"$(nproc)" "$3" >>"$work/$1.log" 2>&1 || {
        tail -n 20 "$work/$1.log" >&2
        fail "$1: make failed"
    }
}

# No CA path is compiled in: which authorities there are is looked for at run time, by libzreg.
build_curl()
{
    build curl --with-openssl --without-ca-bundle --without-ca-path --enable-http --enable-proxy --enable-threaded-resolver \
        --disable-ftp --disable-file --disable-ldap --disable-ldaps --disable-rtsp --disable-dict --disable-telnet \
        --disable-tftp --disable-pop3 --disable-imap --disable-smb --disable-smtp --disable-gopher --disable-mqtt \
        --disable-manual --disable-docs --disable-ntlm --disable-alt-svc --disable-hsts --disable-netrc \
        --without-libpsl --without-libidn2 --without-nghttp2 --without-librtmp --without-libssh2 --without-zstd \
        --without-brotli --without-gssapi
    make_in curl lib install
    make_in curl include install
    make_in curl . install-pkgconfigDATA
}

# Folders that a linker looks into first hold archives only, so that -lssl is the archive.
link_archives()
{
    for entry in $archives; do
        archive=$(dpkg-query -L "${entry%%:*}" | grep "/lib${entry##*:}\.a$") ||
            fail "${entry%%:*} of this Debian has no lib${entry##*:}.a"
        ln -sf "$archive" "$dir/lib/"
    done
}

# Debian's libcrypt.a takes arc4random_buf from libc, which has it since 2.36: with one beside it, 2.34 will do.
give_random_bytes()
{
    cat >"$work/random.c" <<'END'
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

__attribute__((visibility("hidden"))) void arc4random_buf(void *buffer, size_t size)
{
    for (char *at = buffer; size > 0;) {
        ssize_t given = getrandom(at, size, 0);
        if (given < 0 && errno != EINTR)
            abort(); /* as libc does */
        if (given > 0) {
            at += given;
            size -= (size_t)given;
        }
    }
}
END
    cc -O2 -fPIC -Wall -Werror -c -o "$work/random.o" "$work/random.c"
    cp --remove-destination "$(realpath "$dir/lib/libcrypt.a")" "$dir/lib/libcrypt.a.new"
    ar r "$dir/lib/libcrypt.a.new" "$work/random.o" && mv "$dir/lib/libcrypt.a.new" "$dir/lib/libcrypt.a"
}

binary_packages()
{
    { printf '%s\n' $archives | sed 's/:.*//' && printf '%s\n' "$toolchain"; } | sort -u
}

source_of() # BINARY-PACKAGE FIELD
{
    dpkg-query -W -f="\${source:$2}\n" "$1" | head -n 1
}

# versions: "ARCHIVE PACKAGE VERSION" for each that may end up in what is linked
versions()
{
    for entry in $sources; do
        echo "lib${entry#*:}.a ${entry%:*} $(newest "${entry%:*}")"
    done
    for package in $(binary_packages); do
        dpkg-query -L "$package" | sed -n "s|.*/\(lib[^/]*\.a\)\$|\1 $(source_of "$package" Package) $(source_of "$package" Version)|p" | sort -u
    done
}

licenses_of_archives()
{
    for package in $(binary_packages); do
        license "$(source_of "$package" Package)" "/usr/share/doc/$package/copyright"
    done
}

mkdir -p "$work"
source_lists
versions >"$work/versions"
if cmp -s "$work/versions" "$dir/versions"; then
    exit 0
fi
rm -f "$dir/versions"
mkdir -p "$dir/lib/pkgconfig" "$dir/made"
link_archives
give_random_bytes
licenses_of_archives
for entry in $sources; do
    package=${entry%:*}
    version=$(sed -n "s/^lib${entry#*:}.a $package //p" "$work/versions")
    [ "$(cat "$dir/made/$package" 2>/dev/null)" != "$version" ] || continue
    unpack "$package" "$version"
    "build_$package"
    rm -rf "${work:?}/$package" "$work/$package.download"
    rm -f "$dir"/lib/*.la
    echo "$version" >"$dir/made/$package"
done
license_texts
cp "$work/versions" "$dir/versions"
