#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections that are opened, begun, dripped into, not read from, and dropped."""

import contextlib
import socket
import struct

from attacks import begun_by, keep, left_alone
from world import MANY, digest_of, main, pace, withstand
from handshake import hello  # world knows where it is

HALVES = (b"", b"GET /v2/ HT", b"GET /v2/ HTTP/1.1\r\nHost: h\r\nX: ",
          b"PUT /v2/a/manifests/t HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
          b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", b"no request\r\n\r\n")
BLOB = bytes(64 << 20)


def short_connections(place):
    """2,000 a second, each left at another point."""
    place.begun()
    for n, _ in enumerate(pace(2000, burst=10)):
        with contextlib.suppress(OSError), place.tcp() as plain:
            plain.send(HALVES[n % len(HALVES)])
            place.did()


def resets(place):
    """The same, taken back in the middle of everything: with what the server says still unread."""
    place.begun()
    for n, _ in enumerate(pace(500, burst=5)):
        with contextlib.suppress(OSError), place.connect() as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.send(HALVES[n % len(HALVES)])
            place.did()


def opened_and_left(place):
    keep(place, place.tcp, left_alone, MANY, 400)


def handshakes_left(place):
    first = hello()

    def begin():
        plain = place.tcp()
        plain.sendall(first)
        return plain
    keep(place, begin, left_alone, MANY, 400)


def handshakes(place):
    """200 a second, for each of which the server has to sign."""
    first = hello()
    place.begun()
    for _ in pace(200):
        with contextlib.suppress(OSError), place.tcp() as plain:
            plain.sendall(first)
            plain.recv(4096)
            place.did()


def slow_heads(place):
    keep(place, begun_by(place, b"GET /v2/ HTTP/1.1\r\nHost: h\r\nX: "), lambda wire: wire.send(b"y"))


def slow_bodies(place):
    head = place.head("POST", f"/v2/a/blobs/uploads/?digest={digest_of(BLOB)}", f"Content-Length: {len(BLOB)}")
    keep(place, begun_by(place, head), lambda wire: wire.send(b"y"))


def slow_chunks(place):
    """Nothing but extensions of chunks."""
    head = place.head("POST", f"/v2/a/blobs/uploads/?digest={digest_of(BLOB)}", "Transfer-Encoding: chunked")
    keep(place, begun_by(place, head + b"5;"), lambda wire: wire.send(b"y"))


def never_sent(place):
    head = place.head("POST", f"/v2/a/blobs/uploads/?digest={digest_of(BLOB)}", f"Content-Length: {len(BLOB)}",
                      "Expect: 100-continue")
    keep(place, begun_by(place, head), left_alone)


def push_it(place):
    place.push_blob(BLOB)


def slow_readers(place):
    """64 MiB, of which 200 clients read a byte a second."""
    request = place.head("GET", f"/v2/x/blobs/{digest_of(BLOB)}")
    keep(place, begun_by(place, request, read_bytes=4096), lambda wire: wire.recv(1))


def test_short_connections():
    withstand(short_connections)


def test_short_connections_under_tls():
    withstand(short_connections, tls=True)


def test_resets():
    withstand(resets)


def test_resets_under_tls():
    withstand(resets, tls=True)


def test_connections_opened_and_left():
    withstand(opened_and_left)


def test_connections_opened_and_left_under_tls():
    withstand(opened_and_left, tls=True)


def test_handshakes_begun_and_left():
    withstand(handshakes_left, tls=True)


def test_handshakes_in_numbers():
    withstand(handshakes, tls=True)


def test_heads_that_come_slowly():
    withstand(slow_heads)


def test_heads_that_come_slowly_under_tls():
    withstand(slow_heads, tls=True)


def test_bodies_that_come_slowly():
    withstand(slow_bodies)


def test_bodies_that_come_slowly_under_tls():
    withstand(slow_bodies, tls=True)


def test_extensions_of_chunks_that_come_slowly():
    withstand(slow_chunks)


def test_bodies_that_are_announced_and_never_come():
    withstand(never_sent)


def test_blobs_that_are_read_slowly():
    withstand(slow_readers, prepare=push_it)


def test_blobs_that_are_read_slowly_under_tls():
    withstand(slow_readers, tls=True, prepare=push_it)


if __name__ == "__main__":
    main(__name__)
