# SPDX-License-Identifier: Apache-2.0
"""The machines that the engines run on: private, and good enough for a container to run."""

import contextlib
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import tap  # noqa: E402
from engines import Dockerd, Machine, need, need_machines, wait_for  # noqa: E402


@contextlib.contextmanager
def machine():
    need_machines()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-machine-"))
    try:
        with Machine(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_what_a_machine_changes_stays_in_its_folder():
    with machine() as m:
        for path in ("/etc", "/run", "/var/lib", "/tmp", "/root", "/opt",
                     "/usr/local/share/ca-certificates"):
            m.run("touch", f"{path}/zreg-was-here")
            assert not pathlib.Path(path, "zreg-was-here").exists(), path
        assert (m.etc / "zreg-was-here").exists()
        (m.etc / "zreg-was-here").write_text("from outside")
        assert m.run("cat", "/etc/zreg-was-here") == "from outside"


def test_processes_end_with_their_machine():
    with machine() as m:
        process = m.start("sleeper", "sh", "-c", "sleep 1000 & sleep 1000")
        assert process.poll() is None
    process.outer.wait(10)


def test_docker_runs_a_container():
    need("busybox")
    with machine() as m, Dockerd(m) as docker:
        registry = m.start("registry", "zreg", "serve", "--root", "/var/lib/registry", "--anonymous",
                           "push", "--listen", "127.0.0.1:5000", "--connection-file", "/run/ready")
        wait_for("zreg serve", (m.folder / "run/ready").exists, registry, registry.log)
        m.run("zreg", "append", "--base", "scratch", "--layer", busybox(m.folder),
              "--cmd", "cat", "--cmd", "/etc/word", "127.0.0.1:5000/word:1")
        for network in ("none", "host"):
            said = docker.run("run", "--rm", "--network", network, "127.0.0.1:5000/word:1")
            assert said == "hello\n", said


def busybox(folder):
    """A folder that makes an image in which `cat` works."""
    tree = folder / "tree"
    for name in ("bin", "etc"):
        (tree / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox"), tree / "bin/cat")
    (tree / "etc/word").write_text("hello\n")
    return tree


if __name__ == "__main__":
    tap.main(__name__)
