#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Blobs: pulled, resumed, pushed, mounted, and never believed."""

import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, content, error, sha256, sha512  # noqa: E402

BIG = 1 << 20


def test_05_a_blob_is_one_get_or_one_post_and_one_put():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = sha256(content(BIG))
        assert client.do("blob-put", f"{registry.name}/a/b", BIG, digest, BIG) == [digest]
        assert registry.requests() == ["POST /v2/a/b/blobs/uploads/",
                                       registry.requests("PUT")[0]] and len(registry.log) == 2
        assert registry.log[1].headers["Content-Length"] == str(BIG)
        registry.clear()
        assert client.do("blob-get", f"{registry.name}/a/b", digest) == [str(BIG)]
        assert registry.requests() == [f"GET /v2/a/b/blobs/{digest}"]
        counters = client.counters()
        assert counters["blobs"] == 3 and counters["bytes_in"] == BIG and counters["bytes_out"] == BIG, counters


def test_05_a_mount_is_one_post():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_blob("from/it", b"blob")
        assert client.do("blob-mount", f"{registry.name}/a/b", digest, "from/it") == ["1"]
        assert len(registry.log) == 1 and registry.log[0].query == {"mount": [digest], "from": ["from/it"]}


def test_06_a_202_to_a_mount_is_the_session_that_is_used():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = sha256(content(BIG))
        assert client.do("blob-put", f"{registry.name}/a/b", BIG, digest, BIG, "-", "from/it") == [digest]
        assert [line.split()[0] for line in registry.requests()] == ["POST", "PUT"]
        assert not registry.sessions


def test_06_a_registry_that_refuses_mounts_gets_an_upload():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = sha256(content(9))
        for status in (400, 403, 404, 405):
            registry.clear()
            registry.on("POST", "mount=", error(status, "UNSUPPORTED"))
            assert client.do("blob-put", f"{registry.name}/a/b", 9, digest, 9, "-", "from/it") == [digest]
            assert [line.split()[0] for line in registry.requests()] == ["POST", "POST", "PUT"]


def test_06_a_registry_whose_mounts_fail_gets_an_upload_and_is_asked_for_none_again():
    for status in (500, 502, 503):
        with World() as world:
            registry, client = world.registry(), world.client(attempts=1)
            registry.on("POST", "mount=", Answer(status), times=9)
            for data in (b"first", b"second"):
                assert client.do("blob-mount", f"{registry.name}/a/b", sha256(data), "from/it") == ["0"]
            assert len(registry.requests("^POST")) == 1, registry.log


def test_06_sessions_that_are_not_used_are_deleted():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = sha256(content(BIG))
        client.do("blob-put", f"{registry.name}/a/b", 100, digest, BIG, "-", "-", "abandon")
        client.do("blob-put", f"{registry.name}/a/b", 100, "-", "-", "-", "-", "abandon")
        assert client.do("blob-mount", f"{registry.name}/a/b", digest, "from/it") == ["0"]
        assert len(registry.requests("^DELETE")) == 3, registry.log


def test_11_a_dropped_download_is_resumed():
    with World() as world:
        registry, client = world.registry(), world.client()
        data = content(BIG)
        digest = registry.add_blob("a/b", data)
        registry.on("GET", "/blobs/", Answer(200, data, cut=300000))
        assert client.do("blob-get", f"{registry.name}/a/b", digest) == [str(BIG)]
        assert registry.log[1].headers["Range"] == "bytes=300000-" and len(registry.log) == 2


def test_11_a_registry_without_ranges_sends_all_again():
    with World() as world:
        registry, client = world.registry(), world.client()
        data = content(BIG)
        digest = registry.add_blob("a/b", data)
        registry.on("GET", "/blobs/", Answer(200, data, cut=300000), Answer(200, data))
        assert client.do("blob-get", f"{registry.name}/a/b", digest, 1000) == [str(BIG)]
        assert len(registry.log) == 2


def test_11_another_range_than_asked_for_is_never_taken():
    data = content(1000)
    for header in (None, "bytes 99-999/1000", "bytes 101-999/1000", "bytes 100-999/2000", "bytes 100-", "x"):
        with World() as world:
            registry, client = world.registry(), world.client(attempts=3)
            digest = registry.add_blob("a/b", data)
            other = Answer(206, data[100:], {"Content-Range": header} if header else {})
            registry.on("GET", "/blobs/", Answer(200, data, cut=100), other)
            assert client.do("blob-get", f"{registry.name}/a/b", digest) == ["1000"]
            assert [request.headers["Range"] for request in registry.log] == [None, "bytes=100-", "bytes=100-"]
            registry.clear()
            registry.on("GET", "/blobs/", Answer(200, data, cut=100), *[other] * 9)
            client.fails("PROTO", "blob-get", f"{registry.name}/a/b", digest)
            assert len(registry.log) == 3, (header, registry.log)


def test_11_a_download_that_always_drops_ends():
    with World() as world:
        registry, client = world.registry(), world.client(attempts=3)
        data = content(1000)
        digest = registry.add_blob("a/b", data)
        registry.on("GET", "/blobs/", Answer(200, data, cut=100),
                    Answer(206, data[100:], {"Content-Range": "bytes 100-999/1000"}, cut=0), times=1)
        registry.on("GET", "/blobs/", Answer(206, data[100:], {"Content-Range": "bytes 100-999/1000"}, cut=0), times=9)
        client.fails("NET", "blob-get", f"{registry.name}/a/b", digest)
        assert len(registry.log) == 3


def test_19_wrong_bytes_are_found_before_the_last_is_given_out():
    data = content(5000)
    for chunked in (False, True):
        for piece in (1, 700, 5000, 131072):
            with World() as world:
                registry, client = world.registry(), world.client()
                digest = registry.add_blob("a/b", data)
                registry.on("GET", "/blobs/", Answer(200, data[:-1] + b"?", chunked=chunked))
                failure = client.fails("CORRUPT", "blob-get", f"{registry.name}/a/b", digest, piece)
                assert digest in failure.text
                registry.on("GET", "/blobs/", Answer(200, data, chunked=chunked))
                assert client.do("blob-get", f"{registry.name}/a/b", digest, piece) == ["5000"]


def test_19_too_few_or_other_bytes_are_never_committed():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = sha256(content(BIG))
        for size, said_digest, said_size in ((10, sha256(content(9)), 9), (BIG - 1, digest, BIG), (BIG + 1, digest, BIG), (BIG, sha256(b"x"), BIG),
                                             (9, sha256(b"x"), 9), (9, sha256(b"x"), "-"), (9, "-", 10),
                                             (9, sha512(b"x"), 9)):
            client.fails("CORRUPT", "blob-put", f"{registry.name}/a/b", size, said_digest, said_size)
        assert not registry.blobs and not registry.sessions, registry.log


def test_19_what_was_not_committed_is_not_there():
    with World() as world:
        registry, client = world.registry(), world.client()
        for size in (1, 9, BIG):
            digest = sha256(content(size))
            client.do("blob-put", f"{registry.name}/a/b", size, digest, size, "-", "-", "abandon")
        assert not registry.blobs and not registry.sessions, registry.log


def test_19_a_digest_that_is_not_known_is_computed():
    with World() as world:
        registry, client = world.registry(), world.client()
        for size in (0, 1, BIG):
            digest = sha256(content(size))
            registry.clear()
            assert client.do("blob-put", f"{registry.name}/a/b", size, "-", "-") == [digest]
            assert registry.blobs["a/b"][digest] == content(size)
            assert "PATCH" in [request.method for request in registry.log] or size == 0


def test_19_an_empty_blob():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = sha256(b"")
        assert client.do("blob-put", f"{registry.name}/a/b", 0, digest, 0) == [digest]
        assert client.do("blob-get", f"{registry.name}/a/b", digest) == ["0"]
        assert client.do("blob-head", f"{registry.name}/a/b", digest) == ["0"]


def test_23_digests_are_checked_before_they_become_a_path():
    with World() as world:
        registry, client = world.registry(), world.client()
        for digest in ("sha256:../../../x", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "x", "sha256:" + "a" * 60 + "/../"):
            for command in (("blob-get",), ("blob-head",)):
                client.fails("INVAL", *command, f"{registry.name}/a/b", digest)
            client.fails("INVAL", "blob-put", f"{registry.name}/a/b", 1, digest, 1)
            client.fails("INVAL", "blob-mount", f"{registry.name}/a/b", digest, "from/it")
        client.fails("UNSUPPORTED", "blob-get", f"{registry.name}/a/b", "md5:" + "a" * 32)
        assert not registry.log


def test_23_sha512_blobs():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = sha512(content(BIG))
        assert client.do("blob-put", f"{registry.name}/a/b", BIG, digest, BIG) == [digest]
        assert client.do("blob-get", f"{registry.name}/a/b", digest) == [str(BIG)]


def test_24_a_blob_longer_than_it_said_is_an_error():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_blob("a/b", b"x")
        registry.on("GET", "/blobs/", Answer(200, b"x", {"Content-Length": str(1 << 62)}, cut=1))
        client.fails("LIMIT", "blob-get", f"{registry.name}/a/b", digest)
        registry.on("HEAD", "/blobs/", Answer(200, b"", {"Content-Length": str(1 << 62)}))
        client.fails("LIMIT", "blob-head", f"{registry.name}/a/b", digest)


def test_27_every_form_of_location():
    forms = ("{url}{target}", "//{name}{target}", "{target}", "{name}{target}", "../blobs/uploads/{last}", "{last}")
    for form in forms:
        with World() as world:
            registry, client = world.registry(), world.client()
            digest = sha256(content(BIG))

            def start(request, form=form, registry=registry):
                answer = registry.route(request)
                target = answer.headers["Location"]
                answer.headers["Location"] = form.format(url=registry.url, name=registry.name, target=target,
                                                         last=target.rpartition("/")[2])
                return answer
            registry.on("POST", "/uploads/", start, start)
            assert client.do("blob-put", f"{registry.name}/a/b", BIG, digest, BIG) == [digest], form
            assert client.do("blob-put", f"{registry.name}/a/b", BIG, "-", "-") == [digest], form


def test_27_hostile_locations_are_refused():
    with World() as world:
        registry, client = world.registry(), world.client()
        for location in (None, "", "http://", "http://a b/", "http://u:p@127.0.0.1/", "ftp://127.0.0.1/", "/a b", "\\\\x",
                         "http://127.0.0.1:0/", "http://127.0.0.1:70000/", "javascript:x", "/" + "x" * 9000):
            headers = {} if location is None else {"Location": location}
            registry.on("POST", "/uploads/", Answer(202, b"", headers))
            failure = None
            try:
                client.do("blob-put", f"{registry.name}/a/b", 1, sha256(content(1)), 1)
            except Exception as error_:
                failure = error_
            assert failure is not None and failure.status == "PROTO", (location, failure)


def test_25_an_upload_elsewhere_gets_no_credentials():
    with World() as world:
        registry = world.registry(auth="basic", users={"ann": "secret"})
        other, client = world.registry(), world.client()
        client.do("credentials", registry.name, "ann", "secret")
        client.do("ping", registry.name)
        digest = sha256(content(BIG))
        for known in ((digest, BIG), ("-", "-")):
            answer = other.session_at("a/b", "s", b"", 202)
            registry.on("POST", "/uploads/", Answer(202, b"", {"Location": other.url + answer.headers["Location"]}))
            assert client.do("blob-put", f"{registry.name}/a/b", BIG, *known) == [digest]


def test_25_from_https_never_to_http():
    with World() as world:
        pem = world.certificate()
        other, registry, client = world.registry(), world.registry(tls=pem), world.client()
        client.do("host", registry.name, "-", "-", pem + ".crt")
        digest = registry.add_blob("a/b", b"blob")
        registry.on("GET", "/blobs/", Answer(307, b"", {"Location": other.url + "/x"}))
        client.fails("PROTO", "blob-get", f"{registry.name}/a/b", digest)
        registry.on("POST", "/uploads/", Answer(202, b"", {"Location": other.url + "/x"}))
        client.fails("PROTO", "blob-put", f"{registry.name}/a/b", 1, sha256(content(1)), 1)
        assert not other.log


def test_redirects_are_followed_five_times():
    with World() as world:
        registry, other, client = world.registry(), world.registry(), world.client()
        digest = registry.add_blob("a/b", b"blob")
        other.add_blob("c/d", b"blob")
        registry.on("GET", "/blobs/", Answer(307, b"moved", {"Location": f"{other.url}/v2/c/d/blobs/{digest}"}))
        assert client.do("blob-get", f"{registry.name}/a/b", digest) == ["4"]
        registry.on("GET", "/blobs/", Answer(307, b"", {"Location": f"/v2/a/b/blobs/{digest}"}), times=20)
        client.fails("LIMIT", "blob-get", f"{registry.name}/a/b", digest)
        assert len(registry.log) == 1 + 6


def test_13_an_early_refusal_of_an_upload_makes_the_pieces_smaller():
    size = 3 << 20
    digest = sha256(content(size))
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on_head_of("PUT", "/uploads/", error(413, "SIZE_INVALID", "too big"))
        registry.on_head_of("PATCH", "/uploads/", error(413, "SIZE_INVALID", "too big"))
        assert client.do("blob-put", f"{registry.name}/a/b", size, digest, size) == [digest]
        pieces = [len(request.body) for request in registry.log if request.method == "PATCH"]
        assert sum(pieces) == size and pieces[0] == 0 and max(pieces) == size // 16, pieces


def test_13_an_early_refusal_of_any_size_is_understood():
    with World() as world:
        registry, client = world.registry(), world.client()
        for method in ("PUT", *["PATCH"] * 9):
            registry.on_head_of(method, "/uploads/", error(413, "SIZE_INVALID", "too big"))
        size = 64 << 20
        failure = client.fails("LIMIT", "blob-put", f"{registry.name}/a/b", size, sha256(b"x"), size)
        assert failure.http_status == "413", failure
        methods = [request.method for request in registry.log if request.method in ("PUT", "PATCH")]
        assert methods == ["PUT", *["PATCH"] * 5] and not registry.blobs, methods


def test_13_pieces_become_smaller_once_for_all_uploads_that_were_refused():
    size = 4 << 20
    digest = sha256(content(size))
    both = threading.Barrier(2)

    def refuse(_):
        both.wait(30)
        return error(413, "SIZE_INVALID", "too big")
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("PUT", "/uploads/", refuse, times=2)
        client.do("parallel", 2, "blob-put", f"{registry.name}/a/b", size, digest, size)
        pieces = [len(request.body) for request in registry.log if request.method == "PATCH"]
        assert pieces == [size // 4] * 8, pieces


def test_38_connections_are_used_again():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_blob("a/b", content(BIG))
        for _ in range(10):
            client.do("blob-head", f"{registry.name}/a/b", digest)
            client.do("blob-get", f"{registry.name}/a/b", digest)
            client.do("blob-put", f"{registry.name}/a/b", BIG, digest, BIG)
            client.fails("NOTFOUND", "get", f"{registry.name}/a/b:absent")
        assert client.counters()["connections"] == 1, client.counters()
        client.do("parallel", 8, "blob-get", f"{registry.name}/a/b", digest)
        client.do("parallel", 8, "blob-get", f"{registry.name}/a/b", digest)
        assert client.counters()["connections"] <= 8, client.counters()


def test_a_blob_that_is_deleted():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_blob("a/b", b"blob")
        registry.on("HEAD", "/blobs/", Answer(405), Answer(404))
        assert client.do("blob-head", f"{registry.name}/a/b", digest) == ["4"]
        client.fails("NOTFOUND", "blob-head", f"{registry.name}/a/b", digest)


if __name__ == "__main__":
    tap.main(__name__)
