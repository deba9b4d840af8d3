# SPDX-License-Identifier: Apache-2.0
"""What the tests of releases share: commands, registries on this machine, authorities."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SOURCE = Path(os.environ["ZREG_SRCDIR"])
BUILD = Path(os.environ["ZREG_BUILDDIR"])
sys.path.insert(0, str(SOURCE / "tests/lib"))

import tap  # noqa: E402 (found by the line above)

# What is tested must not find the build of ./run beside it.
CLEAN = {name: value for name, value in os.environ.items()
         if name not in ("LD_LIBRARY_PATH", "PYTHONPATH", "PKG_CONFIG_PATH", "CGO_CPPFLAGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
CLEAN["PATH"] = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if not part.startswith(str(BUILD)))


def call(*command, env=None, cwd=None, expect=0, timeout=600):
    """Runs a command and gives what it said; another exit code than the expected fails the test."""
    done = subprocess.run([str(word) for word in command], env=CLEAN | (env or {}), cwd=cwd, capture_output=True,
                          text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False)
    said = done.stdout + done.stderr
    assert expect is None or done.returncode == expect, f"{command} ended with {done.returncode}:\n{said[-3000:]}"
    return said


def need(program, package=None):
    if shutil.which(program, path=CLEAN["PATH"]) is None:
        raise tap.Skip(f"{program} is missing (Debian: {package or program})")


def need_root():
    if os.geteuid() != 0:
        raise tap.Skip("only root may change the root folder of a process")


def version():
    return json.loads(call(BUILD / "run", "zreg", "version", "--json"))["version"]


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="zreg-release-") as name:
        yield Path(name)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def clone():
    """The tree as git has it, with what is not committed yet, as a repository of its own."""
    with folder() as top:
        tree = top / "tree"
        tree.mkdir()
        names = call(SOURCE / "build-aux/sources.sh")
        subprocess.run(["tar", "-C", SOURCE, "-cf", top / "files.tar", "-T", "-"], input=names, text=True, check=True)
        call("tar", "-C", tree, "-xf", top / "files.tar")
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
        call("git", "init", "-q", tree)
        call("git", "-C", tree, "config", "user.name", "Test")
        call("git", "-C", tree, "config", "user.email", "test@example.org")
        call("git", "-C", tree, "add", "--all")
        call("git", *identity, "-C", tree, "commit", "-q", "-m", "all")
        yield tree


@contextlib.contextmanager
def serving(command, *options, env=None):
    """A registry that a command runs, as `--json` told of it."""
    with subprocess.Popen([*map(str, command), "serve", "--json", *options], stdout=subprocess.PIPE, text=True,
                          env=CLEAN | (env or {})) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(20)


def check_licenses(licenses, command):
    """Each library that packaging/static/deps.sh gave to the linker is there with name, version and licence, and every
    text that this refers to. The command, which holds them, tells the versions of some: they agree. Gives the archives."""
    rows = {row.split()[0]: row.split()[1:] for row in (licenses / "versions").read_text().splitlines()}
    libraries = {path.name for path in (BUILD.parent / "static/lib").glob("*.a")}
    assert len(libraries) > 5 and libraries <= set(rows), libraries - set(rows)
    for package in {row[0] for row in rows.values()}:
        text = (licenses / package / "copyright").read_text()
        assert "copyright" in text.lower() and "licen" in text.lower(), package
        for name in re.findall(r"common-licenses/([\w.-]*\w)", text) or (["LGPL-2.1"] if "common-licenses/ " in text else []):
            assert (licenses / package / name).stat().st_size > 1000, (package, name)
    assert (licenses / "LICENSE").read_bytes() == (SOURCE / "LICENSE").read_bytes()
    features = json.loads(call(command, "version", "--json"))["features"]
    for feature, archive in (("http", "libcurl.a"), ("server", "libssl.a"), ("tls", "libssl.a")):
        assert re.split("[ /]", features[feature])[-1] in rows[archive][1], (features, rows[archive])
    return set(rows)


def seconds(action, times):
    """The median of how long an action takes."""
    taken = []
    for _ in range(times):
        start = time.monotonic()
        action()
        taken.append(time.monotonic() - start)
    return sorted(taken)[times // 2]
