#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""OCI layouts as destinations: which entry of index.json a name takes, and what repairs a layout that lost a part."""

import json

from cli_world import tap, world
from layout import INDEX, MANIFEST

NAME = "org.opencontainers.image.ref.name"
CONTAINERD = "io.containerd.image.name"


def two_images(w):
    """A layout of two images, and their digests."""
    layout = w.layout()
    return layout, [layout.tag(layout.image(name), name) for name in ("v1", "v2")]


def entries(folder):
    return json.loads((folder / "index.json").read_text())["manifests"]


def names(folder):
    return [entry.get("annotations", {}).get(NAME) for entry in entries(folder)]


def put_entries(folder, *made):
    """Each is a descriptor and its annotations."""
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        dict(descriptor, annotations=annotations) for descriptor, annotations in made]}))


def digest_at(w, place):
    return w.json("inspect", place)["digest"]


# --- names


def test_a_name_is_taken_from_whoever_had_it_however_it_was_spelled():
    spellings = ("a:1", "docker.io/library/a:1", "docker.io/a:1", "index.docker.io/library/a:1")
    for old in spellings:
        for new in spellings:
            with world() as w:
                layout, (first, second) = two_images(w)
                w.json("copy", f"oci:{layout.folder}:v1", f"oci:{w.folder}/zz:{old}")
                w.json("copy", f"oci:{layout.folder}:v2", f"oci:{w.folder}/zz:{new}")
                assert names(w.folder / "zz") == [new], (old, new, names(w.folder / "zz"))
                for asked in (*spellings, "1"):
                    assert digest_at(w, f"oci:{w.folder}/zz:{asked}") == second != first, (old, new, asked)


def test_other_names_are_left_alone():
    with world() as w:
        layout, (first, second) = two_images(w)
        others = ("b:1", "quay.io/library/a:1", "a:2", "1", "a", "localhost:5000/a:1")
        for other in others:
            w.json("copy", f"oci:{layout.folder}:v1", f"oci:{w.folder}/zz:{other}")
        for name in ("a:1", "a:latest"):
            w.json("copy", f"oci:{layout.folder}:v2", f"oci:{w.folder}/zz:{name}")
        assert names(w.folder / "zz") == [*others, "a:1", "a:latest"], names(w.folder / "zz")
        for name, digest in (*((other, first) for other in others), ("a:1", second), ("a:latest", second)):
            assert digest_at(w, f"oci:{w.folder}/zz:{name}") == digest, name


def test_names_that_containerd_wrote_count_in_both():
    with world() as w:
        layout, (first, second) = two_images(w)
        old, new = layout.entries
        old, new = ({key: entry[key] for key in ("mediaType", "digest", "size")} for entry in (old, new))
        for name in ("a:1", "docker.io/library/a:1"):
            for there in ({NAME: "1", CONTAINERD: "docker.io/library/a:1"}, {CONTAINERD: "docker.io/library/a:1"}):
                put_entries(layout.folder, (old, there), (new, {NAME: "v2"}))
                w.json("copy", f"oci:{layout.folder}:v2", f"oci:{layout.folder}:{name}")
                for asked in ("a:1", "docker.io/library/a:1", "1"):
                    assert digest_at(w, f"oci:{layout.folder}:{asked}") == second, (name, there, asked)
                assert first not in (layout.folder / "index.json").read_text()
        put_entries(layout.folder, (old, {CONTAINERD: "docker.io/library/a:1"}))
        w.json("copy", f"oci:{layout.folder}:a:1", f"oci:{layout.folder}:v")
        assert digest_at(w, f"oci:{layout.folder}:a:1") == first, "a name that nobody took is gone"


def test_without_a_name_no_name_is_lost():
    with world() as w:
        layout, (first, second) = two_images(w)
        for tag in ("x", "y", "a:1"):
            w.json("copy", f"oci:{layout.folder}:v1", f"oci:{w.folder}/zz:{tag}")
        before = entries(w.folder / "zz")
        assert w.json("copy", f"oci:{layout.folder}:v1", f"oci:{w.folder}/zz")["digest"] == first
        assert entries(w.folder / "zz") == before
        for _ in range(2):
            w.json("copy", f"oci:{layout.folder}:v2", f"oci:{w.folder}/zz")
        assert names(w.folder / "zz") == ["x", "y", "a:1", None]
        w.json("copy", f"oci:{layout.folder}:v2", f"oci:{w.folder}/zz:z")
        assert names(w.folder / "zz") == ["x", "y", "a:1", "z"] and digest_at(w, f"oci:{w.folder}/zz:z") == second


def test_images_without_names_are_told_apart_by_number():
    with world() as w:
        layout, digests = two_images(w)
        for tag in ("v1", "v2"):
            w.json("copy", f"oci:{layout.folder}:{tag}", f"oci:{w.folder}/zz")
        failed = w.error("inspect", f"oci:{w.folder}/zz")
        assert ":@NUMBER" in failed["message"] and "@0, @1" in failed["message"], failed
        assert [digest_at(w, f"oci:{w.folder}/zz:@{number}") for number in (0, 1)] == digests


# --- what is broken


def break_file(path, way):
    data = path.read_bytes()
    path.write_bytes({"truncated": data[:-1], "empty": b"", "longer": data + b" ",
                      "of the same size": b" " + data[1:]}[way])
    return data


def test_a_manifest_that_is_broken_at_a_layout_is_written_again():
    with world() as w:
        layout = w.layout()
        root = layout.tag(layout.index("linux/amd64", "linux/arm64"), "multi")
        blobs = layout.folder / "blobs/sha256"
        child = json.loads((blobs / root[7:]).read_text())["manifests"][1]["digest"]
        w.json("copy", f"oci:{layout.folder}:multi", f"oci:{w.folder}/zz:m")
        for digest in (child, root):
            for way in ("truncated", "empty", "longer", "of the same size"):
                for options in ((), ("--force",)):
                    path = w.folder / "zz/blobs/sha256" / digest[7:]
                    whole = break_file(path, way)
                    w.json("copy", *options, f"oci:{layout.folder}:multi", f"oci:{w.folder}/zz:m")
                    assert path.read_bytes() == whole, (digest == root, way, options)
        w.json("verify", f"oci:{w.folder}/zz:m")


def signed(w):
    """A layout with an image and what signs it: by its subject, and under cosign's tag."""
    layout = w.layout()
    image = layout.image("image")
    empty, text = layout.blob(b"{}", "application/vnd.oci.empty.v1+json"), "application/vnd.example.signature"
    parts = []
    for content, more in ((b"signature", {"artifactType": text, "subject": image}), (b"cosign's", {})):
        part = layout.blob(content, text)
        made = layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": empty, "layers": [part],
                                **more}, MANIFEST)
        parts.append((made, part))
    layout.tag(image, "1")
    layout.tag(parts[1][0], image["digest"].replace(":", "-") + ".sig")
    layout.entries.append(parts[0][0])
    layout.tag(image, "2")
    return layout, parts


def test_a_forced_copy_repairs_what_belongs_to_an_image():
    with world() as w:
        layout, parts = signed(w)
        registry = w.buildset()
        copy = ("copy", "--with-referrers", f"oci:{layout.folder}:1")
        assert w.json(*copy, f"oci:{w.folder}/zz:1")["referrers"]["copied"] == 2
        for manifest, part in parts:
            for lost in (part, manifest):
                path = w.folder / "zz/blobs/sha256" / lost["digest"][7:]
                for way in ("empty", "gone"):
                    whole = path.read_bytes()
                    if way == "gone" and lost is part:
                        path.unlink()
                    else:
                        path.write_bytes(b"")
                    done = w.json(*copy, "--force", f"oci:{w.folder}/zz:1")
                    assert path.read_bytes() == whole, (lost, way)
                    assert done["blobs"]["copied"] == (1 if lost is part else 0), done
        place = f"{registry.address}/a:1"
        w.json(*copy, place)
        done = w.json(*copy, "--force", place)
        assert done["blobs"]["copied"] == 0 and done["referrers"] == {"copied": 0, "skipped": 2}, done


def test_a_forced_copy_leaves_signatures_that_hold_more_alone():
    with world() as w:
        layout, parts = signed(w)
        copy = ("copy", "--with-referrers", f"oci:{layout.folder}:1")
        w.json(*copy, f"oci:{w.folder}/zz:1")
        path = w.folder / "zz"
        tag = next(name for name in names(path) if name and name.endswith(".sig"))
        ours = json.loads((path / "blobs/sha256" / parts[1][0]["digest"][7:]).read_text())
        more = layout.blob(b"a later one", "application/vnd.example.signature")
        theirs = layout.tag(layout.document(dict(ours, layers=[*ours["layers"], more]), MANIFEST), "later")
        w.json("copy", f"oci:{layout.folder}:later", f"oci:{path}:{tag}")
        old = path / "blobs/sha256" / parts[1][0]["digest"][7:]
        old.unlink()
        assert w.json(*copy, "--force", f"oci:{path}:1")["referrers"] == {"copied": 0, "skipped": 2}
        assert digest_at(w, f"oci:{path}:{tag}") == theirs and not old.exists()


def test_a_cache_of_buildkit_goes_into_a_registry_of_ours_and_comes_back():
    with world() as w:
        layout, registry = w.layout(), w.buildset()
        children = [layout.blob(b"layer %d" % i, "application/vnd.oci.image.layer.v1.tar+gzip") for i in range(3)]
        children.append(layout.blob(b"{}", "application/vnd.buildkit.cacheconfig.v0"))
        children.append(layout.blob(b"odd", "application/vnd.example.odd"))
        digest = layout.tag(layout.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}, INDEX),
                            "cache")
        w.json("copy", f"oci:{layout.folder}:cache", f"{registry.address}/a/cache:1")
        assert w.json("copy", f"{registry.address}/a/cache:1", f"oci:{w.folder}/back:1")["digest"] == digest
        for place in (f"{registry.address}/a/cache:1", f"oci:{w.folder}/back:1"):
            parts = w.json("verify", place)["parts"]
            assert [part["kind"] for part in parts] == ["manifest"] + 5 * ["blob"], parts


if __name__ == "__main__":
    tap.main(__name__)
