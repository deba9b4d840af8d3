# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: the command itself, registries run by it, and layouts
of images."""

import contextlib
import http.client
import json
import os
import pathlib
import select
import signal
import shutil
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/lib"))

import tap  # noqa: E402
from layout import Layout  # noqa: E402

SECRETS = ("ZREG_USERNAME", "ZREG_PASSWORD")


def until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def ask(registry, method, path, authorization=None, body=None):
    """The status. What the server writes of a request is written when it closes the connection, which is waited for."""
    connection = http.client.HTTPConnection(registry.address, timeout=20)
    connection.connect()
    headers = {"Connection": "close", "Content-Type": "application/octet-stream"}
    if authorization:
        headers["Authorization"] = authorization
    with contextlib.closing(connection), connection.sock.dup() as end:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert end.recv(1) == b"", "more than an answer"
        return answer.status


def said(registry):
    """The next line of a server's standard error. What came with it is kept: select sees only what is not read yet."""
    rest, pipe = getattr(registry, "rest", b""), registry.process.stderr.fileno()
    while b"\n" not in rest:
        assert select.select([pipe], [], [], 20)[0], "nothing was said"
        piece = os.read(pipe, 65536)
        assert piece, "the server ended"
        rest += piece
    line, _, registry.rest = rest.partition(b"\n")
    return line.decode() + "\n"


def hang_up(registry):
    """Sends SIGHUP, and gives what the server says of it; the last line is what came of it."""
    registry.process.send_signal(signal.SIGHUP)
    lines = [said(registry)]
    while "the files were read again" not in lines[-1] and "nothing was changed" not in lines[-1]:
        lines.append(said(registry))
    return "".join(lines)


class Registry:
    """A `zreg serve` process; `process`: what Popen is told besides."""

    def __init__(self, folder, name, *options, **process):
        self.log = folder / f"{name}.log"
        self.record_file = folder / f"{name}.json"
        self.process = subprocess.Popen(
            ["zreg", "serve", "--json", "--access-log", str(self.log),
             "--connection-file", str(self.record_file), *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **process)
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

    def serve(self, *options, **process):
        registry = Registry(self.folder, f"registry-{len(self.registries)}", *options, **process)
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

    def partly(self, verb, *argv):
        """The error of a verb that fails half-way, and the document of what it had done."""
        done = self.run(verb, "--json", *self.connections(), *argv)
        assert done.returncode == 1, f"{verb}: exit {done.returncode}: {done.stdout}{done.stderr}"
        document = json.loads(done.stdout)
        assert list(document) == ["error", "done"], document
        return document["error"], document["done"]

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
