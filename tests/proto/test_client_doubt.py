#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lost answers: what may have been done is looked at before it is asked for again; and what a registry turns out to
lack is sent."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from layout import Layout  # noqa: E402
from registry import Answer, World, error, manifest, sha256  # noqa: E402

DROP = Answer(drop=True)
LOST = (DROP, Answer(502, b"bad gateway"), Answer(504), Answer(500),
        Answer(200, b"<html>", {"Content-Type": "text/html"}))


def done(registry, answer):
    """Carries a request out, and answers something else."""
    def carry_out(request):
        with registry.lock:
            assert registry.route(request).status // 100 == 2, request
        return answer
    return carry_out


def test_a_delete_whose_answer_was_lost_is_looked_at_and_not_sent_again():
    for answer in LOST:
        with World() as world:
            registry = world.registry()
            digest = registry.add_manifest("a/b", "t", manifest())
            for command, where in ((["delete-tag", f"{registry.name}/a/b:t"], "/v2/a/b/manifests/t"),
                                   (["delete", f"{registry.name}/a/b@{digest}"], f"/v2/a/b/manifests/{digest}")):
                registry.clear()
                registry.on("DELETE", where, done(registry, answer))
                world.client().do(*command)
                assert registry.requests() == [f"DELETE {where}", f"HEAD {where}"], registry.log


def test_a_delete_that_was_lost_on_a_kept_connection_is_done():
    """libcurl sends it again by itself."""
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "t", manifest())
        client.do("get", f"{registry.name}/a/b:t")
        registry.on("DELETE", "/manifests/t", done(registry, DROP))
        client.do("delete-tag", f"{registry.name}/a/b:t")
        client.fails("NOTFOUND", "delete-tag", f"{registry.name}/a/b:t")


def test_a_delete_that_was_not_done_is_sent_again():
    for answer in LOST:
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.add_manifest("a/b", "t", manifest())
            registry.on("DELETE", "/manifests/t", answer)
            client.do("delete-tag", f"{registry.name}/a/b:t")
            assert registry.requests() == [f"{method} /v2/a/b/manifests/t" for method in ("DELETE", "HEAD", "DELETE")]
            assert "t" not in registry.manifests["a/b"]


def test_a_look_that_fails_leaves_it_to_the_delete():
    for look in (DROP, error(405, "UNSUPPORTED"), error(403, "DENIED"), Answer(503)):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.add_manifest("a/b", "t", manifest())
            registry.on("DELETE", "/manifests/t", done(registry, DROP))
            registry.on("HEAD", "/manifests/t", look)
            client.do("delete-tag", f"{registry.name}/a/b:t")
            assert registry.requests("DELETE") == ["DELETE /v2/a/b/manifests/t"] * 2


def test_what_was_never_there_is_not_found():
    for first in ((), (Answer(429),), (Answer(408),), (Answer(425),), (Answer(503),)):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("DELETE", "/manifests/t", *first)
            client.fails("NOTFOUND", "delete-tag", f"{registry.name}/a/b:t")
            assert not registry.requests("HEAD"), "who refuses for the time being did nothing"


def test_a_manifest_whose_answer_was_lost_is_looked_at_and_not_sent_again():
    for answer in LOST:
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("PUT", "/manifests/t", done(registry, answer))
            client.do("put", f"{registry.name}/a/b:t", world.file("m", manifest()))
            assert registry.requests() == ["PUT /v2/a/b/manifests/t", "HEAD /v2/a/b/manifests/t"], registry.log


def test_a_tag_that_means_something_else_is_set_again():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "t", manifest(config=b"old"))
        registry.on("PUT", "/manifests/t", DROP)
        client.do("put", f"{registry.name}/a/b:t", world.file("m", manifest()))
        assert registry.requests("PUT") == ["PUT /v2/a/b/manifests/t"] * 2
        assert registry.manifests["a/b"]["t"][1] == manifest()


def test_425_is_asked_again():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "t", manifest())
        registry.on("GET", "/manifests/t", Answer(425))
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests() == ["GET /v2/a/b/manifests/t"] * 2


def image(world, registry):
    """An image in a layout: its blobs, largest first, and the command that copies it to the registry."""
    layout = Layout(pathlib.Path(world.folder) / "layout")
    named_by = layout.image("text")
    layout.tag(named_by, "1")
    blobs = {sha256(path.read_bytes()): path.read_bytes() for path in (layout.folder / "blobs/sha256").iterdir()}
    del blobs[named_by["digest"]]

    def copy():
        return subprocess.run(["zreg", "copy", "--quiet", "--plain-http", registry.name, f"oci:{layout.folder}:1",
                               f"{registry.name}/a/b:1"], text=True, capture_output=True, timeout=60)
    return blobs, copy


def strict(registry, blobs, detail):
    """Refuses a manifest whose blobs are not there."""
    def put(request):
        with registry.lock:
            lost = [digest for digest in blobs if digest not in registry.blobs.get("a/b", {})]
            if not lost:
                return registry.route(request)
        body = {"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "blob unknown", **detail(digest)}
                           for digest in lost]}
        return Answer(400, json.dumps(body).encode(), {"Content-Type": "application/json"})
    registry.on("PUT", "/manifests/", put, times=9)


DETAILS = (lambda digest: {"detail": digest}, lambda digest: {"detail": {"digest": digest}},
           lambda digest: {"detail": {"blob": digest, "more": 1}}, lambda _: {}, lambda _: {"detail": None},
           lambda _: {"detail": "sha256:../../x"}, lambda _: {"detail": [1]})


def test_32_what_a_registry_said_it_has_and_lacks_is_sent():
    for detail in DETAILS:
        with World() as world:
            registry = world.registry()
            blobs, copy = image(world, registry)
            strict(registry, blobs, detail)
            registry.on("POST", "mount=", Answer(201), times=len(blobs))  # all it said was wrong
            ended = copy()
            assert ended.returncode == 0, ended.stderr
            assert set(blobs) <= set(registry.blobs["a/b"])
            assert len(registry.requests("PUT .*/manifests/")) == 2, registry.log


def test_32_what_it_names_is_sent_though_it_says_again_that_it_has_it():
    with World() as world:
        registry = world.registry()
        blobs, copy = image(world, registry)
        strict(registry, blobs, DETAILS[0])
        registry.on("POST", "mount=", Answer(201), times=9)
        registry.on("HEAD", "/blobs/", Answer(200, b"x"), times=9)
        ended = copy()
        assert ended.returncode == 0, ended.stderr
        assert set(blobs) <= set(registry.blobs["a/b"])


def test_32_what_stays_unknown_ends_the_copy_and_is_named():
    for detail in DETAILS[:3]:
        with World() as world:
            registry = world.registry()
            blobs, copy = image(world, registry)
            digest = sha256(b"another")
            strict(registry, {digest: b"another"}, detail)
            ended = copy()
            assert ended.returncode == 1 and digest in ended.stderr, ended
            assert len(registry.requests("PUT .*/manifests/")) == 2, registry.log


if __name__ == "__main__":
    tap.main(__name__)
