# SPDX-License-Identifier: Apache-2.0
"""What the tests of the matrix share: one registry with images in it, the operations, and what must be there after
each. A cell is one operation with one fault in it."""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "lib")]

from front import Front, error  # noqa: E402

SLOW = 10 if os.environ.get("ZREG_SANITIZERS") else 1
STALL_MS, PATIENT_MS = 500 * SLOW, 20000 * SLOW
OPERATION_S = 60 * SLOW
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
SMALL, LARGE, LARGE_TOO = 20000, (5 << 20) + 1, (3 << 19) + 1
ACCEPT = {"Accept": f"{MANIFEST}, {INDEX}"}


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(data, media_type, **more):
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **more}


class Image:
    """Blobs and manifests, the last of which is the image."""

    def __init__(self):
        self.blobs, self.manifests, self.layers = {}, [], []

    def add_manifest(self, media_type, document):
        data = json.dumps({"schemaVersion": 2, "mediaType": media_type, **document}).encode()
        self.manifests.append((media_type, data))
        return data

    def add_image(self, name, sizes):
        source = random.Random(name)
        layers = [source.randbytes(size) for size in sizes]
        config = json.dumps({"os": "linux", "architecture": "amd64", "name": name,
                             "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}}).encode()
        for data in (config, *layers):
            self.blobs[digest_of(data)] = data
        self.layers += [digest_of(layer) for layer in layers]
        return self.add_manifest(MANIFEST, {"config": descriptor(config, CONFIG),
                                            "layers": [descriptor(layer, LAYER) for layer in layers]})

    def digest(self):
        return digest_of(self.manifests[-1][1])


def small_image():
    """An index of two images."""
    image = Image()
    children = [descriptor(image.add_image(f"small {name}", [SMALL]), MANIFEST,
                           platform={"os": "linux", "architecture": name}) for name in ("amd64", "arm64")]
    image.add_manifest(INDEX, {"manifests": children})
    return image


def large_image():
    image = Image()
    image.add_image("large", [LARGE, LARGE_TOO])
    return image


def tiny_image():
    """Of few bytes on the wire."""
    image = Image()
    image.add_image("tiny", [9])
    return image


class Registry:
    """`zreg serve`, and the way to it that has no faults."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen(["zreg", "serve", "--json", "--buildset", "--no-tls",
                                         "--connection-file", str(folder / "registry.json"), *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        record = json.loads(self.process.stdout.readline())
        self.address = f"{record['host']}:{record['port']}"
        self.login = record["username"], record["password"]
        self.local = threading.local()

    def ask(self, method, path, body=None, headers=()):
        """Status, headers and body."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection(self.address, timeout=60 * SLOW)
            self.local.headers = {"Authorization": "Basic " + base64.b64encode(":".join(self.login).encode()).decode()}
        connection = self.local.connection
        connection.request(method, path, body, {**self.local.headers, **dict(headers)})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def put_blob(self, repository, data):
        status, headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        assert status == 202, status
        where = "/" + headers["Location"].split("/", 3)[3] if "://" in headers["Location"] else headers["Location"]
        mark = "&" if "?" in where else "?"
        status, _, _ = self.ask("PUT", f"{where}{mark}digest={digest_of(data)}", data,
                                {"Content-Type": "application/octet-stream"})
        assert status == 201, status

    def put(self, repository, tag, image):
        for data in image.blobs.values():
            self.put_blob(repository, data)
        for media_type, data in image.manifests:
            self.put_manifest(repository, digest_of(data), media_type, data)
        self.put_manifest(repository, tag, *image.manifests[-1])

    def put_manifest(self, repository, reference, media_type, data):
        status, _, _ = self.ask("PUT", f"/v2/{repository}/manifests/{reference}", data, {"Content-Type": media_type})
        assert status == 201, status

    def manifest(self, repository, reference):
        """Its bytes, or None."""
        status, _, body = self.ask("GET", f"/v2/{repository}/manifests/{reference}", headers=ACCEPT)
        assert status in (200, 404), status
        return body if status == 200 else None

    def check(self, repository, tag, image):
        """All of the image is there, byte for byte."""
        assert self.manifest(repository, tag) == image.manifests[-1][1], f"{repository}:{tag} is something else"
        for _, data in image.manifests:
            assert self.manifest(repository, digest_of(data)) == data, f"{repository}: a manifest is missing"
        for digest, data in image.blobs.items():
            status, _, body = self.ask("GET", f"/v2/{repository}/blobs/{digest}")
            assert (status, body) == (200, data), f"{repository}: {digest}: HTTP {status}, {len(body)} bytes"

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()


class Operator:
    """The program that carries out operations."""

    def __init__(self):
        program = os.path.join(os.environ["ZREG_BUILDDIR"], "tests/matrix/operator")
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def do(self, *words):
        """The lines of its answer, the last of which begins with OK or ERR."""
        timer = threading.Timer(OPERATION_S, self.process.kill)
        timer.start()
        lines = []
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
            while not lines or not lines[-1].startswith(("OK", "ERR ")):
                line = self.process.stdout.readline()
                if not line:
                    break
                lines.append(line.rstrip("\n"))
        timer.cancel()
        if not lines or not lines[-1].startswith(("OK", "ERR ")):
            status = self.process.wait()
            self.__init__()
            return [*lines, f"ERR the program ended with {status}, or had no end"]
        return lines

    def close(self):
        self.process.stdin.close()
        return self.process.wait(60)


class World:
    """A registry with images, and operators for many cells at a time."""

    def __init__(self, workers):
        shm = "/dev/shm"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-matrix-", dir=shm if os.path.isdir(shm) else None))
        self.registry = Registry(self.folder, "--root", str(self.folder / "root"), "--durability", "none", "--anonymous",
                                 "none")
        self.images = {"small": small_image(), "large": large_image(), "tiny": tiny_image()}
        for name, image in self.images.items():
            self.registry.put(f"from/{name}", "t", image)
        self.operators = queue.SimpleQueue()
        self.pool = ThreadPoolExecutor(workers)
        for _ in range(workers):
            self.operators.put(Operator())
        self.workers = workers

    def operate(self, idle_ms, fronts, verb, *words):
        operator = self.operators.get()
        try:
            return operator.do(idle_ms, ",".join(fronts), *self.registry.login, verb, *words)
        finally:
            self.operators.put(operator)

    def close(self):
        self.pool.shutdown(cancel_futures=True)
        ends = [self.operators.get().close() for _ in range(self.workers)]
        self.registry.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not any(ends), f"operators ended with {ends}"


@contextlib.contextmanager
def world(workers=12):
    made = World(workers)
    try:
        yield made
    finally:
        made.close()


def refuse_mounts(request):
    return error(405, "UNSUPPORTED") if request.kind() == "mount" else None


def refuse_whole(request):
    """As those do that take no PUT with the bytes of a blob."""
    return error(400, "BLOB_UPLOAD_INVALID") if request.kind() == "PUT blob" else None


def refuse_large(request):
    """As those do that stand behind something with a limit."""
    return error(413, "SIZE_INVALID") if "/uploads/" in request.path and request.size > 1 << 19 else None


def small_pages(request):
    """Two tags a page."""
    if request.path.endswith("/tags/list"):
        request.head.start = request.head.start.replace("n=1000", "n=2")


REWRITES = {"": None, "no mounts": refuse_mounts, "no whole": refuse_whole, "no large": refuse_large,
            "pages": small_pages}
