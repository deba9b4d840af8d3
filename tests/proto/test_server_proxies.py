#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What proxies tell of the client: from those that are trusted it counts, from others it changes nothing, and what
is hostile in it is no danger."""

import contextlib
import re
import socket
import struct
import sys
import time

from server_tap import equal, run, true, using
from server_wire import LAST, statuses

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
TRUSTED = {"trusted": "127.0.0.0/8", "durability": 3, "anonymous": 3}


def get(path=b"/healthz", *fields):
    return b"\r\n".join((b"GET " + path + b" HTTP/1.1", b"Host: own.example", *fields, b"", b""))


def location(server, *fields):
    received = server.raw(b"\r\n".join((b"POST /v2/a/blobs/uploads/ HTTP/1.1", b"Host: own.example", LAST,
                                        b"Content-Length: 0", *fields, b"", b"")))
    return re.search(rb"\r\nLocation: (\S+)", received).group(1).decode()


def realm(server, *fields):
    received = server.raw(get(b"/v2/a/tags/list", LAST, *fields))
    return re.search(rb'realm="([^"]*)/v2/_token"', received).group(1).decode()


def remotes(server):
    return [line["remote"] for line in server.stop()]


# Fields, and the client that they tell of; None: the proxy itself is all that is known.
TOLD = (
    ((b"X-Forwarded-For: 192.0.2.1",), "192.0.2.1:0"),
    ((b"X-Forwarded-For: 6.6.6.6, 192.0.2.2",), "192.0.2.2:0"),
    ((b"X-Forwarded-For: 6.6.6.6", b"X-Forwarded-For: 192.0.2.3"), "192.0.2.3:0"),
    ((b"X-Forwarded-For: 6.6.6.6, 192.0.2.4, 127.0.0.9",), "192.0.2.4:0"),
    ((b"X-Forwarded-For: 2001:db8::5",), "[2001:db8::5]:0"),
    ((b"X-Forwarded-For: 192.0.2.6:4711",), "192.0.2.6:4711"),
    ((b"X-Forwarded-For: ::ffff:192.0.2.7",), "192.0.2.7:0"),
    ((b"X-Forwarded-For: 6.6.6.6, unknown",), None),
    ((b"X-Forwarded-For: 6.6.6.6, 1.2.3",), None),
    ((b"X-Forwarded-For: 6.6.6.6,",), None),
    ((b'X-Forwarded-For: ", 192.0.2.8',), "192.0.2.8:0"),
    ((b"X-Forwarded-For: " + b", ".join([b"127.0.0.1"] * 1000),), None),
    ((b"Forwarded: for=192.0.2.9",), "192.0.2.9:0"),
    ((b'Forwarded: For="[2001:db8::a]:4711" ; proto=https',), "[2001:db8::a]:4711"),
    ((b'Forwarded: for=6.6.6.6, for="192.0.2.11:80"',), "192.0.2.11:80"),
    ((b'Forwarded: for="6.6.6.6, for=192.0.2.12',), "192.0.2.12:0"),
    ((b'Forwarded: for=", for="[2001:db8::b]"',), "[2001:db8::b]:0"),
    ((b"Forwarded: for=6.6.6.6, for=_hidden",), None),
    ((b"Forwarded: by=6.6.6.6",), None),
    ((b"Forwarded: for=192.0.2.13", b"X-Forwarded-For: 192.0.2.13"), "192.0.2.13:0"),
    ((b'Forwarded: proto=http;host="foo;for=1.2.3.4;";for=192.0.2.14',), "192.0.2.14:0"),
    ((b'Forwarded: proto=http;host="foo;for=unknown;";for=192.0.2.15',), "192.0.2.15:0"),
    ((b'Forwarded: host="a, for=6.6.6.6";for=192.0.2.16',), "192.0.2.16:0"),
    ((b'Forwarded: host="a\\", for=6.6.6.6;";for=192.0.2.17',), "192.0.2.17:0"),
    ((b'Forwarded: host="a\\\\", for=192.0.2.18',), "192.0.2.18:0"),
    ((b'Forwarded: for=6.6.6.6;host="a", for=192.0.2.19;host="\\\\\\";for=6.6.6.6"',), "192.0.2.19:0"),
    ((b'Forwarded: for="6.6.6.6;for=6.6.6.7", for=192.0.2.20',), "192.0.2.20:0"),
)


@using(**TRUSTED)
def test_the_client_that_a_trusted_proxy_tells_of_is_in_the_log(server):
    for fields, _ in TOLD:
        equal(statuses(server.raw(get(b"/healthz", LAST, *fields))), [200], fields)
    found = [None if remote.startswith("127.0.0.1:") else remote for remote in remotes(server)]
    equal(sorted(map(str, found)), sorted(str(told) for _, told in TOLD))


@using(trusted="10.0.0.0/8", durability=3, anonymous=3)
def test_what_others_tell_changes_nothing(server):
    for fields, _ in TOLD:
        equal(statuses(server.raw(get(b"/healthz", LAST, *fields))), [200], fields)
    told = (b"X-Forwarded-Proto: https", b"X-Forwarded-Host: r.example", b"X-Forwarded-Prefix: /p",
            b"Forwarded: proto=https;host=f.example")
    true(location(server, *told).startswith("/v2/a/"), "a location")
    equal(statuses(server.raw(SIGNATURE + b"\x21\x11\0\x0c" + bytes(12) + get(b"/healthz", LAST))), [400])
    for found in remotes(server):
        true(re.fullmatch(r"127\.0\.0\.1:\d+", found), found)


@using(**TRUSTED)
def test_what_counts_of_forwarded_has_no_open_quote_and_no_name_twice(server):
    for told in (b'for="192.0.2.1', b'for=192.0.2.1;host="a', b'host="a\\";for=192.0.2.1', b'host="a"";for=192.0.2.1',
                 b'host="a";for=6.6.6.6;x="";for=192.0.2.1', b"for=6.6.6.6;For=192.0.2.1", b"for=192.0.2.1;host=a;host=b",
                 b"for=192.0.2.1;proto=http;proto=https", b'for="192.0.2.1, for=127.0.0.1'):
        equal(statuses(server.raw(get(b"/healthz", b"Forwarded: " + told) + get())), [400], told)


@using(**TRUSTED)
def test_accounts_that_contradict_each_other_are_refused(server):
    for fields in ((b"Forwarded: for=6.6.6.6", b"X-Forwarded-For: 192.0.2.1"),
                   (b"Forwarded: proto=http", b"X-Forwarded-Proto: https"),
                   (b"Forwarded: host=a.example", b"X-Forwarded-Host: b.example")):
        equal(statuses(server.raw(get(b"/healthz", *fields) + get())), [400], fields)
    agreed = (b"Forwarded: for=192.0.2.1;proto=HTTPS;host=R.example", b"X-Forwarded-For: 192.0.2.1",
              b"X-Forwarded-Proto: https", b"X-Forwarded-Host: r.example")
    equal(statuses(server.raw(get(b"/healthz", LAST, *agreed))), [200])


PREFIXES = ((b"/one/two", "/one/two"), (b"/one/", "/one"), (b"/", ""), (b"//evil.example", ""), (b"evil", ""),
            (b"/a/../b", ""), (b"/a//b", ""), (b"/a?b", ""), (b"/a%2f", ""), (b"/a\\b", ""), (b"/" + b"a" * 300, ""),
            (b"/evil, /good", "/good"))


@using(**TRUSTED)
def test_the_path_that_a_proxy_takes_away_stands_in_locations(server):
    for given, prefix in PREFIXES:
        true(location(server, b"X-Forwarded-Prefix: " + given).startswith(f"{prefix}/v2/a/"), given)


@using(trusted="127.0.0.1", buildset=1, plain_http=1, anonymous=1)
def test_scheme_host_and_path_stand_in_the_realm(server):
    rows = (((b"X-Forwarded-Proto: https", b"X-Forwarded-Host: r.example:444", b"X-Forwarded-Prefix: /p"), "https://r.example:444/p"),
            ((b"Forwarded: for=192.0.2.1;proto=https;host=\"r.example:444\"",), "https://r.example:444"),
            ((b"Forwarded: for=6.6.6.6;host=evil.example, for=192.0.2.1;proto=https",), "https://own.example"),
            ((b"X-Forwarded-Proto: https, http", b"X-Forwarded-For: 192.0.2.1, 127.0.0.1"), "https://own.example"),
            ((b"X-Forwarded-Proto: gopher",), "http://own.example"),
            ((b"X-Forwarded-Host: evil\"x",), "http://own.example"),
            ((b"X-Forwarded-Host: a.example/x",), "http://own.example"),
            ((b"X-Forwarded-Host: " + b"a" * 300,), "http://own.example"))
    for fields, wanted in rows:
        equal(realm(server, *fields), wanted, str(fields))


@using(trusted="127.0.0.1", buildset=1, plain_http=1, anonymous=1, public_url="https://public.example/base")
def test_the_public_url_wins(server):
    told = (b"X-Forwarded-Proto: http", b"X-Forwarded-Host: r.example", b"X-Forwarded-Prefix: /p")
    equal(realm(server, *told), "https://public.example/base")


@using(connections_per_address=2, **TRUSTED)
def test_clients_behind_a_proxy_have_the_share_of_an_address(server):
    put = b"PUT /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Forwarded-For: "
    with contextlib.ExitStack() as stack:
        def begin(client):
            plain = stack.enter_context(socket.create_connection((server.host, server.port), timeout=10))
            plain.sendall(put + client + b"\r\nExpect: 100-continue\r\n\r\n")
            return plain, statuses(plain.recv(4096))
        first, second = begin(b"192.0.2.1"), begin(b"192.0.2.1")
        equal([said for _, said in (first, second)], [[100], [100]])
        equal(begin(b"192.0.2.1")[1], [503], "a third request of the same client")
        equal(begin(b"192.0.2.2")[1], [100], "another client")
        first[0].sendall(b"12345")
        equal(statuses(first[0].recv(4096)), [400])
        until = time.monotonic() + 1
        while begin(b"192.0.2.1")[1] != [100]:
            true(time.monotonic() < until, "its place came free")
        equal(begin(b"2001:db8::1")[1], [100])
        equal(begin(b"2001:db8::2")[1], [100])
        equal(begin(b"2001:db8::3")[1], [503], "of the same /64")
        equal(begin(b"2001:db8:0:1::3")[1], [100], "of another")


def proxied(family, addresses, more=b"", command=0x21):
    return SIGNATURE + bytes((command, family)) + struct.pack(">H", len(addresses) + len(more)) + addresses + more


V4 = socket.inet_aton("192.0.2.1") + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 4711, 443)
V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + bytes(16) + struct.pack(">HH", 4712, 443)
UNDER_TLS = b"\x20\0\x05\x01\0\0\0\0"
PROXIED = {"proxy_protocol": 1, **TRUSTED}


@using(**PROXIED)
def test_the_proxy_protocol_tells_of_the_client(server):
    rows = ((proxied(0x11, V4), "192.0.2.1:4711"), (proxied(0x21, V6), "[2001:db8::1]:4712"),
            (proxied(0x11, V4, b"\x04\0\x02ab" + UNDER_TLS), "192.0.2.1:4711"), (proxied(0, b""), None),
            (proxied(0x31, bytes(216)), None), (proxied(0x11, V4, command=0x20), None), (proxied(0, b"", command=0x20), None))
    for head, _ in rows:
        equal(statuses(server.raw(head + get() + get(b"/healthz", LAST))), [200, 200], head)
        with socket.create_connection((server.host, server.port), timeout=10) as plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in head + get(b"/healthz", LAST):
                plain.sendall(bytes([byte]))
            equal(statuses(plain.recv(4096)), [200], "byte by byte")
    found = [None if remote.startswith("127.0.0.1:") else remote for remote in remotes(server)]
    equal(sorted(map(str, found)), sorted(str(told) for _, told in rows * 3))


@using(**PROXIED)
def test_what_a_client_says_that_the_proxy_protocol_cannot_name_is_not_believed(server):
    told = (b"X-Forwarded-For: 192.0.2.9", b"X-Forwarded-Prefix: /p")
    rows = ((proxied(0, b""), False), (proxied(0x31, bytes(216)), False), (proxied(0x12, V4), False),
            (proxied(0x11, V4), False), (proxied(0, b"", command=0x20), True), (proxied(0x11, socket.inet_aton("127.0.0.2") + V4[4:]), True))
    for head, is_believed in rows:
        received = server.raw(head + get(b"/v2/a/blobs/uploads/", LAST, *told).replace(b"GET", b"POST"))
        equal(b"\r\nLocation: /p/v2/" in received, is_believed, head)
    found = [remote == "192.0.2.9:0" for remote in remotes(server)]
    equal(found, [is_believed for _, is_believed in rows])


@using(**PROXIED)
def test_a_trusted_peer_without_the_proxy_protocol_or_with_a_broken_one_is_closed(server):
    for data in (get(), b"PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n" + get(), SIGNATURE + b"\x11\x11\0\x0c" + V4 + get(),
                 SIGNATURE + b"\x22\x11\0\x0c" + V4 + get(), proxied(0x13, V4) + get(), proxied(0x11, V4[:11]) + get(),
                 proxied(0x11, V4, b"\x04\0\x09ab") + get(), proxied(0x11, V4, b"\x04\0") + get(),
                 SIGNATURE + b"\x21\x11\xff\xff" + V4):
        with socket.create_connection((server.host, server.port), timeout=10) as plain:
            plain.sendall(data)
            received = b""
            with contextlib.suppress(ConnectionResetError):
                received = plain.recv(4096)
            equal(received, b"", data)
    equal(statuses(server.raw(proxied(0x11, V4) + get(b"/healthz", LAST))), [200], "it goes on")


@using(head_ms=300, **PROXIED)
def test_a_proxy_that_does_not_tell_in_time_is_closed(server):
    with socket.create_connection((server.host, server.port), timeout=10) as plain:
        plain.sendall(SIGNATURE + b"\x21")
        equal(plain.recv(4096), b"")


@using(connections_per_address=2, **PROXIED)
def test_clients_of_the_proxy_protocol_are_counted_and_not_the_proxy(server):
    with contextlib.ExitStack() as stack:
        def begin(address):
            plain = stack.enter_context(socket.create_connection((server.host, server.port), timeout=10))
            plain.sendall(proxied(0x11, socket.inet_aton(address) + V4[4:]) + get())
            return plain, statuses(plain.recv(4096))
        held = [begin("192.0.2.1"), begin("192.0.2.1"), begin("192.0.2.1"), begin("192.0.2.2"), begin("192.0.2.3")]
        equal([said for _, said in held], [[200], [200], [503], [200], [200]])
        held[0][0].close()
        until = time.monotonic() + 1
        while begin("192.0.2.1")[1] != [200]:
            true(time.monotonic() < until, "its place came free")


@using(proxy_protocol=1, trusted="127.0.0.1", buildset=1, plain_http=1, anonymous=1)
def test_tls_before_the_proxy_is_the_scheme(server):
    for head, scheme in ((proxied(0x11, V4, UNDER_TLS), b"https"), (proxied(0x11, V4), b"http")):
        received = server.raw(head + get(b"/v2/a/tags/list", LAST))
        true(b'realm="' + scheme + b'://own.example/v2/_token"' in received, received)


@using(buildset=1, trusted="127.0.0.1", proxy_protocol=1)
def test_the_proxy_protocol_comes_before_tls(server):
    with socket.create_connection((server.host, server.port), timeout=10) as plain:
        plain.sendall(proxied(0x11, V4))
        with server.tls.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            secure.sendall(get(b"/healthz", LAST))
            equal(statuses(secure.recv(4096)), [200])
    with socket.create_connection((server.host, server.port), timeout=10) as plain, contextlib.suppress(OSError):
        server.tls.wrap_socket(plain, server_hostname="127.0.0.1")
        raise AssertionError("TLS without it")
    equal(remotes(server), ["192.0.2.1:4711"])


if __name__ == "__main__":
    run(sys.modules[__name__])
