#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each limit of a server on both sides: what is just below passes, what is just above gets its status, and what one
peer cannot have another still can."""

import contextlib
import os
import re
import sys
import time

from server_tap import OCI, OCTETS, digest_of, equal, run, true, using
from handshake import hello  # server_tap knows where it is
from server_wire import LAST, MANIFEST, answers, connect, get, grown_kib, metric, read_all, resident_kib, \
    send_slowly, statuses, under_tls, until_served


def wait_until_taken(server):
    """Until the server has read what was sent to it."""
    while True:
        with open("/proc/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        port = f":{server.port:04X}"
        if all(queues == "00000000:00000000" for _, local, peer, _, queues, *_ in rows if port in (local[8:], peer[8:])):
            return
        time.sleep(0.01)


@using(request_line_bytes=100, head_bytes=300, head_fields=5)
def test_a_head_has_the_limits_that_were_set(server):
    line = 100 - len(b"GET / HTTP/1.1")
    equal(statuses(server.raw(get(b"/" + b"a" * line, LAST))), [404], "the longest line")
    equal(statuses(server.raw(get(b"/" + b"a" * (line + 1), LAST))), [414], "one more")
    equal(statuses(server.raw(get(b"/healthz", LAST, b"A: a", b"B: b", b"C: c"))), [200], "the most fields")
    equal(statuses(server.raw(get(b"/healthz", LAST, b"A: a", b"B: b", b"C: c", b"D: d"))), [431], "one more")
    room = 300 - len(get(b"/healthz", LAST, b"X: "))
    equal(statuses(server.raw(get(b"/healthz", LAST, b"X: " + b"a" * room))), [200], "the largest head")
    equal(statuses(server.raw(get(b"/healthz", LAST, b"X: " + b"a" * (room + 1)))), [431], "one more")


@using(body_bytes=1000, durability=3)
def test_the_largest_body_passes_and_one_more_byte_is_413(server):
    for size, status in ((1000, 201), (1001, 413)):
        blob = os.urandom(size)
        head = f"POST /v2/a/blobs/uploads/?digest={digest_of(blob)} HTTP/1.1\r\nHost: x\r\n".encode() + LAST + b"\r\n"
        received = server.raw(head + b"Content-Length: %d\r\n\r\n" % size + blob)
        equal(statuses(received), [status], f"{size} bytes")
        chunked = b"".join(b"%x\r\n%s\r\n" % (len(blob[at:at + 100]), blob[at:at + 100]) for at in range(0, size, 100))
        received = server.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked + b"0\r\n\r\n")
        equal(statuses(received), [status], f"{size} bytes in chunks")
    true(b"SIZE_INVALID" in received and b"1000 bytes" in received, received)
    equal([line["status"] for line in server.stop()], [201, 201, 413, 413], "the log has them")


@using(body_bytes=1000, durability=3)
def test_a_blob_may_come_in_many_requests(server):
    blob = os.urandom(2500)
    location = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
    for at in range(0, len(blob), 1000):
        answer = server.ask("PATCH", location, blob[at:at + 1000], OCTETS)
        location = answer.headers["Location"]
    equal(server.ask("PUT", f"{location}?digest={digest_of(blob)}").status, 201)


@using(head_ms=300)
def test_a_head_that_does_not_end_in_time_is_408(server):
    with connect(server) as plain:
        plain.sendall(b"GET /healthz HT")
        equal(statuses(read_all(plain)), [408])
    with connect(server) as plain:
        plain.sendall(get()[:-1])
        time.sleep(0.1)
        plain.sendall(b"\n")
        equal(statuses(plain.recv(4096)), [200], "in time")
    with connect(server) as plain:
        equal(statuses(send_slowly(plain, [bytes([byte]) for byte in get(b"/healthz", *[b"X: y"] * 50)], 0.02)), [408],
              "bytes earn no more time")


@using(head_ms=300)
def test_who_sends_nothing_is_let_go_without_a_word(server):
    with connect(server) as plain:
        equal(read_all(plain), b"")


@using(idle_ms=300)
def test_a_kept_connection_that_rests_is_let_go_without_a_word(server):
    with connect(server) as plain:
        equal(answers(plain), [200])
        time.sleep(0.1)
        equal(answers(plain), [200], "in time")
        equal(read_all(plain), b"")


@using(head_ms=400, idle_ms=400, durability=3)
def test_a_byte_now_and_then_holds_no_connection(server):
    drips = (("empty lines", b"\r\n" * 50), ("a head", get() * 2), ("fields", get(b"/healthz", *[b"X: y"] * 50)),
             ("bytes of a hello", hello()))
    for what, data in drips:
        for first in (b"", get()):
            with connect(server) as plain:
                began = time.monotonic()
                plain.sendall(first)
                with contextlib.suppress(OSError):
                    send_slowly(plain, [bytes([byte]) for byte in data[:60]], 0.1)
                read_all(plain)
                true(time.monotonic() - began < 3, f"{what}, {'kept' if first else 'new'}: it was let go")


@using(body_ms=400, least_bytes=1000, head_ms=400, durability=3)
def test_what_is_no_data_of_a_body_does_not_keep_it(server):
    head = MANIFEST + b"Transfer-Encoding: chunked\r\n\r\n"
    for what, begin, more in (("an extension", b"5;", b"x"), ("a trailer", b"0\r\nX: ", b"x"),
                              ("chunks of one byte", b"", b"1\r\na\r\n")):
        with connect(server) as plain:
            began = time.monotonic()
            plain.sendall(head + begin)
            with contextlib.suppress(OSError):
                equal(statuses(send_slowly(plain, [more] * 60, 0.1) + read_all(plain)), [408], what)
            true(time.monotonic() - began < 3, f"{what}: it was let go")


@using(body_ms=400, least_bytes=100)
def test_a_body_has_to_move(server):
    head = MANIFEST + b"Content-Length: 1000\r\n\r\n"
    with connect(server) as plain:
        plain.sendall(head + b"a" * 50)
        equal(statuses(read_all(plain)), [408], "too slow")
    with connect(server) as plain:
        plain.sendall(head)
        for _ in range(10):
            time.sleep(0.1)
            plain.sendall(b"a" * 100)
        equal(statuses(plain.recv(4096)), [400], "it was no manifest, and took twice the time")


@using(body_ms=200, least_bytes=10, total_ms=700)
def test_a_whole_request_has_its_time(server):
    with connect(server) as plain:
        plain.sendall(MANIFEST + b"Content-Length: 100000\r\n\r\n")
        equal(statuses(send_slowly(plain, [b"a" * 100] * 100, 0.05)), [408], "it moves, and is over all the same")
    with connect(server) as plain:
        for _ in range(10):
            equal(answers(plain), [200], "a connection may last longer")
            time.sleep(0.1)


@using(answer_ms=300, least_bytes=1000, durability=3)
def test_an_answer_that_is_not_read_ends(server):
    blob = os.urandom(32 << 20)
    equal(server.push_blob(blob).status, 201)
    request = get(f"/v2/x/blobs/{digest_of(blob)}".encode(), LAST)
    with connect(server) as plain:
        plain.sendall(request)
        time.sleep(2)
        true(len(read_all(plain)) < len(blob), "it was cut")
    with connect(server) as plain:
        plain.sendall(request)
        received = 0
        while piece := plain.recv(4 << 20):
            received += len(piece)
            time.sleep(0.02)
        true(received > len(blob), "who reads gets it, however long it takes")


@using(connections=4, connections_per_address=4)
def test_one_connection_too_many_is_503_and_places_come_back(server):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(4)]
        for plain in held:
            equal(answers(plain), [200], "as many as there may be")
        received = server.raw(get())
        equal(statuses(received), [503], "one more")
        true(b"\r\nRetry-After: " in received, received)
        held[0].close()
        until_served(server)
    for _ in range(100):
        connect(server).close()
    until_served(server)


def hold(stack, server, source):
    """What one more connection from there is answered, which stays."""
    return answers(stack.enter_context(connect(server, source=source)))


@using(connections=100, connections_per_address=3, listen="[::1]:0")
def test_an_address_has_its_share_and_a_v6_network_is_one(server):
    with contextlib.ExitStack() as stack:
        equal([hold(stack, server, "::1") for _ in range(4)], [[200]] * 3 + [[503]])


@using(connections=100, connections_per_address=3, listen="0.0.0.0:0")
def test_another_address_has_a_share_of_its_own(server):
    with contextlib.ExitStack() as stack:
        equal([hold(stack, server, "127.0.0.2") for _ in range(4)], [[200]] * 3 + [[503]])
        equal(hold(stack, server, "127.0.0.3"), [200])


@using(connections=3, connections_per_address=3)
def test_who_has_been_turned_away_many_times_takes_no_place(server):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(3)]
        equal([answers(plain) for plain in held], [[200]] * 3)
        more = [stack.enter_context(connect(server)) for _ in range(200)]
        equal([answers(plain) for plain in held], [[200]] * 3, "those who were there go on")
        said = [statuses(read_all(plain)) for plain in more[:10]]
        equal(said, [[503]] * 10)
    until_served(server)


@using(held_bytes=16 << 20, durability=3, audit=1)
def test_memory_for_bodies_ends_with_503_and_comes_back(server):
    size = 3 << 20
    whole = MANIFEST + LAST + b"\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(connect(server)) for _ in range(2)]
        for plain in held:
            plain.sendall(MANIFEST + b"Content-Length: %d\r\n\r\n" % size + b"a" * (size - 1))
        wait_until_taken(server)
        received = server.raw(whole)
        equal(statuses(received), [503], "with nine of sixteen an address would leave less than it has")
        true(b"\r\nRetry-After: " in received and b"TOOMANYREQUESTS" in received, received[:500])
        with connect(server, source="127.0.0.2") as other:
            other.sendall(whole)
            equal(statuses(other.recv(4096)), [400], "others are heard meanwhile")
        for plain in held:
            plain.sendall(b"a")
            equal(statuses(plain.recv(4096)), [400], "those that were taken are heard")
    equal(statuses(server.raw(whole)), [400], "and there is room again")
    equal(server.stop(), [], "no change was begun")


KEPT = 300


@contextlib.contextmanager
def kept(server, *data):
    """So many connections on which all this was sent and answered."""
    with contextlib.ExitStack() as stack:
        wires = [stack.enter_context(under_tls(server) if server.tls else connect(server)) for _ in range(KEPT)]
        for wire in wires:
            for piece in data:
                wire.sendall(piece)
                received = b""
                while b"\r\n\r\n" not in received:
                    received += wire.recv(65536)
                body = int((re.search(rb"Content-Length: (\d+)", received) or [0, 0])[1])
                while len(received) < received.index(b"\r\n\r\n") + 4 + body:
                    received += wire.recv(1 << 20)
        yield


def check_cost_of_idle(server, most_kib):
    manifest = server.push_image("1", "a")
    blob = os.urandom(1 << 20)
    equal(server.push_blob(blob, "a").status, 201)
    chunks = b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n0\r\n\r\n" % (len(manifest), manifest)
    put = b"PUT /v2/a/manifests/2 HTTP/1.1\r\nHost: h\r\nContent-Type: " + OCI.encode() + b"\r\n"
    for what, data in (("a small answer", [get()]), ("a large head", [get(b"/healthz", b"X: " + b"y" * 30000)]),
                       ("a large answer", [get(f"/v2/a/blobs/{digest_of(blob)}".encode())]),
                       ("a body", [put + b"Content-Length: %d\r\n\r\n" % len(manifest) + manifest]),
                       ("a body in chunks", [put + chunks]), ("many requests", [get()] * 20)):
        before = resident_kib(server)
        with kept(server, *data):
            each = grown_kib(server, before) / KEPT
            true(each <= most_kib, f"{what}: {each:.1f} KiB for each")


@using(durability=3, anonymous=3, connections=1000, connections_per_address=1000)
def test_an_idle_connection_costs_little_whatever_it_was_used_for(server):
    check_cost_of_idle(server, 20)


@using(buildset=1, anonymous=3, connections=1000, connections_per_address=1000)
def test_an_idle_connection_costs_little_under_tls(server):
    check_cost_of_idle(server, 40)


REFUSALS = (
    (400, b"GET  / HTTP/1.1\r\n\r\n"),
    (408, b"GET /healthz HT"),
    (414, get(b"/" + b"a" * 10000)),
    (417, get(b"/healthz", b"Expect: the-best")),
    (431, get(b"/healthz", b"X: " + b"y" * 50000)),
    (501, get(b"/healthz", b"Transfer-Encoding: gzip")),
    (505, get(version=b"2.0")),
)


@using(durability=3, metrics=1, head_ms=300)
def test_each_refusal_is_counted_once(server):
    for status, data in REFUSALS:
        equal(statuses(server.raw(data)), [status])
    counted = {status: metric(server, "zreg_bad_requests_total", status=status) for status, _ in REFUSALS}
    equal(counted, {status: 1 for status, _ in REFUSALS})
    equal([metric(server, "zreg_bad_requests_total", status=status) for status in (413, 503, "other")], [0] * 3)


@using(durability=3, metrics=1, connections=2, connections_per_address=1)
def test_who_is_turned_away_is_counted_once(server):
    with connect(server, source="127.0.0.2") as other:
        equal(answers(other), [200])
        with connect(server, source="127.0.0.2") as second:
            equal(statuses(read_all(second)), [503])
        equal(metric(server, "zreg_connections_turned_away_total"), 1)
        equal(metric(server, "zreg_bad_requests_total", status=503), 0)


if __name__ == "__main__":
    run(sys.modules[__name__])
