# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: the command itself, registries run by it, and images made
here, byte by byte, so that digests are known without asking the command."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import pathlib
import signal
import shutil
import subprocess
import sys
import tarfile
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/lib"))

import tap  # noqa: E402

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
SECRETS = ("ZREG_USERNAME", "ZREG_PASSWORD")


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Layout:
    """An OCI image layout in a new folder."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "blobs/sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.entries = []

    def blob(self, data, media_type):
        digest = digest_of(data)
        (self.folder / "blobs/sha256" / digest[7:]).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def document(self, value, media_type):
        return self.blob(json.dumps(value).encode(), media_type)

    def image(self, text, platform="linux/amd64"):
        """A descriptor of an image with one layer that holds this text."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            entry = tarfile.TarInfo("etc/text")
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
        layer = self.blob(gzip.compress(packed.getvalue(), mtime=0),
                          "application/vnd.oci.image.layer.v1.tar+gzip")
        system, _, architecture = platform.partition("/")
        config = self.document({"os": system, "architecture": architecture,
                                "rootfs": {"type": "layers",
                                           "diff_ids": [digest_of(packed.getvalue())]}},
                               "application/vnd.oci.image.config.v1+json")
        return self.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                              "layers": [layer]}, MANIFEST)

    def index(self, *platforms):
        children = []
        for platform in platforms:
            system, _, architecture = platform.partition("/")
            children.append(dict(self.image(platform, platform),
                                 platform={"os": system, "architecture": architecture}))
        return self.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}, INDEX)

    def tag(self, descriptor, name):
        annotated = dict(descriptor, annotations={"org.opencontainers.image.ref.name": name})
        self.entries.append(annotated)
        (self.folder / "index.json").write_text(
            json.dumps({"schemaVersion": 2, "manifests": self.entries}))
        return descriptor["digest"]


class Registry:
    """A `zreg serve` process."""

    def __init__(self, folder, name, *options):
        self.log = folder / f"{name}.log"
        self.record_file = folder / f"{name}.json"
        self.process = subprocess.Popen(
            ["zreg", "serve", "--json", "--access-log", str(self.log),
             "--connection-file", str(self.record_file), *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"serve did not start: {self.process.stderr.read()}")
        self.record = json.loads(line)
        self.address = f"{self.record['host']}:{self.record['port']}"

    def requests(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.process.stdout.close()
        self.process.stderr.close()


class World:
    def __init__(self, folder):
        self.folder = folder
        self.registries = []
        self.environment = {key: value for key, value in os.environ.items() if key not in SECRETS}
        self.environment.update(HOME=str(folder), REGISTRY_AUTH_FILE=str(folder / "none.json"))

    def layout(self, name="layout"):
        return Layout(self.folder / name)

    def serve(self, *options):
        registry = Registry(self.folder, f"registry-{len(self.registries)}", *options)
        self.registries.append(registry)
        return registry

    def buildset(self, *options):
        return self.serve("--buildset", *options)

    def run(self, *argv, **options):
        """Runs the command; for the registries of this world it knows users and certificates."""
        environment = dict(self.environment, **options.pop("environment", {}))
        return subprocess.run(["zreg", *map(str, argv)], env=environment, text=True,
                              capture_output=True, timeout=60, **options)

    def connections(self):
        return [word for registry in self.registries
                for word in ("--connection", str(registry.record_file))]

    def json(self, verb, *argv, **options):
        """The document of a verb that must succeed."""
        connections = [] if verb == "artifacts" else self.connections()
        done = self.run(verb, "--json", *connections, *argv, **options)
        assert done.returncode == 0, f"{verb}: exit {done.returncode}: {done.stdout}{done.stderr}"
        assert done.stdout.count("\n") == 1, f"{verb}: not one line: {done.stdout}"
        return json.loads(done.stdout)

    def error(self, verb, *argv, code=1, **options):
        """The error document of a verb that must fail."""
        connections = [] if verb == "serve" else self.connections()
        done = self.run(verb, "--json", *connections, *argv, **options)
        assert done.returncode == code, f"{verb}: exit {done.returncode}: {done.stdout}{done.stderr}"
        document = json.loads(done.stdout)
        assert list(document) == ["error"], document
        assert list(document["error"]) == ["code", "message", "http_status", "registry_code"]
        assert document["error"]["message"] in done.stderr, done.stderr
        return document["error"]

    def file(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path


@contextlib.contextmanager
def world():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-cli-"))
    made = World(folder)
    try:
        yield made
    finally:
        for registry in made.registries:
            registry.stop()
        shutil.rmtree(folder, ignore_errors=True)
