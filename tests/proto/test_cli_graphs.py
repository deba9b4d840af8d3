#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Graphs as other tools make them: children of unknown types, data within descriptors, layers that may not be given
on, indexes in indexes, attestations; and destinations that lost a part."""

import base64
import json
import subprocess

from cli_world import tap
from registry import OCI_INDEX, OCI_MANIFEST, Answer, World, error, sha256

LAYER = "application/vnd.oci.image.layer.v1.tar"
FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
ATTESTS = {"vnd.docker.reference.type": "attestation-manifest"}


def descriptor(content, media_type=OCI_MANIFEST, **more):
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content), **more}


def platform(text):
    system, architecture, *variant = text.split("/")
    return {"os": system, "architecture": architecture, **({"variant": variant[0]} if variant else {})}


class Peer:
    """A scripted registry and what is put into its repository."""

    def __init__(self, world, repository):
        self.registry, self.repository = world.registry(), repository
        self.place = f"{self.registry.name}/{repository}"

    def blob(self, data):
        self.registry.add_blob(self.repository, data)
        return data

    def put(self, document, tag=None, media_type=OCI_MANIFEST):
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.registry.add_manifest(self.repository, tag or sha256(data), data, media_type)
        return data

    def image(self, text=b"layer", tag=None, layers=None):
        layers = layers if layers is not None else [descriptor(self.blob(text), LAYER)]
        return self.put({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": layers,
                         "config": descriptor(self.blob(b"{}"), CONFIG)}, tag)

    def index(self, *children, tag=None):
        return self.put({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children)}, tag, OCI_INDEX)

    def lose(self, data):
        for of in (self.registry.manifests, self.registry.blobs):
            for name in [name for name, kept in of.get(self.repository, {}).items()
                         if data in (kept, kept[1:][0] if isinstance(kept, tuple) else None)]:
                del of[self.repository][name]

    def has(self, data):
        return sha256(data) in self.registry.manifests.get(self.repository, {})

    def has_blob(self, data):
        return sha256(data) in self.registry.blobs.get(self.repository, {})

    def get(self, reference):
        return json.loads(self.registry.manifests[self.repository][reference][1])


class Pair(World):
    def __init__(self):
        super().__init__()
        self.source, self.to = Peer(self, "a/b"), Peer(self, "c/d")

    def copy(self, *options, code=0, dst=None):
        done = subprocess.run(["zreg", "copy", "--json", *options, f"{self.source.place}:1",
                               dst or f"{self.to.place}:1"], capture_output=True, text=True, timeout=60)
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        document = json.loads(done.stdout)
        return document if code == 0 else document["error"]


# --- children of unknown types


def test_a_child_of_an_unknown_type_is_copied_as_the_blob_that_it_is():
    with Pair() as w:
        cache = w.source.blob(b"cache")
        w.source.index(descriptor(w.source.image()), descriptor(cache, "application/vnd.x.cache.v1+json"), tag="1")
        w.copy()
        assert w.to.has_blob(cache)


def test_and_as_the_manifest_that_it_is():
    for media_type in ("application/vnd.x.thing.v1+json", "application/vnd.example+type"):
        with Pair() as w:
            thing = w.source.put({"a": "thing"}, media_type=media_type)
            w.source.index(descriptor(thing, media_type), descriptor(w.source.image()), tag="1")
            w.copy()
            assert w.to.has(thing) or w.to.has_blob(thing)


def test_a_manifest_by_another_name_brings_what_it_names():
    with Pair() as w:
        inner = w.source.image(b"inner")
        w.source.index(descriptor(inner, "application/vnd.x.thing.v1+json"), tag="1")
        w.copy()
        assert w.to.has(inner) and w.to.has_blob(b"inner")


def test_the_cache_of_buildkit_is_copied_without_a_manifest_being_asked_for():
    with Pair() as w:
        layers = [w.source.blob(b"l%d" % i) for i in range(3)]
        config = w.source.blob(b"{}")
        w.source.index(*[descriptor(layer, LAYER + "+gzip") for layer in layers],
                       descriptor(config, "application/vnd.buildkit.cacheconfig.v0"), tag="1")
        w.copy()
        assert all(w.to.has_blob(data) for data in [*layers, config])
        assert len(w.source.registry.requests("manifests")) == 1, w.source.registry.requests()


def test_a_child_that_is_nowhere_fails_the_copy():
    for media_type in ("application/vnd.x.thing.v1+json", LAYER + "+gzip", OCI_MANIFEST):
        with Pair() as w:
            w.source.index(descriptor(w.source.image()), descriptor(b"nowhere", media_type), tag="1")
            failed = w.copy("--jobs", "1", code=1)
            assert failed["code"] == "NOTFOUND" and sha256(b"nowhere") in failed["message"], failed
            assert not w.to.registry.manifests.get("c/d", {}).get("1")


THING = "application/vnd.x.thing.v1+json"


def no_manifest(w, data, answer):
    """Scripts what the source says where this is asked for as a manifest; gives the requests that ask so."""
    w.source.registry.on("GET", f"/manifests/{sha256(data)}", answer, times=100)
    return f"GET /v2/a/b/manifests/{sha256(data)}"


def test_a_registry_that_does_not_know_what_to_say_of_a_blob_is_asked_for_the_blob():
    for answer in (error(500, "UNKNOWN"), error(400, "MANIFEST_INVALID"), error(405, "UNSUPPORTED"), Answer(501),
                   Answer(200, b"other bytes"), Answer(200, b"<html>", {"Content-Type": "text/html"})):
        with Pair() as w:
            things = [w.source.blob(b"thing %d" % i) for i in range(3)]
            w.source.index(descriptor(w.source.image()), *[descriptor(data, THING) for data in things], tag="1")
            asked = [no_manifest(w, data, answer) for data in things]
            w.copy("--retry", "1")
            assert all(w.to.has_blob(data) for data in things), answer.status
            if answer.status == 500:
                assert all(len(w.source.registry.requests(line)) == 1 for line in asked), w.source.registry.requests()


def test_what_is_too_large_for_a_manifest_is_a_blob_unasked():
    with Pair() as w:
        large = w.source.blob(bytes(5 << 20))
        w.source.index(descriptor(large, THING), tag="1")
        w.copy()
        assert w.to.has_blob(large) and not w.source.registry.requests(f"manifests/{sha256(large)}")


def test_what_nobody_has_fails_with_what_was_said_first():
    for answer in (error(500, "UNKNOWN"), error(400, "MANIFEST_INVALID"), error(403, "DENIED")):
        with Pair() as w:
            w.source.index(descriptor(b"nowhere", THING), tag="1")
            no_manifest(w, b"nowhere", answer)
            failed = w.copy("--retry", "1", code=1)
            assert str(answer.status) in failed["message"] and sha256(b"nowhere") in failed["message"], failed
            assert not w.to.registry.manifests.get("c/d", {}).get("1")


def test_who_is_not_let_in_is_told_so_although_the_blob_is_there():
    with Pair() as w:
        thing = w.source.blob(b"thing")
        w.source.index(descriptor(thing, THING), tag="1")
        no_manifest(w, thing, error(403, "DENIED"))
        assert w.copy(code=1)["code"] == "DENIED" and not w.source.registry.requests("HEAD .*/blobs/")


def test_bytes_that_are_a_manifest_are_one_also_where_they_are_read_as_a_blob():
    with Pair() as w:
        inner = w.source.image(b"inner")
        w.source.blob(inner)
        w.source.index(descriptor(inner, THING), tag="1")
        no_manifest(w, inner, error(503, "UNAVAILABLE"))
        w.copy("--retry", "2")
        assert w.to.has(inner) and w.to.has_blob(b"inner")


def test_a_layout_and_an_archive_have_children_of_unknown_types_too():
    with Pair() as w:
        inner, thing = w.source.image(b"inner"), w.source.blob(b'{"a": "thing"}')
        w.source.index(descriptor(inner, "application/vnd.x.image.v1+json"), descriptor(thing, THING), tag="1")
        for place in (f"oci:{w.folder}/out:1", f"oci-archive:{w.folder}/o.tar:1"):
            w.copy(dst=place)
            to = Peer(w, "e/f")
            done = subprocess.run(["zreg", "copy", place, f"{to.place}:1"], capture_output=True, text=True, timeout=60)
            assert done.returncode == 0 and to.has(inner) and to.has_blob(b"inner") and to.has_blob(thing), done


def verify(w, code=0):
    done = subprocess.run(["zreg", "verify", "--json", f"{w.source.place}:1"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == code, done
    document = json.loads(done.stdout)
    return {part["digest"]: part for part in document.get("done", document)["parts"]}


def test_children_of_unknown_types_are_verified_as_what_they_are():
    with Pair() as w:
        inner, thing = w.source.image(b"inner"), w.source.put({"a": "thing"}, media_type=THING)
        blob, odd = w.source.blob(b"blob"), w.source.blob(b"odd")
        w.source.index(*[descriptor(data, THING) for data in (inner, thing, blob, odd, thing)], tag="1")
        no_manifest(w, odd, error(500, "UNKNOWN"))
        parts = verify(w)
        kinds = [parts[sha256(data)]["kind"] for data in (inner, thing, blob, odd, b"inner")]
        assert kinds == ["manifest", "manifest", "blob", "blob", "blob"], kinds
        w.source.lose(b"inner")
        w.source.lose(blob)
        parts = verify(w, code=1)
        assert [digest for digest, part in parts.items() if not part["good"]] == [sha256(blob), sha256(b"inner")]


# --- data within descriptors


def test_what_a_descriptor_carries_stands_in_for_what_is_not_there():
    with Pair() as w:
        text = base64.b64encode(b"inline layer").decode()
        image = w.source.image(layers=[descriptor(b"inline layer", LAYER, data=text)])
        w.source.index(descriptor(image), tag="1")
        w.copy()
        assert w.to.has_blob(b"inline layer") and w.to.has(image)


def test_a_manifest_may_be_carried_too():
    with Pair() as w:
        image = w.source.image()
        w.source.lose(image)
        w.source.index(descriptor(image, data=base64.b64encode(image).decode()), tag="1")
        w.copy()
        assert w.to.has(image) and w.to.has_blob(b"layer")


def test_data_that_is_not_what_it_is_said_to_be_is_not_taken():
    right = base64.b64encode(b"ab").decode()  # "YWI=": the last two bits of "I" are padding
    for text in ("YWJ=", right.rstrip("="), right + "=", "YW I=", base64.b64encode(b"xy").decode(), "", "*", 5):
        with Pair() as w:
            w.source.image(layers=[descriptor(b"ab", LAYER, data=text)], tag="1")
            failed = w.copy("--jobs", "1", code=1)
            assert failed["code"] in ("NOTFOUND", "INVAL", "CORRUPT"), (text, failed)
            assert not w.to.has_blob(b"ab"), text


def test_data_is_not_asked_where_the_source_has_the_blob():
    with Pair() as w:
        w.source.blob(b"ab")
        w.source.image(layers=[descriptor(b"ab", LAYER, data=base64.b64encode(b"xy").decode())], tag="1")
        done = subprocess.run(["zreg", "copy", f"{w.source.place}:1", f"{w.to.place}:1"], capture_output=True,
                              timeout=60)
        assert w.to.has_blob(b"ab") == (done.returncode == 0)


# --- layers that may not be given on


def test_foreign_layers_are_copied_where_the_source_has_them():
    for media_type in (FOREIGN, DOCKER_FOREIGN):
        for more in ({}, {"urls": ["https://example.com/layer"]}):
            with Pair() as w:
                w.source.image(layers=[descriptor(w.source.blob(b"base"), media_type, **more)], tag="1")
                w.copy()
                assert w.to.has_blob(b"base"), (media_type, more)


def test_foreign_layers_are_left_out_where_they_say_where_they_are():
    with Pair() as w:
        foreign = descriptor(b"elsewhere", FOREIGN, urls=["https://example.com/layer"])
        image = w.source.image(layers=[foreign, descriptor(w.source.blob(b"top"), LAYER)], tag="1")
        w.copy()
        assert w.to.has(image) and w.to.has_blob(b"top") and not w.to.has_blob(b"elsewhere")
        w.copy(dst=f"oci-archive:{w.folder}/o.tar")
        failed = w.copy(code=1, dst=f"docker-archive:{w.folder}/d.tar")
        assert failed["code"] == "UNSUPPORTED" and sha256(b"elsewhere") in failed["message"], failed


def test_foreign_layers_that_are_nowhere_fail_the_copy():
    for urls in (None, [], [""], "https://example.com"):
        with Pair() as w:
            more = {} if urls is None else {"urls": urls}
            w.source.image(layers=[descriptor(b"nowhere", FOREIGN, **more)], tag="1")
            failed = w.copy("--jobs", "1", code=1)
            assert failed["code"] in ("NOTFOUND", "INVAL"), (urls, failed)
            assert not w.to.registry.manifests.get("c/d", {}).get("1")


# --- platforms


def test_32_indexes_within_indexes_are_looked_into():
    with Pair() as w:
        amd, arm, other = (w.source.image(text) for text in (b"amd", b"arm", b"other"))
        inner = w.source.index(descriptor(amd, platform=platform("linux/amd64")),
                               descriptor(arm, platform=platform("linux/arm64/v8")))
        w.source.index(descriptor(inner, OCI_INDEX), descriptor(other, platform=platform("linux/s390x")), tag="1")
        w.copy("--platform", "linux/arm64")
        assert w.to.has(arm) and not w.to.has(amd) and not w.to.has(other)
        (child,) = w.to.get("1")["manifests"]
        assert [entry["digest"] for entry in w.to.get(child["digest"])["manifests"]] == [sha256(arm)]
        failed = w.copy("--platform", "linux/riscv64", code=1)
        assert failed["code"] == "NOTFOUND" and "linux/s390x" in failed["message"], failed
        assert "linux/arm64/v8" in failed["message"], failed


def test_32_attestations_go_with_what_they_attest():
    with Pair() as w:
        amd, arm = w.source.image(b"amd"), w.source.image(b"arm")
        of_amd, of_arm = w.source.image(b"says of amd"), w.source.image(b"says of arm")
        def attests(data, subject):
            return descriptor(data, platform=platform("unknown/unknown"),
                              annotations={**ATTESTS, "vnd.docker.reference.digest": sha256(subject)})
        w.source.index(descriptor(amd, platform=platform("linux/amd64")), attests(of_amd, amd),
                       descriptor(arm, platform=platform("linux/arm64")), attests(of_arm, arm), tag="1")
        w.copy("--platform", "linux/arm64")
        assert [entry["digest"] for entry in w.to.get("1")["manifests"]] == [sha256(arm), sha256(of_arm)]
        assert w.to.has(of_arm) and not w.to.has(of_amd)
        failed = w.copy("--platform", "linux/s390x", code=1)
        assert "unknown" not in failed["message"], failed
        w.copy(dst=f"oci:{w.folder}/all:1")


def test_one_image_beside_its_attestation_goes_into_a_docker_archive():
    with Pair() as w:
        amd, says = w.source.image(b"amd"), w.source.image(b"says")
        w.source.index(descriptor(amd, platform=platform("linux/amd64")),
                       descriptor(says, platform=platform("unknown/unknown"),
                                  annotations={**ATTESTS, "vnd.docker.reference.digest": sha256(amd)}), tag="1")
        assert w.copy(dst=f"docker-archive:{w.folder}/d.tar:a/b:1")["digest"] == sha256(amd)


def test_an_index_that_names_one_child_over_and_over_is_gone_through_once():
    with Pair() as w:
        image = w.source.image(b"amd")
        inner = w.source.index(*[descriptor(image, platform=platform("linux/amd64"))] * 3)
        for depth in range(4):
            inner = w.source.index(*[descriptor(inner, OCI_INDEX)] * (300 + depth))
        w.source.put(inner, "1", OCI_INDEX)
        w.source.index(descriptor(w.source.image(b"arm"), platform=platform("linux/arm64")), tag="2")
        done = subprocess.run(["zreg", "index", "--json", f"{w.to.place}:1", f"{w.source.place}:1",
                               f"{w.source.place}:2", f"{w.source.place}:1"], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, done
        assert [child["platform"]["architecture"] for child in w.to.get("1")["manifests"]] == ["amd64", "arm64"]


# --- a destination that lost a part


def lost(w, what):
    amd, arm = w.source.image(b"amd"), w.source.image(b"arm")
    inner = w.source.index(descriptor(arm, platform=platform("linux/arm64")))
    root = w.source.index(descriptor(amd, platform=platform("linux/amd64")), descriptor(inner, OCI_INDEX), tag="1")
    w.copy()
    data = {"image": amd, "deep image": arm, "index": inner, "layer": b"amd", "deep layer": b"arm",
            "config": b"{}"}[what]
    w.to.lose(data)
    assert not w.to.has(data) and not w.to.has_blob(data)
    return root, data


def test_a_forced_copy_repairs_what_was_lost():
    for what in ("image", "deep image", "index", "layer", "deep layer", "config"):
        with Pair() as w:
            root, data = lost(w, what)
            w.to.registry.clear()
            done = w.copy("--force")
            assert done["digest"] == sha256(root)
            assert w.to.has(data) or w.to.has_blob(data), what
            assert not w.to.registry.requests("PUT .*/manifests/1$"), "the name was right"


def test_a_copy_that_is_not_forced_asks_for_nothing_below_a_name_that_is_right():
    with Pair() as w:
        lost(w, "image")
        w.to.registry.clear()
        w.copy()
        assert w.to.registry.requests() == ["HEAD /v2/c/d/manifests/1"], w.to.registry.requests()


def test_a_forced_copy_of_what_is_whole_moves_nothing():
    with Pair() as w:
        w.source.index(descriptor(w.source.image(b"amd")), tag="1")
        w.copy()
        done = w.copy("--force")
        assert done["bytes"] == 0 and done["blobs"]["copied"] == 0 and done["blobs"]["skipped"] == 2, done


def test_a_forced_copy_repairs_a_single_image_and_a_layout():
    with Pair() as w:
        w.source.image(b"one", tag="1")
        w.copy()
        w.to.lose(b"one")
        w.copy("--force")
        assert w.to.has_blob(b"one")
        place = f"oci:{w.folder}/out:1"
        w.copy(dst=place)
        path = f"{w.folder}/out/blobs/sha256/{sha256(b'one')[7:]}"
        with open(path, "wb"):
            pass
        w.copy("--force", dst=place)
        with open(path, "rb") as blob:
            assert blob.read() == b"one"


def test_an_answer_that_is_not_the_child_is_asked_for_again():
    with Pair() as w:
        thing = w.source.put({"a": "thing"}, media_type="application/vnd.x.thing.v1+json")
        w.source.index(descriptor(thing, "application/vnd.x.thing.v1+json"), tag="1")
        w.source.registry.on("GET", "/manifests/sha256:", Answer(200, b"{}"))
        w.copy()
        assert w.to.has(thing) or w.to.has_blob(thing)


if __name__ == "__main__":
    tap.main(__name__)
