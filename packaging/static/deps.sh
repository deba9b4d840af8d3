#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes DIR hold all that libzreg is linked with, as static libraries: for one file that runs anywhere
# (configure --enable-static-cli) and for a wheel that brings everything (make wheel).
#
#     packaging/static/deps.sh DIR        as root or with the -dev packages there; needs Debian
#
# Some are compiled here, from Debian's sources with Debian's patches: libcurl and GnuTLS, because Debian's own
# archives want libraries that have no static form (of libcurl only HTTP is made), GMP and libmicrohttpd,
# because theirs cannot become part of a shared object. The others are Debian's own archives. DIR/licenses
# has the licence of each, DIR/versions which they were; what Debian has newer is made again the next time. It takes minutes.
set -eu
[ $# = 1 ] || { sed -n '3,11s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd)
work=$dir/work

# Debian's archives: the package that brings one, and its name.
archives="libssl-dev:ssl libssl-dev:crypto libjson-c-dev:json-c libyaml-dev:yaml zlib1g-dev:z libcrypt-dev:crypt
    nettle-dev:nettle nettle-dev:hogweed"
sources="gmp gnutls28 libmicrohttpd curl"
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

unpack() # PACKAGE VERSION: its sources in $work/PACKAGE
{
    rm -rf "${work:?}/$1" "$work/$1.download"
    mkdir "$work/$1.download"
    (cd "$work/$1.download" && apt apt-get --only-source --download-only source "$1=$2" >&2)
    dpkg-source --no-check -x "$work/$1.download"/*.dsc "$work/$1" >&2
    mkdir -p "$dir/licenses/$1"
    cp "$work/$1/debian/copyright" "$dir/licenses/$1/"
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

# For any processor of the kind, not for the one at hand. Debian leaves its documentation out, which
# configure asks for; the patch that says so must not call for autotools.
build_gmp()
{
    (
        cd "$work/gmp"
        mkdir -p doc
        printf 'all install:\n' >doc/Makefile.in
        touch aclocal.m4
        touch configure config.in
        find . -name Makefile.in -exec touch {} +
    )
    build gmp --disable-cxx --host="$(dpkg-architecture -qDEB_HOST_GNU_TYPE)" --build="$(dpkg-architecture -qDEB_HOST_GNU_TYPE)"
    make_in gmp . install
}

build_libmicrohttpd()
{
    build libmicrohttpd --enable-https --with-gnutls PKG_CONFIG="pkg-config --static" LIBS="-lhogweed -lnettle -lgmp" --disable-curl --disable-doc --disable-examples
    make_in libmicrohttpd src/include install
    make_in libmicrohttpd src/microhttpd install
    make_in libmicrohttpd . install-pkgconfigDATA
}

build_gnutls28()
{
    build gnutls28 --disable-doc --disable-tests --disable-tools --disable-cxx --disable-nls --disable-guile \
        --disable-libdane --disable-hardware-acceleration --without-p11-kit --without-tpm --without-tpm2 --without-idn \
        --without-brotli --without-zstd --without-zlib --with-included-libtasn1 --with-included-unistring
    make_in gnutls28 . install
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
        license=$(dpkg-query -W -f='${source:Package}' "${entry%%:*}")
        mkdir -p "$dir/licenses/$license"
        cp -L "/usr/share/doc/${entry%%:*}/copyright" "$dir/licenses/$license/"
    done
}

# versions: "PACKAGE VERSION" for each that ends up in what is linked
versions()
{
    for package in $sources; do
        printf '%s %s\n' "$package" "$(newest "$package")"
    done
    # shellcheck disable=SC2046 # a list of names
    dpkg-query -W -f='${source:Package} ${source:Version}\n' $(printf '%s\n' $archives | sed 's/:.*//') | sort -u
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
for package in $sources; do
    version=$(sed -n "s/^$package //p" "$work/versions")
    [ "$(cat "$dir/made/$package" 2>/dev/null)" != "$version" ] || continue
    unpack "$package" "$version"
    "build_$package"
    rm -rf "${work:?}/$package" "$work/$package.download"
    rm -f "$dir"/lib/*.la
    echo "$version" >"$dir/made/$package"
done
cp "$work/versions" "$dir/versions"
