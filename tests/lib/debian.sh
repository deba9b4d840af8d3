# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The suites that run in Debians of their own (debian_tree.sh): part of tests/run, which sources this and has step, tally,
# top and logs.
# shellcheck disable=SC2154 # the latter two

# can_have_trees NAME: where that cannot be, the suite is one skip.
can_have_trees() {
    local reason
    reason=$(unshare --mount --pid --fork true 2>&1) && [ "$(id -u)" = 0 ] && return
    echo "SKIP    $1: needs root and namespaces${reason:+: $reason}"
    tally 0 0 1
    return 1
}

# copy_checkout TREE: /zreg there gets the files of this checkout, as a release tarball has them. What was built there
# before stays, and is built again only where a file is newer.
copy_checkout() {
    local into=$1/zreg files
    files=$(build-aux/sources.sh | sort) || return
    mkdir -p "$into/build-aux" && touch "$into/build-aux/manifest" || return
    comm -13 <(echo "$files") "$into/build-aux/manifest" | (cd "$into" && xargs -r -d '\n' rm -f --) || return
    tar --create --files-from=<(echo "$files") --file=- | tar --extract --no-same-owner --directory="$into" --file=- || return
    echo "$files" >"$into/build-aux/manifest"
}

# clone_checkout TREE: /zreg there is a clone of this checkout's repository, with the files as they are here.
clone_checkout() {
    git clone --quiet --no-checkout "$top" "$1/zreg" &&
        build-aux/sources.sh | tar --create --files-from=- --file=- | tar --extract --no-same-owner --directory="$1/zreg" --file=-
}

# counted NAME COMMAND...: runs it, shows its lines, and counts what its last line says: N passed, N failed, N skipped.
counted() {
    local name=$1 log=$logs/${1//[^a-z0-9]/-}.log result=0 count
    shift
    "$@" </dev/null 2>&1 | tee "$log" | sed -u 's/^/    /' || result=$?
    count=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log")
    if [ -z "$count" ] || { [ $result != 0 ] && [ "$(cut -d ' ' -f 2 <<<"$count")" = 0 ]; }; then
        echo "FAILED  $name: exit $result; ${log#"$top"/} has it all"
        tally 0 1 0
    fi
    # shellcheck disable=SC2086 # three numbers
    [ -z "$count" ] || tally $count
}

# debian RELEASE: tests/run --quick and the bindings' tests in that Debian, in a tree that stays; and the documents.
debian() {
    local release=$1 tree=$top/build/debian/$1/machine
    can_have_trees "debian $release" || return 0
    step "debian $release" tests/lib/debian_tree.sh keep "$release" machine &&
        step "debian $release: the checkout" copy_checkout "$tree" || return
    counted "debian $release" tests/lib/debian_tree.sh run "$tree" env PYTHONWARNINGS=error /zreg/tests/run --quick bindings
    documents "$release"
}

# documents RELEASE: README and the others followed to the letter in a Debian with nothing but a release's files.
documents() {
    local release=$1 tree=$top/build/debian/$1/reader
    step "debian $release: an empty tree" tests/lib/debian_tree.sh fresh "$release" reader &&
        step "debian $release: a release's files" copy_checkout "$tree" || return
    counted "debian $release: the documents" tests/lib/debian_tree.sh run "$tree" bash /zreg/tests/debian/readme.sh
}

# alone RELEASE: each of the two commands of README that do everything, in a Debian with nothing but a clone.
alone() {
    local release=$1 tree=$top/build/debian/$1
    can_have_trees "debian $release" || return 0
    step "debian $release: a clone for examples/gate/run" fresh_clone "$release" gate &&
        step "debian $release: examples/gate/run" tests/lib/debian_tree.sh run "$tree/gate" /zreg/examples/gate/run
    step "debian $release: a clone for tests/run" fresh_clone "$release" quick &&
        counted "debian $release: tests/run --quick" tests/lib/debian_tree.sh run "$tree/quick" /zreg/tests/run --quick
}

# fresh_clone RELEASE NAME
fresh_clone() {
    tests/lib/debian_tree.sh fresh "$1" "$2" && clone_checkout "$top/build/debian/$1/$2"
}

# packages: each file of tests/packages, which makes what a user installs and installs it where there is nothing else.
packages() {
    local file
    for file in tests/packages/*.sh; do
        echo "$file"
        counted "packages $(basename "$file" .sh)" bash "$file"
    done
}
