#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Indexes whose children are blobs, as BuildKit keeps its caches: what is taken, and what stays for them."""

import glob
import json
import os
import sys

from server_tap import INDEX, LAYER, OCI, descriptor, digest_of, equal, run, using

PACKED = LAYER + "+gzip"
CACHE = "application/vnd.buildkit.cacheconfig.v0"


def index_of(*children):
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(children)}).encode()


def push_index(server, *children, reference="cache", repository="x"):
    return server.push_manifest(index_of(*children), reference, repository, INDEX)


def push_cache(server, repository="x", reference="cache"):
    """Pushes what BuildKit does; returns the blobs."""
    blobs = [b"a layer", b"another", b'{"layers": []}']
    for blob in blobs:
        equal(server.push_blob(blob, repository).status, 201)
    children = [descriptor(PACKED, blobs[0]), descriptor(PACKED, blobs[1]), descriptor(CACHE, blobs[2])]
    answer = push_index(server, *children, reference=reference, repository=repository)
    equal(answer.status, 201, answer.body)
    return blobs


def test_a_cache_is_taken_and_comes_back(server):
    blobs = push_cache(server)
    answer = server.ask("GET", "/v2/x/manifests/cache")
    equal([child["digest"] for child in answer.json()["manifests"]], [digest_of(blob) for blob in blobs])
    for blob in blobs:
        equal(server.ask("GET", f"/v2/x/blobs/{digest_of(blob)}").body, blob)


def test_an_index_may_mix_images_blobs_and_indexes(server):
    image = server.push_image("image")
    server.push_blob(b"blob")
    inner = index_of(descriptor(CACHE, b"blob"))
    equal(server.push_manifest(inner, digest_of(inner), media_type=INDEX).status, 201)
    equal(push_index(server, descriptor(OCI, image), descriptor(INDEX, inner), descriptor(CACHE, b"blob"),
                     descriptor(CACHE, b"blob")).status, 201)


def test_a_manifest_of_an_unknown_type_is_a_child_too(server):
    image = server.push_image("image")
    equal(push_index(server, descriptor("application/vnd.x.thing", image)).status, 201)


def test_a_blob_that_is_not_there_is_missing(server):
    here, gone = descriptor(PACKED, b"here"), descriptor(CACHE, b"not here")
    server.push_blob(b"here")
    for children in ((here, gone), (gone, here), (gone,)):
        answer = push_index(server, *children)
        equal((answer.status, answer.code()), (404, "MANIFEST_BLOB_UNKNOWN"))
        equal(answer.json()["errors"][0]["detail"], {"missing": [gone["digest"]]})
    equal(push_index(server, here, repository="y").code(), "MANIFEST_BLOB_UNKNOWN")


def test_a_blob_stands_for_no_manifest(server):
    server.push_blob(b"blob")
    for media_type in (OCI, INDEX):
        equal(push_index(server, descriptor(media_type, b"blob")).code(), "MANIFEST_BLOB_UNKNOWN")


def test_the_size_of_a_blob_is_looked_at(server):
    server.push_blob(b"blob")
    equal(push_index(server, dict(descriptor(CACHE, b"blob"), size=5)).code(), "MANIFEST_INVALID")


def test_a_blob_of_a_cache_can_be_deleted_and_is_missed_then(server):
    blobs = push_cache(server)
    equal(server.ask("DELETE", f"/v2/x/blobs/{digest_of(blobs[0])}").status, 202)
    equal(server.ask("GET", "/v2/x/manifests/cache").status, 200)
    index = server.ask("GET", "/v2/x/manifests/cache").body
    equal(server.push_manifest(index, "again", media_type=INDEX).code(), "MANIFEST_BLOB_UNKNOWN")


@using(durability=3, immutable="x:v*")
def test_no_blob_goes_from_under_an_immutable_tag(server):
    blobs = push_cache(server, reference="v1")
    for blob in blobs:
        equal(server.ask("DELETE", f"/v2/x/blobs/{digest_of(blob)}").status, 403)
    inner = server.ask("GET", "/v2/x/manifests/v1").body
    server.push_blob(b"deep")
    deep = index_of(descriptor(CACHE, b"deep"))
    equal(server.push_manifest(deep, digest_of(deep), media_type=INDEX).status, 201)
    equal(push_index(server, descriptor(INDEX, inner), descriptor(INDEX, deep), reference="v2").status, 201)
    equal(server.ask("DELETE", f"/v2/x/blobs/{digest_of(b'deep')}").status, 403)
    server.push_blob(b"free")
    equal(server.ask("DELETE", f"/v2/x/blobs/{digest_of(b'free')}").status, 202)


def test_the_record_of_an_index_tells_what_may_be_a_blob(server):
    blobs = push_cache(server)
    image = server.push_image("image")
    answer = push_index(server, descriptor(OCI, image), descriptor(CACHE, blobs[2]), reference="mixed")
    hexadecimal = answer.headers["Docker-Content-Digest"][7:]
    (path,) = [path for path in glob.glob(f"{server.settings['root']}/**/_manifests/**", recursive=True)
               if os.path.isfile(path) and hexadecimal[2:] in path]
    with open(path) as record:
        told = json.load(record)
    equal(told["manifests"], [digest_of(image), digest_of(blobs[2])])
    equal(told["blobs"], [digest_of(blobs[2])])



if __name__ == "__main__":
    run(sys.modules[__name__])
