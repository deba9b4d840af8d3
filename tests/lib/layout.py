# SPDX-License-Identifier: Apache-2.0
"""Images made here, byte by byte, so that digests are known without asking what is tested."""

import gzip
import hashlib
import io
import json
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layout:
    """An OCI image layout in a new folder."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.entries = []

    def blob(self, data, media_type):
        digest = digest_of(data)
        (self.folder / "blobs/sha256" / digest[7:]).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def document(self, value, media_type):
        return self.blob(json.dumps(value).encode(), media_type)

    def image(self, text, platform="linux/amd64"):
        """A descriptor of an image with one layer that holds this text."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo("etc/text")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        layer = self.blob(gzip.compress(packed.getvalue(), mtime=0),
                          "application/vnd.oci.image.layer.v1.tar+gzip")
        system, _, architecture = platform.partition("/")
        config = self.document({"os": system, "architecture": architecture,
                                "rootfs": {"type": "layers",
                                           "diff_ids": [digest_of(packed.getvalue())]}},
                               "application/vnd.oci.image.config.v1+json")
        return self.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                              "layers": [layer]}, MANIFEST)

    def index(self, *platforms):
        children = []
        for platform in platforms:
            system, _, architecture = platform.partition("/")
            children.append(dict(self.image(platform, platform),
                                 platform={"os": system, "architecture": architecture}))
        return self.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}, INDEX)

    def tag(self, descriptor, name):
        annotated = dict(descriptor, annotations={"org.opencontainers.image.ref.name": name})
        self.entries.append(annotated)
        (self.folder / "index.json").write_text(
            json.dumps({"schemaVersion": 2, "manifests": self.entries}))
        return descriptor["digest"]
