#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples do what they say. Start it by ./run; GO is the go command, if there is one."""

import hashlib
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP / "tests/lib")]

import tap  # noqa: E402

C = pathlib.Path(os.environ["ZREG_BUILDDIR"]) / "examples/c"


def command(*argv, **kwargs):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, **kwargs)


def layout(folder):
    """An OCI layout with one image of an empty layer; its digest."""
    def store(content):
        digest = hashlib.sha256(content).hexdigest()
        (folder / "blobs/sha256" / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content)}

    def document(value):
        return json.dumps(value).encode()

    image = "application/vnd.oci.image."
    (folder / "blobs/sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    layer = store(bytes(1024))
    config = store(document({"os": "linux", "architecture": "amd64",
                             "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}))
    manifest = store(document({"schemaVersion": 2, "mediaType": image + "manifest.v1+json",
                               "config": {"mediaType": image + "config.v1+json", **config},
                               "layers": [{"mediaType": image + "layer.v1.tar", **layer}]}))
    (folder / "index.json").write_bytes(document({"schemaVersion": 2, "manifests": [
        {"mediaType": image + "manifest.v1+json", **manifest,
         "annotations": {"org.opencontainers.image.ref.name": "1"}}]}))
    return manifest["digest"]


def test_copy_copies_and_inspect_tells():
    with tempfile.TemporaryDirectory() as work:
        digest = layout(pathlib.Path(work) / "from")
        copied = command(C / "copy", f"oci:{work}/from:1", f"oci:{work}/to:1")
        assert copied.returncode == 0, copied.stderr
        assert copied.stdout.strip() == digest
        assert "2 of 2 blobs" in copied.stderr, copied.stderr
        seen = command(C / "inspect", f"oci:{work}/to:1")
        assert seen.returncode == 0, seen.stderr
        assert json.loads(seen.stdout)["digest"] == digest


def test_errors_are_told():
    for argv, code in ((["inspect"], 2), (["inspect", "UPPER"], 1), (["copy", "x"], 2),
                       (["copy", "oci:/nowhere:1", "oci:/nowhere:2"], 1)):
        done = command(C / argv[0], *argv[1:])
        assert done.returncode == code, done
        assert done.stderr, argv


def test_buildset_runs_until_its_input_ends():
    server = subprocess.Popen([C / "buildset"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with server:
        connection = json.loads(server.stdout.readline())
        url = f"https://{connection['host']}:{connection['port']}/v2/_catalog"
        context = ssl.create_default_context(cadata=connection["cert"])
        try:
            urllib.request.urlopen(url, context=context, timeout=10).close()
        except urllib.error.HTTPError:
            pass  # any answer will do: the certificate was the right one
        server.stdin.close()
        assert server.wait(10) == 0


def test_gate_in_go():
    if not os.environ.get("GO"):
        raise tap.Skip("built without Go")
    environment = dict(os.environ, GOTOOLCHAIN="local")
    done = command(os.environ["GO"], "run", "-buildvcs=false", ".", cwd=TOP / "examples/gate/go", env=environment)
    assert done.returncode == 0, done.stderr
    promoted = [line for line in done.stdout.splitlines() if "promoted" in line]
    assert len(promoted) == 2, done.stdout
    assert all(line.endswith("requests 2, blob_requests 0") for line in promoted), done.stdout
    assert "example/base:latest is" in done.stdout and "from change 1" in done.stdout


if __name__ == "__main__":
    tap.main(__name__)
