#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""build-aux/release.sh, in a repository of its own."""

import tarfile

from release_world import call, clone, need, tap, version


def release(tree, word, expect=0):
    return call("build-aux/release.sh", word, cwd=tree, expect=expect)


def commit(tree, name, old, new):
    path = tree / name
    text = path.read_text()
    assert old in text, (name, old)
    path.write_text(text.replace(old, new, 1))
    call("git", "-C", tree, "commit", "-q", "-a", "-m", "change")


def test_this_tree_has_one_version():
    with clone() as tree:
        assert "the tree is clean" in release(tree, "--check")


def test_another_version_in_one_place_is_named():
    for name in ("NEWS.md", "packaging/rpm/zreg.spec", "debian/changelog"):
        with clone() as tree:
            if not (tree / name).exists():
                continue
            commit(tree, name, version(), "9.9.9")
            said = release(tree, "--check", expect=1)
            assert f'{name} is at "9.9.9' in said and f"configure.ac at {version()}" in said, said


def test_changes_that_are_not_committed_are_refused():
    with clone() as tree:
        (tree / "NEWS.md").write_text((tree / "NEWS.md").read_text() + "\n")
        assert "not committed" in release(tree, "--check", expect=1)


def test_what_is_called_unreleased_is_not_released():
    with clone() as tree:
        said = release(tree, tree.parent / "out", expect=1)
        assert "unreleased" in said and call("git", "-C", tree, "tag") == "", said


def test_archives_sums_and_tags():
    need("swig")
    number = version()
    with clone() as tree:
        commit(tree, "NEWS.md", "(unreleased)", "(2026-01-01)")
        out = tree.parent / "out"
        said = release(tree, out)
        call("sha256sum", "--check", "SHA256SUMS", cwd=out)
        assert {path.name for path in out.iterdir()} == {f"libzreg-{number}.tar.xz", f"zreg-{number}.tar.gz", "SHA256SUMS"}
        with tarfile.open(out / f"zreg-{number}.tar.gz") as archive:
            names = archive.getnames()
        assert f"zreg-{number}/configure" in names and f"zreg-{number}/pyproject.toml" in names
        assert call("git", "-C", tree, "tag").split() == [f"bindings/go/v{number}", f"v{number}"]
        released = call("git", "-C", tree, "ls-tree", "-r", "--name-only", f"bindings/go/v{number}", "bindings/go/")
        assert "bindings/go/internal/raw/raw_wrap64.c" in released and ".swig" not in released
        assert "raw_wrap" not in call("git", "-C", tree, "ls-tree", "-r", "--name-only", f"v{number}")
        assert call("git", "-C", tree, "status", "--porcelain") == "" and "git push origin" in said
        assert "there already" in release(tree, out, expect=1)


if __name__ == "__main__":
    tap.main(__name__)
