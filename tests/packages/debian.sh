#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's packages: built of the release tarball in an empty tree of each release, and installed and used in another.
# Run by `tests/run packages`, which makes the tarball. RELEASES says which ("bookworm trixie").
set -u -o pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
. tests/lib/checks.sh

version=$(sed -n 's/^AC_INIT(\[libzreg\], \[\(.*\)\])$/\1/p' configure.ac)
tarball=$top/build/plain/libzreg-$version.tar.xz

# in_tree TREE SCRIPT: the script runs in /packages, and its first fault ends it.
in_tree() {
    tests/lib/debian_tree.sh run "$1" bash -e -o pipefail -c "cd /packages; $2"
}

# fresh TREE: an empty one, build/debian/RELEASE/NAME, in which apt knows what there is.
fresh() {
    tests/lib/debian_tree.sh fresh "$(basename "$(dirname "$1")")" "$(basename "$1")" && mkdir "$1/packages" &&
        in_tree "$1" 'apt-get update -qq'
}

lay_out_sources() {
    cp "$tarball" "$tree/packages/libzreg_$version.orig.tar.xz" &&
        tar -x --no-same-owner -f "$tarball" -C "$tree/packages"
}

install_build_dependencies() {
    in_tree "$tree" "apt-get install -qq -y --no-install-recommends dpkg-dev lintian
        apt-get build-dep -qq -y --no-install-recommends ./libzreg-$version"
}

build() {
    in_tree "$tree" "cd libzreg-$version; DEB_BUILD_OPTIONS='parallel=$(nproc) ${DEB_BUILD_OPTIONS-}' dpkg-buildpackage -us -uc"
}

# Warnings that were looked at: no bug of Debian's asks for the packages; the debian/ that is in the release needs no
# changes; and a Debian's own lintian may be older than the policy that is followed.
looked_at='initial-upload-closes-no-bugs|no-debian-changes|newer-standards-version'

lint() {
    in_tree "$tree" "lintian --allow-root --info --pedantic *.changes | tee lintian.log
        ! grep -E '^[EW]: ' lintian.log | grep -vE '($looked_at)'"
}

# open_shop FROM: makes the tree, whose apt has the packages that FROM has built.
open_shop() {
    in_tree "$1" 'dpkg-scanpackages --multiversion . >Packages' && fresh "$tree" &&
        cp "$1"/packages/*.deb "$1/packages/Packages" "$tree/packages/" &&
        echo "deb [trusted=yes] file:/packages ./" >"$tree/etc/apt/sources.list.d/packages.list" &&
        cp -r debian/tests "$tree/packages/tests" && in_tree "$tree" 'apt-get update -qq'
}

# What debian/tests/control says: one a line, "NAME PACKAGE...".
tests_there_are() {
    awk '/^Tests:/ { name = $2 } /^Depends:/ { gsub(/,/, ""); $1 = name; print }' debian/tests/control
}

all_go() {
    in_tree "$tree" 'apt-get purge -qq -y libzreg0 zreg libzreg-dev python3-zreg golang-zreg-dev
        left=$(find / -xdev \( -path /packages -o -path /proc -o -path /tmp -o -path /var/cache -o -path /var/log \) \
            -prune -o -name "*zreg*" -print); echo "$left"; [ -z "$left" ]'
}

try_release() {
    local release=$1 name packages tree=build/debian/$1/built
    check "$release: an empty tree" fresh "$tree" || return
    check "$release: the sources" lay_out_sources || return
    check "$release: what they need" install_build_dependencies || return
    check "$release: they are built" build || return
    check "$release: lintian has no error, and no warning but those known" lint
    tree=build/debian/$release/installed
    check "$release: another empty tree, with the packages for its apt" open_shop "build/debian/$release/built" || return
    while read -r name packages; do
        check "$release: apt-get install $packages" in_tree "$tree" \
            "apt-get install -qq -y --no-install-recommends $packages" &&
            check "$release: debian/tests/$name" in_tree "$tree" "./tests/$name"
    done < <(tests_there_are)
    check "$release: nothing is left when they are purged" all_go
}

check "debian/changelog is of $version" grep -q "^libzreg ($version-" <(head -n 1 debian/changelog)
for release in ${RELEASES:-bookworm trixie}; do
    try_release "$release"
done
finish
