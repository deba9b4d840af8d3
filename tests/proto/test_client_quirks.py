#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry that is told by its challenge, as zuul-registry is, is asked for what it can do only.
tests/peer asks zuul-registry itself."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import OCI_INDEX, OCI_MANIFEST, Answer, Registry, World, manifest, sha256  # noqa: E402

USERS = {"zuul": "secret"}


class Odd(Registry):
    """Answers 404 to queries, mounts and DELETE, and 500 to manifests by digest, which are blobs too. A tag
    has a manifest of each type."""

    def __init__(self, **options):
        super().__init__(auth="bearer", users=USERS, **options)

    def refusal(self, request):
        word = request.headers.get("Authorization", "").partition(" ")[2]
        if word in self.tokens:
            return None
        scope = "read" if request.method in ("GET", "HEAD") else "write"
        return Answer(401, b"", {"WWW-Authenticate": f'Bearer realm="{self.realm}",scope="{scope}"'})

    def give_token(self, request):
        self.tokens["token"] = None
        return Answer(200, b'{"token": "token"}')

    def on_manifest(self, request, repository, reference):
        if request.method == "DELETE":
            return Answer(404)
        if ":" in reference and request.method != "PUT":
            return Answer(500)
        before = self.manifests.get(repository, {}).get(reference)
        answer = super().on_manifest(request, repository, reference)
        if request.method == "PUT":
            self.add_blob(repository, request.body)
            if before and before[0] == OCI_INDEX:
                self.manifests[repository][reference] = before
        return answer

    def on_blob(self, request, repository, digest):
        answer = Answer(404) if request.method == "DELETE" else super().on_blob(request, repository, digest)
        if answer.status == 200:
            answer.headers.update({"Docker-Content-Digest": digest, "Content-Type": "application/octet-stream"})
        return answer

    def on_upload(self, request, repository, session):
        return Answer(404) if "mount" in request.query else super().on_upload(request, repository, session)

    def on_tags(self, request, repository, _):
        return Answer(404) if request.query else super().on_tags(request, repository, _)


def odd(world):
    world.things.append(Odd())
    client = world.client()
    client.do("credentials", world.things[0].name, "zuul", "secret")
    return world.things[0], client


def test_a_manifest_is_read_as_the_blob_that_it_is():
    with World() as world:
        registry, client = odd(world)
        data = manifest(media_type=None)
        registry.add_blob("a/b", data)
        where = f"{registry.name}/a/b@{sha256(data)}"
        assert client.do("get", where) == [sha256(data), str(len(data)), OCI_MANIFEST]
        assert client.do("head", where) == [sha256(data)]
        blob = f"/v2/a/b/blobs/{sha256(data)}"
        assert registry.requests() == [f"GET /v2/a/b/manifests/{sha256(data)}", "GET /token", f"GET {blob}",
                                       f"HEAD {blob}"], registry.log


def test_other_bytes_than_the_digest_says_are_refused():
    with World() as world:
        registry, client = odd(world)
        registry.blobs["a/b"] = {sha256(b"wanted"): manifest()}
        client.fails("CORRUPT", "get", f"{registry.name}/a/b@{sha256(b'wanted')}")


def test_tags_are_asked_for_without_a_number():
    with World() as world:
        registry, client = odd(world)
        registry.add_manifest("a/b", "one", manifest())
        for _ in range(2):
            assert client.do("tags", f"{registry.name}/a/b")[-1] == "one"
        assert [bool(r.query) for r in registry.log if "/tags/" in r.path] == [True, True, False, False], registry.log


def test_no_mount_is_tried():
    with World() as world:
        registry, client = odd(world)
        client.do("ping", registry.name)
        client.do("blob-put", f"{registry.name}/a/b", 10, "-", 10)
        digest = next(iter(registry.blobs["a/b"]))
        assert client.do("blob-mount", f"{registry.name}/a/c", digest, "a/b") == ["0"]
        assert not [r for r in registry.log if "mount" in r.query], registry.log


def test_nothing_is_said_to_be_deleted_or_gone():
    with World() as world:
        registry, client = odd(world)
        digest = registry.add_manifest("a/b", "t", manifest())
        for verb, reference in (("delete-tag", ":t"), ("delete", f"@{digest}")):
            refused = client.fails("UNSUPPORTED", verb, f"{registry.name}/a/b{reference}")
            assert "zuul-registry" in refused.text, refused.text


def test_a_tag_that_keeps_its_old_meaning_is_a_conflict():
    with World() as world:
        registry, client = odd(world)
        index = b'{"schemaVersion": 2, "mediaType": "%s", "manifests": []}' % OCI_INDEX.encode()
        client.do("put", f"{registry.name}/a/b:t", world.file("index", index))
        refused = client.fails("CONFLICT", "put", f"{registry.name}/a/b:t", world.file("manifest", manifest()))
        assert sha256(index) in refused.text, refused.text
        client.do("put", f"{registry.name}/a/b:new", world.file("manifest", manifest()))


def test_what_others_ask_is_no_sign_of_it():
    with World() as world:
        registry, client = world.registry(auth="bearer", users=USERS), world.client()
        client.do("credentials", registry.name, "zuul", "secret")
        digest = registry.add_manifest("a/b", "t", manifest())
        client.do("get", f"{registry.name}/a/b@{digest}")
        assert registry.requests("GET /v2/") == [f"GET /v2/a/b/manifests/{digest}"] * 2


if __name__ == "__main__":
    tap.main(__name__)
