#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many requests an operation costs: no more than it needs, whatever the registries ask for first."""

import base64
import json
import os
import subprocess
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import OCI_INDEX, OCI_MANIFEST, World, manifest, sha256  # noqa: E402

MIB = 1 << 20

# What each way of asking who calls adds for a host: nothing, a 401, a 401 and a token.
ASKED = {None: 0, "basic": 1, "bearer": 2}


class Pair(World):
    """Two registries, and the command between them."""

    def __init__(self, auth=None):
        super().__init__()
        self.users = {"user": "secret"} if auth else {}
        self.a, self.b = [self.registry(auth=auth, users=self.users) for _ in range(2)]

    def image(self, name, layers, registry=None):
        """An image with layers of these bytes; its name stands in its config."""
        registry, (repository, tag) = registry or self.a, name.split(":")
        config = json.dumps({"os": "linux", "architecture": "amd64", "name": name}).encode()
        for blob in (config, *layers):
            registry.add_blob(repository, blob)
        data = manifest(config, layers)
        registry.add_manifest(repository, tag, data)
        return data

    def index(self, name, images):
        repository, tag = name.split(":")
        data = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
            {"mediaType": OCI_MANIFEST, "digest": sha256(image), "size": len(image)} for image in images]}).encode()
        self.a.add_manifest(repository, tag, data, OCI_INDEX)
        return data

    def run(self, *argv):
        pair = base64.b64encode(b"user:secret").decode()
        auths = {registry.name: {"auth": pair} if self.users else {} for registry in (self.a, self.b)}
        done = subprocess.run(
            ["zreg", *argv, "--json", "--authfile", self.file("auth.json", json.dumps({"auths": auths})),
             "--plain-http", self.a.name, "--plain-http", self.b.name], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def copy(self, src, dst):
        """The requests that it cost."""
        self.clear()
        self.run("copy", src, dst)
        return len(self.a.log) + len(self.b.log)

    def copy_with_siblings(self, *siblings):
        client = self.client()
        for registry in (self.a, self.b):
            client.do("host", registry.name, "plain")
        self.clear()
        client.do("copy", f"{self.a.name}/a/b:1", f"{self.b.name}/c/d:1", *siblings)

    def clear(self):
        for registry in (self.a, self.b):
            registry.clear()

    def log(self):
        return "\n".join(map(str, [*self.a.log, "--", *self.b.log]))


LAYERS = [b"layer %d" % i for i in range(5)]


def test_a_retag_is_one_get_and_one_put():
    for auth, asked in ASKED.items():
        with Pair(auth) as w:
            w.image("a/b:1", LAYERS)
            assert w.copy(f"{w.a.name}/a/b:1", f"{w.a.name}/a/b:2") == 2 + asked, (auth, w.log())


def test_a_copy_to_where_nothing_is_is_three_requests_a_blob_and_three_for_the_manifest():
    for auth, asked in ASKED.items():
        with Pair(auth) as w:
            w.image("a/b:1", LAYERS)
            assert w.copy(f"{w.a.name}/a/b:1", f"{w.b.name}/c/d:1") == 3 * 6 + 3 + 2 * asked, (auth, w.log())
            assert not w.b.requests("HEAD .*/blobs/"), w.log()


def test_a_copy_that_has_nothing_to_do_is_a_look_on_each_side():
    for auth, asked in ASKED.items():
        with Pair(auth) as w:
            w.image("a/b:1", LAYERS)
            w.copy(f"{w.a.name}/a/b:1", f"{w.b.name}/c/d:1")
            assert w.copy(f"{w.a.name}/a/b:1", f"{w.b.name}/c/d:1") == 2 + 2 * asked, (auth, w.log())


def test_a_copy_to_another_repository_of_one_host_is_one_mount_a_blob():
    for auth, asked in ASKED.items():
        with Pair(auth) as w:
            w.image("a/b:1", LAYERS)
            assert w.copy(f"{w.a.name}/a/b:1", f"{w.a.name}/c/d:1") == 6 + 3 + asked, (auth, w.log())


def test_two_platforms_are_two_images_and_an_index():
    for auth, asked in ASKED.items():
        with Pair(auth) as w:
            w.index("a/b:1", [w.image(f"a/b:{i}", [b"%d %d" % (i, k) for k in range(3)]) for i in (10, 11)])
            assert w.copy(f"{w.a.name}/a/b:1", f"{w.b.name}/c/d:1") == 3 * 8 + 2 * 3 + 1 + 2 * asked, (auth, w.log())


# --- many images to one host

SHARED = [b"shared %d" % i for i in range(3)]
IMAGES = 6


def populate(w, first=None):
    """Brings images that share layers into a registry; `first` is there already in place of the first of them."""
    artifacts = []
    for i in range(IMAGES):
        image = first if first and i == 0 else w.image(f"org/i{i}:b1", [*SHARED, b"own %d" % i])
        artifacts.append({"name": f"org/i{i}:latest", "url": f"docker://{w.a.name}/org/i{i}:b1", "metadata": {
            "type": "container_image", "repository": f"org/i{i}", "tag": "latest", "digest": sha256(image)}})
    path = w.file("artifacts.json", json.dumps(artifacts))
    w.clear()
    return w.run("populate", "--artifacts", path, "--to", w.b.name)


def test_of_many_images_each_shared_layer_crosses_once_and_is_one_mount_for_each_other():
    for auth, asked in ASKED.items():
        with Pair(auth) as w:
            populate(w)
            own, all_blobs = 2 * IMAGES + len(SHARED), IMAGES * (2 + len(SHARED))
            assert len(w.a.requests("GET .*/blobs/")) == len(w.b.requests("PUT .*/blobs/")) == own, w.log()
            assert not w.b.requests("HEAD .*/blobs/"), w.log()
            tokens = IMAGES if auth == "bearer" else 0
            asked_once = 1 if auth else 0
            assert len(w.b.requests("POST ")) == all_blobs, w.log()
            assert len(w.b.log) == own + all_blobs + 2 * IMAGES + asked_once + tokens, (auth, w.log())
            assert len(w.a.log) == own + IMAGES + asked_once + tokens, (auth, w.log())
            assert not w.b.sessions, "no session is opened that is not used"


def test_what_was_there_before_is_mounted_by_the_others_without_a_look():
    with Pair() as w:
        w.image("org/i0:latest", [*SHARED, b"own 0"], w.b)
        w.b.manifests["org/i0"]["latest"] = (OCI_MANIFEST, w.image("org/i0:b1", [*SHARED, b"own 0"]))
        populate(w)
        assert not w.b.requests("HEAD .*/blobs/"), w.log()
        assert not [line for line in w.a.requests("GET .*/blobs/") if line.rpartition("/")[2] in map(sha256, SHARED)]


def test_an_index_that_was_there_before_may_hold_what_others_need():
    with Pair() as w:
        images = [w.image(f"org/i0:{i}", [*SHARED, b"%d" % i]) for i in (10, 11)]
        index = w.index("org/i0:b1", images)
        for i, image in enumerate(images):
            w.image(f"org/i0:{10 + i}", [*SHARED, b"%d" % (10 + i)], w.b)
        w.b.add_manifest("org/i0", "latest", index, OCI_INDEX)
        populate(w, index)
        shared = list(map(sha256, SHARED))
        assert not [line for line in w.a.requests("GET .*/blobs/") if line.rpartition("/")[2] in shared], w.log()
        assert not w.b.requests("HEAD .*/blobs/") and not w.b.sessions, w.log()


def test_what_an_index_left_out_unseen_is_mounted_by_the_next_image():
    with Pair() as w:
        base = os.urandom(MIB)
        first, other = w.image("one:x", [base]), w.image("one:y", [os.urandom(60)])
        w.index("one:1", [first, other])
        w.image("library/one:x", [base], w.b)
        w.b.add_manifest("library/one", sha256(first), first)
        w.b.blobs["library/one"].update(w.a.blobs["one"])
        w.b.add_manifest("library/one", "1", manifest())
        w.image("two:1", [base, os.urandom(50)])
        artifacts = [{"name": f"{name}:1", "url": f"docker://{w.a.name}/{name}:1", "metadata": {
            "type": "container_image", "repository": name, "tag": "1"}} for name in ("one", "two")]
        w.run("populate", "--artifacts", w.file("artifacts.json", json.dumps(artifacts)), "--to", w.b.name)
        assert sum(len(request.body) for request in w.b.log if request.method in ("PUT", "PATCH")) < MIB, w.b.log


def test_siblings_that_nobody_knows_are_tried_without_a_look_here():
    layers = [b"big %d " % i + bytes(5 * MIB) for i in range(2)]
    with Pair() as w:
        w.image("a/b:1", [b"new", *layers])
        w.image("c/other:1", [layers[0]], w.b)
        w.copy_with_siblings("c/other")
        assert len(w.b.requests("POST ")) == 4 and len(w.b.requests("PUT .*/blobs/")) == 3, w.log()
        looked = w.b.requests("HEAD .*/blobs/")
        assert looked == [f"HEAD /v2/c/d/blobs/{sha256(layers[1])}"], "only a large one, before it is sent"


def test_where_a_mount_says_nothing_of_what_is_there_that_is_asked_first():
    layers = [b"%d" % i + bytes(5 * MIB) for i in range(10)]
    for siblings in ((), ("c/other",)):
        with Pair() as w:
            w.image("a/b:1", layers)
            w.image("c/d:old", layers, w.b)
            w.b.on("POST", "mount=", lambda _, to=w.b: to.session_at("c/d", uuid.uuid4().hex, b"", 202), times=99)
            w.copy_with_siblings(*siblings)
            assert len(w.b.requests("HEAD .*/blobs/")) >= 10 and len(w.b.requests("PUT .*/blobs/")) == 1, w.log()
            assert len(w.b.requests("POST ")) < 11, w.log()
            assert not w.b.sessions, w.log()


def test_of_several_siblings_the_last_is_not_asked():
    with Pair() as w:
        w.image("a/b:1", [b"one", b"two"])
        w.image("c/first:1", [b"one"], w.b)
        w.image("c/last:1", [b"two"], w.b)
        w.copy_with_siblings("c/first", "c/last")
        looked = w.b.requests("HEAD .*/blobs/")
        assert len(looked) == 3 and all("/c/first/" in line for line in looked), w.log()
        assert len(w.b.requests("PUT .*/blobs/")) == 1, "the config alone"


if __name__ == "__main__":
    tap.main(__name__)
