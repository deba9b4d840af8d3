#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sync: the tags of a repository, brought up to date in another place."""

import json

import registry as wire
from cli_world import tap, world


def fill(w, registry, repository, *tags):
    """An image of its own for each tag; {tag: digest}."""
    digests = {}
    for tag in tags:
        name = f"image-{len(list(w.folder.iterdir()))}"
        layout = w.layout(name)
        digests[tag] = layout.tag(layout.image(name), "one")
        w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/{repository}:{tag}")
    return digests


def two(w):
    return w.buildset(), w.buildset()


def one(document):
    repository, = document["repositories"]
    return repository


def states(document):
    return {tag["tag"]: tag["state"] for tag in one(document)["tags"]}


def has(w, registry, repository):
    return {tag: w.json("inspect", f"{registry.address}/{repository}:{tag}")["digest"]
            for tag in w.json("tags", f"{registry.address}/{repository}")["tags"]}


def test_all_tags_come_and_again_nothing_is_sent():
    with world() as w:
        a, b = two(w)
        digests = fill(w, a, "x/y", "one", "two", "three")
        src, dst = f"{a.address}/x/y", f"{b.address}/mirror/y"
        first = w.json("sync", src, dst)
        assert set(states(first).values()) == {"copied"} and one(first)["copied"] == 3, first
        assert has(w, b, "mirror/y") == digests
        assert {tag["tag"]: tag["digest"] for tag in one(first)["tags"]} == digests
        before = len(b.requests())
        again = w.json("sync", src, dst)
        assert set(states(again).values()) == {"present"} and one(again)["bytes"] == 0, again
        assert {entry["method"] for entry in b.requests()[before:]} <= {"HEAD", "GET"}


def test_a_tag_that_moved_is_brought_up_to_date():
    with world() as w:
        a, b = two(w)
        old = fill(w, a, "x", "one", "two")
        w.json("sync", f"{a.address}/x", f"{b.address}/x")
        new = fill(w, a, "x", "one")
        document = w.json("sync", f"{a.address}/x", f"{b.address}/x")
        assert states(document) == {"one": "copied", "two": "present"}
        moved, = [tag for tag in one(document)["tags"] if tag["tag"] == "one"]
        assert moved["before"] == old["one"] and moved["digest"] == new["one"], moved
        assert has(w, b, "x") == {**old, **new}


def test_patterns_choose():
    with world() as w:
        a, b = two(w)
        fill(w, a, "x", "1.0", "1.1", "1.1-slim", "2.0", "latest")
        rows = [(["--tags", "1.*"], {"1.0", "1.1", "1.1-slim"}), (["--tags", "1.*", "--exclude", "*-slim"], {"1.0", "1.1"}),
                (["--exclude", "[0-9]*"], {"latest"}), (["--tags", "2.?", "--tags", "latest"], {"2.0", "latest"}),
                (["--tags", "none"], set()), (["--tags", "1"], set()), (["--exclude", "*"], set())]
        for number, (options, wanted) in enumerate(rows):
            document = w.json("sync", *options, f"{a.address}/x", f"{b.address}/y{number}")
            assert set(states(document)) == wanted, (options, document)


def test_a_dry_run_tells_and_changes_nothing():
    with world() as w:
        a, b = two(w)
        digests = fill(w, a, "x", "one", "two")
        w.json("copy", f"{a.address}/x:one", f"{b.address}/x:one")
        before = len(b.requests())
        document = w.json("sync", "--dry-run", f"{a.address}/x", f"{b.address}/x")
        assert states(document) == {"one": "present", "two": "copied"} and one(document)["dry_run"] is True
        assert {tag["tag"]: tag["digest"] for tag in one(document)["tags"]} == digests
        assert {entry["method"] for entry in b.requests()[before:]} <= {"HEAD", "GET"}
        assert one(document)["bytes"] > 0
        text = w.run("sync", "--dry-run", *w.connections(), f"{a.address}/x", f"{b.address}/x").stdout
        assert "would copy" in text and "1 would be copied, 1 there already" in text, text


def test_nothing_is_deleted_unless_asked_for():
    with world() as w:
        a, b = two(w)
        fill(w, a, "x", "one")
        fill(w, b, "x", "own", "keep-me")
        w.json("sync", f"{a.address}/x", f"{b.address}/x")
        assert set(has(w, b, "x")) == {"one", "own", "keep-me"}
        options = ["--delete", "--exclude", "keep-*"]
        anew = w.json("sync", "--dry-run", "--delete", f"{a.address}/x", f"{b.address}/none")
        assert states(anew) == {"one": "copied"}
        planned = w.json("sync", "--dry-run", *options, f"{a.address}/x", f"{b.address}/x")
        assert states(planned) == {"one": "present", "own": "deleted"}
        assert set(has(w, b, "x")) == {"one", "own", "keep-me"}
        assert states(w.json("sync", *options, f"{a.address}/x", f"{b.address}/x")) == states(planned)
        assert set(has(w, b, "x")) == {"one", "keep-me"}


def test_nothing_is_deleted_when_nothing_fits():
    with world() as w:
        a, b = two(w)
        fill(w, a, "x", "one")
        fill(w, b, "x", "own")
        error, done = w.partly("sync", "--delete", "--tags", "o[wx]n", f"{a.address}/x", f"{b.address}/x")
        assert error["code"] == "CONFLICT" and set(has(w, b, "x")) == {"own"}, (error, done)
        assert ":latest" not in error["message"], error


def test_one_that_fails_does_not_stop_the_others():
    with world() as w, wire.World() as net:
        broken, b = net.registry(), w.buildset()
        for tag in ("a", "b", "c"):
            config = b'{"os": "linux", "architecture": "%s"}' % tag.encode()
            broken.add_blob("x/y", config)
            broken.add_manifest("x/y", tag, wire.manifest(config))
        del broken.blobs["x/y"][wire.sha256(b'{"os": "linux", "architecture": "b"}')]
        broken.on("GET", "/tags/list", wire.Answer(200, b'{"name": "x/y", "tags": ["a", "gone", "b", "c"]}'))
        error, done = w.partly("sync", f"{broken.name}/x/y", f"{b.address}/x")
        assert states(done) == {"a": "copied", "gone": "failed", "b": "failed", "c": "copied"}, done
        assert "2 of 4 tags failed" in error["message"] and "gone" in error["message"], error
        reasons = {tag["tag"]: tag["error"] for tag in one(done)["tags"]}
        assert reasons["gone"]["code"] == "NOTFOUND" and reasons["a"] is None, reasons
        assert set(has(w, b, "x")) == {"a", "c"}


def test_a_tag_that_is_none_is_a_failure_of_that_tag():
    with world() as w, wire.World() as net:
        odd, b = net.registry(), w.buildset()
        odd.add_blob("x", b"{}")
        odd.add_manifest("x", "good", wire.manifest())
        odd.on("GET", "/tags/list", wire.Answer(200, json.dumps({"name": "x", "tags": ["good", "-bad"]}).encode()))
        done = w.run("sync", "--json", *w.connections(), f"{odd.name}/x", f"{b.address}/x")
        assert done.returncode == 1, done


def test_an_index_and_its_platforms():
    with world() as w:
        a, b = two(w)
        layout = w.layout()
        digest = layout.tag(layout.index("linux/amd64", "linux/arm64"), "multi")
        w.json("copy", f"oci:{layout.folder}:multi", f"{a.address}/x:multi")
        w.json("sync", f"{a.address}/x", f"{b.address}/whole")
        assert has(w, b, "whole") == {"multi": digest}
        for wanted in ("copied", "present"):
            document = w.json("sync", "--platform", "linux/arm64", f"{a.address}/x", f"{b.address}/part")
            assert states(document) == {"multi": wanted}, document
        inside = w.json("inspect", f"{b.address}/part:multi")["platforms"]
        assert [child["platform"] for child in inside] == ["linux/arm64"]


def test_into_a_layout():
    with world() as w:
        a = w.buildset()
        digests = fill(w, a, "x", "one", "two")
        for wanted in ("copied", "present"):
            document = w.json("sync", f"{a.address}/x", f"oci:{w.folder}/mirror")
            assert set(states(document).values()) == {wanted}, document
        assert w.json("inspect", f"oci:{w.folder}/mirror:two")["digest"] == digests["two"]


def test_a_reference_in_a_layout_is_not_its_tag():
    with world() as w:
        a = w.buildset()
        digest = fill(w, a, "x", "1")["1"]
        layout = f"oci:{w.folder}/mirror"
        w.json("copy", f"{a.address}/x:1", f"{layout}:example.org/other:1")
        for options, state in ((["--dry-run"], "copied"), ([], "copied"), ([], "present")):
            assert states(w.json("sync", *options, f"{a.address}/x", layout)) == {"1": state}
        index = json.loads((w.folder / "mirror" / "index.json").read_text())
        names = {entry["annotations"]["org.opencontainers.image.ref.name"]: entry["digest"]
                 for entry in index["manifests"]}
        assert names == {"example.org/other:1": digest, "1": digest}, names


def test_a_dry_run_foresees_what_the_options_do():
    with world() as w:
        a, b = two(w)
        layout = w.layout()
        image = layout.tag(layout.index("linux/amd64", "linux/arm64"), "multi")
        w.json("copy", f"oci:{layout.folder}:multi", f"{a.address}/x:multi")

        def foreseen(*options, dst=f"{b.address}/x"):
            rows = [w.json("sync", *more, *options, f"{a.address}/x", dst) for more in (["--dry-run"], [])]
            seen, done = (dict(one(row), dry_run=None) for row in rows)
            assert seen == done, (options, seen, done)
            return {tag["tag"]: tag["state"] for tag in done["tags"]}["multi"]

        part = ["--platform", "linux/arm64"]
        assert [foreseen(*part), foreseen(*part), foreseen()] == ["copied", "present", "copied"]
        w.json("copy", f"{a.address}/x:multi", f"{a.address}/x:{image.replace(':', '-')}.sig")
        only = ["--with-referrers", "--tags", "multi"]
        assert [foreseen(*only), foreseen(*only)] == ["copied", "present"]
        assert foreseen("--tags", "multi", "--platform", "linux/arm64", dst=f"oci:{w.folder}/new") == "copied"
        error, _ = w.partly("sync", "--dry-run", "--platform", "linux/s390x", f"{a.address}/x", f"{b.address}/y")
        assert error["code"] == "NOTFOUND", error
        lost = w.folder / "new" / "blobs" / "sha256"
        for path in lost.iterdir():
            if b'"architecture"' in path.read_bytes() and b'"manifests"' not in path.read_bytes():
                path.unlink()
        force = ["--tags", "multi", "--platform", "linux/arm64", "--force"]
        assert foreseen(*force, dst=f"oci:{w.folder}/new") == "copied"


def test_a_file_of_many():
    with world() as w:
        a, b = two(w)
        fill(w, a, "x", "1", "2", "2-slim")
        fill(w, a, "y", "latest")
        path = w.folder / "mirrors"
        path.write_text(f"# ours\n\n{a.address}/x {b.address}/x 2* !*-slim  # the new ones\n"
                        f"\t{a.address}/none\t{b.address}/none\r\n{a.address}/y {b.address}/y")
        error, done = w.partly("sync", "--file", path)
        assert [sorted(tag["tag"] for tag in entry["tags"]) for entry in done["repositories"]] == [["2"], [], ["latest"]]
        assert [entry["error"] is None for entry in done["repositories"]] == [True, False, True], done
        assert error["code"] == "NOTFOUND", error
        assert set(has(w, b, "x")) == {"2"} and set(has(w, b, "y")) == {"latest"}


def test_wrong_lines_are_refused_before_anything_is_sent():
    rows = [("h:1/a", "line 1"), ("h:1/a h:1/b\nh:1/c", "line 2"), ("h:1/a h:1/b !", "line 1"), ("", "no line"),
            ("# only\n", "no line"), ("h:1/a localhost:1", "zreg catalog"), ("h:1/a:tag h:1/b", "has a tag")]
    with world() as w:
        for text, wanted in rows:
            path = w.folder / "mirrors"
            path.write_text(text)
            done = w.run("sync", "--file", path)
            assert done.returncode in (1, 2) and wanted in done.stderr and done.stdout == "", (text, done)


def test_wrong_use():
    rows = [["sync"], ["sync", "h:1/a"], ["sync", "h:1/a", "h:1/b", "h:1/c"], ["sync", "--file", "f", "h:1/a", "h:1/b"],
            ["sync", "h:1/a:t", "h:1/b"], ["sync", "h:1/a", "h:1/b:t"], ["sync", "h:1/a@sha256:" + "0" * 64, "h:1/b"],
            ["sync", "h:1/a", "localhost:1"], ["sync", "h:1/a", "h:1/b", "--jobs", "0"]]
    with world() as w:
        for row in rows:
            assert w.run(*row).returncode == 2, row
        for row in (["sync", "h:1/a", "h:1/a"], ["sync", "oci:x", "h:1/a"], ["sync", "h:1/a", "oci:x:t"],
                    ["sync", "--delete", "h:1/a", "oci:x"]):
            done = w.run(*row)
            assert done.returncode == 1 and "sync: " in done.stderr, done


if __name__ == "__main__":
    tap.main(__name__)
