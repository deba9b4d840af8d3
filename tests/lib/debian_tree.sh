#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Empty Debians in folders, and programs in them as on a machine of their own.
#
#     debian_tree.sh fresh RELEASE NAME      makes build/debian/RELEASE/NAME, as debootstrap leaves it, anew
#     debian_tree.sh keep RELEASE NAME       the same, unless it is there already
#     debian_tree.sh run TREE COMMAND...     runs a command as root in a tree
#
# RELEASE is bookworm, trixie, sid or another that debootstrap knows. What debootstrap makes is kept in
# build/debian/RELEASE/base, and packages that were fetched in archives beside it. The mirror is Debian's
# own or that of this machine's apt; proxies and certificates are this machine's. Needs root.
#
# A command has processes, mounts, /tmp and environment of its own, and the network of this machine. It
# ends with everything that it started. Variables whose name begins with ZREG_ are handed on.
set -eu -o pipefail

debians=$(cd "$(dirname "$0")/../.." && pwd)/build/debian
certificates=/etc/ssl/certs/ca-certificates.crt

die() {
    echo "debian_tree.sh: $*" >&2
    exit 1
}

# Where this machine's apt has Debian from; a machine that is no Debian has it from Debian.
mirror() {
    local found
    # shellcheck disable=SC2016 # apt's variable
    found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null | head -n 1) || found=
    echo "${found:-http://deb.debian.org/debian}"
}

# base RELEASE: makes what all trees of a release begin as. It counts as made when it has its name.
base() {
    local folder=$debians/$1
    [ ! -d "$folder/base" ] || return 0
    mkdir -p "$folder/archives/partial"
    rm -rf "$folder/base.new"
    unshare --mount debootstrap --variant=minbase "$1" "$folder/base.new" "$(mirror)" >"$folder/debootstrap.log" 2>&1 ||
        die "debootstrap $1: $(tail -n 1 "$folder/debootstrap.log"); all of it is in $folder/debootstrap.log"
    rm -f "$folder"/base.new/var/cache/apt/archives/*.deb
    mv "$folder/base.new" "$folder/base"
}

make_tree() {
    local folder=$debians/$1 tree=$debians/$1/$2
    base "$1"
    rm -rf "$tree" "$tree.new"
    cp -a "$folder/base" "$tree.new"
    mv "$tree.new" "$tree"
}

# handed_on: the variables of this environment that count in a tree too, one a line.
handed_on() {
    env | grep -E '^(ZREG_[A-Z_]*|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY|PIP_(EXTRA_)?INDEX_URL|GOPROXY|GOSUMDB)=' || true
}

run_in() {
    local tree environment
    tree=$(cd "$1" && pwd) || die "no tree $1; make it first"
    shift
    mapfile -t environment < <(handed_on)
    exec unshare --mount --pid --fork --kill-child bash "$0" enter "$tree" env -i "${environment[@]}" \
        HOME=/root LANG=C.UTF-8 TMPDIR=/tmp PIP_CERT=/etc/machine-certificates.crt DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# enter TREE COMMAND...: in namespaces of its own. What the network needs is this machine's, and only lent.
enter() {
    local tree=$1
    shift
    mount --make-rprivate /
    mount --bind "$tree" "$tree"
    mount -t proc proc "$tree/proc"
    mount --rbind /sys "$tree/sys"
    mount --rbind /dev "$tree/dev"
    mount -t tmpfs -o mode=1777 tmp "$tree/tmp"
    mount --bind "$(dirname "$tree")/archives" "$tree/var/cache/apt/archives"
    lend /etc/resolv.conf "$tree/etc/resolv.conf"
    lend /etc/hosts "$tree/etc/hosts"
    lend $certificates "$tree/etc/machine-certificates.crt"
    cd "$tree"
    pivot_root . . # the old root comes to lie on the new one, and is taken off
    umount -l .
    cd /root
    exec "$@"
}

lend() {
    [ -e "$1" ] || return 0
    [ -e "$2" ] || : >"$2"
    mount --bind "$1" "$2"
}

main() {
    local word=${1-}
    [ "$(id -u)" = 0 ] || die "needs root, for debootstrap and namespaces"
    case $word:$# in
    fresh:3) make_tree "$2" "$3" ;;
    keep:3) [ -d "$debians/$2/$3" ] || make_tree "$2" "$3" ;;
    run:[3-9]* | run:[1-9]?*) run_in "${@:2}" ;;
    enter:*) enter "${@:2}" ;;
    *)
        sed -n '3,16s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
    esac
}

main "$@"
