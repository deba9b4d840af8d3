#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Of an index some platforms are copied, and the index stays as it is: a sparse index."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import OCI_INDEX, OCI_MANIFEST, World, error, manifest, sha256  # noqa: E402

PLATFORMS = ("amd64", "arm64", "s390x")


class Sparse(World):
    """An index of three platforms, whose images share one layer, and a destination."""

    def __init__(self):
        super().__init__()
        self.source, self.to = self.registry(), self.registry()
        self.images = {}
        for name in PLATFORMS:
            config = json.dumps({"os": "linux", "architecture": name}).encode()
            self.images[name] = manifest(config, (b"shared", name.encode()))
            for blob in (config, b"shared", name.encode()):
                self.source.add_blob("a/b", blob)
            self.source.add_manifest("a/b", "x-" + name, self.images[name])
        entries = [{"mediaType": OCI_MANIFEST, "digest": sha256(image), "size": len(image),
                    "platform": {"os": "linux", "architecture": name}} for name, image in self.images.items()]
        self.index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}, indent=3).encode()
        self.source.add_manifest("a/b", "1", self.index, OCI_INDEX)

    def copy(self, *options, to=None, code=0):
        done = subprocess.run(["zreg", "copy", "--json", *options, f"{self.source.name}/a/b:1",
                               to or f"{self.to.name}/c/d:1"], capture_output=True, text=True, timeout=60)
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def there(self):
        kept = self.to.manifests.get("c/d", {})
        return [name for name, image in self.images.items() if sha256(image) in kept]


def test_32_the_index_stays_as_it_is_and_only_the_chosen_are_copied():
    with Sparse() as w:
        result = json.loads(w.copy("--sparse", "--platform", "linux/arm64"))
        assert result["digest"] == sha256(w.index)
        assert w.to.manifests["c/d"]["1"] == (OCI_INDEX, w.index) and w.there() == ["arm64"]
        assert sha256(b"amd64") not in w.to.blobs["c/d"] and sha256(b"arm64") in w.to.blobs["c/d"]
        assert not w.source.requests(sha256(w.images["amd64"])), w.source.log


def test_32_more_platforms_come_later():
    with Sparse() as w:
        w.copy("--sparse", "--platform", "linux/arm64")
        w.to.clear()
        w.copy("--sparse", "--platform", "linux/arm64", "--platform", "linux/s390x")
        assert w.there() == ["arm64", "s390x"] and not w.to.requests("PUT .*manifests/1$"), w.to.log
        w.to.clear()
        w.copy("--sparse", "--platform", "linux/s390x")
        assert not w.to.requests("^(PUT|POST|PATCH)"), w.to.log


def test_32_without_it_the_index_is_another():
    with Sparse() as w:
        result = json.loads(w.copy("--platform", "linux/arm64"))
        assert result["digest"] != sha256(w.index) and w.there() == ["arm64"]


def test_32_a_layout_takes_it_and_a_registry_may_not():
    with Sparse() as w:
        layout = os.path.join(w.folder, "layout")
        result = json.loads(w.copy("--sparse", "--platform", "linux/amd64", to=f"oci:{layout}:x"))
        assert result["digest"] == sha256(w.index)
        with open(f"{layout}/blobs/sha256/{sha256(w.index)[7:]}", "rb") as file:
            assert file.read() == w.index
        assert not os.path.exists(f"{layout}/blobs/sha256/{sha256(w.images['arm64'])[7:]}")
        w.to.on("PUT", "manifests/1$", error(400, "MANIFEST_BLOB_UNKNOWN", "unknown child"), times=9)
        assert "unknown child" in w.copy("--sparse", "--platform", "linux/amd64", code=1)


def test_32_what_makes_no_sense_is_refused():
    with Sparse() as w:
        assert "--platform" in w.copy("--sparse", code=2)
        assert "windows" in w.copy("--sparse", "--platform", "windows/amd64", code=1)
        assert not w.to.requests("^(PUT|POST|PATCH)")


if __name__ == "__main__":
    tap.main(__name__)
