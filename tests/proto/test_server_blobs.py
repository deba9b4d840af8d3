#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Blobs over the wire: push in every form, pull, ranges, mount, delete."""

import os
import socket
import sys
import tempfile
import threading
import time

from server_tap import OCTETS, Server, digest_of, equal, run, true, using

HTPASSWD = "user:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n"
DATA = os.urandom(300_000)
DIGEST = digest_of(DATA)


def start(server, repository="x"):
    answer = server.ask("POST", f"/v2/{repository}/blobs/uploads/")
    equal(answer.status, 202)
    return answer.headers["Location"]


def put(server, location, digest, body=b""):
    return server.ask("PUT", f"{location}?digest={digest}", body, OCTETS)


def pull(server, digest=DIGEST, repository="x", **headers):
    return server.ask("GET", f"/v2/{repository}/blobs/{digest}", headers=headers)


def test_a_single_post_stores_a_blob(server):
    answer = server.push_blob(DATA)
    equal(answer.status, 201)
    equal(answer.headers["Location"], f"/v2/x/blobs/{DIGEST}")
    equal(answer.headers["Docker-Content-Digest"], DIGEST)
    equal(pull(server).body, DATA)


def test_post_then_put_stores_a_blob(server):
    equal(put(server, start(server), DIGEST, DATA).status, 201)
    equal(pull(server).body, DATA)


def test_patches_in_order_then_put_store_a_blob(server):
    location = start(server)
    for first in range(0, len(DATA), 100_000):
        piece = DATA[first:first + 100_000]
        answer = server.ask("PATCH", location, piece, {
            **OCTETS, "Content-Range": f"{first}-{first + len(piece) - 1}"})
        equal(answer.status, 202)
        equal(answer.headers["Range"], f"0-{first + len(piece) - 1}")
        location = answer.headers["Location"]
    equal(put(server, location, DIGEST).status, 201)
    equal(pull(server).body, DATA)


def test_a_patch_without_content_range_and_a_put_with_the_rest_store_a_blob(server):
    location = start(server)
    equal(server.ask("PATCH", location, DATA[:1000], OCTETS).status, 202)
    equal(put(server, location, DIGEST, DATA[1000:]).status, 201)
    equal(pull(server).body, DATA)


def test_chunked_encoding_stores_a_blob(server):
    location = start(server)
    pieces = (DATA[i:i + 7001] for i in range(0, len(DATA), 7001))
    equal(server.ask("PATCH", location, pieces, OCTETS).status, 202)
    equal(put(server, location, DIGEST).status, 201)
    equal(pull(server).body, DATA)


def test_an_empty_blob_can_be_pushed_and_pulled(server):
    empty = digest_of(b"")
    equal(put(server, start(server), empty).status, 201)
    answer = pull(server, empty)
    equal((answer.status, answer.body, answer.headers["Content-Length"]), (200, b"", "0"))
    equal(server.push_blob(b"").status, 201)


def test_a_sha512_blob_can_be_pushed_and_pulled(server):
    digest = digest_of(DATA, "sha512")
    equal(server.push_blob(DATA, digest=digest).status, 201)
    equal(pull(server, digest).body, DATA)
    equal(server.push_blob(DATA[1:], digest=digest).code(), "DIGEST_INVALID")


def test_a_chunk_out_of_order_gets_416_with_the_range_and_changes_nothing(server):
    location = start(server)
    equal(server.ask("PATCH", location, DATA[:100], {**OCTETS, "Content-Range": "0-99"}).status, 202)
    for wrong in ("100-299", "50-149", "0-99", "101-200"):
        answer = server.ask("PATCH", location, DATA[:100], {**OCTETS, "Content-Range": wrong})
        equal((answer.status, answer.headers["Range"]), (416, "0-99"), wrong)
    answer = server.ask("GET", location)
    equal((answer.status, answer.headers["Range"]), (204, "0-99"))
    equal(put(server, location, digest_of(DATA[:100])).status, 201)


def test_a_malformed_content_range_gets_400(server):
    location = start(server)
    for wrong in ("abc", "5-", "9-3", "-1-3"):
        equal(server.ask("PATCH", location, b"x" * 100, {**OCTETS, "Content-Range": wrong}).status, 400, wrong)


def uploads(server):
    return os.listdir(f"{server.settings['root']}/v1/uploads")


def test_a_wrong_digest_gets_400_and_stores_nothing(server):
    other = digest_of(b"other")
    locations = [start(server), start(server)]
    for location in locations:
        answer = put(server, location, other, DATA)
        equal((answer.status, answer.code()), (400, "DIGEST_INVALID"))
    equal(server.push_blob(DATA, digest=other).code(), "DIGEST_INVALID")
    equal(pull(server, other).status, 404)
    equal(pull(server).status, 404)
    equal(sorted(uploads(server)), sorted(location.rpartition("/")[2] for location in locations))


def offset(server, location):
    """How far the upload is, once the server has seen the end of the request before."""
    deadline = time.monotonic() + 10
    while (answer := server.ask("GET", location)).status == 409 and time.monotonic() < deadline:
        time.sleep(0.02)
    equal(answer.status, 204)
    last = int(answer.headers["Range"].partition("-")[2])
    return last + 1 if last else 0


def cut_off(server, method, target, head, body, size):
    """Sends a part of a request, `size` bytes of its body, and goes away."""
    lines = [f"{method} {target} HTTP/1.1", "Host: x", *head, "", ""]
    with socket.create_connection((server.host, server.port), timeout=10) as plain:
        plain.sendall("\r\n".join(lines).encode() + body[:size])
        if size == 0:
            return
        time.sleep(0.01)


def test_a_closing_put_that_fails_leaves_the_upload_as_it_was(server):
    half = 100_001
    rest = DATA[half:]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(rest[i:i + 9999]), rest[i:i + 9999]) for i in range(0, len(rest), 9999))
    for digest in (DIGEST, digest_of(DATA, "sha512")):
        location = start(server)
        equal(server.ask("PATCH", location, DATA[:half], OCTETS).status, 202)
        for size in (0, 1, 4095, 65536, 65537, 150_000, len(rest) - 1):
            cut_off(server, "PUT", f"{location}?digest={digest}", [f"Content-Length: {len(rest)}"], rest, size)
            equal(offset(server, location), half, f"after {size} bytes")
            cut_off(server, "PUT", f"{location}?digest={digest}", ["Transfer-Encoding: chunked"], chunks, size)
            equal(offset(server, location), half, f"after {size} bytes of chunks")
        for body in (rest + b"x", rest[:-1], b"", os.urandom(len(rest)), b"x" * 1000):
            answer = put(server, location, digest, body)
            equal((answer.status, answer.code()), (400, "DIGEST_INVALID"))
            equal(offset(server, location), half, f"after {len(body)} wrong bytes")
        equal(put(server, location, "sha256:no", rest).status, 400)
        equal(server.ask("PUT", f"{location}?digest={digest}", rest, {**OCTETS, "Content-Range": "0-5"}).status, 416)
        equal(put(server, location, digest, rest).status, 201)
        equal(pull(server, digest).body, DATA)
    equal(uploads(server), [])


def test_a_patch_between_failed_puts_goes_on_where_the_upload_was(server):
    location = start(server)
    equal(put(server, location, DIGEST, os.urandom(200_000)).status, 400)
    equal(server.ask("PATCH", location, DATA[:1000], OCTETS).status, 202)
    equal(put(server, location, DIGEST, os.urandom(250_000)).status, 400)
    equal(server.ask("PATCH", location, DATA[1000:], {**OCTETS, "Content-Range": f"1000-{len(DATA) - 1}"}).status, 202)
    equal(put(server, location, DIGEST).status, 201)
    equal(pull(server).body, DATA)


def test_a_failed_put_and_kill_9_leave_the_upload_as_it_was(server):
    location = start(server)
    equal(server.ask("PATCH", location, DATA[:1000], OCTETS).status, 202)
    for size in (0, 1, 70_000, len(DATA) - 1001):
        with socket.create_connection((server.host, server.port), timeout=10) as plain:
            plain.sendall(f"PUT {location}?digest={DIGEST} HTTP/1.1\r\nHost: x\r\n"
                          f"Content-Length: {len(DATA) - 1000}\r\n\r\n".encode() + DATA[1000:1000 + size])
            time.sleep(0.05)
            server.kill()
        server.start()
        equal(offset(server, location), 1000, f"after {size} bytes")
    equal(put(server, location, DIGEST, DATA[1000:]).status, 201)
    equal(pull(server).body, DATA)


def test_a_patch_that_is_cut_off_keeps_what_came(server):
    for size in (2, 4095, 65536, 65537, 150_000, len(DATA) - 1):
        location = start(server)
        cut_off(server, "PATCH", location, [f"Content-Length: {len(DATA)}"], DATA, size)
        deadline = time.monotonic() + 10
        while (there := offset(server, location)) == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        true(0 < there <= size, f"{there} of {size}")
        equal(put(server, location, DIGEST, DATA[there:]).status, 201)


def test_a_push_in_one_request_that_is_cut_off_leaves_nothing(server):
    big = os.urandom(6_000_000)
    for body, size in ((DATA, 0), (DATA, 1000), (DATA, len(DATA) - 1), (big, 5_000_000)):
        cut_off(server, "POST", f"/v2/x/blobs/uploads/?digest={digest_of(body)}", [f"Content-Length: {len(body)}"],
                body, size)
    equal(server.push_blob(big, digest=DIGEST).code(), "DIGEST_INVALID")
    deadline = time.monotonic() + 10
    while uploads(server) and time.monotonic() < deadline:
        time.sleep(0.02)
    equal(uploads(server), [])


def test_a_put_whose_answer_was_lost_can_be_sent_again(server):
    location = start(server)
    equal(put(server, location, DIGEST, DATA).status, 201)
    for body in (DATA, b"", b"other"):
        answer = put(server, location, DIGEST, body)
        equal((answer.status, answer.headers["Location"]), (201, f"/v2/x/blobs/{DIGEST}"))
    equal(put(server, location, digest_of(b"absent"), b"absent").code(), "BLOB_UPLOAD_UNKNOWN")
    elsewhere = location.replace("/x/", "/y/")
    equal(put(server, elsewhere, DIGEST, DATA).code(), "BLOB_UPLOAD_UNKNOWN", "another repository does not hold it:")
    equal(server.ask("PATCH", location, DATA, OCTETS).code(), "BLOB_UPLOAD_UNKNOWN")
    server.ask("DELETE", f"/v2/x/blobs/{DIGEST}")
    equal(put(server, location, DIGEST, DATA).status, 404)


def test_a_digest_that_is_none_gets_400(server):
    location = start(server)
    for wrong in ("", "sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256:" + "A" * 64, "../../x"):
        equal(put(server, location, wrong, DATA).status, 400, wrong)
        equal(server.ask("POST", f"/v2/x/blobs/uploads/?digest={wrong}", DATA, OCTETS).status, 400, wrong)
        if "/" not in wrong and wrong:
            equal(pull(server, wrong).status, 400, wrong)
    equal(server.ask("PUT", location, DATA, OCTETS).status, 400)


def test_an_upload_can_be_cancelled(server):
    location = start(server)
    equal(server.ask("PATCH", location, DATA, OCTETS).status, 202)
    equal(server.ask("DELETE", location).status, 204)
    equal(server.ask("GET", location).code(), "BLOB_UPLOAD_UNKNOWN")
    equal(put(server, location, DIGEST, DATA).status, 404)
    equal(os.listdir(f"{server.settings['root']}/v1/uploads"), [])


def test_an_upload_belongs_to_its_repository(server):
    upload = start(server).rpartition("/")[2]
    equal(server.ask("GET", f"/v2/y/blobs/uploads/{upload}").status, 404)
    equal(put(server, f"/v2/y/blobs/uploads/{upload}", DIGEST, DATA).status, 404)
    equal(server.ask("GET", f"/v2/library/x/blobs/uploads/{upload}").status, 404)
    equal(server.ask("GET", f"/v2/x/blobs/uploads/{upload}").status, 204)


def test_an_upload_goes_on_after_a_dropped_connection(server):
    location = start(server)
    half = len(DATA) // 2
    connection = server.connect()
    connection.putrequest("PATCH", location)
    connection.putheader("Content-Length", str(len(DATA)))
    connection.endheaders()
    connection.send(DATA[:half])
    connection.sock.close()
    connection.close()
    # The server may see the request, and its end, only after what is asked here: 409 meanwhile.
    deadline = time.monotonic() + 10
    status = 409
    while status == 409 and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = server.ask("GET", location)
        if answer.status == 204:
            received = int(answer.headers["Range"].partition("-")[2]) + 1
            status = put(server, location, DIGEST, DATA[received:]).status
    equal(status, 201)
    true(received <= half, f"{received} bytes were kept")
    equal(pull(server).body, DATA)


def test_an_upload_goes_on_after_kill_9(server):
    location = start(server)
    equal(server.ask("PATCH", location, DATA[:1000], OCTETS).status, 202)
    server.kill()
    server.start()
    equal(server.ask("GET", location).headers["Range"], "0-999")
    equal(put(server, location, DIGEST, DATA[1000:]).status, 201)
    equal(pull(server).body, DATA)


def test_a_blob_survives_kill_9(server):
    equal(server.push_blob(DATA).status, 201)
    server.kill()
    server.start()
    equal(pull(server).body, DATA)


@using(durability=1)
def test_a_blob_can_be_pushed_where_everything_is_synced(server):
    equal(put(server, start(server), DIGEST, DATA).status, 201)
    equal(server.push_blob(b"another").status, 201)
    equal(pull(server).body, DATA)


def test_head_has_the_headers_of_get(server):
    server.push_blob(DATA)
    got, head = pull(server), server.ask("HEAD", f"/v2/x/blobs/{DIGEST}")
    equal((head.status, head.body), (200, b""))
    changing = ("Date", "X-Request-Id")
    equal(*([(k, v) for k, v in answer.headers.items() if k not in changing] for answer in (head, got)))
    equal(head.headers["Content-Length"], str(len(DATA)))


def test_ranges_are_served_as_rfc_9110_says(server):
    server.push_blob(DATA)
    size = len(DATA)
    for asked, first, last in (("0-0", 0, 0), ("5-9", 5, 9), ("-7", size - 7, size - 1), ("299990-", 299990, size - 1),
                               ("0-999999999", 0, size - 1), ("-999999999", 0, size - 1)):
        answer = pull(server, Range=f"bytes={asked}")
        equal((answer.status, answer.body), (206, DATA[first:last + 1]), asked)
        equal(answer.headers["Content-Range"], f"bytes {first}-{last}/{size}")
    answer = pull(server, Range=f"bytes={size}-")
    equal((answer.status, answer.headers["Content-Range"]), (416, f"bytes */{size}"))
    for ignored in ("bytes=9-3", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6"):
        answer = pull(server, Range=ignored)
        equal((answer.status, answer.body == DATA), (200, True), ignored)
    head = server.ask("HEAD", f"/v2/x/blobs/{DIGEST}", headers={"Range": "bytes=1-4"})
    equal((head.status, head.headers["Content-Length"], head.headers["Content-Range"]), (200, str(size), None))


def test_conditions_are_honoured(server):
    server.push_blob(DATA)
    tag = pull(server).headers["ETag"]
    equal(tag, f'"{DIGEST}"')
    for matching in (tag, f'"a", {tag}', f"W/{tag}", "*"):
        answer = pull(server, **{"If-None-Match": matching})
        equal((answer.status, answer.body, answer.headers["ETag"]), (304, b"", tag), matching)
    equal(pull(server, **{"If-None-Match": '"a"'}).status, 200)
    equal(pull(server, **{"Range": "bytes=0-1", "If-Range": '"a"'}).status, 200)
    equal(pull(server, **{"Range": "bytes=0-1", "If-Range": tag}).status, 206)


def test_a_mount_needs_the_blob_in_the_repository_named(server):
    server.push_blob(DATA, "a")
    answer = server.ask("POST", f"/v2/b/blobs/uploads/?mount={DIGEST}&from=a")
    equal((answer.status, answer.headers["Location"]), (201, f"/v2/b/blobs/{DIGEST}"))
    equal(pull(server, repository="b").body, DATA)
    for query in (f"mount={DIGEST}&from=c", f"mount={digest_of(b'no')}", "mount=no", f"mount={digest_of(b'no')}&from=a",
                  "mount=sha256:no&from=a", f"mount={DIGEST}&from=../a"):
        answer = server.ask("POST", f"/v2/d/blobs/uploads/?{query}")
        equal(answer.status, 202, query)
        equal(put(server, answer.headers["Location"], digest_of(b"y"), b"y").status, 201)
    equal(pull(server, repository="d").status, 404)


def test_a_mount_without_a_source_finds_the_blob_where_the_caller_may_pull(server):
    for name in ("other/a", "b/c/d"):
        server.push_blob(DATA, name)
        answer = server.ask("POST", f"/v2/new/{name}/blobs/uploads/?mount={DIGEST}")
        equal((answer.status, answer.headers["Location"]), (201, f"/v2/new/{name}/blobs/{DIGEST}"))
        equal(pull(server, repository=f"new/{name}").body, DATA)
        for repository in (name, f"new/{name}"):
            server.ask("DELETE", f"/v2/{repository}/blobs/{DIGEST}")
    equal(server.ask("POST", f"/v2/new/blobs/uploads/?mount={DIGEST}").status, 202, "where nobody holds it any more:")


def test_a_mount_without_a_source_shows_nothing_that_the_caller_may_not_pull():
    with tempfile.NamedTemporaryFile("w") as users:
        users.write(HTPASSWD)
        users.flush()
        server = Server(durability=3, htpasswd=users.name)
        try:
            server.user = ("user", "password")
            server.push_blob(DATA, "secret")
            server.push_blob(b"own", "mine")
            token = server.token("repository:new:pull,push", "repository:mine:pull", user=server.user).json()["token"]
            headers = {"Authorization": f"Bearer {token}"}
            for digest, status in ((DIGEST, 202), (digest_of(b"own"), 201)):
                answer = server.ask("POST", f"/v2/new/blobs/uploads/?mount={digest}", headers=headers)
                equal(answer.status, status)
            equal(server.ask("POST", f"/v2/new/blobs/uploads/?mount={DIGEST}").status, 201, "who may read all:")
        finally:
            server.close()


def test_a_blob_is_seen_only_in_repositories_that_hold_it(server):
    server.push_blob(DATA, "a")
    for repository in ("b", "a/b", "quay.io/a"):
        equal(pull(server, repository=repository).code(), "BLOB_UNKNOWN")
        equal(server.ask("HEAD", f"/v2/{repository}/blobs/{DIGEST}").status, 404)


def test_a_deleted_blob_is_gone_at_once_and_from_this_repository_only(server):
    server.push_blob(DATA, "a")
    server.push_blob(DATA, "b")
    equal(server.ask("DELETE", f"/v2/a/blobs/{DIGEST}").status, 202)
    equal(pull(server, repository="a").status, 404)
    equal(server.ask("DELETE", f"/v2/a/blobs/{DIGEST}").code(), "BLOB_UNKNOWN")
    equal(pull(server, repository="b").body, DATA)


def test_a_damaged_blob_is_absent_and_repaired_by_a_push(server):
    server.push_blob(DATA)
    path = f"{server.settings['root']}/v1/blobs/sha256/{DIGEST[7:9]}/{DIGEST[7:]}"
    os.truncate(path, 10)
    equal(pull(server).status, 404)
    equal(server.ask("HEAD", f"/v2/x/blobs/{DIGEST}").status, 404)
    equal(server.push_blob(DATA).status, 201)
    equal(pull(server).body, DATA)
    os.unlink(path)
    equal(pull(server).status, 404)


def in_threads(count, work):
    results = []
    threads = [threading.Thread(target=lambda i=i: results.append(work(i))) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_many_uploads_of_one_digest_at_once_all_succeed(server):
    big = os.urandom(2_000_000)

    def push_and_look(i):
        status = server.push_blob(big, f"r{i % 3}").status
        head = server.ask("HEAD", f"/v2/r{i % 3}/blobs/{digest_of(big)}")
        return status, head.status, head.headers["Content-Length"]

    equal(set(in_threads(16, push_and_look)), {(201, 200, str(len(big)))})
    equal(pull(server, digest_of(big), "r1").body, big)


def test_two_writers_of_one_upload_do_not_mix(server):
    location = start(server)
    first = server.connect()
    first.putrequest("PATCH", location)
    first.putheader("Content-Length", "1000")
    first.endheaders()
    first.send(DATA[:500])
    status = 0
    while status != 409:
        status = server.ask("GET", location).status
        true(status in (204, 409), f"status {status}")
    equal(server.ask("PATCH", location, b"intruder", OCTETS).status, 409)
    first.send(DATA[500:1000])
    equal(first.getresponse().status, 202)
    first.close()
    equal(put(server, location, digest_of(DATA[:1000])).status, 201)


@using(buildset=1)
def test_a_large_blob_goes_both_ways_over_tls(server):
    server.user = (server.record["username"], server.record["password"])
    big = os.urandom(9_000_000)
    equal(put(server, start(server), digest_of(big), big).status, 201)
    equal(pull(server, digest_of(big)).body, big)
    equal(pull(server, digest_of(big), Range="bytes=8000000-").body, big[8_000_000:])


def test_one_connection_serves_many_requests(server):
    connection = server.connect()
    for i in range(20):
        data = DATA[i:]
        answer = server.ask("POST", "/v2/x/blobs/uploads/", connection=connection)
        true(not answer.will_close, "the connection stays after POST")
        answer = server.ask("PUT", f"{answer.headers['Location']}?digest={digest_of(data)}", data, OCTETS, connection)
        equal((answer.status, answer.will_close), (201, False))
        equal(server.ask("GET", f"/v2/x/blobs/{digest_of(data)}", connection=connection).body, data)
        equal(server.ask("GET", "/v2/x/blobs/sha256:0", connection=connection).status, 400)
    connection.close()


if __name__ == "__main__":
    run(sys.modules[__name__])
