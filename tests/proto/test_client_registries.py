#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What registries that people have do differently, as tests/registries met it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, error, manifest  # noqa: E402

DIGEST = "sha256:" + "3d" * 32


def tags(*names):
    return Answer(200, json.dumps({"name": "a/b", "tags": names}).encode(), {"Content-Type": "application/json"})


def test_digests_among_the_tags_are_no_tags():
    """zuul-registry lists manifests that were pushed by their digests."""
    for names in (["one", DIGEST, "two"], [DIGEST, "one", DIGEST, "two"], ["one", "two", "sha512:" + "0" * 128]):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("GET", "/tags/list", tags(*names))
            assert client.do("tags", f"{registry.name}/a/b") == ["2", "one", "two"]


def test_what_is_neither_a_tag_nor_a_digest_is_an_error():
    for name in (DIGEST[:-1], "md5:" + "0" * 32, DIGEST.upper(), f"{DIGEST}/", ":", "sha256:"):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("GET", "/tags/list", tags("one", name))
            assert "no tag" in client.fails("PROTO", "tags", f"{registry.name}/a/b").text


def test_a_manifest_whose_digests_are_called_invalid_is_put_again():
    """docker-registry 2.8 does so while another push of one of its blobs is written."""
    refusal = error(400, "DIGEST_INVALID")
    for name in ("one", None):
        with World() as world:
            registry, client = world.registry(), world.client()
            image = world.file("m", manifest())
            digest = registry.add_manifest("x", "t", manifest())
            place = f"{registry.name}/a/b" + (f":{name}" if name else f"@{digest}")
            registry.on("PUT", "/manifests/", refusal, refusal)
            client.do("put", place, image)
            assert len(registry.requests("PUT")) == 3, registry.log
            assert digest in registry.manifests["a/b"]


def test_one_that_is_called_invalid_to_the_end_is_refused():
    for answer, count, code in ((error(400, "DIGEST_INVALID"), 5, "INVAL"),
                                (error(400, "MANIFEST_INVALID"), 1, "INVAL"),
                                (error(404, "DIGEST_INVALID"), 1, "NOTFOUND"), (Answer(400), 1, "INVAL")):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("PUT", "/manifests/", answer, times=9)
            failure = client.fails(code, "put", f"{registry.name}/a/b:one", world.file("m", manifest()))
            assert len(registry.requests("PUT")) == count, (failure.text, registry.log)


if __name__ == "__main__":
    tap.main(__name__)
