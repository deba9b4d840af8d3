#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wire by RFC 9112 and 9110: what is refused and with which status, what stays open, who is let go when."""

import os
import re
import socket
import ssl
import sys
import time

from server_tap import digest_of, equal, run, true, using
from handshake import hello  # server_tap knows where it is
from server_wire import LAST, descriptors, get, statuses, until

HIDDEN = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
LINE_MAX, HEAD_MAX, FIELDS_MAX = 8192, 40960, 100


# What is malformed, by what two programs on one way could make of it; the status that it gets.
REFUSED = (
    ("a blank before the colon of a length", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc", 400),
    ("a blank before the colon of a coding", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
    ("an empty name", get(b"/v2/", b": foo"), 400),
    ("a name of other bytes", get(b"/v2/", b"a(b): foo"), 400),
    ("NUL in a value", get(b"/v2/", b"Content-Length: 0\x0055"), 400),
    ("NUL in the version", b"GET /v2/ HTTP/1.1\x00\r\nHost: x\r\n\r\n", 400),
    ("a return in a value", get(b"/v2/", b"X: a\rb"), 400),
    ("DEL in a value", get(b"/v2/", b"X: a\x7fb"), 400),
    ("a bare line feed", b"GET /v2/ HTTP/1.1\nHost: x\n\n", 400),
    ("a bare line feed between fields", b"GET /v2/ HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400),
    ("a folded line", get(b"/v2/", b"X: a\r\n b"), 400),
    ("a blank before the first field", b"GET /v2/ HTTP/1.1\r\n Host: x\r\n\r\n", 400),
    ("no host", b"GET /v2/ HTTP/1.1\r\n\r\n", 400),
    ("two hosts", get(b"/v2/", b"Host: i"), 400),
    ("a host that is none", b"GET /v2/ HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ("a host with a user", b"GET /v2/ HTTP/1.1\r\nHost: u@h\r\n\r\n", 400),
    ("two lengths", get(b"/v2/", b"Content-Length: 1", b"Content-Length: 1"), 400),
    ("a list of lengths", get(b"/v2/", b"Content-Length: 1, 1"), 400),
    ("a length with a sign", get(b"/v2/", b"Content-Length: +1"), 400),
    ("a length without digits", get(b"/v2/", b"Content-Length: "), 400),
    ("a length that is too large", get(b"/v2/", b"Content-Length: 9223372036854775808"), 400),
    ("length and coding", get(b"/v2/", b"Content-Length: 1", b"Transfer-Encoding: chunked"), 400),
    ("two codings", get(b"/v2/", b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), 400),
    ("a coding in HTTP/1.0", get(b"/v2/", b"Transfer-Encoding: chunked", version=b"1.0"), 400),
    ("another coding", get(b"/v2/", b"Transfer-Encoding: gzip, chunked"), 501),
    ("chunked with more", get(b"/v2/", b"Transfer-Encoding: chunked;q=1"), 501),
    ("two who ask", get(b"/v2/", b"Authorization: Basic YTpi", b"authorization: Basic Yzpk"), 400),
    ("two types", get(b"/v2/", b"Content-Type: a/b", b"Content-Type: c/d"), 400),
    ("two places for a body", get(b"/v2/", b"Content-Range: 0-1", b"Content-Range: 2-3"), 400),
    ("two ranges apart", get(b"/v2/", b"Range: bytes=0-0", b"Range: bytes=1-1"), 400),
    ("two conditions of a range", get(b"/v2/", b'If-Range: "a"', b'If-Range: "b"'), 400),
    ("an expectation that nobody knows", get(b"/v2/", b"Expect: the-best"), 417),
    ("no version", b"GET /v2/\r\nHost: x\r\n\r\n", 400),
    ("HTTP/2.0", get(version=b"2.0"), 505),
    ("a version of letters", get(version=b"x.1"), 400),
    ("a version with more digits", get(version=b"1.10"), 400),
    ("two blanks", b"GET  /v2/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("a tab for a blank", b"GET\t/v2/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    ("a blank behind the version", b"GET /v2/ HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
    ("a fragment", get(b"/v2/#x"), 400),
    ("a target of other bytes", get(b"/v2/\xc3\xa4"), 400),
    ("a target that is no path", get(b"v2/"), 400),
    ("an authority as target", b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
    ("an absolute target without host", get(b"http:///v2/"), 400),
    ("an absolute target of another kind", get(b"ftp://h/v2/"), 400),
    ("two empty lines before", b"\r\n\r\n" + get(), 400),
    ("bytes that are no request", b"\x00\x01\x02", 400),
)


def test_what_could_be_read_in_two_ways_is_refused_and_ends_the_connection(server):
    for name, data, status in REFUSED:
        received = server.raw(data + HIDDEN, timeout=5)
        equal(statuses(received), [status], name)


def test_no_body_is_sent_to_head_whatever_is_wrong_with_it(server):
    for what, data in (("no host", b"HEAD /v2/ HTTP/1.1\r\n\r\n"),
                       ("a bare line feed", b"HEAD /v2/ HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"),
                       ("another coding", b"HEAD /v2/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"),
                       ("a long line", b"HEAD /" + b"a" * LINE_MAX + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
                       ("an unknown path", b"HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")):
        received = server.raw(data)
        true(statuses(received)[0] >= 400 and received.endswith(b"\r\n\r\n"), f"{what}: {received}")


def test_a_body_is_not_followed_beyond_what_is_malformed_in_it(server):
    head = b"PUT /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in (b"x\r\n", b"\r\n", b"5\nabcde\r\n0\r\n\r\n", b"5\r\nabcdef\r\n0\r\n\r\n", b"5 \r\nabcde\r\n0\r\n\r\n",
                 b"0x5\r\nabcde\r\n0\r\n\r\n", b"-5\r\nabcde\r\n0\r\n\r\n", b"8000000000000000\r\n",
                 b"00000000000000005\r\nabcde\r\n0\r\n\r\n", b"5;a=\x00\r\nabcde\r\n0\r\n\r\n", b"0\r\nX: y\nZ: a\r\n\r\n",
                 b"5;" + b"a" * 1025 + b"\r\n", b"0\r\nX: " + b"y" * 8192 + b"\r\n\r\n"):
        equal(statuses(server.raw(head + body + HIDDEN, timeout=5)), [400], body[:30])


def test_extensions_and_trailers_are_dropped(server):
    blob = b"abcdefgh"
    head = (f"POST /v2/a/blobs/uploads/?digest={digest_of(blob)} HTTP/1.1\r\nHost: x\r\n"
            "Transfer-Encoding: CHUNKED\r\n\r\n").encode()
    body = b"3 ; a=\"b;c\"\r\nabc\r\n00005;x\r\ndefgh\r\n0;last\r\nDigest: x\r\nContent-Length: 7\r\n\r\n"
    equal(statuses(server.raw(head + body + HIDDEN)), [201, 200])


def test_both_sides_of_each_limit_of_a_head(server):
    line = LINE_MAX - len(b"GET / HTTP/1.1")
    equal(statuses(server.raw(get(b"/" + b"a" * line, LAST))), [404], "the longest line")
    equal(statuses(server.raw(get(b"/" + b"a" * (line + 1), LAST))), [414], "one more")
    many = tuple(b"X%d: y" % i for i in range(FIELDS_MAX - 2))
    equal(statuses(server.raw(get(b"/healthz", LAST, *many))), [200], "the most fields")
    equal(statuses(server.raw(get(b"/healthz", LAST, b"Z: z", *many))), [431], "one more")
    room = HEAD_MAX - len(get(b"/healthz", LAST, b"X: "))
    equal(statuses(server.raw(get(b"/healthz", LAST, b"X: " + b"a" * room))), [200], "the largest head")
    equal(statuses(server.raw(get(b"/healthz", LAST, b"X: " + b"a" * (room + 1)))), [431], "one more")


def test_heads_that_never_end_are_cut_at_the_limit(server):
    equal(statuses(server.raw(b"GET /" + b"a" * 100000)), [414], "a line")
    equal(statuses(server.raw(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000)), [431], "fields")


def test_a_head_may_come_byte_by_byte(server):
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"\r\n" + get(b"/healthz", LAST):
            plain.sendall(bytes([byte]))
        equal(statuses(plain.recv(4096)), [200])


def test_absolute_targets_are_paths_of_their_host(server):
    received = server.raw(b"GET http://elsewhere.example:5000/v2/_catalog HTTP/1.1\r\nHost: other\r\n" + LAST + b"\r\n\r\n")
    equal(statuses(received), [200])
    equal(statuses(server.raw(get(b"HTTP://h", LAST))), [404], "a host alone is its root")


def test_which_connections_stay(server):
    for name, first, count in (
            ("HTTP/1.1", get(b"/healthz"), 2),
            ("HTTP/1.1 with close", get(b"/healthz", b"Connection: TE, Close"), 1),
            ("HTTP/1.0", get(b"/healthz", version=b"1.0"), 1),
            ("HTTP/1.0 with keep-alive", get(b"/healthz", b"Connection: keep-alive", version=b"1.0"), 2),
            ("both words", get(b"/healthz", b"Connection: keep-alive, close"), 1)):
        received = server.raw(first + HIDDEN)
        equal(len(statuses(received)), count, name)
        true((b"Connection: close" in received.split(b"\r\n\r\n")[0]) == (count == 1), f"{name} says so")
    received = server.raw(get(b"/healthz", b"Connection: keep-alive", version=b"1.0") + HIDDEN)
    true(b"Connection: keep-alive" in received.split(b"\r\n\r\n")[0], "HTTP/1.0 is told that it stays")


def test_what_comes_behind_a_body_is_the_next_request(server):
    blob = os.urandom(300000)
    head = f"POST /v2/a/blobs/uploads/?digest={digest_of(blob)} HTTP/1.1\r\nHost: x\r\n".encode()
    sized = head + b"Content-Length: %d\r\n\r\n" % len(blob) + blob
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(blob), blob)
    equal(statuses(server.raw(sized + chunked + sized + get(b"/healthz") * 40 + HIDDEN)), [201] * 3 + [200] * 41)


def test_each_answer_has_a_date_and_a_length(server):
    for request in (get(b"/healthz", LAST), get(b"/none", LAST), b"x\r\n\r\n"):
        head = server.raw(request).split(b"\r\n\r\n")[0]
        true(re.search(rb"\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", head), head)
        true(re.search(rb"\r\nContent-Length: \d+", head), head)


def test_who_waits_for_100_gets_it_or_an_answer_and_not_both(server):
    post = f"POST /v2/a/blobs/uploads/?digest={digest_of(b'abc')} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n".encode()
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        plain.sendall(post + b"Expect: 100-Continue\r\n\r\n")
        equal(plain.recv(4096), b"HTTP/1.1 100 Continue\r\n\r\n")
        plain.sendall(b"abc")
        equal(statuses(plain.recv(4096)), [201])
    equal(statuses(server.raw(post + b"Expect: 100-continue\r\n\r\nabc" + HIDDEN)), [201, 200], "the body was there")
    equal(statuses(server.raw(post.replace(b"sha256:", b"nothing:") + b"Expect: 100-continue\r\n\r\n")), [400], "refused")
    equal(statuses(server.raw(post.replace(b"1.1", b"1.0") + b"Expect: 100-continue\r\n\r\nabc")), [201], "HTTP/1.0")


def test_a_refusal_comes_in_the_middle_of_any_body(server):
    for framing in (b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", b"Content-Length: 100000000\r\n\r\nab"):
        with socket.create_connection((server.host, server.port), timeout=5) as plain:
            plain.sendall(b"PATCH /v2/a/blobs/uploads/" + b"0" * 32 + b" HTTP/1.1\r\nHost: x\r\n" + framing)
            received = b""
            while piece := plain.recv(4096):
                received += piece
            equal(statuses(received), [404])
            true(b"Connection: close" in received, "it says that it ends")


def test_a_dropped_patch_leaves_its_upload_to_the_next(server):
    location = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
    for framing in (b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", b"Content-Length: 1000\r\n\r\nab"):
        with socket.create_connection((server.host, server.port), timeout=5) as plain:
            plain.sendall(b"PATCH " + location.encode() + b" HTTP/1.1\r\nHost: x\r\n" + framing)
            time.sleep(0.05)
    until(lambda: server.ask("GET", location).status == 204, "the upload is free again")


PLACES = (b"", b"GET /v2/ HT", b"GET /v2/ HTTP/1.1\r\nHo", get(), get() + b"GET /v",
          b"POST /v2/a/blobs/uploads/?digest=sha256:" + b"0" * 64 + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
          b"PUT /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
          b"PUT /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
          b"bad\r\n\r\n")


def test_who_has_gone_is_let_go_wherever_it_was(server):
    before = descriptors(server)
    for data in PLACES:
        for _ in range(20):
            with socket.create_connection((server.host, server.port), timeout=5) as plain:
                plain.sendall(data)
        until(lambda: descriptors(server) <= before, f"{data[:40]!r} is let go")


@using(buildset=1)
def test_who_has_gone_under_tls_is_let_go(server):
    before = descriptors(server)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for begun in (b"", b"\x16\x03\x01\x00\xc8\x01\x00"):
        for _ in range(20):
            with socket.create_connection((server.host, server.port), timeout=5) as plain:
                plain.sendall(begun)
        until(lambda: descriptors(server) <= before, f"{begun!r} is let go")
    for data in PLACES:
        for _ in range(5):
            plain = socket.create_connection((server.host, server.port), timeout=5)
            with context.wrap_socket(plain) as secure:
                secure.sendall(data)
        until(lambda: descriptors(server) <= before, f"{data[:40]!r} is let go")


def test_who_reads_nothing_is_let_go_when_it_has_gone(server):
    blob = os.urandom(32 << 20)
    equal(server.push_blob(blob).status, 201)
    before = descriptors(server)
    for _ in range(5):
        with socket.create_connection((server.host, server.port), timeout=5) as plain:
            plain.sendall(get(f"/v2/x/blobs/{digest_of(blob)}".encode()))
            plain.recv(1000)
    until(lambda: descriptors(server) <= before, "they are let go")


def test_tls_on_the_plain_port_gets_an_answer_in_plain_text(server):
    equal(statuses(server.raw(hello())), [400])


@using(buildset=1)
def test_plain_text_on_the_tls_port_is_told_so(server):
    for method in (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"CONNECT"):
        received = server.raw(get().replace(b"GET", method))
        equal(statuses(received), [400], method)
        true(received.endswith(b"Client sent an HTTP request to an HTTPS server.\n"), received)
    true(b"HTTP" not in server.raw(b"\x17\x03\x03\0\x02ab"), "a record that is no hello")


def test_a_value_that_was_sent_makes_no_line_of_the_answer(server):
    received = server.raw(get(b"/v2/x/manifests/1", b"X-Request-Id: a%0d%0aX: y", LAST))
    true(b"\r\nX:" not in received, received)


if __name__ == "__main__":
    run(sys.modules[__name__])
