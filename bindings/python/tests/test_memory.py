# SPDX-License-Identifier: Apache-2.0
"""Nothing is kept: each case is done many times and the process must not grow."""
import gc
import os
import sys

import pytest

import zreg
from zreg import _raw


def resident_kb():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def fails(call):
    with pytest.raises((zreg.Error, TypeError, ValueError)):
        call()


MANIFEST = b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
ARTIFACTS = [{"name": "a:b", "url": "docker://h.example/a:b",
              "metadata": {"type": "container_image", "repository": "a", "tag": "b"}}] * 20
CASES = {
    "ref": lambda: str(zreg.Ref("quay.io/x/y:1").with_tag("2")),
    "bad ref": lambda: fails(lambda: zreg.Ref("")),
    "digest": lambda: zreg.Digest.of(bytearray(b"x" * 1000)),
    "bad digest": lambda: fails(lambda: zreg.Digest("sha256:")),
    "manifest": lambda: (zreg.Manifest(MANIFEST).data, zreg.Manifest(MANIFEST).children),
    "bad manifest": lambda: fails(lambda: zreg.Manifest(b"[" * 1000)),
    "artifacts": lambda: zreg.Artifacts(ARTIFACTS).to_zuul(),
    "bad artifacts": lambda: fails(lambda: zreg.Artifacts("{")),
    "client": lambda: zreg.Client(authfile="", log=lambda level, line: None).close(),
    "bad option": lambda: fails(lambda: _raw.client_new({"authfile": "x" * 1000, "colour": 1})),
    "cancel": lambda: zreg.Cancel().trigger(),
}


@pytest.mark.parametrize("name", CASES)
def test_many_times_costs_no_memory(name):
    case = CASES[name]
    for _ in range(500):
        case()
    gc.collect()
    before = resident_kb()
    for _ in range(3000):
        case()
    gc.collect()
    assert resident_kb() - before < 1500


@pytest.mark.parametrize("value", [None, True, b"text"], ids=str)
def test_references_are_balanced(value):
    """The singletons and arguments that pass through the typemaps keep their count."""
    def use():
        _raw.client_set_credentials(client, "host.example", None, None)
        fails(lambda: _raw.digest_of("none", b"text"))
        _raw.digest_of(None, b"text")

    client = _raw.client_new(None)
    use()
    before = sys.getrefcount(value)
    for _ in range(1000):
        use()
    assert abs(sys.getrefcount(value) - before) < 50


def test_calls_cost_no_memory(client, server, push):
    pushed = push("image:1", b"layer" * 1000)
    ref = f"{server.address}/image:1"

    def use():
        client.manifest(ref)
        client.tags(ref)
        client.inspect(ref)
        with client.open_blob(ref, pushed.layers[0].digest) as blob:
            blob.read()
        fails(lambda: client.manifest(f"{server.address}/none:1"))

    for _ in range(100):
        use()
    gc.collect()
    before, files = resident_kb(), len(os.listdir("/proc/self/fd"))
    for _ in range(200):
        use()
    gc.collect()
    assert resident_kb() - before < 3000
    assert len(os.listdir("/proc/self/fd")) <= files + 2


def test_objects_may_be_dropped_in_any_order(tmp_path):
    def objects():
        server = zreg.Server(tmp_path / "registry")
        client = zreg.Client(authfile="")
        cancel = zreg.Cancel()
        writer = client.create_blob(f"{server.address}/image", cancel=cancel)
        writer.write(b"data")
        digest = writer.commit()
        reader = client.open_blob(f"{server.address}/image", digest, cancel=cancel)
        return [server, client, cancel, reader]

    for first in range(4):
        for second in range(3):
            left = objects()
            del left[first]
            del left[second]
            gc.collect()
            left.clear()
    gc.collect()
