# SPDX-License-Identifier: Apache-2.0
"""What every registry is given at the start, from one layout, so that all digests are known."""

import concurrent.futures
import gzip
import io
import os
import tarfile

from layout import INDEX, MANIFEST, Layout, digest_of

PLATFORMS = ("linux/amd64", "linux/arm64")
TAGS = [f"t{number:03}" for number in range(150)]
LARGE_BYTES = 160 << 20
EMPTY = "application/vnd.oci.empty.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
IN_TOTO = "application/vnd.in-toto+json"


class Contents:
    """image:one, index:one, signed:one, large:one, and `many` with 150 tags; `digests` by name."""

    def __init__(self, w):
        self.w, self.layout = w, Layout(w.folder / "contents")
        self.digests = {"image": self.layout.tag(self.image("an image", 3), "image"),
                        "index": self.layout.tag(self.index(), "index"),
                        "signed": self.layout.tag(self.image("a signed image", 2), "signed"),
                        "large": self.layout.tag(self.large(), "large")}
        self.belongings = self.sign()
        for tag in TAGS:
            self.layout.tag(self.image(tag, 1, same_layer=True), tag)

    def layer(self, data):
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo("data")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        blob = self.layout.blob(gzip.compress(packed.getvalue(), 1, mtime=0), LAYER + "+gzip")
        return blob, digest_of(packed.getvalue())

    def image(self, text, layers, platform="linux/amd64", same_layer=False):
        system, _, architecture = platform.partition("/")
        parts = [self.layer(b"one for all" if same_layer else f"{text} {number}".encode() * 500)
                 for number in range(layers)]
        config = self.layout.document(
            {"os": system, "architecture": architecture, "config": {"Labels": {"text": text}},
             "rootfs": {"type": "layers", "diff_ids": [plain for _, plain in parts]}},
            "application/vnd.oci.image.config.v1+json")
        return self.layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                     "layers": [blob for blob, _ in parts]}, MANIFEST)

    def platform(self, text, platform):
        system, _, architecture = platform.partition("/")
        return dict(self.image(text, 2, platform), platform={"os": system, "architecture": architecture})

    def attestation(self, subject):
        """As BuildKit adds one for each platform."""
        statement = self.layout.document({"_type": "https://in-toto.io/Statement/v0.1",
                                          "subject": subject["digest"]}, IN_TOTO)
        config = self.layout.document({"os": "unknown", "architecture": "unknown", "config": {},
                                       "rootfs": {"type": "layers", "diff_ids": [statement["digest"]]}},
                                      "application/vnd.oci.image.config.v1+json")
        layer = dict(statement, annotations={"in-toto.io/predicate-type": "x"})
        made = self.layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                     "layers": [layer]}, MANIFEST)
        return dict(made, platform={"os": "unknown", "architecture": "unknown"},
                    annotations={"vnd.docker.reference.type": "attestation-manifest",
                                 "vnd.docker.reference.digest": subject["digest"]})

    def index(self):
        images = [self.platform(name, name) for name in PLATFORMS]
        return self.layout.document({"schemaVersion": 2, "mediaType": INDEX,
                                     "manifests": images + list(map(self.attestation, images))}, INDEX)

    def large(self):
        data = os.urandom(1 << 20) * (LARGE_BYTES >> 20)
        layer = self.layout.blob(data, LAYER)
        self.large_layer = layer["digest"]
        config = self.layout.document({"os": "linux", "architecture": "amd64",
                                       "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}},
                                      "application/vnd.oci.image.config.v1+json")
        return self.layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                     "layers": [layer]}, MANIFEST)

    def artifact(self, subject, text):
        empty = self.layout.blob(b"{}", EMPTY)
        blob = self.layout.blob(text.encode(), "text/plain")
        return self.layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/x-test",
                                     "config": empty, "layers": [blob], "subject": subject}, MANIFEST)

    def sign(self):
        """An SBOM, a signature of that, and cosign's tag; their digests."""
        subject = self.descriptor(self.digests["signed"])
        sbom = self.artifact(subject, "an SBOM")
        signature = self.artifact(sbom, "a signature of the SBOM")
        for number, entry in enumerate((sbom, signature)):
            self.layout.tag(entry, f"belongs-{number}")
        cosign = self.image("cosign", 1)
        self.layout.tag(cosign, self.cosign_tag())
        return [entry["digest"] for entry in (sbom, signature, cosign)]

    def cosign_tag(self):
        return self.digests["signed"].replace(":", "-") + ".sig"

    def descriptor(self, digest):
        size = (self.layout.folder / "blobs/sha256" / digest[7:]).stat().st_size
        return {"mediaType": MANIFEST, "digest": digest, "size": size}

    def give(self, peer):
        """Puts all of it into a registry, as seed/NAME:one."""
        source, target = f"oci:{self.layout.folder}", f"{peer.address}/seed"
        for name in ("image", "index", "large"):
            self.w.zreg("copy", f"{source}:{name}", f"{target}/{name}:one")
        done = self.w.zreg("copy", "--with-referrers", f"{source}:signed", f"{target}/signed:one")
        assert done["referrers"]["copied"] == 3, done
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda tag: self.w.zreg("copy", f"{source}:{tag}", f"{target}/many:{tag}"), TAGS))
