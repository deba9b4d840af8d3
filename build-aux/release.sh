#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a release of the checked out commit, and tags it; nothing is sent anywhere.
#
#     build-aux/release.sh --check        whether this commit can be released: clean, one version everywhere
#     build-aux/release.sh DIR            tarball, sdist and SHA256SUMS in DIR; tags vX.Y.Z and
#                                         bindings/go/vX.Y.Z, the latter on a commit that has SWIG's sources
#
# With a signing key (git config user.signingkey) the tags are signed. A tag that is there already is not moved.
set -eu
[ $# = 1 ] || { sed -n '3,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
out=$1
cd "$(dirname "$0")/.."
top=$PWD

fail()
{
    echo "release.sh: $1" >&2
    exit 1
}

# --- one version
version=$(sed -n 's/^AC_INIT(\[libzreg\], \[\(.*\)\])$/\1/p' configure.ac)
echo "$version" | grep -qxE '[0-9]+\.[0-9]+\.[0-9]+' || fail "configure.ac: AC_INIT has \"$version\", no X.Y.Z"

same() # FILE VERSION
{
    [ "$2" = "$version" ] || fail "$1 is at \"$2\", configure.ac at $version"
    echo "ok: $1 is at $version"
}

news=$(sed -n 's/^## //p' NEWS.md | head -n 1)
same NEWS.md "${news%% *}"
same packaging/rpm/zreg.spec "$(sed -n 's/^Version: *//p' packaging/rpm/zreg.spec)"
if [ -e debian/changelog ]; then
    same debian/changelog "$(sed -n '1s/^[^(]*(\([^)]*\)).*/\1/p' debian/changelog | sed 's/-[^-]*$//')"
fi

# --- one commit
[ -z "$(git status --porcelain)" ] || fail "there are changes that are not committed; commit them, or look at git status"
for tag in "v$version" "bindings/go/v$version"; do
    ! git rev-parse -q --verify "refs/tags/$tag" >/dev/null || fail "the tag $tag is there already; a new release needs a new version"
done
echo "ok: the tree is clean"
[ "$out" != --check ] || exit 0
case $news in
*unreleased*) fail "NEWS.md calls $version unreleased; write the day of the release there" ;;
esac

# --- made from what git has, in a folder of its own
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'git -C "$top" worktree remove --force "$work/source" 2>/dev/null || :; rm -rf "$work"' EXIT
git worktree add --quiet --detach "$work/source" HEAD
cd "$work/source"
./autogen.sh >"$work/log" 2>&1 && mkdir build && (cd build && ../configure --quiet --disable-python --disable-go && make -s dist) \
    >>"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; fail "make dist failed"; }
cp "build/libzreg-$version.tar.xz" "$out/"
python3 -c 'import sys; sys.path.insert(0, "packaging/wheel"); import zreg_wheel; zreg_wheel.build_sdist(sys.argv[1])' "$out" >&2
(cd "$out" && sha256sum "libzreg-$version.tar.xz" "zreg-$version.tar.gz" >SHA256SUMS)

# --- tags
sign=-a
[ -z "$(git config user.signingkey || :)" ] || sign=-s
git tag $sign -m "libzreg $version" "v$version"
build-aux/go-release.sh "$work/go"
git ls-files -z bindings/go | xargs -0 rm -f
cp -R "$work/go/." bindings/go/
git add --all --force bindings/go
git commit --quiet -m "go: the module of $version, with the sources that SWIG writes"
git tag $sign -m "Go module zreg $version" "bindings/go/v$version"

cat <<TEXT
$(cat "$out/SHA256SUMS")

Tagged v$version and bindings/go/v$version. To sign and to publish:
    gpg --armor --detach-sign $out/SHA256SUMS
    git push origin v$version bindings/go/v$version
TEXT
