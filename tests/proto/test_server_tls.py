#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What TLS gives strangers to hold a server up with: handshakes that do not end, keys that change, records that cost
more than they bring, answers that are not read."""

import contextlib
import os
import ssl
import subprocess
import sys
import threading
import time

from server_tap import digest_of, equal, run, true, using
from handshake import hello  # server_tap knows where it is
from server_wire import LAST, MANIFEST, connect, get, grown_kib, is_served, metric, read_all, resident_kib, \
    send_slowly, statuses, under_tls, until


@using(buildset=1, threads=1)
def test_records_of_one_byte_hold_nobody_up(server):
    blob = b"a" * 200000
    done = threading.Event()

    def drip():
        with server.tls.wrap_socket(connect(server, 60), server_hostname="127.0.0.1") as secure:
            secure.sendall(MANIFEST + b"Content-Length: %d\r\n\r\n" % len(blob))
            with contextlib.suppress(OSError):
                while not done.is_set():
                    secure.send(b"a")
    drips = [threading.Thread(target=drip) for _ in range(2)]
    for one in drips:
        one.start()
    try:
        for _ in range(20):
            equal(server.ask("GET", "/healthz").status, 200)
    finally:
        done.set()
        for one in drips:
            one.join()


def s_client(server, letters, *options):
    """What openssl gets that gives these commands before it asks."""
    client = subprocess.Popen(["openssl", "s_client", "-connect", f"{server.host}:{server.port}", *options],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with contextlib.suppress(BrokenPipeError):
        for letter in letters:
            client.stdin.write(letter + b"\n")
            client.stdin.flush()
            time.sleep(0.01)  # it looks at the first letter of what it reads at once
        time.sleep(0.5)
        client.stdin.write(get(b"/healthz", LAST))
        client.stdin.flush()
    said = client.stdout.read()
    with contextlib.suppress(BrokenPipeError):
        client.stdin.close()
    client.wait()
    return said


@using(buildset=1, idle_ms=5000)
def test_keys_may_change_and_not_for_ever(server):
    equal(statuses(s_client(server, [b"K"] * 3, "-tls1_3")), [200])
    equal(statuses(s_client(server, [b"K"] * 400, "-tls1_3")), [])


def seconds_until_closed(plain, began):
    read_all(plain)
    return time.monotonic() - began


@using(buildset=1, head_ms=500)
def test_a_handshake_that_does_not_end_is_let_go_in_its_time(server):
    first = hello()
    for what, begin in (("nothing", b""), ("half a hello", first[:len(first) // 2]), ("a hello", first),
                        ("a record that is announced", b"\x16\x03\x01\x40\x00\x01")):
        with connect(server) as plain:
            began = time.monotonic()
            plain.sendall(begin)
            true(0.3 < seconds_until_closed(plain, began) < 3, f"{what}, and then silence")
    with connect(server) as plain:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            send_slowly(plain, [bytes([byte]) for byte in first], 0.02)
        true(seconds_until_closed(plain, began) < 3, "bytes earn no more time")


@using(buildset=1, head_ms=60000)
def test_handshakes_that_do_not_end_hold_nobody_up(server):
    first = hello()
    with contextlib.ExitStack() as stack:
        begun = []
        for i in range(300):
            begun.append(stack.enter_context(connect(server)))
            begun[-1].sendall(first[:1 + i % len(first)])
        for at in range(20):
            for plain in begun[:30]:
                with contextlib.suppress(OSError):
                    plain.send(first[-1:])
            equal(server.ask("GET", "/healthz").status, 200, at)


@using(buildset=1, idle_ms=500, head_ms=500)
def test_silence_behind_a_handshake_is_let_go_in_its_time(server):
    for what, data, wanted in (("nothing", b"", []), ("half a head", b"GET /v2/ HTT", [408]),
                               ("a whole request", get(), [200])):
        with under_tls(server) as secure:
            began = time.monotonic()
            secure.sendall(data)
            received = read_all(secure)
            equal(statuses(received), wanted, what)
            true(0.3 < time.monotonic() - began < 3, f"{what}, and then silence")


@using(buildset=1, idle_ms=5000)
def test_a_second_handshake_in_a_connection_is_refused(server):
    equal(statuses(s_client(server, [], "-tls1_2")), [200])
    for letters in ([b"R"], [b"R"] * 100):
        equal(statuses(s_client(server, letters, "-tls1_2", "-legacy_renegotiation")), [], "renegotiation")
    true(is_served(server), "others are served")


@using(buildset=1, idle_ms=5000)
def test_keys_that_change_one_way_alone_end_too(server):
    equal(statuses(s_client(server, [b"k"] * 3, "-tls1_3")), [200])
    equal(statuses(s_client(server, [b"k"] * 400, "-tls1_3")), [])


def ask_and_not_read(server, request, count, stack):
    """So many who ask and leave unread what comes."""
    for _ in range(count):
        secure = stack.enter_context(under_tls(server, read_bytes=4096))
        secure.sendall(request)


@using(buildset=1, answer_ms=500, least_bytes=1000)
def test_an_answer_that_is_not_read_ends_under_tls(server):
    blob = os.urandom(16 << 20)
    server.user = ("zuul", server.record["password"])
    equal(server.push_blob(blob).status, 201)
    with under_tls(server, read_bytes=4096) as secure:
        secure.sendall(get(f"/v2/x/blobs/{digest_of(blob)}".encode(), LAST))
        time.sleep(3)
        true(len(read_all(secure)) < len(blob), "it was cut")


@using(buildset=1, metrics=1, held_bytes=16 << 20)
def test_what_slow_readers_leave_is_counted_and_ends(server):
    blob = os.urandom(16 << 20)
    server.user = ("zuul", server.record["password"])
    equal(server.push_blob(blob).status, 201)
    request = get(f"/v2/x/blobs/{digest_of(blob)}".encode(), LAST)
    before = resident_kib(server)
    with contextlib.ExitStack() as stack:
        ask_and_not_read(server, request, 20, stack)
        until(lambda: metric(server, "zreg_held_bytes") >= 20 * 32768, "what waits for them counts", 5)
        ask_and_not_read(server, request, 200, stack)
        true(metric(server, "zreg_held_bytes") <= 16 << 20, "and is bounded")
        equal(server.ask("GET", "/v2/").status, 200, "others are served")
        true(grown_kib(server, before) < 40 << 10, "memory is bounded")
    until(lambda: metric(server, "zreg_held_bytes") == 0, "it counts no more when they are gone", 5)


@using(buildset=1, metrics=1)
def test_half_a_record_is_counted_as_the_memory_that_it_takes(server):
    with under_tls(server) as secure:
        secure.sendall(get())
        equal(statuses(secure.recv(4096)), [200])
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        os.write(secure.fileno(), b"\x17\x03\x03\x40\x00" + bytes(5000))
        until(lambda: metric(server, "zreg_held_bytes") >= 5000, "a record that came in part", 5)
        del incoming, outgoing
    until(lambda: metric(server, "zreg_held_bytes") == 0, "it counts no more", 5)


if __name__ == "__main__":
    run(sys.modules[__name__])
