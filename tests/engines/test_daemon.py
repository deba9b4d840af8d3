# SPDX-License-Identifier: Apache-2.0
"""docker-daemon: with dockerd itself."""

import json

from test_machine import busybox, machine, need, tap
from engines import Dockerd


def test_what_we_write_the_daemon_runs_and_gives_back():
    need("busybox")
    with machine() as m, Dockerd(m) as docker:
        m.run("zreg", "append", "--base", "scratch", "--layer", busybox(m.folder), "--cmd", "cat", "--cmd", "/etc/word",
              "oci:/tmp/layout:word")
        for name in ("word:1", "example.org/a/word"):
            m.run("zreg", "copy", "oci:/tmp/layout:word", f"docker-daemon:{name}")
            assert docker.run("run", "--rm", "--network", "none", name) == "hello\n", name
        number = docker.run("images", "--quiet", "--no-trunc", "word:1").strip()
        for name in ("word:1", "docker.io/library/word:1", "example.org/a/word:latest", number):
            m.run("zreg", "copy", f"docker-daemon:{name}", "docker-daemon:again:1")
            assert docker.run("images", "--quiet", "--no-trunc", "again:1").strip() == number, name
        failed = m.call("zreg", "copy", "--json", "docker-daemon:none:1", "oci:/tmp/layout:none")
        assert json.loads(failed.stdout)["error"]["code"] == "NOTFOUND", failed
        for socket in ("/run/docker.sock", "/var/run/docker.sock"):
            assert m.run("env", f"DOCKER_HOST=unix://{socket}", "zreg", "verify", "docker-daemon:word:1")


def test_what_the_daemon_built_goes_to_a_registry_and_comes_back():
    need("busybox")
    with machine() as m, Dockerd(m) as docker:
        busybox(m.folder)
        docker.run("import", "--change", 'CMD ["/bin/busybox", "true"]', archive(m), "built:1")
        m.run("zreg", "copy", "docker-daemon:built:1", "oci:/tmp/layout:built")
        m.run("zreg", "copy", "oci:/tmp/layout:built", "docker-daemon:built:2")
        told = [json.loads(docker.run("inspect", f"built:{tag}"))[0] for tag in (1, 2)]
        assert told[0]["Id"] == told[1]["Id"] and told[0]["RootFS"] == told[1]["RootFS"], told


def archive(m):
    m.run("tar", "-C", m.folder / "tree", "-cf", "/tmp/tree.tar", ".")
    return "/tmp/tree.tar"


if __name__ == "__main__":
    tap.main(__name__)
