# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test starts from: a folder, credentials, registries and images."""

import contextlib
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "examples/gate"), str(TOP / "tests/lib")]

import tap  # noqa: E402
from registries import Credentials, command  # noqa: E402


def need(program):
    if not shutil.which(program):
        raise tap.Skip(f"{program} is not installed")
    return program


def serve_has(option):
    """True when the server knows an option."""
    return f" {option} " in command("zreg", "serve", "--help")


class World:
    """One temporary folder with a home, credentials, and the registries started in it."""

    def __init__(self):
        # buildah makes an image name of a layout's path, which mkdtemp's underscores can spoil.
        self.folder = pathlib.Path(tempfile.gettempdir()) / f"zreg-e2e-{secrets.token_hex(6)}"
        self.folder.mkdir(mode=0o700)
        (self.folder / "home").mkdir()
        (self.folder / "storage.conf").write_text(
            '[storage]\ndriver = "vfs"\n'
            f'graphroot = "{self.folder}/containers"\nrunroot = "{self.folder}/containers-run"\n')
        self.credentials = Credentials(self.folder)
        self.registries = []
        self.environment = dict(os.environ, HOME=str(self.folder / "home"),
                                REGISTRY_AUTH_FILE=str(self.credentials.authfile),
                                CONTAINERS_STORAGE_CONF=str(self.folder / "storage.conf"),
                                BUILDAH_ISOLATION="chroot")

    def start(self, registry_class, *argv, **kwargs):
        name = f"registry-{len(self.registries)}"
        registry = registry_class(self.folder, name, self.credentials)
        self.registries.append(registry)
        return registry.start(*argv, **kwargs)

    def run(self, *argv):
        return command(*argv, env=self.environment)

    def argv(self, verb, *argv):
        bundle = self.credentials.bundle
        trust = ["--ca", str(bundle)] if bundle.stat().st_size else []
        return ["zreg", verb, "--json", "--authfile", str(self.credentials.authfile), *trust,
                *map(str, argv)]

    def zreg(self, verb, *argv):
        return json.loads(self.run(*self.argv(verb, *argv)))

    def fails(self, verb, *argv):
        """Runs a verb that must fail with exit code 1, and gives its error document."""
        done = subprocess.run(self.argv(verb, *argv), env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)["error"]

    def tree(self, name, files):
        """A folder with these files, to become a layer."""
        root = self.folder / "trees" / name
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return root

    def image(self, place, layers=3, platform="linux/amd64", name="image"):
        """Makes an image of several layers at a place, and gives its digest."""
        argv = []
        for i in range(layers):
            text = f"{name} layer {i}\n" * 1000
            argv += ["--layer", self.tree(f"{name}-{i}", {f"opt/{name}-{i}": text})]
        return self.zreg("append", "--base", "scratch", "--platform", platform, *argv,
                         place)["digest"]

    def close(self):
        for registry in self.registries:
            registry.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def world():
    made = World()
    try:
        yield made
    finally:
        made.close()
