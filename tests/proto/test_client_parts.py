#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Parts of blobs (RFC 9110, section 14): from registries that know ranges, that do not, and that lie."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, content, error, sha256  # noqa: E402

SIZE = 300000
DATA = content(SIZE)
PARTS = ((0, 1), (0, SIZE), (1, 1), (1000, 5000), (SIZE - 1, 1), (SIZE - 10, 100), (0, "-"), (7, "-"), (0, SIZE + 1))


def ranged(request, cut=None, data=DATA):
    """As RFC 9110 has it."""
    first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers["Range"]).groups()
    last = min(int(last or len(data)), len(data) - 1)
    if int(first) >= len(data):
        return Answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
    return Answer(206, data[int(first):last + 1], {"Content-Range": f"bytes {first}-{last}/{len(data)}"}, cut=cut)


def part(offset, length):
    return DATA[offset:] if length == "-" else DATA[offset:offset + length]


def wanted(offset, length, size=True):
    data = part(offset, length)
    return [str(len(data)) if size else "-1", sha256(data), str(len(data))]


def test_a_part_is_asked_for_and_no_more():
    for offset, length in PARTS:
        with World() as world:
            registry, client = world.registry(), world.client()
            digest = registry.add_blob("a/b", DATA)
            registry.on("GET", "/blobs/", ranged)
            assert client.do("blob-part", f"{registry.name}/a/b", digest, offset, length) == wanted(offset, length)
            last = "" if length == "-" else offset + length - 1
            assert [request.headers["Range"] for request in registry.log] == [f"bytes={offset}-{last}"]


def test_a_registry_that_sends_the_whole_is_read_up_to_the_part():
    for chunked in (False, True):
        for piece in ("-", 1000):
            with World() as world:
                registry, client = world.registry(), world.client()
                digest = registry.add_blob("a/b", DATA)
                for offset, length in PARTS[1:]:
                    registry.on("GET", "/blobs/", Answer(200, DATA, chunked=chunked))
                    answer = client.do("blob-part", f"{registry.name}/a/b", digest, offset, length, piece)
                    assert answer[1:] == wanted(offset, length)[1:], (offset, length, answer)


def test_the_transfer_ends_with_the_part():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_blob("a/b", DATA)
        registry.on("GET", "/blobs/", Answer(200, DATA + bytes(1 << 25), pace=(1 << 16, 0.01)))
        assert client.do("blob-part", f"{registry.name}/a/b", digest, 10, 90) == wanted(10, 90)
        assert client.counters()["bytes_in"] < 1 << 23


def test_a_part_past_the_end_is_refused():
    for answer in (ranged, Answer(200, DATA), Answer(200, DATA, chunked=True), Answer(416)):
        for offset in (SIZE, SIZE + 1):
            with World() as world:
                registry, client = world.registry(), world.client()
                digest = registry.add_blob("a/b", DATA)
                registry.on("GET", "/blobs/", answer)
                failure = client.fails("INVAL", "blob-part", f"{registry.name}/a/b", digest, offset, 10)
                assert str(offset) in failure.text and digest in failure.text, failure.text


def test_nothing_is_asked_for_what_no_blob_can_have():
    with World() as world:
        registry, client = world.registry(), world.client()
        for offset, length in ((0, 0), (1 << 46, 1), (1 << 44, 1 << 45), (2**64 - 1, 2**64 - 2), (1, 2**64 - 2)):
            client.fails("INVAL", "blob-part", f"{registry.name}/a/b", sha256(DATA), offset, length)
        assert not registry.log


def test_another_part_than_asked_for_is_an_error():
    right = DATA[100:200]
    for header, data in ((None, right), ("bytes 101-200/300000", right), ("bytes 99-198/300000", right),
                         ("bytes 100-198/300000", right[:-1]), ("bytes 100-200/300000", DATA[100:201]),
                         ("bytes 100-198/*", right[:-1]), ("bytes 100-199/300000", right[:-1]),
                         ("bytes 100-199/150", right), ("bytes 199-100/300000", right), ("x", right),
                         ("bytes 100-", right)):
        with World() as world:
            registry, client = world.registry(), world.client(attempts=2)
            other = Answer(206, data, {"Content-Range": header} if header else {})
            registry.on("GET", "/blobs/", *[other] * 2, other, ranged)
            client.fails("PROTO", "blob-part", f"{registry.name}/a/b", sha256(DATA), 100, 100)
            assert client.do("blob-part", f"{registry.name}/a/b", sha256(DATA), 100, 100) == wanted(100, 100)
            assert [request.headers["Range"] for request in registry.log] == ["bytes=100-199"] * 4, header


def test_a_part_of_unknown_whole_is_taken():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/blobs/", Answer(206, DATA[100:200], {"Content-Range": "bytes 100-199/*"}))
        assert client.do("blob-part", f"{registry.name}/a/b", sha256(DATA), 100, 100) == wanted(100, 100)


def test_a_part_that_breaks_off_is_resumed():
    for again in (ranged, Answer(200, DATA)):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("GET", "/blobs/", lambda request: ranged(request, cut=1000), again)
            assert client.do("blob-part", f"{registry.name}/a/b", sha256(DATA), 100, 5000) == wanted(100, 5000)
            assert [request.headers["Range"] for request in registry.log] == ["bytes=100-5099", "bytes=1100-5099"]


def test_a_part_of_a_blob_that_shrank_is_an_error():
    with World() as world:
        registry, client = world.registry(), world.client(attempts=3)
        registry.on("GET", "/blobs/", lambda request: ranged(request, cut=1000),
                    *[lambda request: ranged(request, data=DATA[:2000])] * 2)
        client.fails("PROTO", "blob-part", f"{registry.name}/a/b", sha256(DATA), 100, 5000)
        assert len(registry.log) == 3, registry.log


def test_errors_of_a_part_are_those_of_a_blob():
    for status, theirs, code in ((404, "BLOB_UNKNOWN", "NOTFOUND"), (403, "DENIED", "DENIED")):
        with World() as world:
            registry, client = world.registry(), world.client(attempts=1)
            registry.on("GET", "/blobs/", error(status, theirs))
            client.fails(code, "blob-part", f"{registry.name}/a/b", sha256(DATA), 0, 10)


if __name__ == "__main__":
    tap.main(__name__)
