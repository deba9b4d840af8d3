#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests that are too large, too many, endless, or made to cost more than they look like."""

import contextlib

from attacks import NONE, begun_by, keep, left_alone, repeat
from world import OCI, digest_of, main, pace, withstand

BLOB = bytes(1 << 20)


def huge_heads(place):
    """Each limit of a head, gone past by far."""
    repeat(place, 200, b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n", place.head("GET", "/v2/", "X: " + "y" * 100000),
           place.head("GET", "/v2/", *["X: y"] * 5000), b"\r\n" * 5000)


def largest_heads(place):
    """The largest that are taken."""
    repeat(place, 500, place.head("GET", "/v2/?" + "a" * 8100, "X: " + "y" * 29000, *[f"X{n}: y" for n in range(90)]))


def endless_manifests(place):
    """Chunks without end where 4 MiB are the most."""
    place.begun()
    head = place.head("PUT", "/v2/a/manifests/t", f"Content-Type: {OCI}", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    wire = None
    for _ in pace(400, burst=4):
        try:
            if wire is None:
                wire = place.connect()
                wire.sendall(head)
            wire.sendall(chunk)
            place.did()
        except OSError:
            if wire is not None:
                wire.close()
            wire = None


def manifests_held(place):
    """60 manifests of 4 MiB, of each of which the last byte does not come."""
    head = place.head("PUT", "/v2/a/manifests/t", f"Content-Type: {OCI}", f"Content-Length: {4 << 20}")
    keep(place, begun_by(place, head + b" " * ((4 << 20) - 1)), left_alone, 60, 40)


def endless_blobs(place):
    """50 MB a second into an upload that is never ended, a new one after 200 MB."""
    location = place.ask("POST", "/v2/a/blobs/uploads/")[1].partition(b"Location: ")[2].partition(b"\r\n")[0].decode()
    wire = place.connect()
    wire.sendall(place.head("PATCH", location, "Transfer-Encoding: chunked"))
    place.begun()
    for n, _ in enumerate(pace(200, burst=2)):
        wire.sendall(b"40000\r\n" + bytes(1 << 18) + b"\r\n")
        place.did()
        if n % 800 == 799:
            wire.close()
            return endless_blobs(place)


def pipelines(place):
    """10,000 requests at once, four times a second."""
    requests = place.head("GET", "/v2/") * 10000
    place.begun()
    wires = [place.connect() for _ in range(4)]
    for n, _ in enumerate(pace(4)):
        wire = wires[n % 4]
        wire.setblocking(False)
        with contextlib.suppress(OSError):
            while wire.recv(1 << 20):
                pass
        with contextlib.suppress(OSError):
            wire.send(requests)
        place.did()


def ranges(place):
    many = ",".join(f"{n}-{n}" for n in range(3000))
    digest = digest_of(BLOB)
    repeat(place, 500, *[place.head("GET", f"/v2/x/blobs/{digest}", f"Range: bytes={text}")
                         for text in (many, "1-1", "-1", "0-0,1-1", "9" * 300 + "-", "1-0", "0-0", "," * 10000)])


def absent_things(place):
    repeat(place, 1500, *[place.head("HEAD", path) for path in (
        f"/v2/none/blobs/{NONE}", "/v2/none/manifests/none", f"/v2/x/manifests/{NONE}",
        f"/v2/{'a/' * 100}a/blobs/{NONE}")])


def push_it(place):
    place.push_blob(BLOB)


def test_heads_beyond_their_limits():
    withstand(huge_heads)


def test_the_largest_heads():
    withstand(largest_heads)


def test_manifests_that_never_end():
    withstand(endless_manifests)


def test_manifests_that_do_not_end():
    withstand(manifests_held)


def test_blobs_that_never_end():
    withstand(endless_blobs)


def test_pipelines():
    withstand(pipelines)


def test_pipelines_under_tls():
    withstand(pipelines, tls=True)


def test_ranges():
    withstand(ranges, prepare=push_it)


def test_heads_of_what_is_not_there():
    withstand(absent_things)


def test_heads_of_what_is_not_there_under_tls():
    withstand(absent_things, tls=True)


def test_a_log_that_nobody_reads():
    withstand(absent_things, log="pipe")


if __name__ == "__main__":
    main(__name__)
