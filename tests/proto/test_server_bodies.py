#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bodies where nobody wants one, in the smallest pieces, with more beside them than in them; and what else a client may
ask of HTTP that this server does not do."""

import contextlib
import os
import sys
import threading

from server_tap import digest_of, equal, run, true, using
from server_wire import LAST, MANIFEST, connect, expect, get, grown_kib, metric, read_all, resident_kib, statuses

NEXT = get(b"/healthz", LAST)
CHUNKED = b"Transfer-Encoding: chunked"
NONE = b"/v2/x/manifests/none"
TEXT = b"GET /v2/_catalog HTTP/1.1\r\nHost: h\r\n\r\n"  # must not be taken for a request


def asking(method, path, *fields, version=b"1.1"):
    return b"\r\n".join((method + b" " + path + b" HTTP/" + version, b"Host: h", *fields, b"", b""))


def sized(body):
    return b"Content-Length: %d" % len(body)


def chunked(body):
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def test_a_body_where_none_is_wanted_is_read_and_dropped(server):
    server.push_image()
    for method, path, status in ((b"GET", b"/v2/", 200), (b"HEAD", b"/v2/x/manifests/1", 200),
                                 (b"GET", b"/v2/x/manifests/1", 200), (b"GET", b"/v2/_catalog", 200),
                                 (b"DELETE", NONE, 404), (b"POST", b"/v2/", 405), (b"GET", b"/elsewhere", 404), (b"OPTIONS", b"/v2/", 405)):
        expect(server, (
            (f"{method} {path} with a body", asking(method, path, sized(TEXT)) + TEXT + NEXT, [status, 200]),
            (f"{method} {path} in chunks", asking(method, path, CHUNKED) + chunked(TEXT) + NEXT,
             [status] if method in (b"POST", b"OPTIONS") or path == b"/elsewhere" else [status, 200]),
            (f"{method} {path} with a body of nothing", asking(method, path, sized(b"")) + NEXT, [status, 200])))
    body = os.urandom(1 << 20)
    equal(statuses(server.raw(asking(b"DELETE", b"/v2/x/manifests/1", sized(body)) + body + NEXT)), [202, 200])


def test_a_large_body_where_none_is_wanted_ends_the_connection(server):
    for method in (b"GET", b"HEAD", b"DELETE"):
        with connect(server, 3) as plain:
            plain.sendall(asking(method, NONE, b"Content-Length: 999999999999") + TEXT * 100)
            received = read_all(plain)
            equal(statuses(received), [413], method)
            true(b"\r\nConnection: close\r\n" in received, "it says so")
        with connect(server, 3) as plain:
            plain.sendall(asking(method, NONE, CHUNKED) + b"FFFFFFF\r\n")
            with contextlib.suppress(OSError):
                plain.sendall(TEXT * 100000)
            equal(statuses(read_all(plain)), [413], f"{method} in chunks")


def taken(server, head, size):
    """How many bytes of a body were taken, and the status."""
    piece = bytes(1 << 20)
    sent = 0
    with connect(server, 10) as plain:
        plain.sendall(head + b"Content-Length: %d\r\n\r\n" % size)
        with contextlib.suppress(OSError):
            while sent < size:
                plain.sendall(piece)
                sent += len(piece)
        return sent, statuses(read_all(plain))


def test_what_is_refused_for_its_size_is_told_so_and_not_read_to_its_end(server):
    equal(taken(server, MANIFEST, 40 << 20), (40 << 20, [413]), "who reads nothing before all is sent is told")
    for version in (b"1.1", b"1.0"):
        sent, found = taken(server, MANIFEST.replace(b"1.1", version), 1 << 30)
        true(sent < 64 << 20, f"{sent >> 20} MiB of a manifest that may have 4 were read")
        equal([status for status in found if status != 413], [])


def test_an_expectation_with_its_body_at_once_is_one_request(server):
    blob = os.urandom(100000)
    path = f"/v2/a/blobs/uploads/?digest={digest_of(blob)}".encode()
    for framing, body in ((sized(blob), blob), (CHUNKED, chunked(blob))):
        received = server.raw(asking(b"POST", path, b"Expect: 100-continue", framing) + body + NEXT)
        equal([status for status in statuses(received) if status != 100], [201, 200], "whether 100 came or not")
    refused = MANIFEST.replace(b"/a/", b"/A/") + b"Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n"
    received = server.raw(refused + TEXT * 100 + NEXT)
    equal(statuses(received), [400], "nobody could tell what follows from the body")
    for method in (b"GET", b"HEAD", b"DELETE"):
        equal(statuses(server.raw(asking(method, NONE, b"Expect: 100-continue") + NEXT)), [404, 200], method)


def test_http_1_0_that_stays_has_no_chunks(server):
    stays = b"Connection: keep-alive"
    blob = b"abcdefgh"
    path = f"/v2/a/blobs/uploads/?digest={digest_of(blob)}".encode()
    expect(server, (
        ("chunks", asking(b"POST", path, stays, CHUNKED, version=b"1.0") + chunked(blob) + NEXT, [400]),
        ("both", asking(b"POST", path, stays, CHUNKED, sized(blob), version=b"1.0") + blob + NEXT, [400]),
        ("a length", asking(b"POST", path, stays, sized(blob), version=b"1.0") + blob + NEXT, [201, 200]),
        ("no length", asking(b"POST", path, stays, version=b"1.0") + NEXT, [400, 200])))


def test_an_upgrade_is_not_taken_and_costs_nothing(server):
    kinds = ((b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"),
             (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
             (b"Connection: upgrade", b"Upgrade: TLS/1.2, HTTP/1.1"), (b"Upgrade: SPDY/3.1",),
             (b"Connection: Upgrade",))
    many = b"".join(get(b"/healthz", *kinds[i % len(kinds)]) for i in range(100))
    received = server.raw(many + NEXT)
    equal(statuses(received), [200] * 101, "each is answered in HTTP/1.1, on one connection")
    true(b"\r\nUpgrade:" not in received, "nothing is promised")
    for _ in range(100):
        equal(statuses(server.raw(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))), [505])
    equal(statuses(server.raw(asking(b"CONNECT", b"h:443") + NEXT)), [400])


def beside(size, count, data=b"a"):
    """A body in chunks with so much beside each."""
    return (b"%x;" % len(data) + b"x" * (size - 1) + b"\r\n" + data + b"\r\n") * count


def test_extensions_have_an_end_for_each_chunk_and_for_all(server):
    head = MANIFEST + b"Transfer-Encoding: chunked\r\n" + LAST + b"\r\n\r\n"
    for what, body, status in (("the longest", beside(1024, 1), b"no JSON"), ("one more", beside(1026, 1), b"chunks"),
                               ("sixteen", beside(1000, 16), b"no JSON"),
                               ("a flood of long ones", beside(1000, 1000), b"chunks"),
                               ("a flood of short ones", beside(8, 20000), b"chunks"),
                               ("as many as there is data", beside(1000, 100, b"a" * 1000), b"no JSON")):
        received = server.raw(head + body + b"0\r\n\r\n")
        equal(statuses(received), [400], what)
        equal(b"the chunks of the body" in received, status == b"chunks", f"{what}: {received[-200:]}")


def test_trailers_have_an_end(server):
    blob = b"abcdefgh"
    head = (f"POST /v2/a/blobs/uploads/?digest={digest_of(blob)} HTTP/1.1\r\nHost: x\r\n"
            "Transfer-Encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n0\r\n").encode()
    most = 8192
    for what, trailers, wanted in (("the largest", b"X: " + b"y" * (most - 3) + b"\r\n", [201, 200]),
                                   ("one more", b"X: " + b"y" * (most - 2) + b"\r\n", [400]),
                                   ("many", b"X: yy\r\n" * (most // 5), [201, 200]),
                                   ("too many", b"X: yy\r\n" * (most // 5 + 1), [400]),
                                   ("those of a head", b"Content-Length: 7\r\nHost: y\r\n", [201, 200])):
        equal(statuses(server.raw(head + trailers + b"\r\n" + NEXT)), wanted, what)


def test_a_trailer_is_a_field_or_the_request_is_refused(server):
    head = MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    for trailer in (b"X: y", b"X:", b"X-Y:\ty ", b"Content-Length: 5", b"x!#$%&'*+-.^_`|~9: y"):
        equal(statuses(server.raw(head + trailer + b"\r\n\r\n" + NEXT)), [400, 200], trailer)
    for trailer in (b"X", b"X : y", b"X\t: y", b": y", b" X: y", b"X: y\r\n z", b"X y: z", b"X\0: y", b"X\x80: y",
                    b"GET / HTTP/1.1", b"X: y\0", b"X: y\rZ: a", b"X: y\n"):
        equal(statuses(server.raw(head + trailer + b"\r\n\r\n" + NEXT)), [400], trailer)


@using(threads=1, durability=3)
def test_chunks_of_one_byte_are_one_blob_and_hold_nobody_up(server):
    blob = os.urandom(300000)
    head = f"POST /v2/a/blobs/uploads/?digest={digest_of(blob)} HTTP/1.1\r\nHost: x\r\n".encode()
    body = b"".join(b"1\r\n%c\r\n" % byte for byte in blob) + b"0\r\n\r\n"
    equal(statuses(server.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + body + NEXT, 30)), [201, 200])


def served_beside(server, flood, times=20):
    """Others are served while one thread sends for ever what `flood` gives it."""
    done = threading.Event()

    def send():
        with connect(server, 60) as plain, contextlib.suppress(OSError):
            threading.Thread(target=read_all, args=(plain,), daemon=True).start()
            begin, more = flood
            plain.sendall(begin)
            while not done.is_set():
                plain.sendall(more)
    one = threading.Thread(target=send)
    one.start()
    try:
        for _ in range(times):
            equal(server.ask("GET", "/healthz").status, 200)
    finally:
        done.set()
        one.join()


@using(threads=1, durability=3)
def test_floods_hold_nobody_up(server):
    upload = asking(b"POST", f"/v2/a/blobs/uploads/?digest={digest_of(b'')}".encode(), CHUNKED)
    for flood in ((b"", get() * 1000), (upload, b"1\r\na\r\n" * 10000), (upload, beside(1000, 100, b"a" * 1000)),
                  (b"", get(b"/v2/_catalog") * 100), (b"", get(b"/x") * 1000),
                  (b"", (asking(b"HEAD", b"/v2/", sized(TEXT)) + TEXT) * 1000)):
        served_beside(server, flood)


@using(durability=3, metrics=1)
def test_what_follows_a_slow_request_waits_outside(server):
    server.push_image()
    blob = os.urandom(32 << 20)
    equal(server.push_blob(blob).status, 201)
    before = resident_kib(server)
    with connect(server, 2, read_bytes=4096) as plain:
        plain.sendall(get(f"/v2/x/blobs/{digest_of(blob)}".encode()))
        with contextlib.suppress(TimeoutError):
            for _ in range(64):
                plain.sendall(get() * 20000)
        true(grown_kib(server, before) < 8 << 10, "nothing of it is taken in")
        equal(metric(server, "zreg_connections", stage="answer"), 1, "it is at its answer")
    received = server.raw(get(f"/v2/x/blobs/{digest_of(blob)}".encode()) + get() * 3 + NEXT)
    equal(len(received.split(blob)[1].split(b"HTTP/1.1 200 OK")), 5, "those that follow are answered behind it")


if __name__ == "__main__":
    run(sys.modules[__name__])
