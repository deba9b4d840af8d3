#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests that one who stands between could read in another way than the server."""

import re
import sys

from server_tap import equal, run, using
from server_wire import LAST, get, statuses


def realm(server, request):
    return re.search(rb'realm="([^"]*)/v2/_token"', server.raw(request))[1].decode()


@using(buildset=1, plain_http=1, anonymous=1)
def test_who_asks_for_an_absolute_target_logs_in_at_its_host(server):
    fields = b" HTTP/1.1\r\nHost: evil.example\r\n" + LAST + b"\r\n\r\n"
    for target, wanted in ((b"http://own.example:5000/v2/", "http://own.example:5000"), (b"HTTP://own.example/v2/", "http://own.example"),
                           (b"/v2/", "http://evil.example"), (b"http://'/v2/", f"http://{server.host}:{server.port}")):
        equal(realm(server, b"GET " + target + fields), wanted, target)


@using(buildset=1, plain_http=1, anonymous=1, trusted="127.0.0.1")
def test_what_a_trusted_proxy_tells_goes_before_the_target(server):
    request = b"GET http://inner.example/v2/ HTTP/1.1\r\nHost: inner.example\r\nX-Forwarded-Host: %s\r\n" + LAST + b"\r\n\r\n"
    equal(realm(server, request % b"own.example"), "http://own.example")
    equal(realm(server, request % b"'"), "http://inner.example")


# Heads with which something is wrong, and the status.
REFUSED_HEADS = (
    (b"HEAD /v2/ HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n", 400),
    (b"\r\nHEAD /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"HEAD /v2/ HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400),
    (b"HEAD " + b"/a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    (b"HEAD /v2/ HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", 417),
    (b"HEAD /v2/ HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 1000 + b"\r\n", 431),
    (b"HEAD /v2/ HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"HEAD /v2/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" + LAST + b"\r\n\r\nHTTP/", 200),
    (get(b"/v2/").replace(b"GET", b"HEAD") + b"HEAD /v2/ HTTP/1.1\r\n\r\n", 400),
)


@using(durability=3)
def test_a_head_that_is_refused_is_answered_without_a_body(server):
    for request, status in REFUSED_HEADS:
        received = server.raw(request)
        equal(statuses(received)[-1], status, request[:80])
        equal(received[received.rindex(b"\r\n\r\n") + 4:], b"", request[:80])


if __name__ == "__main__":
    run(sys.modules[__name__])
