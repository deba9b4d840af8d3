#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The audit log: a line for each change and for each that was denied, whatever the answer was."""

import os
import sys

from server_tap import OCI, basic, digest_of, equal, run
from test_server_rights import BLOB, PULL, ROOT, World


def test_the_audit_log_tells_of_each_change():
    with World(audit=1) as world:
        digest, body = world.fill("x", "1")
        other = digest_of(b"layer")
        location = world.upload("x")
        answer = world.ask("PUT", f"/v2/x/manifests/{digest}?tag=a&tag=b", ROOT, body, **{"Content-Type": OCI})
        equal(answer.status, 201)
        equal(world.ask("POST", f"/v2/y/blobs/uploads/?mount={BLOB}&from=x", ROOT).status, 201)
        equal(world.ask("DELETE", location, ROOT).status, 204)
        equal(world.ask("DELETE", "/v2/x/manifests/1", ROOT).status, 202)
        equal(world.ask("DELETE", f"/v2/x/manifests/{digest}", ROOT).status, 202)
        equal(world.ask("DELETE", f"/v2/x/blobs/{other}", ROOT).status, 202)
        equal(world.ask("GET", "/v2/x/blobs/{BLOB}", ROOT).status, 400)
        lines = world.audit()
        blobs = [line[4] for line in lines if line[:3] == ("push-blob", ROOT, "x")]
        # A line follows its answer, so those of two connections may change places.
        equal((BLOB in blobs, other in blobs, len(blobs)), (True, True, 3))
        equal({line for line in lines if line[0] != "push-blob"}, {
            ("push-manifest", ROOT, "x", "1", digest, "done"),
            ("push-manifest", ROOT, "x", digest, digest, "done"),
            ("push-manifest", ROOT, "x", "a", digest, "done"),
            ("push-manifest", ROOT, "x", "b", digest, "done"),
            ("mount-blob", ROOT, "y", None, BLOB, "done"),
            ("cancel-upload", ROOT, "x", location.rpartition("/")[2], None, "done"),
            ("delete-tag", ROOT, "x", "1", None, "done"),
            ("delete-manifest", ROOT, "x", digest, digest, "done"),
            ("delete-blob", ROOT, "x", other, other, "done")})


def test_the_audit_log_tells_of_what_was_denied():
    with World(("user:rita", "x", PULL), audit=1, immutable="x:kept") as world:
        _, body = world.fill("x", "kept")
        put = {"Content-Type": OCI}
        equal(world.ask("PUT", "/v2/x/manifests/1", "rita", body, **put).status, 403)
        equal(world.ask("PUT", "/v2/x/manifests/1", "stan", body, **put).status, 404)
        equal(world.ask("PUT", "/v2/x/manifests/1", None, body, **put).status, 401)
        equal(world.ask("POST", "/v2/x/blobs/uploads/", token=basic("rita", "wrong")).status, 401)
        equal(world.ask("DELETE", "/v2/x/manifests/kept", ROOT).status, 403)
        equal(world.ask("DELETE", "/v2/x/manifests/absent", ROOT).status, 404)
        denied = {line[:4] for line in world.audit() if line[5] == "denied"}
        equal(denied, {("push-manifest", "rita", "x", "1"), ("push-manifest", "stan", "x", "1"),
                       ("push-blob", None, "x", None), ("delete-tag", ROOT, "x", "kept")})


def test_the_audit_log_tells_what_was_done_of_a_push_that_failed():
    with World(audit=1) as world:
        digest, body = world.fill("x", "1")
        for tag in ("b", "main"):  # no file can take the place of a folder
            os.makedirs(os.path.join(world.server.settings["root"], "v1/repos/x/_tags", tag))
        for path in ("new?tag=a&tag=b&tag=c", f"{digest}?tag=d&tag=b", "main?tag=e"):
            equal(world.ask("PUT", f"/v2/x/manifests/{path}", ROOT, body, **{"Content-Type": OCI}).status, 500, path)
        equal(world.ask("GET", "/v2/x/tags/list", ROOT).json()["tags"], ["1", "a", "d", "new"])
        told = [line[3:] for line in world.audit() if line[:3] == ("push-manifest", ROOT, "x")]
        equal(sorted(told), sorted([
            *((reference, digest, "done") for reference in ("1", "new", "a", "d", digest, digest)),
            *((reference, digest, "failed") for reference in ("b", "c", "b", "main", "e"))]))


def test_hostile_text_stays_in_its_place_in_the_audit_log():
    with World(audit=1) as world:
        for name in ('%22%0a%7b', '%ff%fe', '%5c%22,%22outcome%22:%22done', "a%7fb"):
            world.ask("PUT", f"/v2/x/manifests/{name}", "rita", b"{}")
            world.ask("DELETE", f"/v2/x/blobs/{name}", "rita")
        lines = world.server.stop()  # each is JSON, or this fails
        equal({(line["user"], line["outcome"]) for line in lines}, {("rita", "denied")})


if __name__ == "__main__":
    run(sys.modules[__name__])
