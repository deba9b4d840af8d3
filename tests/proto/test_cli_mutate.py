#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mutate: a new base below an image, and all images of an index."""

import gzip
import io
import json
import tarfile

from cli_world import tap, world
from layout import INDEX, MANIFEST, digest_of

NAME, DIGEST = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
DOCKER = {MANIFEST: "application/vnd.docker.distribution.manifest.v2+json",
          "application/vnd.oci.image.config.v1+json": "application/vnd.docker.container.image.v1+json",
          "application/vnd.oci.image.layer.v1.tar+gzip": "application/vnd.docker.image.rootfs.diff.tar.gzip"}


def packed(text):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        entry = tarfile.TarInfo(text)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text.encode()))
    return plain.getvalue()


class Images:
    """Images of layers that are known by a word, in one layout."""

    def __init__(self, w):
        self.layout, self.count = w.layout(), 0

    def make(self, *words, history=True, docker=False, platform="linux/amd64", annotations=None, level=6, empty=(), **config):
        layout, (system, _, architecture) = self.layout, platform.partition("/")
        kind = DOCKER.get if docker else lambda name: name
        layers = [layout.blob(gzip.compress(packed(word), level, mtime=0),
                              kind("application/vnd.oci.image.layer.v1.tar+gzip")) for word in words]
        document = {"os": system, "architecture": architecture, **config,
                    "rootfs": {"type": "layers", "diff_ids": [digest_of(packed(word)) for word in words]}}
        if history:
            document["history"] = [entry for word in words for entry in
                                   [{"created_by": word}] + [{"created_by": f"after {word}", "empty_layer": True}] * (word in empty)]
        described = layout.document(document, kind("application/vnd.oci.image.config.v1+json"))
        manifest = {"schemaVersion": 2, "mediaType": kind(MANIFEST), "config": described, "layers": layers}
        if annotations:
            manifest["annotations"] = annotations
        return layout.document(manifest, kind(MANIFEST))

    def index(self, *children, **more):
        return self.layout.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children), **more}, INDEX)

    def place(self, descriptor):
        self.count += 1
        self.layout.tag(descriptor, f"t{self.count}")
        return f"oci:{self.layout.folder}:t{self.count}"

    def image(self, *words, **options):
        return self.place(self.make(*words, **options))


def both(w, place):
    return w.json("manifest", place)["manifest"], w.json("config", place)["config"]


def files(config):
    return config["rootfs"]["diff_ids"]


def ids(*words):
    return [digest_of(packed(word)) for word in words]


def said(config):
    return [entry["created_by"] for entry in config["history"]]


def test_the_layers_of_the_new_base_take_the_place_of_the_old_ones():
    with world() as w:
        images, registry = Images(w), w.buildset()
        old = images.image("a", "b", empty="b")
        new = images.image("c", "d", "e", empty="d", **{"os.version": "10", "variant": "v8", "architecture": "arm64"})
        src = images.image("a", "b", "own", empty=("b", "own"), config={"Env": ["X=y"], "Cmd": ["run"]},
                           platform="linux/arm64")
        dst = f"{registry.address}/x/y:1"
        digest = w.json("mutate", "--rebase", "--old-base", old, "--new-base", new, src, dst)["digest"]
        manifest, config = both(w, dst)
        assert files(config) == ids("c", "d", "e", "own") and len(manifest["layers"]) == 4
        assert said(config) == ["c", "d", "after d", "e", "own", "after own"], config
        assert config["config"] == {"Env": ["X=y"], "Cmd": ["run"]}
        assert (config["architecture"], config["variant"], config["os.version"]) == ("arm64", "v8", "10")
        assert set(manifest["annotations"]) == {DIGEST}
        assert w.json("verify", dst) and w.json("digest", dst)["digest"] == digest
        again = w.json("mutate", "--old-base", old, "--new-base", new, src, f"{registry.address}/x/y:2")["digest"]
        assert again == digest


def test_the_annotations_tell_the_bases_for_the_next_time():
    with world() as w:
        images, registry = Images(w), w.buildset()
        address = registry.address
        w.json("copy", images.image("a"), f"{address}/base/x:1")
        w.json("copy", images.image("a", "own"), f"{address}/app/y:1")
        assert w.error("mutate", "--rebase", f"{address}/app/y:1")["code"] == "INVAL"
        w.json("copy", images.image("b", "c"), f"{address}/base/x:2")
        w.json("mutate", "--old-base", f"{address}/base/x:1", "--new-base", f"{address}/base/x:2", f"{address}/app/y:1")
        manifest, config = both(w, f"{address}/app/y:1")
        assert files(config) == ids("b", "c", "own")
        assert manifest["annotations"] == {NAME: f"{address}/base/x:2",
                                           DIGEST: w.json("digest", f"{address}/base/x:2")["digest"]}
        w.json("copy", images.image("d"), f"{address}/base/x:2")
        w.json("mutate", "--rebase", f"{address}/app/y:1")
        manifest, config = both(w, f"{address}/app/y:1")
        assert files(config) == ids("d", "own"), config
        assert manifest["annotations"][DIGEST] == w.json("digest", f"{address}/base/x:2")["digest"]
        unchanged = w.json("digest", f"{address}/app/y:1")["digest"]
        assert w.json("mutate", "--rebase", f"{address}/app/y:1")["digest"] == unchanged


def test_what_is_not_built_on_the_old_base_is_refused():
    with world() as w:
        images, registry = Images(w), w.buildset()
        src, new, dst = images.image("a", "b", "own"), images.image("n"), f"{registry.address}/x/y:1"
        for words, said_of in ((("b",), "layer 1"), (("a", "c"), "layer 2"), (("b", "a"), "layer 1"),
                               (("a", "b", "own", "more"), "layer 4")):
            error = w.error("mutate", "--old-base", images.image(*words), "--new-base", new, src, dst)
            assert error["code"] == "CONFLICT" and said_of in error["message"], error
        assert {entry["method"] for entry in registry.requests()} <= {"GET", "HEAD"}


def test_a_layer_compressed_otherwise_is_the_same():
    with world() as w:
        images, registry = Images(w), w.buildset()
        src, old, new = images.image("a", "own", level=1), images.image("a", level=9), images.image("b")
        w.json("mutate", "--old-base", old, "--new-base", new, src, f"{registry.address}/x/y:1")
        assert files(both(w, f"{registry.address}/x/y:1")[1]) == ids("b", "own")


def test_histories_that_are_missing_or_out_of_step():
    with world() as w:
        images, registry = Images(w), w.buildset()
        dst = f"{registry.address}/x/y:1"
        for of_src, of_old, of_new in ((True, True, False), (False, True, True), (False, False, False)):
            src = images.image("a", "own", history=of_src)
            old, new = images.image("a", history=of_old), images.image("b", history=of_new)
            w.json("mutate", "--old-base", old, "--new-base", new, src, dst)
            config = both(w, dst)[1]
            assert "history" not in config and files(config) == ids("b", "own"), config
        src, old, new = images.image("a", "own"), images.image("a", history=False), images.image("b")
        w.json("mutate", "--old-base", old, "--new-base", new, src, dst)
        assert said(both(w, dst)[1]) == ["b", "own"]


def test_types_of_docker_and_of_oci():
    with world() as w:
        images, registry = Images(w), w.buildset()
        for of_src, of_new in ((True, True), (True, False), (False, True)):
            dst = f"{registry.address}/x/y:1"
            src, new = images.image("a", "own", docker=of_src), images.image("b", docker=of_new)
            w.json("mutate", "--old-base", images.image("a"), "--new-base", new, src, dst)
            manifest = both(w, dst)[0]
            kinds = [manifest["mediaType"], manifest["config"]["mediaType"], *(layer["mediaType"] for layer in manifest["layers"])]
            docker = [kind.startswith("application/vnd.docker.") for kind in kinds]
            assert docker == [of_src and of_new] * 4, kinds
            assert w.json("verify", dst)


PLATFORMS = ("linux/amd64", "linux/arm64", "linux/s390x")


def with_platform(descriptor, platform):
    system, _, architecture = platform.partition("/")
    return dict(descriptor, platform={"os": system, "architecture": architecture})


def multi(images, *words, **more):
    platforms = ("linux/amd64", "linux/arm64")
    return images.place(images.index(*(with_platform(images.make(*words, p, platform=p), p) for p in platforms), **more))


def test_each_image_of_an_index_is_changed():
    with world() as w:
        images, registry = Images(w), w.buildset()
        dst = f"{registry.address}/x/y:1"
        src = multi(images, "a", annotations={"k": "v"})
        w.json("mutate", "--label", "x=1", "--annotation", "n=1", src, dst)
        index = w.json("manifest", dst)["manifest"]
        assert index["mediaType"] == INDEX and index["annotations"] == {"k": "v", "n": "1"}
        assert [child["platform"]["architecture"] for child in index["manifests"]] == ["amd64", "arm64"]
        for child in index["manifests"]:
            manifest, config = both(w, f"{registry.address}/x/y@{child['digest']}")
            assert config["config"]["Labels"] == {"x": "1"} and manifest["annotations"] == {"n": "1"}
            assert config["architecture"] == child["platform"]["architecture"]
        assert w.json("verify", dst)
        same = w.json("mutate", "--label", "x=1", "--annotation", "n=1", src, f"oci:{w.folder}/new:1")["digest"]
        assert same == w.json("digest", dst)["digest"]
        one = w.json("mutate", "--platform", "linux/arm64", "--label", "x=1", "--annotation", "n=1", src, f"{dst}2")["digest"]
        assert one == index["manifests"][1]["digest"]


def test_each_image_of_an_index_is_rebased_by_its_platform():
    with world() as w:
        images, registry = Images(w), w.buildset()
        dst = f"{registry.address}/x/y:1"
        platforms = ("linux/amd64", "linux/arm64")
        src = images.place(images.index(*(with_platform(images.make(f"old {p}", "own", platform=p), p) for p in platforms)))
        old = images.place(images.index(*(with_platform(images.make(f"old {p}", platform=p), p) for p in platforms)))
        new = images.place(images.index(*(with_platform(images.make(f"new {p}", platform=p), p) for p in platforms)))
        w.json("mutate", "--old-base", old, "--new-base", new, src, dst)
        for child, platform in zip(w.json("manifest", dst)["manifest"]["manifests"], platforms):
            assert files(both(w, f"{registry.address}/x/y@{child['digest']}")[1]) == ids(f"new {platform}", "own")
        less = images.place(images.index(with_platform(images.make("new", platform=platforms[0]), platforms[0])))
        error = w.error("mutate", "--old-base", old, "--new-base", less, src, dst)
        assert error["code"] == "NOTFOUND" and "linux/arm64" in error["message"], error
        alone = images.image("new", platform=platforms[0])
        error = w.error("mutate", "--old-base", old, "--new-base", alone, src, dst)
        assert error["code"] == "CONFLICT", error
        assert "linux/arm64" in error["message"] and "linux/amd64" in error["message"], error


def test_an_image_is_rebased_by_its_own_platform():
    with world() as w:
        images, registry = Images(w), w.buildset()
        dst = f"{registry.address}/x/y:1"

        def index(word, **more):
            return images.place(images.index(*(with_platform(images.make(f"{word} {p}", platform=p, **more), p)
                                               for p in PLATFORMS)))

        old, new = index("old"), index("new")
        for platform in PLATFORMS:
            src = images.image(f"old {platform}", "own", platform=platform)
            w.json("mutate", "--old-base", old, "--new-base", new, src, dst)
            config = both(w, dst)[1]
            assert files(config) == ids(f"new {platform}", "own")
            assert f"{config['os']}/{config['architecture']}" == platform, config


def test_a_base_of_another_platform_is_refused():
    with world() as w:
        images, registry = Images(w), w.buildset()
        old, dst = images.image("a"), f"{registry.address}/x/y:1"
        arm, windows = "linux/arm", "windows/amd64"
        for own, other in ((dict(platform="linux/amd64"), dict(platform="linux/arm64")),
                           (dict(platform="linux/amd64"), dict(platform=windows)),
                           (dict(platform="linux/amd64"), dict(platform="linux/")),
                           (dict(platform=arm, variant="v6"), dict(platform=arm, variant="v7")),
                           (dict(platform=windows, **{"os.version": "10.0.17763.1"}),
                            dict(platform=windows, **{"os.version": "10.0.20348.1"}))):
            src, new = images.image("a", "own", **own), images.image("b", **other)
            error = w.error("mutate", "--old-base", old, "--new-base", new, src, dst)
            assert error["code"] == "CONFLICT" and "platform" in error["message"], (own, other, error)
        assert {entry["method"] for entry in registry.requests()} <= {"GET", "HEAD"}
        src, new = images.image("a", "own", platform=arm, variant="v6"), images.image("b", platform=arm)
        w.json("mutate", "--old-base", old, "--new-base", new, src, dst)
        assert both(w, dst)[1]["variant"] == "v6"


def test_of_windows_the_build_counts():
    with world() as w:
        images, registry = Images(w), w.buildset()
        dst, builds = f"{registry.address}/x/y:1", ("10.0.17763", "10.0.20348")

        def index(word, revision):
            return images.place(images.index(*(
                dict(made, platform={"os": "windows", "architecture": "amd64", "os.version": f"{b}.{revision}"})
                for b in builds
                for made in [images.make(f"{word} {b}", platform="windows/amd64", **{"os.version": f"{b}.{revision}"})])))

        old, new = index("old", 1), index("new", 22)
        for build in builds:
            src = images.image(f"old {build}", "own", platform="windows/amd64", **{"os.version": f"{build}.1"})
            w.json("mutate", "--old-base", old, "--new-base", new, src, dst)
            config = both(w, dst)[1]
            assert files(config) == ids(f"new {build}", "own") and config["os.version"] == f"{build}.22"
        src = images.image("old 10.0.20348", "own", platform="windows/amd64", **{"os.version": "10.0.14393.1"})
        error = w.error("mutate", "--old-base", old, "--new-base", new, src, dst)
        assert error["code"] == "NOTFOUND" and "10.0.14393.1" in error["message"], error


def test_what_else_stands_in_an_index():
    with world() as w:
        images, registry = Images(w), w.buildset()
        dst = f"{registry.address}/x/y:1"
        image = with_platform(images.make("a"), "linux/amd64")
        attests = dict(images.make("proof", platform="unknown/unknown"), platform={"os": "unknown", "architecture": "unknown"},
                       annotations={"vnd.docker.reference.digest": image["digest"], "vnd.docker.reference.type": "attestation-manifest"})
        inner = images.index(with_platform(images.make("b"), "linux/arm64"))
        blob = images.layout.blob(b"any bytes", "application/x-any")
        src = images.place(images.index(image, attests, inner, blob))
        done = w.run("mutate", "--json", "--label", "x=1", src, dst, *w.connections())
        assert done.returncode == 0 and attests["digest"] in done.stderr, done
        children = w.json("manifest", dst)["manifest"]["manifests"]
        assert len(children) == 3 and children[2] == blob, children
        nested = w.json("manifest", f"{registry.address}/x/y@{children[1]['digest']}")["manifest"]["manifests"]
        assert both(w, f"{registry.address}/x/y@{nested[0]['digest']}")[1]["config"]["Labels"] == {"x": "1"}
        only = images.place(images.index(attests))
        assert w.error("mutate", "--label", "x=1", only, dst)["code"] == "INVAL"
        artifact = images.layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
                                           "config": images.layout.blob(b"[]", "application/x-conf")}, MANIFEST)
        assert w.error("mutate", "--label", "x=1", images.place(images.index(image, artifact)), dst)["code"] == "INVAL"
        assert w.error("mutate", "--label", "x=1", src, f"docker-archive:{w.folder}/x.tar")["code"] == "INVAL"


def test_wrong_use():
    with world() as w:
        for row in (["x/y:1"], ["x/y:1", "--dry-run"], ["x/y:1", "--platform", "linux/amd64"],
                    ["x/y:1", "--old-base", "localhost:5000"], ["x/y:1", "--new-base", "localhost", "--rebase"]):
            done = w.run("mutate", *row)
            assert done.returncode == 2, (row, done)
        assert 'did you mean "mutate"' in w.run("rebase").stderr


def test_an_archive_comes_from_a_layout():
    with world() as w:
        images = Images(w)
        src = images.image("a", "own")
        w.json("mutate", "--old-base", images.image("a"), "--new-base", images.image("b"), src, f"docker-archive:{w.folder}/x.tar:x:1")
        with tarfile.open(w.folder / "x.tar") as tar:
            entry, = json.load(tar.extractfile("manifest.json"))
            assert len(entry["Layers"]) == 2
        w.json("mutate", "--label", "a=b", multi(images, "m"), f"oci-archive:{w.folder}/y.tar:z")
        assert w.json("verify", f"oci-archive:{w.folder}/y.tar:z")


if __name__ == "__main__":
    tap.main(__name__)
