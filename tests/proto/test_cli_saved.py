#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What each version of `docker save` writes: its two kinds of store, and the layouts that some of them get wrong."""

import gzip
import json
import random
import subprocess

from cli_world import tap, world
from layout import INDEX, MANIFEST, digest_of
from test_cli_archives import tar_of

LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
NAMES = {"io.containerd.image.name": "docker.io/a/b:1", "org.opencontainers.image.ref.name": "1"}


class Save:
    """An archive of `docker save`, from version 25 on."""

    def __init__(self, layers):
        self.files = {}
        self.plain = [self.blob(layer, LAYER) for layer in layers]
        self.config = self.document({"os": "linux", "architecture": "amd64", "rootfs": {
            "type": "layers", "diff_ids": [layer["digest"] for layer in self.plain]}}, CONFIG)

    def blob(self, data, media_type):
        digest = digest_of(data)
        self.files[self.path(digest)] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def document(self, value, media_type):
        return self.blob(json.dumps(value).encode(), media_type)

    @staticmethod
    def path(digest):
        return "blobs/" + digest.replace(":", "/")

    def manifest(self, layers, **config):
        return self.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": {**self.config, **config},
                              "layers": layers}, MANIFEST)

    def write(self, folder, root, layers=None, names=NAMES):
        """The layout, and manifest.json with its layers by their names."""
        named = dict(root, annotations=names) if names else root
        entry = {"Config": self.path(self.config["digest"]), "RepoTags": ["a/b:1"] if names else None,
                 "Layers": [self.path(layer["digest"]) for layer in layers or self.plain]}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [named]}
        self.files.update({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode(),
                           "manifest.json": json.dumps([entry]).encode() + b"\n",
                           "repositories": b'{"a/b":{"1":"' + b"0" * 64 + b'"}}\n'})
        path = folder / "saved.tar"
        path.write_bytes(tar_of(self.files.items()))
        return path


def layers():
    return [tar_of([(f"f{number}", random.randbytes(2000))]) for number in range(4)]


def layers_at(w, place):
    return [layer["digest"] for layer in w.json("inspect", place)["layers"]]


def plain_at(w, place):
    """What the layers of a copy are when they are unpacked."""
    w.json("copy", place, f"oci:{w.folder}/out:x")
    blobs = [(w.folder / "out" / Save.path(digest)).read_bytes() for digest in layers_at(w, f"oci:{w.folder}/out:x")]
    return [digest_of(gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob) for blob in blobs]


def test_each_version_is_read_by_manifest_json():
    with world() as w:
        for make in (lambda s: s.manifest([]), lambda s: s.manifest(s.plain[::-1]), lambda s: s.manifest(s.plain)):
            save = Save(layers())
            path = save.write(w.folder, make(save))
            wanted = [layer["digest"] for layer in save.plain]
            for name in ("", ":a/b:1", ":docker.io/a/b:1", ":@0"):
                assert plain_at(w, f"docker-archive:{path}{name}") == wanted, name


def test_a_layout_without_the_layers_or_in_another_order_is_refused():
    """Docker 25.0 lists no layers (those of others only), later ones list them as a map of Go gives them."""
    wrong = (lambda s: [], lambda s: s.plain[1:], lambda s: s.plain[::-1], lambda s: [*s.plain[1:], s.plain[0]],
             lambda s: [*s.plain, s.plain[0]])
    with world() as w:
        for make in wrong:
            save = Save(layers())
            path = save.write(w.folder, save.manifest(make(save), platform={"os": "linux", "architecture": "amd64"}))
            (w.folder / "unpacked").mkdir()
            subprocess.run(["tar", "-xf", path, "-C", w.folder / "unpacked"], check=True)
            for place in (f"oci-archive:{path}", f"oci-archive:{path}:1", f"oci:{w.folder}/unpacked"):
                failed = w.error("copy", place, f"oci:{w.folder}/out:x")
                assert failed["code"] == "CORRUPT" and "docker-archive:FILE" in failed["message"], failed
            assert not (w.folder / "out").exists() and len(plain_at(w, f"docker-archive:{path}")) == 4
            for folder in ("unpacked", "out"):
                for path in sorted((w.folder / folder).rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() else path.unlink()
                (w.folder / folder).rmdir()


def test_a_layout_that_is_right_is_read_as_one():
    with world() as w:
        save = Save(layers())
        root = save.manifest(save.plain)
        for names in (NAMES, None):
            path = save.write(w.folder, root, names=names)
            place = f"oci-archive:{path}" + (":docker.io/a/b:1" if names else "")
            assert w.json("copy", place, f"oci:{w.folder}/out:x")["digest"] == root["digest"]
            assert len(plain_at(w, f"docker-archive:{path}")) == 4


def test_the_containerd_store_has_compressed_layers_and_an_index_of_which_parts_are_missing():
    """The default from version 29 on: the platforms that were never pulled are not in the archive."""
    with world() as w:
        save = Save(layers())
        packed = [save.blob(gzip.compress(save.files[save.path(layer["digest"])], mtime=0), LAYER + "+gzip")
                  for layer in save.plain]
        for layer in save.plain:
            del save.files[save.path(layer["digest"])]
        here = dict(save.manifest(packed), platform={"os": "linux", "architecture": "amd64"})
        note = save.blob(b"{}", "application/vnd.in-toto+json")
        config = save.document({"os": "unknown", "architecture": "unknown",
                                "rootfs": {"type": "layers", "diff_ids": [note["digest"]]}}, CONFIG)
        made = save.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [note]}, MANIFEST)
        beside = dict(made, platform={"os": "unknown", "architecture": "unknown"}, annotations={
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": here["digest"]})
        missing = {"mediaType": MANIFEST, "digest": digest_of(b"elsewhere"), "size": 400,
                   "platform": {"os": "linux", "architecture": "arm64"}}
        root = save.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": [here, missing, beside]}, INDEX)
        path = save.write(w.folder, root, packed)
        plain = [layer["digest"] for layer in save.plain]
        assert plain_at(w, f"docker-archive:{path}") == plain
        assert missing["digest"] in w.error("copy", f"oci-archive:{path}:1", f"oci:{w.folder}/whole:x")["message"]
        w.json("copy", "--platform", "linux/amd64", f"oci-archive:{path}:docker.io/a/b:1", f"oci:{w.folder}/one:x")
        shown = w.json("inspect", f"oci:{w.folder}/one:x")["platforms"]
        assert [entry["digest"] for entry in shown] == [here["digest"], beside["digest"]], shown


if __name__ == "__main__":
    tap.main(__name__)
