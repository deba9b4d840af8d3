#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tags that stay, when somebody deletes what they stand for in the moment in which they are set."""

import json
import sys
import threading

from server_tap import INDEX, OCI, descriptor, digest_of, equal, run, true, using

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


class Racers:
    """Connections that are kept, so that a round is as long as its requests."""

    def __init__(self, server):
        self.server = server
        self.connections = [server.connect() for _ in range(4)]

    def round(self, put, delete):
        """Three clients delete while one puts; the status of the put, and whether a delete was accepted."""
        path, body, media_type = put
        start = threading.Barrier(4)
        found = {}

        def push():
            start.wait()
            found["put"] = self.server.ask("PUT", path, body, {"Content-Type": media_type},
                                           connection=self.connections[0]).status

        def remove(connection):
            start.wait()
            for _ in range(3):
                if self.server.ask("DELETE", delete, connection=connection).status == 202:
                    found["deleted"] = True

        threads = [threading.Thread(target=push)]
        threads += [threading.Thread(target=remove, args=(one,)) for one in self.connections[1:]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found["put"], "deleted" in found


def check_part(server, rounds, make):
    """`make` pushes what a manifest needs; returns that manifest, its type, and the path of the part."""
    racers = Racers(server)
    for i in range(rounds):
        body, media_type, part = make(i)
        status, _ = racers.round((f"/v2/x/manifests/v{i}", body, media_type), part)
        if status == 201:
            equal(server.ask("HEAD", part).status, 200, f"what v{i} stands for, in round {i}:")
            equal(server.ask("DELETE", part).status, 403)


@using(durability=3, immutable="x:v*", quiet=1)
def test_an_immutable_tag_that_was_set_stays_though_others_delete_it_meanwhile(server):
    body = server.push_image("other")
    racers = Racers(server)
    for i in range(250):
        path = f"/v2/x/manifests/v{i}"
        equal(racers.round((path, body, OCI), path), (201, False), f"round {i}")
        equal(server.ask("HEAD", path).status, 200)


@using(durability=3, immutable="x:v*", quiet=1)
def test_no_blob_goes_from_under_an_immutable_tag_that_is_just_set(server):
    def make(i):
        layer = f"layer {i}".encode()
        return server.image("x", layer), OCI, f"/v2/x/blobs/{digest_of(layer)}"

    check_part(server, 60, make)


@using(durability=3, immutable="x:v*", quiet=1)
def test_no_child_goes_from_under_an_immutable_index_that_is_just_set(server):
    def make(i):
        image = server.image("x", f"layer {i}".encode())
        equal(server.push_manifest(image, digest_of(image)).status, 201)
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(OCI, image)]}).encode()
        return index, INDEX, f"/v2/x/manifests/{digest_of(image)}"

    check_part(server, 60, make)


@using(durability=3, immutable="x:v*")
def test_what_an_immutable_tag_is_served_as_stays_too(server):
    image = json.loads(server.image("x"))
    del image["mediaType"]
    body = json.dumps(image).encode()
    equal(server.push_manifest(body, "v1").status, 201)
    for reference in ("v1", "other", digest_of(body)):
        answer = server.push_manifest(body, reference, media_type=DOCKER)
        equal((answer.status, answer.code()), (403, "DENIED"), reference)
        equal(server.push_manifest(body, reference).status, 201, "as it is here")
        equal(server.ask("GET", "/v2/x/manifests/v1").headers["Content-Type"], OCI)
    for blob in ("config", "layers"):
        blob = image[blob] if blob == "config" else image[blob][0]
        equal(server.ask("POST", f"/v2/y/blobs/uploads/?mount={blob['digest']}&from=x").status, 201)
    for media_type in (OCI, DOCKER):
        equal(server.push_manifest(body, "v1", "y", media_type).status, 201, "another repository's tags move")
        equal(server.ask("GET", "/v2/y/manifests/v1").headers["Content-Type"], media_type)


def check_audit(server, rounds, path):
    """Two clients push an image each, in the same moment, by `path`: a tag or manifest that is there was audited
    as done, and none else."""
    bodies = {(i, k): server.image("x", f"{i} {k}".encode()) for i in range(rounds) for k in "ab"}
    start = threading.Barrier(2)
    found = []

    def push(k):
        connection = server.connect()
        for i in range(rounds):
            start.wait()
            found.append(server.ask("PUT", f"/v2/x/manifests/{path.format(i=i, k=k)}", bodies[i, k],
                                    {"Content-Type": OCI}, connection).status)

    threads = [threading.Thread(target=push, args=(k,)) for k in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal((found.count(201), found.count(403)), (rounds, rounds))
    there = {tag: server.ask("GET", f"/v2/x/manifests/{tag}").headers["Docker-Content-Digest"]
             for tag in server.ask("GET", "/v2/x/tags/list").json()["tags"]}
    stored = {digest_of(body) for body in bodies.values()
              if server.ask("HEAD", f"/v2/x/manifests/{digest_of(body)}").status == 200}
    told = [line for line in server.stop() if line["action"] == "push-manifest"]
    done = [line for line in told if line["outcome"] == "done"]
    true({line["reference"]: line["digest"] for line in done if ":" not in line["reference"]} == there, "the tags")
    true({line["digest"] for line in done} == stored, "the manifests")
    equal(sum(line["outcome"] == "denied" for line in told), rounds, "who came second was told so:")


@using(durability=3, immutable="x:v*", audit=1)
def test_of_two_pushes_of_an_immutable_tag_the_audit_log_tells_what_each_did(server):
    check_audit(server, 250, "v{i}")


@using(durability=3, immutable="x:v*", audit=1)
def test_of_two_pushes_with_an_immutable_tag_more_the_audit_log_tells_what_each_did(server):
    check_audit(server, 250, "of-{k}-{i}?tag=v{i}")


if __name__ == "__main__":
    run(sys.modules[__name__])
