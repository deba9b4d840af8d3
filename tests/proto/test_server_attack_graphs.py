#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small documents that name each other in so many ways that following each would never end."""

import json
import sys

from server_tap import INDEX, OCI, descriptor, digest_of, equal, run, true, using

ORIGIN = {"Zreg-Origin": '{"artifact":"docker://r.example/x:1"}'}
LEVELS = 5
WIDTH = 100
OTHER = b"what no image has"


def index(children, **more):
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children, **more}).encode()


def put(server, body, reference=None, **headers):
    answer = server.ask("PUT", f"/v2/x/manifests/{reference or digest_of(body)}", body,
                        {"Content-Type": INDEX, **headers})
    equal(answer.status, 201, answer.body)


def push_tower(server, reference, **headers):
    """Five indexes, each of which names the one below a hundred times: ten thousand million ways to an image."""
    body, media_type = server.push_image(), OCI
    for _ in range(LEVELS - 1):
        body, media_type = index([descriptor(media_type, body)] * WIDTH), INDEX
        put(server, body)
    top = index([descriptor(INDEX, body)] * WIDTH)
    put(server, top, reference, **headers)


@using(durability=3)
def test_a_tower_of_indexes_is_noted_as_quickly_as_it_is_pushed(server):
    push_tower(server, "top", **ORIGIN)
    equal(server.ask("GET", f"/v2/x/blobs/{digest_of(b'layer')}").status, 200)
    line = next(line for line in server.stop() if line["method"] == "GET")  # lines of two threads change places
    equal((line["source"], line["artifact"]), ("artifact", "docker://r.example/x:1"), "what lies at the bottom")


@using(durability=3, immutable="x:top")
def test_a_tower_under_an_immutable_tag_keeps_what_it_needs_and_no_more(server):
    push_tower(server, "top")
    equal(server.push_blob(OTHER).status, 201)
    answer = server.ask("DELETE", f"/v2/x/blobs/{digest_of(OTHER)}")
    equal(answer.status, 202, answer.body)
    equal(server.ask("DELETE", f"/v2/x/blobs/{digest_of(b'layer')}").code(), "DENIED")


@using(durability=3)
def test_a_page_of_referrers_ends_where_reading_them_takes_long(server):
    image = descriptor(OCI, server.push_image())
    pushed = set()
    for i in range(12):
        children = [{**image, "annotations": {"note": "n" * 300}}] * 3500
        body = index(children, subject=image, annotations={"number": str(i)})
        put(server, body)
        pushed.add(digest_of(body))
    found, path = [], f"/v2/x/referrers/{image['digest']}"
    while path:
        answer = server.ask("GET", path)
        listed = [one["digest"] for one in answer.json()["manifests"]]
        true(len(listed) < 9, f"{len(listed)} manifests of {len(body)} bytes are read for one page")
        found += listed
        path = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
    equal((len(found), set(found)), (12, pushed), "all, page by page")


if __name__ == "__main__":
    run(sys.modules[__name__])
