# SPDX-License-Identifier: Apache-2.0
"""One machine, the whole world it can reach, and what every engine must do there.

`docker.io` and `quay.io` are registries on the machine's own loopback, found through its /etc/hosts
and trusted through its system store; so is a mirror of the site's own. The buildset registry is
`zreg serve --buildset`. Each image has one file, /etc/word, that tells where it came from."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/lib"))

import tap  # noqa: E402,F401
from engines import Machine, need, need_machines, wait_for  # noqa: E402

ALIAS = "zuul-jobs.buildset-registry"
MIRROR = "mirror.site.example"
# Where each original listens, and the names that lead there.
PLACES = {"docker.io": ("127.0.0.2", ("registry-1.docker.io", "docker.io")),
          "quay.io": ("127.0.0.3", ("quay.io",)),
          MIRROR: ("127.0.0.4", (MIRROR,))}


def openssl(folder, *argv):
    subprocess.run(["openssl", *argv], cwd=folder, check=True, capture_output=True, timeout=60)


def make_certificates(folder):
    """A private authority, ca.pem, and one certificate, cert.pem, for all originals."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *key, "-days", "2", "-subj", "/CN=Site CA", "-keyout",
            "ca-key.pem", "-out", "ca.pem")
    openssl(folder, "req", *key, "-subj", "/CN=registry", "-keyout", "key.pem", "-out", "cert.csr")
    names = ",".join(f"DNS:{name}" for _, names in PLACES.values() for name in names)
    (folder / "names").write_text(f"subjectAltName={names}\n")
    openssl(folder, "x509", "-req", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "cert.pem")


def manifest_of(*trees):
    """Everything that can be said about these trees: kind, mode, owner, content of each entry."""
    seen = {}
    for tree in trees:
        for path in sorted([tree, *tree.rglob("*")]):
            facts = path.lstat()
            what = "folder"
            if stat.S_ISLNK(facts.st_mode):
                what = os.readlink(path)
            elif stat.S_ISREG(facts.st_mode):
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            seen[str(path)] = (oct(facts.st_mode), facts.st_uid, facts.st_gid, what)
    return seen


def assert_same(before, after):
    """Two such manifests must be equal; a failure names what differs."""
    changed = {path: (before.get(path), after.get(path)) for path in before.keys() | after.keys()
               if before.get(path) != after.get(path)}
    assert not changed, changed


class Registry:
    """A `zreg serve` on the machine, and what it was asked for."""

    def __init__(self, machine, name, *options):
        self.log = machine.folder / "logs" / f"{name}-access.log"
        self.connection = machine.folder / f"{name}.json"
        self.process = machine.start(name, "zreg", "serve", "--access-log", self.log,
                                     "--connection-file", self.connection, *options)
        wait_for(name, self.connection.exists, self.process, self.process.log)
        self.record = json.loads(self.connection.read_text())
        host = self.record["host"]
        host = f"[{host}]" if ":" in host else host
        self.address = f"{host}:{self.record['port']}"

    def manifests(self):
        """The repositories of which a manifest was given out, or found to be there."""
        lines = map(json.loads, self.log.read_text().splitlines())
        return [line["repository"] for line in lines
                if "/manifests/" in line["path"] and line["status"] == 200
                and line["method"] in ("GET", "HEAD")]

    def was_asked_for(self, repository):
        return f"/v2/{repository}/manifests/" in self.log.read_text()

    def forget(self):
        self.log.write_text("")


class World:
    """The machine, the originals, the buildset registry and their images."""

    def __init__(self, machine, listen):
        self.machine = machine
        self.etc = machine.etc
        self.digests = {}
        make_certificates(machine.folder)
        shutil.copy(machine.folder / "ca.pem", machine.certificates / "site-ca.crt")
        # Few others are trusted here, so that the tool is done in a moment: the verb runs it too.
        public = [line for line in (self.etc / "ca-certificates.conf").read_text().splitlines()
                  if line.endswith(".crt") and line[0] not in "#!"]
        self.write("ca-certificates.conf", 0o644, "\n".join(public[:3]) + "\n")
        machine.run("update-ca-certificates", "--fresh")
        with (self.etc / "hosts").open("a") as hosts:
            for address, names in PLACES.values():
                hosts.write(f"{address} {' '.join(names)}\n")
        self.originals = {name: self._original(name, place[0]) for name, place in PLACES.items()}
        self._start_buildset(listen)
        self._make_images()
        self._site_settings()

    def replace_buildset(self):
        """Another buildset registry, as the next job has it."""
        self.buildset.process.stop()
        self._start_buildset("127.0.0.1", "buildset-2")
        self._make_image(self.buildset.address, "acme/app", "speculative")

    def _start_buildset(self, listen, name="buildset"):
        self.buildset = Registry(self.machine, name, "--buildset", "--listen", f"{listen}:0")
        self.authority = f"{ALIAS}:{self.buildset.record['port']}"

    def _original(self, name, address):
        folder = self.machine.folder
        return Registry(self.machine, name, "--root", f"/var/lib/{name}", "--listen",
                        f"{address}:443", "--tls-cert", folder / "cert.pem", "--tls-key",
                        folder / "key.pem", "--anonymous", "push")

    def _make_images(self):
        """app, base and tool exist twice, and the buildset's is another one; the rest once."""
        docker, quay, mirror = self.originals
        for repository in ("acme/app", "library/base", "acme/plain"):
            self._make_image(docker, repository, "original")
        for repository in ("acme/tool", "acme/plain"):
            self._make_image(quay, repository, "original")
        self._make_image(mirror, "acme/sitewide", "mirror")
        for repository in ("acme/app", "library/base", "quay.io/acme/tool",
                           f"{mirror}/acme/sitewide"):
            self._make_image(self.buildset.address, repository, "speculative")

    def _make_image(self, host, repository, word):
        said = self.machine.run("zreg", "append", "--json", "--connection",
                                self.buildset.connection, "--base", "scratch", "--layer",
                                self._tree(word), "--cmd", "cat", "--cmd", "/etc/word",
                                f"{host}/{repository}:latest")
        self.digests[word] = json.loads(said)["digest"]

    def _tree(self, word):
        """The files of an image in which `cat /etc/word` works."""
        folder = self.machine.folder / "images" / word
        if not folder.exists():
            (folder / "bin").mkdir(parents=True)
            (folder / "etc").mkdir()
            shutil.copy(shutil.which(need("busybox")), folder / "bin/cat")
            (folder / "etc/word").write_text(word)
        return folder

    def _site_settings(self):
        """What the site's people have configured already, in their way."""
        self.write("docker/daemon.json", 0o640, """{
\t"log-level": "info",
\t"registry-mirrors": ["https://mirror.site.example"],
\t"max-concurrent-downloads": 2
}""")

    def write(self, path, mode, text):
        """Writes a file below /etc."""
        file = self.etc / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    @contextlib.contextmanager
    def site_file(self, path, mode, text):
        """A further file of the site below /etc; gone again, or as it was, afterwards."""
        file = self.etc / path
        before = file.read_bytes() if file.exists() else None
        self.write(path, mode, text)
        try:
            yield file
        finally:
            if before is None:
                file.unlink()
            else:
                file.write_bytes(before)

    def config_of(self, repository):
        """The digest of an image's configuration in the buildset registry, which every push keeps."""
        said = self.machine.run("zreg", "inspect", "--json", "--connection",
                                self.buildset.connection, f"{self.buildset.address}/{repository}")
        return json.loads(said)["config"]["digest"]

    def verb(self, *options):
        """`zreg use-buildset-registry`, and its answer."""
        return json.loads(self.machine.run("zreg", "use-buildset-registry", "--json",
                                           "--connection", self.buildset.connection, *options))

    @contextlib.contextmanager
    def in_use(self, *options, running=None):
        """The buildset registry in use, and afterwards every file as it was before. A client that
        runs already does what the verb's answer says."""
        before = self.snapshot()
        answer = self.verb(*options)
        try:
            if running:
                running.obey(answer)
            self.buildset.forget()
            yield
        finally:
            answer = self.verb("--revert")
            if running:
                running.obey(answer)
        assert_same(before, self.snapshot())
        assert not (self.machine.folder / "var/lib/zreg").exists()

    def snapshot(self):
        """A manifest of every tree that the verb may write to."""
        seen = manifest_of(self.etc, self.machine.certificates, self.machine.home)
        seen.pop(str(self.etc / "docker/key.json"), None)  # dockerd's own
        return seen


@contextlib.contextmanager
def world(listen="127.0.0.1"):
    need_machines()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-host-"))
    try:
        with Machine(folder) as machine:
            yield World(machine, listen)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Shared:
    """The world of all tests of a file, made when the first one needs it."""

    def __init__(self, listen="127.0.0.1"):
        self.listen = listen
        self.stack = contextlib.ExitStack()
        self.made = None

    def world(self):
        self.made = self.made or self.stack.enter_context(world(self.listen))
        return self.made


def main(module, listen="127.0.0.1"):
    """Runs the tests of a file, each with the Shared as its argument."""
    shared = Shared(listen)
    with shared.stack:
        tap.main(module, shared)
