#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every refusal is of the specification's one kind: a body with a code of its list, and a status that fits it."""

import json
import os
import re
import shutil
import sys
import tempfile

from server_tap import INDEX, OCI, OCTETS, Server, basic, descriptor, digest_of, equal, run, true, using
from test_server_wire import REFUSED

# distribution-spec, "Error Codes", with the statuses that may go with each.
FITTING = {
    "BLOB_UNKNOWN": {404},
    "BLOB_UPLOAD_INVALID": {400, 409, 416},
    "BLOB_UPLOAD_UNKNOWN": {404},
    "DIGEST_INVALID": {400},
    "MANIFEST_BLOB_UNKNOWN": {404},
    "MANIFEST_INVALID": {400, 414},
    "MANIFEST_UNKNOWN": {404},
    "NAME_INVALID": {400, 414},
    "NAME_UNKNOWN": {404},
    "SIZE_INVALID": {413, 416, 431},
    "UNAUTHORIZED": {401},
    "DENIED": {403},
    "UNSUPPORTED": {400, 405, 417, 501, 505},
    "TOOMANYREQUESTS": {408, 429, 500, 503, 507},
}
DIGEST = digest_of(b"absent")
PARTS = (DIGEST, "sha256:abc", "md5:" + "0" * 32, "latest", ".no", "0" * 32, "a" * 300, "%2e%2e", "a%00", "%zz", "x%2Fy")
NAMES = ("x", "absent/y", "X", "a//b", "..", "_x", "a" * 256, "a%2Fb")
SHAPES = ("/tags/list", "/referrers/{}", "/manifests/{}", "/blobs/uploads/", "/blobs/uploads/{}", "/blobs/{}", "/nothing/{}")
QUERIES = ("", "?n=x", "?digest=" + DIGEST, "?digest=no", "?mount=no&from=..", "?tag=.a", "?n=-1&last=%zz")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get")
HTPASSWD = "user:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n"


def check(status, body, what):
    """The code of a refusal; None: it is none."""
    if status < 400:
        return None
    errors = json.loads(body)["errors"]
    equal([sorted(set(error) - {"detail"}) for error in errors], [["code", "message"]], what)
    code = errors[0]["code"]
    true(status in FITTING.get(code, ()), f"{what}: {status} {code}")
    return code


def walk(server, methods=METHODS, headers=None, seen=None):
    """Asks for everything in every way; returns the codes that came."""
    seen = set() if seen is None else seen
    paths = ["/", "/v2/_token?scope=x", "/v2/_catalog", "/v2/_catalog?n=x", "/nothing", "/v2/x"]
    for name in NAMES:
        for shape in SHAPES:
            parts = PARTS if "{}" in shape and name in ("x", "a%2Fb") else PARTS[:1]
            paths += [f"/v2/{name}{shape.format(part)}" for part in parts]
    paths += [f"/v2/x{shape.format(DIGEST)}{query}" for shape in SHAPES for query in QUERIES]
    connection = server.connect()
    for path in paths:
        for method in methods:
            body = b"{}" if method in ("POST", "PUT", "PATCH") else None
            answer = server.ask(method, path, body, {"Content-Type": OCI, **(headers or {})}, connection)
            true(answer.headers["X-Request-Id"] and answer.headers["X-Content-Type-Options"], f"{method} {path}: fields")
            if method != "HEAD" and answer.status >= 400:
                equal(answer.headers["Content-Type"], "application/json", f"{method} {path}")
                seen.add(check(answer.status, answer.body, f"{method} {path}"))
    connection.close()
    return seen


def test_on_all_paths_with_all_methods(server):
    seen = walk(server)
    true(seen >= {"BLOB_UNKNOWN", "BLOB_UPLOAD_UNKNOWN", "DIGEST_INVALID", "MANIFEST_INVALID", "MANIFEST_UNKNOWN",
                  "NAME_INVALID", "NAME_UNKNOWN", "UNSUPPORTED"}, seen)


@using(durability=3, anonymous=2)
def test_where_nobody_may_push(server):
    true("DENIED" in walk(server), "pushes are denied")


def test_where_one_has_to_log_in():
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "users")
    with open(path, "w") as file:
        file.write(HTPASSWD)
    server = Server(durability=3, htpasswd=path)
    try:
        equal(walk(server) - {"NAME_INVALID", "UNSUPPORTED", "NAME_UNKNOWN"}, {"UNAUTHORIZED"})
        token = server.token("repository:x:pull", user=("user", "password")).json()["token"]
        true("UNAUTHORIZED" in walk(server, ("GET", "DELETE"), {"Authorization": f"Bearer {token}"}), "by a token")
        scopes = "&".join(f"scope=repository:{'a' * 200}{i}:pull" for i in range(60))
        answer = server.ask("GET", f"/v2/_token?{scopes}", headers={"Authorization": basic("user", "password")})
        check(answer.status, answer.body, "many scopes")
    finally:
        server.close()
        shutil.rmtree(folder)


def test_of_bodies_that_are_not_what_was_said(server):
    def of(answer, *wanted):
        equal((answer.status, check(answer.status, answer.body, wanted)), wanted)

    blob = b"0123456789"
    equal(server.push_blob(blob).status, 201)
    of(server.ask("GET", f"/v2/x/blobs/{digest_of(blob)}", headers={"Range": "bytes=10-"}), 416, "SIZE_INVALID")
    of(server.push_blob(blob, digest=DIGEST), 400, "DIGEST_INVALID")
    location = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
    of(server.ask("PATCH", location, blob, {**OCTETS, "Content-Range": "5-14"}), 416, "BLOB_UPLOAD_INVALID")
    of(server.ask("PATCH", location, blob, {**OCTETS, "Content-Range": "no"}), 400, "BLOB_UPLOAD_INVALID")
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(OCI, b"absent")]}
    of(server.push_manifest(index, media_type=INDEX), 404, "MANIFEST_BLOB_UNKNOWN")
    of(server.push_manifest(b" " * (4 << 20) + b"x"), 413, "SIZE_INVALID")
    of(server.push_manifest(b"{}", DIGEST + "?" + "&".join(f"tag=t{i}" for i in range(33))), 414, "MANIFEST_INVALID")
    of(server.push_manifest(b"{}", media_type="text/plain"), 400, "MANIFEST_INVALID")


def parse(received):
    """Status, content type and body of the answer in these bytes."""
    head, _, body = received.partition(b"\r\n\r\n")
    kind = re.search(rb"(?mi)^content-type: *(.*?)\r?$", head)
    return int(head.split()[1]), kind and kind.group(1).decode(), body


def test_of_a_query_that_is_malformed_though_the_rest_of_it_is_not(server):
    body = server.push_image()
    blob = digest_of(b"layer")
    for method, path in (("PUT", "manifests/2?tag=%zz&tag=good"), ("PUT", "manifests/2?tag=good&other=%"),
                         ("POST", f"blobs/uploads/?mount={blob}&from=%0a"), ("POST", "blobs/uploads/?digest=%1"),
                         ("GET", "tags/list?n=1&last=%00"), ("GET", f"referrers/{blob}?artifactType=%7f")):
        answer = server.ask(method, f"/v2/x/{path}", body if method == "PUT" else None, {"Content-Type": OCI})
        equal((answer.status, answer.code()), (400, "UNSUPPORTED"), path)
    equal(server.ask("GET", "/v2/_token?scope=repository:x:pull&scope=%ff%0d").status, 400)
    equal(server.ask("GET", "/v2/x/tags/list").json()["tags"], ["1"], "nothing was done by halves")


@using(durability=3, request_line_bytes=1 << 16, head_bytes=1 << 16)
def test_of_an_answer_that_lacks_a_header_for_want_of_room(server):
    """In the place of a page that seems to be the last."""
    server.push_manifest(server.push_image("1"), "2")
    connection = server.connect()
    for size in (30000, 40000):
        path = f"/v2/x/tags/list?n=1&artifactType={'/' * size}"
        answer = server.ask("GET", path, connection=connection)
        equal((answer.status, check(answer.status, answer.body, "no room")), (500, "TOOMANYREQUESTS"))
        true(answer.headers["X-Request-Id"] and not answer.headers["Link"], "its header fields")
    answer = server.ask("GET", f"/v2/x/tags/list?n=1&artifactType={'/' * 5000}", connection=connection)
    link = answer.headers["Link"]
    equal((answer.status, answer.json()["tags"], link.count("%2F")), (200, ["1"], 5000))
    equal(server.ask("GET", link[1:link.index(">")], connection=connection).json()["tags"], ["2"])
    connection.close()


def test_of_what_is_no_request(server):
    for what, sent, _ in REFUSED:
        status, kind, body = parse(server.raw(sent))
        equal(kind, "application/json", what)
        check(status, body, what)
    head = b"GET /v2/ HTTP/1.1\r\nHost: x\r\n"
    for what, sent, wanted in (("a long line", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n", (414, "NAME_INVALID")),
                               ("a large head", head + b"X: " + b"a" * 50000 + b"\r\n\r\n", (431, "SIZE_INVALID")),
                               ("many fields", head + b"X: y\r\n" * 120 + b"\r\n", (431, "SIZE_INVALID"))):
        status, kind, body = parse(server.raw(sent))
        equal((status, check(status, body, what), kind), (*wanted, "application/json"), what)


def test_of_a_chunk_that_is_none_and_the_upload_is_free_at_once(server):
    location = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
    head = f"PATCH {location} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    status, _, body = parse(server.raw(head + b"3\r\nabc\r\nzz\r\n"))
    equal((status, check(status, body, "chunk")), (400, "UNSUPPORTED"))
    answer = server.ask("GET", location)
    equal((answer.status, answer.headers["Range"]), (204, "0-2"))


def test_of_a_store_that_is_broken(server):
    server.push_image()
    root = server.settings["root"]
    for folder in ("uploads", "tmp"):
        shutil.rmtree(f"{root}/v1/{folder}")
        with open(f"{root}/v1/{folder}", "w"):
            pass
    answers = [server.ask("POST", "/v2/x/blobs/uploads/"), server.push_blob(b"more"),
               server.push_manifest(server.ask("GET", "/v2/x/manifests/1").body, "2")]
    for answer in answers:
        equal((answer.status, check(answer.status, answer.body, "broken")), (500, "TOOMANYREQUESTS"))
        true(root not in answer.body.decode() and "v1/" not in answer.body.decode(), answer.body)


if __name__ == "__main__":
    run(sys.modules[__name__])
