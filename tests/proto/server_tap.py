# SPDX-License-Identifier: Apache-2.0
"""What the tests of the server's wire share: a server in a process of its own, HTTP, TAP.

A test is a function test_x(server) or test_x(); its name is the sentence that it proves. The
decorator `using(...)` names the settings of the server it wants (tests/proto/serve_main.c)."""

import base64
import functools
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
OCTETS = {"Content-Type": "application/octet-stream"}
# The program itself, for those that watch it.
PROGRAM = "tests/proto/.libs/serve" if os.path.exists("tests/proto/.libs/serve") else "tests/proto/serve"


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        self.will_close = response.will_close

    def json(self):
        return json.loads(self.body)

    def code(self):
        return self.json()["errors"][0]["code"]


class Server:
    """A server process; also the HTTP client that talks to it."""

    def __init__(self, **settings):
        self.folder = tempfile.mkdtemp(prefix="zreg-proto-")
        self.settings = settings
        if not settings.get("buildset"):
            settings.setdefault("root", os.path.join(self.folder, "root"))
        self.user = None
        try:
            self.start()
        except Exception:
            self.close()
            raise

    def start(self):
        arguments = [f"{key}={one}" for key, value in self.settings.items()
                     for one in (value if isinstance(value, list) else [value])]
        # Files and no pipes: a server whose log nobody reads would stand still.
        self.output = open(os.path.join(self.folder, "output"), "w+")
        self.errors = open(os.path.join(self.folder, "errors"), "w+")
        self.process = subprocess.Popen(self.command(arguments), stdin=subprocess.PIPE,
                                        stdout=self.output, stderr=self.errors)
        self.record = self.read_record()
        if "error" in self.record:
            raise RuntimeError(self.record["error"])
        self.host, self.port = self.record["host"], self.record["port"]
        self.tls = None
        if self.record["cert"]:
            self.tls = ssl.create_default_context(cadata=self.record["cert"])

    def command(self, arguments):
        return ["tests/proto/serve", *arguments]

    def read_record(self):
        while self.process.poll() is None:
            line = self.lines()
            if line and line[0].endswith("\n"):
                return json.loads(line[0])
            time.sleep(0.002)
        return json.loads((self.lines() or ['{"error": "no record"}'])[0])

    def lines(self):
        with open(self.output.name) as output:
            return output.readlines()

    def stop(self):
        """Ends the process and returns the lines of its access log."""
        self.process.communicate(timeout=30)
        with open(self.errors.name) as errors:
            self.log = errors.read()
        if self.process.returncode != 0:
            raise AssertionError(f"the server ended with {self.process.returncode}: {self.log}")
        return [json.loads(line) for line in self.lines()[1:]]

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def close(self):
        if self.process.poll() is None:
            self.process.communicate(timeout=30)
        self.output.close()
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self):
        if self.tls:
            return http.client.HTTPSConnection(self.host, self.port, timeout=20, context=self.tls)
        return http.client.HTTPConnection(self.host, self.port, timeout=20)

    def ask(self, method, path, body=None, headers=None, connection=None):
        mine = connection or self.connect()
        sent = dict(headers or {})
        if self.user and "Authorization" not in sent:
            sent["Authorization"] = basic(*self.user)
        mine.request(method, path, body=body, headers=sent)
        answer = Answer(mine.getresponse())
        if connection is None:
            mine.close()
        return answer

    def raw(self, data, timeout=10):
        """Sends bytes as they are; everything that comes back."""
        with socket.create_connection((self.host, self.port), timeout=timeout) as plain:
            plain.sendall(data)
            received = b""
            try:
                while piece := plain.recv(65536):
                    received += piece
            except (TimeoutError, ConnectionResetError):
                pass
            return received

    def push_blob(self, data, repository="x", digest=None):
        digest = digest or digest_of(data)
        return self.ask("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", data, OCTETS)

    def push_manifest(self, manifest, reference="1", repository="x", media_type=OCI):
        body = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        return self.ask("PUT", f"/v2/{repository}/manifests/{reference}", body,
                        {"Content-Type": media_type})

    def push_image(self, reference="1", repository="x", layer=b"layer", **more):
        """Pushes config, layer and manifest; returns the manifest's bytes."""
        body = self.image(repository, layer, **more)
        equal(self.push_manifest(body, reference, repository).status, 201)
        return body

    def image(self, repository="x", layer=b"layer", **more):
        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
        for blob in (config, layer):
            equal(self.push_blob(blob, repository).status, 201)
        return json.dumps({
            "schemaVersion": 2, "mediaType": OCI, "config": descriptor(CONFIG, config),
            "layers": [descriptor(LAYER, layer)], **more}).encode()

    def token(self, *scopes, user=None):
        path = "/v2/_token?service=zreg" + "".join(f"&scope={scope}" for scope in scopes)
        headers = {"Authorization": basic(*user)} if user else {}
        mine = self.connect()
        mine.request("GET", path, headers=headers)
        answer = Answer(mine.getresponse())
        mine.close()
        return answer


def need(program, *arguments):
    try:
        done = subprocess.run([program, *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise tap.Skip(f"{program} is not installed") from None
    if done.returncode != 0:
        raise tap.Skip(f"{program} does not run here: {done.stderr.decode(errors='replace')[-200:]!r}")


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def descriptor(media_type, data):
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}


def equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what or 'found'} {found!r}, not {wanted!r}")


def true(condition, what):
    if not condition:
        raise AssertionError(what)


def using(**settings):
    def mark(test):
        test.settings = settings
        return test
    return mark


def run(module):
    """Runs all tests of a module; prints TAP."""
    sys.exit(1 if tap.run([(name, functools.partial(run_one, test)) for name, test in tap.tests_of(module.__name__)]) else 0)


def run_one(test):
    if test.__code__.co_argcount == 0:
        test()
        return
    server = Server(**getattr(test, "settings", {"durability": 3}))
    try:
        test(server)
    finally:
        server.close()
