#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The container file: built by buildah from an empty Debian, run as its user, used once and asked for its health."""

import json
import re
import subprocess
import urllib.request
from pathlib import Path

from release_world import BUILD, CLEAN, SOURCE, call, folder, free_port, need, need_root, tap

BASE = BUILD.parent / "debian/bookworm/base"


def buildah(store, *words, **more):
    return call("buildah", "--storage-driver", "vfs", "--root", store / "root", "--runroot", store / "run", *words, **more)


def base_image(store):
    """The release's tree as the image that the container file begins with; no registry is asked."""
    if not BASE.is_dir():
        raise tap.Skip(f"{BASE} is missing; tests/run release makes it")
    made = buildah(store, "from", "scratch").strip()
    mounted = Path(buildah(store, "mount", made).strip())
    call("cp", "-a", f"{BASE}/.", mounted)
    for path in ("etc/apt/sources.list", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "usr/share/keyrings", "etc/ssl/certs"):
        if Path("/", path).is_dir():
            call("sh", "-c", 'mkdir -p "$2" && cp -rL "$1/." "$2/" 2>/dev/null || :', "sh", f"/{path}", mounted / path)
    call("rm", "-f", mounted / "etc/apt/sources.list")
    buildah(store, "umount", made)
    buildah(store, "commit", made, "localhost/debian:bookworm")


def test_it_is_built_runs_as_nobody_special_and_serves():
    need_root()
    need("buildah")
    with folder() as store:
        base_image(store)
        names = call(SOURCE / "build-aux/sources.sh")
        (store / "context").mkdir()
        subprocess.run(["tar", "-C", SOURCE, "-cf", store / "c.tar", "-T", "-"], input=names, text=True, check=True)
        call("tar", "-C", store / "context", "-xf", store / "c.tar")
        (store / "context/build-aux/manifest").write_text(names)
        proxies = [word for name in CLEAN if name.lower().endswith("_proxy") for word in ("--build-arg", f"{name}={CLEAN[name]}")]
        buildah(store, "build", "--format", "docker", "--isolation", "chroot", "--network", "host", "--pull=never", *proxies,
                "--build-arg", "DEBIAN=localhost/debian:bookworm", "--tag", "localhost/zreg-registry", "--file",
                SOURCE / "packaging/container/Containerfile", store / "context", timeout=1500)
        use(store)


def use(store):
    config = json.loads(buildah(store, "inspect", "--type", "image", "localhost/zreg-registry"))["Docker"]["config"]
    assert config["User"] == "988" and config["Entrypoint"][:2] == ["/usr/bin/zreg", "serve"], config
    watched = str(free_port())
    start = [word.replace("0.0.0.0:5001", f"127.0.0.1:{watched}") for word in config["Entrypoint"]]
    kind, *health = [word.replace("/5001", f"/{watched}") for word in config["Healthcheck"]["Test"]]
    assert kind == "CMD" and watched in " ".join(start) and watched in " ".join(health), config
    made = buildah(store, "from", "--pull=never", "localhost/zreg-registry").strip()
    size = sum(path.stat().st_size for path in Path(buildah(store, "mount", made).strip()).rglob("*")
               if path.is_file() and not path.is_symlink())
    print(f"# {size / 1e6:.0f} MB of files in the image")
    run = ["run", "--isolation", "chroot", "--network", "host", made, "--"]
    command = ["buildah", "--storage-driver", "vfs", "--root", store / "root", "--runroot", store / "run", *run, *start,
               "--listen=127.0.0.1:0", "--anonymous=push", "--json"]
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True, env=CLEAN) as process:
        try:
            port = json.loads(process.stdout.readline())["port"]
            assert {"988"} == owners_of("/usr/bin/zreg serve --root=/var/lib/zreg"), "it runs as another user"
            push_and_ask(port)
            buildah(store, *run, *health)
        finally:
            process.terminate()
            process.wait(30)
    buildah(store, *run, *health, expect=1)


def owners_of(words):
    """The users of the processes that were called like this."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if (path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").startswith(words):
                found.add(re.search(r"^Uid:\s+(\d+)", (path / "status").read_text(), re.M).group(1))
        except OSError:
            continue
    return found


def push_and_ask(port):
    with folder() as top:
        (top / "root").mkdir()
        call(BUILD / "run", "zreg", "append", "--base", "scratch", "--layer", top / "root", f"127.0.0.1:{port}/example/base:1",
             "--plain-http", f"127.0.0.1:{port}")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/example/base/tags/list", timeout=10) as answer:
        assert json.load(answer)["tags"] == ["1"]


if __name__ == "__main__":
    tap.main(__name__)
