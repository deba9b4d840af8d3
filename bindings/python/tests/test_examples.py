# SPDX-License-Identifier: Apache-2.0
"""The programs in examples/python/ do what they say."""
import os
import subprocess
import sys


def example(name, *arguments):
    path = os.path.join(os.environ["ZREG_SRCDIR"], "examples/python", name)
    return subprocess.run([sys.executable, path, *arguments], capture_output=True, text=True, timeout=60)


def test_show(server, push):
    pushed = push("image:1", b"layer")
    done = example("show.py", f"{server.address}/image:1")
    assert done.returncode == 0 and pushed.digest in done.stdout and "5 bytes" in done.stdout, done.stderr


def test_mirror(client, server, push, tmp_path):
    pushed = push("image:1", b"layer")
    done = example("mirror.py", f"{server.address}/image:1", f"oci:{tmp_path}/layout:1")
    assert done.stdout == f"{pushed.digest}: 2 blobs copied, 0 were there already\n", done.stderr
    assert client.inspect(f"oci:{tmp_path}/layout:1")["digest"] == pushed.digest


def test_errors_are_told(server):
    for done in (example("show.py", f"{server.address}/image:none"), example("mirror.py", "a b", "oci:none")):
        assert done.returncode == 1 and done.stderr and "Traceback" not in done.stderr
