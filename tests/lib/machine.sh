#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The first process of a private machine: see engines.py, which starts it in namespaces of its own.
#
#     sh machine.sh FOLDER KEEP...
#
# FOLDER holds etc, run, var, tmp, root and certificates: they become /etc, /run, /var, /tmp, /root
# and /usr/local/share/ca-certificates. Everything else is the real machine's; KEEP are paths that
# stay visible even below one of those. Says "ready", and ends when its standard input does: with it
# every process of the machine.
set -eu
folder=$1
shift
new=$folder/new

show_real() {
    for entry in /*; do
        name=${entry#/}
        case $name in
        etc | run | var | tmp | root | proc | opt | mnt | media | srv | lost+found) continue ;;
        esac
        if [ -L "$entry" ]; then
            cp -P "$entry" "$new/$name"
        elif [ -d "$entry" ]; then
            mkdir "$new/$name"
            mount --rbind "$entry" "$new/$name"
        fi
    done
}

show_private() {
    mkdir "$new/opt" "$new/mnt" "$new/media" "$new/srv" "$new/proc"
    for name in etc run var tmp root; do
        mkdir "$new/$name"
        mount --bind "$folder/$name" "$new/$name"
    done
    mount --bind "$folder/certificates" "$new/usr/local/share/ca-certificates"
    mount -t proc proc "$new/proc"
}

show_kept() {
    for path in "$@"; do
        [ ! -e "$new$path" ] || continue
        mkdir -p "$new$path"
        mount --rbind "$path" "$new$path"
    done
}

mount -t tmpfs -o mode=755 machine "$new"
show_real
show_private
show_kept "$folder" "$@"
ip link set lo up
cd "$new"
pivot_root . . # the old root comes to lie on the new one, and is taken off
umount -l .
echo ready
exec env --ignore-signal=CHLD cat >/dev/null # the kernel reaps orphans
