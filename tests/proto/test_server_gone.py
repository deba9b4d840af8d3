#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that leave: wherever a request was, its place is free within a second, and who only says that nothing more
will come still gets the answer."""

import contextlib
import os
import select
import socket
import ssl
import sys
import tempfile
import time

from server_tap import Server, basic, digest_of, equal, run, true, using
from server_wire import A_SECOND, MANIFEST, connect, descriptors, get, is_served, metric, read_all, reset, statuses, \
    under_tls, until, until_served

GONE_IN = (
    ("before a request", b""),
    ("in a head", b"GET /v2/ HTTP/1.1\r\nHo"),
    ("behind a request", get(b"/v2/")),
    ("in a body", MANIFEST + b"Content-Length: 9\r\n\r\nabc"),
    ("in a chunk", MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"),
    ("between chunks", MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
    ("before the last line", MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n"),
    ("in a trailer", MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: y"),
    ("in a body that was refused", b"PATCH /v2/a/blobs/uploads/none HTTP/1.1\r\nHost: x\r\n"
                                   b"Content-Length: 900000\r\n\r\nab"),
    ("waiting for 100", MANIFEST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n"),
    ("behind what is malformed", b"bad\r\n\r\n"),
    ("amid requests that follow each other", get(b"/v2/") * 200 + b"GET"),
    ("amid lists", get(b"/v2/_catalog") * 20),
)


@using(connections=1, connections_per_address=1)
def test_who_is_gone_frees_the_only_place_within_a_second_wherever_it_was(server):
    for name, data in GONE_IN:
        for leave in (reset, socket.socket.close):
            plain = connect(server)
            plain.sendall(data)
            time.sleep(0.05)
            leave(plain)
            until(lambda: is_served(server), f"{name}, {leave.__name__}: no place came free")


@using(connections=1, connections_per_address=1, durability=3)
def test_who_is_gone_amid_an_answer_frees_the_only_place(server):
    blob = os.urandom(32 << 20)
    equal(server.push_blob(blob).status, 201)
    until_served(server)
    for leave in (reset, socket.socket.close):
        plain = connect(server)
        plain.sendall(get(f"/v2/x/blobs/{digest_of(blob)}".encode()))
        plain.recv(1000)
        leave(plain)
        until_served(server)


def place_under_tls(server):
    """Who is one too many learns nothing but the end."""
    places = []

    def take():
        with contextlib.suppress(OSError):
            places.append(under_tls(server))
        return places
    until(take, "no place came free")
    return places[0]


@using(buildset=1, connections=1, connections_per_address=1)
def test_who_is_gone_under_tls_frees_the_only_place(server):
    for hello in (b"", b"\x16\x03\x01\x00\xc8\x01\x00"):
        plain = connect(server)
        plain.sendall(hello)
        time.sleep(0.05)
        plain.close()
        until_served(server)
    for _, data in GONE_IN:
        with place_under_tls(server) as secure:
            secure.sendall(data)
            time.sleep(0.02)
        until_served(server)


def storm(server, count, data=b"", leave=reset, tls=False):
    """So many clients that come and leave at once."""
    for _ in range(count):
        with contextlib.suppress(OSError):
            plain = connect(server)
            if tls:
                with contextlib.suppress(ssl.SSLError, OSError):
                    plain = server.tls.wrap_socket(plain, server_hostname="127.0.0.1")
            plain.send(data)
            leave(plain)


@using(durability=3, metrics=1)
def test_a_storm_of_resets_leaves_nothing_behind(server):
    until_served(server)
    before = descriptors(server)
    for data in (b"", b"G", get(), get() * 10, MANIFEST + b"Content-Length: 9\r\n\r\nabc", get(b"/v2/_catalog")):
        storm(server, 700, data)
        until_served(server, 10)
    until(lambda: descriptors(server) <= before, "they are let go", 10)
    stages = ("hello", "idle", "head", "body", "answer", "refused", "linger")
    equal([metric(server, "zreg_connections", stage=stage) for stage in stages], [0] * len(stages))
    equal(metric(server, "zreg_held_bytes"), 0)


@using(durability=3)
def test_who_asks_for_lists_and_leaves_keeps_no_list_from_others(server):
    server.push_image()
    for path in (b"/v2/_catalog", b"/v2/x/tags/list", b"/v2/x/referrers/" + digest_of(b"").encode()):
        for leave in (reset, socket.socket.close):
            for _ in range(10):
                storm(server, 300, get(path), leave)
                equal(server.ask("GET", path.decode()).status, 200, f"{path}, {leave.__name__}")


@using(buildset=1)
def test_a_storm_of_resets_under_tls_leaves_nothing_behind(server):
    until_served(server)
    before = descriptors(server)
    storm(server, 300, b"\x16\x03\x01")
    storm(server, 100, get(), tls=True)
    until_served(server, 10)
    until(lambda: descriptors(server) <= before, "they are let go", 10)


@using(durability=3)
def test_half_a_request_and_an_end_is_no_request(server):
    for data in (b"GET /healthz HTTP/1.1", get()[:-1], MANIFEST + b"Content-Length: 3\r\n\r\n{}",
                 MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
                 MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"):
        with connect(server, 2) as plain:
            plain.sendall(data)
            plain.shutdown(socket.SHUT_WR)
            began = time.monotonic()
            equal([status for status in statuses(read_all(plain)) if status < 400], [], data)
            true(time.monotonic() - began < A_SECOND, f"{data!r} is let go at once")


@using(durability=3)
def test_who_ends_his_side_behind_whole_requests_gets_all_answers(server):
    server.push_image()
    for data, wanted in ((get(), [200]), (get() * 3, [200] * 3), (get(b"/v2/_catalog") * 3, [200] * 3),
                         (get(b"/v2/x/manifests/1") + get()[:-1], [200]),
                         (MANIFEST + b"Content-Length: 2\r\n\r\n{}", [400])):
        with connect(server) as plain:
            plain.sendall(data)
            plain.shutdown(socket.SHUT_WR)
            equal(statuses(read_all(plain)), wanted, data)


SLOW = 4_000_000  # rounds: a few seconds


@contextlib.contextmanager
def slow_passwords(**settings):
    """A server on which checking a password takes seconds, and is always in vain."""
    with tempfile.NamedTemporaryFile("w", prefix="zreg-htpasswd-") as file:
        file.writelines(f"user{i}:$6$rounds={SLOW}$abcdefgh${'.' * 86}\n" for i in range(10))
        file.flush()
        server = Server(durability=3, htpasswd=file.name, anonymous=2, **settings)
        try:
            yield server
        finally:
            server.close()


def login(number=0, version=b"1.1"):
    return get(b"/v2/", b"Authorization: " + basic(f"user{number}", "wrong").encode(), version=version)


def test_who_is_gone_while_a_worker_is_at_it_frees_the_only_place():
    for leave in (reset, socket.socket.close):
        with slow_passwords(connections=1, connections_per_address=1) as server:
            until_served(server)
            plain = connect(server)
            plain.sendall(login())
            time.sleep(0.1)
            began = time.monotonic()
            leave(plain)
            until_served(server)
            true(time.monotonic() - began < A_SECOND, f"{leave.__name__}: it was free within a second")


def at_passwords(server):
    return sum(metric(server, f"zreg_lane_{what}", lane="passwords") for what in ("waiting", "running"))


def test_the_work_of_those_who_are_gone_is_not_done():
    with slow_passwords(metrics=1) as server:
        for number in range(8):
            plain = connect(server, source=f"127.0.0.{number + 2}")
            plain.sendall(login(number))
            time.sleep(0.05)
            (reset if number % 2 else socket.socket.close)(plain)
        began = time.monotonic()
        until(lambda: at_passwords(server) == 0, "they are dropped", 20)
        one = time.monotonic() - began
        plain = connect(server, 60)
        began = time.monotonic()
        plain.sendall(login(9))
        equal(statuses(plain.recv(4096)), [401])
        plain.close()
        true(one < 2.5 * (time.monotonic() - began), "one of them was done at most, and the other seven dropped")
        lines = [line for line in server.stop() if line["path"] == "/v2/"]
        equal([line["status"] for line in lines].count(401), 1, "nobody was answered but who was there")


def test_what_waits_for_a_worker_when_the_grace_is_over_is_not_done():
    with slow_passwords(metrics=1, grace_ms=100) as server, contextlib.ExitStack() as stack:
        for number in range(12):
            plain = stack.enter_context(connect(server, 60, source=f"127.0.0.{number + 2}"))
            plain.sendall(login(number))
        until(lambda: at_passwords(server) == 12, "all wait or are worked at", 5)
        found = [line["status"] for line in server.stop() if line["path"] == "/v2/"]
        true(len(found) == 12 and found.count(0) >= 8, f"those that were begun are done, no others: {found}")


def test_what_follows_a_request_at_a_worker_waits_for_it_and_nobody_else_does():
    with slow_passwords(threads=1) as server, connect(server, 60) as plain:
        plain.sendall(login() + get() * 3 + b"GET /v2/ HTT")
        for _ in range(10):
            true(is_served(server), "others are served")
        true(not select.select([plain], [], [], 0)[0], "the first is at its worker still")
        received = b""
        while received.count(b"HTTP/1.1") < 4:
            received += plain.recv(65536)
        equal(statuses(received), [401, 200, 200, 200], "in the order in which they were sent")


def test_who_ends_his_side_while_a_worker_is_at_it_gets_the_answer():
    with slow_passwords() as server:
        for version, wanted in ((b"1.1", [102, 401]), (b"1.0", [401])):
            with connect(server, 60) as plain:
                plain.sendall(login(version == b"1.0", version))
                plain.shutdown(socket.SHUT_WR)
                equal(statuses(read_all(plain)), wanted, "whether it is there was asked by an answer before the answer")


if __name__ == "__main__":
    run(sys.modules[__name__])
