# SPDX-License-Identifier: Apache-2.0
import json
import signal

import pytest

import zreg

CONFIG = "application/vnd.oci.image.config.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


# A shell starts what it puts into the background with SIGINT ignored, and Python then leaves it so.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def server(tmp_path):
    """A registry without users, over plain HTTP."""
    with zreg.Server(tmp_path / "registry") as server:
        yield server


@pytest.fixture
def client():
    with zreg.Client(authfile="", attempts=1) as client:
        yield client


@pytest.fixture
def push(client, server):
    """push("name:tag", b"layer", ...) pushes an image of these layers and gives its manifest."""

    def blob(repository, data, media_type):
        with client.create_blob(repository) as writer:
            writer.write(data)
            return {"mediaType": media_type, "digest": writer.commit(), "size": len(data)}

    def image(name, *layers):
        ref = f"{server.address}/{name}"
        config = blob(ref, b'{"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": []}}', CONFIG)
        manifest = zreg.Manifest(json.dumps({
            "schemaVersion": 2, "mediaType": IMAGE, "config": config,
            "layers": [blob(ref, layer, LAYER) for layer in layers]}).encode())
        client.put_manifest(ref, manifest)
        return manifest

    return image
