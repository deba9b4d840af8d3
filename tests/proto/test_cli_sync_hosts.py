#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sync of whole registries, from and to layouts, and with --force."""

import json
import shutil

import registry as wire
from cli_world import tap, world


def push(w, registry, repository, *tags):
    digests = {}
    for tag in tags:
        layout = w.layout(f"image-{len(list(w.folder.iterdir()))}")
        digests[tag] = layout.tag(layout.image(f"{repository}:{tag}"), "one")
        w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/{repository}:{tag}")
    return digests


def has(w, place):
    return w.json("inspect", place)["digest"]


def fill(w, registry):
    return {name: push(w, registry, name, *tags)
            for name, tags in (("t/a", ["1", "2"]), ("t/a/b", ["1"]), ("deep/er/c", ["x"]))}


def repositories(document):
    return {entry["src"].split("/", 1)[1]: entry for entry in document["repositories"]}


def test_a_whole_registry_goes_to_another():
    with world() as w:
        a, b = w.buildset(), w.buildset()
        digests = fill(w, a)
        done = repositories(w.json("sync", a.address, b.address))
        assert set(done) == set(digests), done
        for name, tags in digests.items():
            for tag, digest in tags.items():
                assert has(w, f"{b.address}/{name}:{tag}") == digest
        since = len(b.requests())
        again = repositories(w.json("sync", f"docker://{a.address}/", b.address))
        assert all(entry["copied"] == 0 for entry in again.values()), again
        assert {entry["method"] for entry in b.requests()[since:]} <= {"GET", "HEAD"}


def test_below_a_prefix_and_not_again_what_is_there():
    with world() as w:
        a, b = w.buildset(), w.buildset()
        digests = fill(w, a)
        w.json("sync", a.address, f"{b.address}/mirror/of")
        assert has(w, f"{b.address}/mirror/of/t/a/b:1") == digests["t/a/b"]["1"]
        for _ in range(2):
            w.json("sync", a.address, f"{a.address}/mirror")
        assert sorted(w.json("catalog", a.address)["repositories"]) == sorted(
            [*digests, *(f"mirror/{name}" for name in digests)])


def test_repositories_are_chosen():
    with world() as w:
        a, b = w.buildset(), w.buildset()
        fill(w, a)
        for options, names in ((["--repositories", "t/*"], {"t/a", "t/a/b"}), (["--repositories", "t/a"], {"t/a"}),
                               (["--exclude-repositories", "t/*"], {"deep/er/c"}),
                               (["--repositories", "t/a", "--repositories", "*/c"], {"t/a", "deep/er/c"}),
                               (["--repositories", "*", "--exclude-repositories", "*"], set())):
            done = repositories(w.json("sync", "--dry-run", *options, a.address, b.address))
            assert set(done) == names, (options, done)
        assert w.json("catalog", b.address)["repositories"] == []


def test_tags_of_a_registry_are_chosen_too():
    with world() as w:
        a, b = w.buildset(), w.buildset()
        fill(w, a)
        done = repositories(w.json("sync", "--tags", "1", a.address, b.address))
        assert {name: entry["copied"] for name, entry in done.items()} == {"t/a": 1, "t/a/b": 1, "deep/er/c": 0}


def test_into_folders_and_back():
    with world() as w:
        a, b = w.buildset(), w.buildset()
        digests = fill(w, a)
        folder = w.folder / "backup"
        w.json("sync", a.address, f"oci:{folder}")
        assert (folder / "deep/er/c/oci-layout").exists() and (folder / "t/a/b/index.json").exists()
        lines = w.file("lines", "".join(f"oci:{folder}/{name} {b.address}/{name}\n" for name in digests))
        w.json("sync", "--file", lines)
        for name, tags in digests.items():
            for tag, digest in tags.items():
                assert has(w, f"{b.address}/{name}:{tag}") == digest


def test_from_a_layout():
    with world() as w:
        b = w.buildset()
        layout = w.layout()
        digests = {name: layout.tag(layout.image(name), name) for name in ("one", "two")}
        full = layout.tag(layout.image("full"), "docker.io/library/debian:12")
        src, dst = f"oci:{layout.folder}", f"{b.address}/x"
        first, = w.json("sync", src, dst)["repositories"]
        assert {tag["tag"]: tag["digest"] for tag in first["tags"]} == {**digests, "12": full}, first
        for tag, digest in {**digests, "12": full}.items():
            assert has(w, f"{dst}:{tag}") == digest
        again, = w.json("sync", src, dst)["repositories"]
        assert again["present"] == 3 and again["copied"] == 0
        some, = w.json("sync", "--tags", "t*", src, f"{b.address}/y")["repositories"]
        assert [tag["tag"] for tag in some["tags"]] == ["two"]
        w.json("sync", src, f"oci:{w.folder}/other")
        assert has(w, f"oci:{w.folder}/other:two") == digests["two"]
        w.json("copy", f"{dst}:one", f"oci-archive:{w.folder}/a.tar:one")
        told, = w.json("sync", f"oci-archive:{w.folder}/a.tar", f"{b.address}/z")["repositories"]
        assert told["copied"] == 1 and has(w, f"{b.address}/z:one") == digests["one"]


def test_two_images_of_one_tag_are_an_error_of_that_tag():
    with world() as w:
        b = w.buildset()
        layout = w.layout()
        layout.tag(layout.image("a"), "docker.io/library/debian:12")
        layout.tag(layout.image("b"), "quay.io/debian:12")
        good = layout.tag(layout.image("c"), "good")
        layout.tag(layout.image("c"), "good")
        done = w.run("sync", "--json", *w.connections(), f"oci:{layout.folder}", f"{b.address}/x")
        assert done.returncode == 1, done
        told, = json.loads(done.stdout)["done"]["repositories"]
        states = {tag["tag"]: tag["state"] for tag in told["tags"]}
        assert states == {"12": "failed", "good": "copied"}, told
        assert "several images" in done.stdout and has(w, f"{b.address}/x:good") == good


def test_a_layout_that_is_none():
    with world() as w:
        b = w.buildset()
        (w.folder / "empty").mkdir()
        (w.folder / "spoiled").mkdir()
        (w.folder / "spoiled/oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (w.folder / "spoiled/index.json").write_text('{"manifests": 1}')
        for name in ("none", "empty", "spoiled"):
            done = w.run("sync", "--json", *w.connections(), f"oci:{w.folder}/{name}", f"{b.address}/x")
            assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] in ("NOTFOUND", "INVAL"), done


def test_force_repairs_what_was_lost():
    with world() as w:
        a = w.buildset()
        push(w, a, "x", "one")
        folder = w.folder / "to"
        w.json("sync", f"{a.address}/x", f"oci:{folder}")
        blobs = sorted((folder / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
        manifest = json.loads((folder / "index.json").read_text())["manifests"][0]["digest"][7:]
        lost = [path for path in blobs if path.name != manifest]
        for path in lost:
            path.unlink()
        told, = w.json("sync", f"{a.address}/x", f"oci:{folder}")["repositories"]
        assert told["present"] == 1, told
        told, = w.json("sync", "--force", f"{a.address}/x", f"oci:{folder}")["repositories"]
        assert told["copied"] == 1 and all(path.exists() for path in lost), told
        told, = w.json("sync", "--force", f"{a.address}/x", f"oci:{folder}")["repositories"]
        assert told["present"] == 1, told
        shutil.rmtree(folder)


def test_a_registry_without_a_catalog_does_not_stop_the_other_lines():
    with world() as w:
        a, b, c = w.buildset(), w.buildset(), w.buildset()
        digest = push(w, a, "t/x", "one")["one"]
        c.stop()
        lines = w.file("lines", f"{c.address} {b.address}\n{a.address} {b.address}\n")
        done = w.run("sync", "--json", "--retry", "0", "--file", lines, *w.connections())
        assert done.returncode == 1, done
        told = json.loads(done.stdout)["done"]["repositories"]
        assert [bool(entry["error"]) for entry in told] == [True, False], told
        assert has(w, f"{b.address}/t/x:one") == digest
        w.registries.remove(c)


def test_a_repository_with_nothing_to_sync_is_no_failure():
    with world() as w, wire.World() as net:
        odd, b = net.registry(), w.buildset()
        config = b'{"os": "linux", "architecture": "amd64"}'
        odd.add_blob("full", config)
        odd.add_manifest("full", "1", wire.manifest(config))
        catalog = json.dumps({"repositories": ["empty", "full", "gone"]}).encode()
        odd.on("GET", "/v2/_catalog", wire.Answer(200, catalog), times=9)
        odd.on("GET", "/v2/empty/tags/list", wire.Answer(200, b'{"name": "empty", "tags": null}'), times=9)
        own = {name: push(w, b, name, "own") for name in ("empty", "gone")}
        for options, full in (([], ["1"]), (["--delete"], ["1"]), (["--delete", "--tags", "none"], []),
                              (["--dry-run", "--delete"], ["1"])):
            done = repositories(w.json("sync", *options, odd.name, b.address))
            assert {name: [tag["tag"] for tag in entry["tags"]] for name, entry in done.items()} == {
                "empty": [], "full": full, "gone": []}, done
            assert all(entry["error"] is None for entry in done.values()), done
        for name in own:
            assert has(w, f"{b.address}/{name}:own") == own[name]["own"]
            error, _ = w.partly("sync", "--delete", f"{odd.name}/{name}", f"{b.address}/{name}")
            assert error["code"] in ("CONFLICT", "NOTFOUND") and ":latest" not in error["message"], error


def test_what_makes_no_sense_is_refused_before_the_network():
    with world() as w:
        rows = [["localhost:1", "localhost:1"], ["localhost:1", "docker://localhost:1/"],
                ["localhost:1", "oci-archive:x"], ["localhost:1", "docker-archive:x"], ["localhost:1", "oci:x:tag"],
                ["localhost:1", "localhost:2/x:tag"], ["localhost:1", "localhost:2/x@sha256:" + "0" * 64],
                ["localhost:1/a", "localhost:2"],
                ["localhost:1/a", "localhost:2/a", "--repositories", "x"],
                ["oci:x", "oci:y", "--exclude-repositories", "x"]]
        for row in rows:
            done = w.run("sync", *row, cwd=w.folder)
            assert done.returncode == 2 and done.stdout == "", (row, done)
        for row in (["oci:x:tag", "localhost:2/x"], ["docker-archive:x", "localhost:2/x"], ["oci:x", "oci:x"],
                    ["oci:x@sha256:" + "0" * 64, "oci:y"], ["oci-archive:-", "oci:y"], ["oci:x:@0", "oci:y"],
                    ["localhost:1/a", "oci:y", "--delete"]):
            done = w.run("sync", "--json", *row, cwd=w.folder)
            assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] == "INVAL", (row, done)


if __name__ == "__main__":
    tap.main(__name__)
