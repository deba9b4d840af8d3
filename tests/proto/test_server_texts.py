#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What strangers can make the server write: its log lines stay JSON, its answers name nothing from inside."""

import json
import os
import random
import shutil
import sys
import pathlib

from server_tap import OCI, digest_of, run, true, using

ZEROS = "sha256:" + "0" * 64
#: What stands in the store and in no answer.
INSIDE = ("v1/", "_manifests", "_blobs", "_tags", "_referrers", "/tmp", "state", ".c:")
NASTY = (
    b"%ff%fe",
    b"%ed%a0%80",
    b"%c3%28",
    b"%f4%90%80%80",
    b"%00",
    b"%0a%22",
    b"%22%5c",
    b"\xff\xfe",
    b"\xed\xa0\xbd",
    b"%E2%80%A8",
    b"%7f",
    b"\"\\\"",
    b"%f0%9f%92%a9",
    b"..%2f..%2fetc",
    b"%",
    b"%zz",
    b"a" * 6000,
    b"%01" * 2000,
    b"%ff" * 2000,
)


def paths():
    for text in NASTY:
        yield b"/" + text
        for shape in (
            b"/v2/%s/manifests/1",
            b"/v2/x/manifests/%s",
            b"/v2/x/blobs/%s",
            b"/v2/x/blobs/uploads/%s",
            b"/v2/x/referrers/%s",
            b"/v2/%s/tags/list",
            b"/v2/x/tags/list?n=1&last=%s",
            b"/v2/_token?service=%s",
            b"/v2/x/manifests/1?ns=%s",
            b"/v2/_catalog?n=%s",
        ):
            yield shape % text


def request(method, path, *fields):
    return b"\r\n".join((method + b" " + path + b" HTTP/1.1", b"Host: h", b"Connection: close", *fields, b"", b""))


@using(durability=3, anonymous=3)
def test_every_line_of_the_access_log_is_json_whatever_was_asked(server):
    asked = 0
    for path in paths():
        for method in (b"GET", b"PUT", b"HEAD"):
            server.raw(request(method, path, b"Content-Length: 0", b"X-Request-Id: \xff\"\\", b"User-Agent: \xfe"))
            asked += 1
    server.raw(request(b"GET", b"/v2/", b"Authorization: Basic " + b"//79Ojg="))  # a user of no UTF-8
    lines = server.stop()  # each is parsed
    true(asked // 2 < len(lines) <= asked + 1, f"{len(lines)} lines for {asked} requests")
    for line in lines:
        json.dumps(line).encode()  # no half of a pair
        true({"time", "id", "remote", "method", "path", "status"} <= set(line), line)


def answers(server):
    """Everything that a client can be told, by requests that are wrong in a way of their own."""
    layer = b"some bytes"
    upload = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
    missing = {
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": {"mediaType": OCI, "digest": ZEROS, "size": 1},
        "layers": [],
    }
    yield upload, server.ask("PATCH", upload, layer, {"Content-Range": "5-9"})
    yield upload, server.ask("PUT", upload + "?digest=" + ZEROS, layer)
    for path in (
        "/v2/x/blobs/uploads/" + "0" * 32,
        "/v2/x/blobs/uploads/none",
        "/v2/y/blobs/uploads/" + upload.rsplit("/", 1)[1],
    ):
        for method in ("GET", "PATCH", "PUT", "DELETE"):
            yield path, server.ask(
                method, path + (f"?digest={ZEROS}" if method == "PUT" else ""), None if method == "GET" else b"z"
            )
    for path in (
        f"/v2/x/manifests/{ZEROS}",
        "/v2/x/manifests/none",
        "/v2/x/manifests/a:b",
        "/v2/no/manifests/1",
        f"/v2/x/blobs/{ZEROS}",
        "/v2/x/blobs/sha256:0",
        "/v2/no/tags/list",
        "/v2/x/tags/list?n=x",
        f"/v2/x/referrers/{ZEROS}",
        "/v2/x/referrers/q",
        "/v2/x/_manifests/1",
        "/v2/../../etc/passwd",
        "/v2/_catalog?n=-1",
        "/nothing",
        "/v2/X/manifests/1",
    ):
        for method in ("GET", "DELETE", "PUT", "POST"):
            yield path, server.ask(method, path, None if method == "GET" else b"{}", {"Content-Type": OCI})
    yield "a manifest", server.push_manifest(missing)
    yield "no manifest", server.push_manifest(b"[]")
    yield "a range", server.ask("GET", f"/v2/x/blobs/{digest_of(b'layer')}", headers={"Range": "bytes=99-"})


def names_nothing(server, path, answer):
    text = answer.body.decode("utf-8")
    inside = [server.settings["root"], os.path.basename(server.folder), *INSIDE]
    said = text.replace(path, "")
    found = [word for word in inside if word in said]
    true(not found, f"{path}: {answer.status} {text} names {found}")


@using(durability=3, anonymous=3)
def test_no_answer_names_what_is_inside(server):
    server.push_image("1")
    statuses = set()
    for path, answer in answers(server):
        statuses.add(answer.status)
        names_nothing(server, path, answer)
    true({400, 404, 405, 416} <= statuses, statuses)


def spoil(kind, file):
    """Makes a file of the store something that it never is."""
    if kind == "gone":
        file.unlink()
    elif kind == "folder":
        file.unlink()
        file.mkdir()
    elif kind == "huge":
        file.write_bytes(b"x" * 5000000)
    else:
        file.write_bytes(random.Random(1).randbytes(90))


@using(durability=3, anonymous=3)
def test_no_answer_of_a_spoiled_store_does(server):
    server.push_image("1", layer=b"layer")
    server.ask("POST", "/v2/x/blobs/uploads/")
    kept = os.path.join(server.folder, "kept")
    root = pathlib.Path(server.settings["root"])
    shutil.copytree(root, kept)
    checked = 0
    for kind in ("gone", "folder", "huge", "other"):
        for file in sorted(path for path in pathlib.Path(kept).rglob("*") if path.is_file()):
            at = root / file.relative_to(kept)
            if not at.parent.is_dir() or not at.is_file():
                continue
            spoil(kind, at)
            for path in (
                "/v2/x/manifests/1",
                f"/v2/x/blobs/{digest_of(b'layer')}",
                "/v2/x/tags/list",
                "/v2/_catalog",
                *(f"/v2/x/blobs/uploads/{upload.name}" for upload in (root / "v1/uploads").iterdir()),
            ):
                answer = server.ask("GET", path)
                checked += answer.status >= 400
                names_nothing(server, path, answer)
            shutil.rmtree(at) if at.is_dir() else at.unlink(missing_ok=True)
            shutil.copy(file, at)
    true(checked > 10, f"only {checked} faults")


if __name__ == "__main__":
    run(sys.modules[__name__])
