#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP as strangers send it: malformed, smuggled, early refused, slow, many at once."""

import contextlib
import os
import socket
import ssl
import sys
import threading
import time
import warnings

from server_tap import OCTETS, Server, digest_of, equal, run, true, using
from server_wire import connect, get, resident_kib, statuses

PING = b"GET /v2/ HTTP/1.1\r\nHost: h\r\n"


def test_headers_that_disagree_about_the_body_get_400_and_the_end(server):
    post = b"POST /v2/x/blobs/uploads/ HTTP/1.1\r\nHost: h\r\n"
    hidden = b"GET /v2/_catalog HTTP/1.1\r\nHost: h\r\n\r\n"
    for headers in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
                    b"Content-Length: 0\r\nContent-Length: 4\r\n\r\n",
                    b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd",
                    b"Content-Length: +4\r\n\r\nabcd", b"Content-Length: -1\r\n\r\n", b"Content-Length: 4,4\r\n\r\nabcd",
                    b"Content-Length: 0x4\r\n\r\nabcd", b"Content-Length: \r\n\r\n",
                    b"Content-Length: 99999999999999999999999\r\n\r\n",
                    b"Transfer-Encoding: gzip\r\n\r\n", b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
                    b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
                    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"):
        received = server.raw(post + headers + hidden)
        found = statuses(received)
        true(found and set(found) <= {400, 501}, f"{headers}: {found}")
        true(b"repositories" not in received, "the hidden request was not served")


def test_malformed_requests_get_400_and_the_end(server):
    for text in (b"GET\r\n\r\n", b"GET /v2/ HTTP/1.1\r\n\r\n", PING + b"Host: i\r\n\r\n",
                 b"GET /v2/ HTTP/9.9\r\nHost: h\r\n\r\n", PING + b"no colon\r\n\r\n", PING + b" : x\r\n\r\n"):
        found = statuses(server.raw(text + PING + b"\r\n", timeout=3))
        true(200 not in found, f"{text}: {found}")


def test_malformed_chunks_end_the_connection(server):
    post = b"POST /v2/x/blobs/uploads/?digest=%s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    post = post.replace(b"%s", digest_of(b"abcd").encode())
    for chunks in (b"zz\r\nabcd\r\n0\r\n\r\n", b"4\r\nabcdXX0\r\n\r\n", b"-4\r\nabcd\r\n0\r\n\r\n",
                   b"ffffffffffffffffff\r\nabcd\r\n0\r\n\r\n", b"0x4\r\nabcd\r\n0\r\n\r\n"):
        found = statuses(server.raw(post + chunks, timeout=3))
        true(201 not in found, f"{chunks}: {found}")
    equal(statuses(server.raw(post + b"4\r\nabcd\r\n0\r\n\r\n", timeout=1)), [201])


def test_paths_that_leave_the_root_get_no_file(server):
    for path in ("/../../etc/passwd", "/v2/../../etc/passwd", "/v2/x/blobs/../../../etc/passwd", "//etc/passwd",
                 "/v2/%2e%2e/%2e%2e/manifests/1", "/v2/x/manifests/..%2f..%2fx", "/v2/x/blobs/uploads/..",
                 "/v2/..%5c..%5cx/manifests/1", "/v2/x%00/manifests/1", "v2/", "*", "/v2//x/manifests/1"):
        found = statuses(server.raw(f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode(), timeout=3))
        true(found and found[0] in (400, 404), f"{path}: {found}")


def test_a_link_in_the_store_is_not_followed(server):
    server.push_image("1")
    root = server.settings["root"]
    os.symlink("/etc/hostname", f"{root}/v1/repos/x/_tags/evil")
    os.symlink("/", f"{root}/v1/repos/slash")
    true(server.ask("GET", "/v2/x/manifests/evil").status in (404, 500), "no answer through a link")
    true(server.ask("GET", "/v2/slash/tags/list").status in (404, 500), "no answer through a link")


def test_unknown_paths_get_404_and_unknown_methods_405(server):
    for path in ("/", "/v1/", "/v2/x", "/v2/x/", "/v3/", "/v2/x/tags", "/v2/tags/list", "/v2/x/manifests/"):
        equal(server.ask("GET", path).status, 404, path)
    answer = server.ask("PATCH", "/v2/x/manifests/1")
    equal((answer.status, answer.headers["Allow"]), (405, "GET, HEAD, PUT, DELETE"))
    equal(server.ask("POST", "/v2/").status, 405)
    equal(server.ask("POST", "/v2/_token").status, 405)


def test_answers_name_the_api_and_the_request(server):
    answer = server.ask("GET", "/v2/", headers={"X-Request-Id": "my-id.1"})
    equal(answer.headers["Docker-Distribution-API-Version"], "registry/2.0")
    equal(answer.headers["X-Request-Id"], "my-id.1")
    for bad in ("a b", "x" * 100, 'a"b'):
        true(server.ask("GET", "/v2/", headers={"X-Request-Id": bad}).headers["X-Request-Id"] != bad, bad)
    ids = {server.ask("GET", "/v2/").headers["X-Request-Id"] for _ in range(10)}
    equal(len(ids), 10)


def test_a_request_that_is_refused_in_its_middle_is_named_as_well(server):
    data = (b"PUT /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\nz\r\n")
    head, body = server.raw(data).split(b"\r\n\r\n", 1)
    true(b"HTTP/1.1 400 " in head and b"\r\nX-Request-Id: mine\r\n" in head, head)
    [line] = server.stop()
    equal((line["id"], line["status"], line["bytes"]), ("mine", 400, len(body)))


def test_a_refused_body_leaves_the_connection_usable(server):
    connection = server.connect()
    for _ in range(3):
        answer = server.ask("PATCH", "/v2/x/blobs/uploads/none", b"x" * 1_000_000, OCTETS, connection)
        equal((answer.status, answer.will_close), (404, False))
    connection.close()


def test_a_large_body_is_refused_before_it_is_sent(server):
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        plain.sendall(b"PATCH /v2/x/blobs/uploads/none HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999999\r\n\r\n")
        received = plain.recv(4096)
        equal(statuses(received), [404])
        true(b"Connection: close" in received, "the connection ends")


def test_expect_continue_is_answered_before_the_body(server):
    digest = digest_of(b"abcd").encode()
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        plain.sendall(b"POST /v2/x/blobs/uploads/?digest=" + digest + b" HTTP/1.1\r\nHost: h\r\n"
                      b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        equal(statuses(plain.recv(4096)), [100])
        plain.sendall(b"abcd")
        equal(statuses(plain.recv(4096)), [201])
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        plain.sendall(b"PATCH /v2/x/blobs/uploads/none HTTP/1.1\r\nHost: h\r\n"
                      b"Content-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        equal(statuses(plain.recv(4096)), [404])


def test_slow_senders_do_not_keep_others_waiting(server):
    slow = [socket.create_connection((server.host, server.port)) for _ in range(200)]
    for i, one in enumerate(slow):
        one.sendall((b"GET /v2/ HT", b"", b"PUT /v2/x/manifests/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nx")[i % 3])
    began = time.monotonic()
    for _ in range(50):
        equal(server.ask("GET", "/v2/").status, 200)
    true(time.monotonic() - began < 5, "fast ones are served")
    for one in slow:
        one.close()


def test_many_clients_at_once_are_all_served(server):
    body = server.push_image("1")
    failures = []

    def pull():
        connection = server.connect()
        for _ in range(40):
            answer = server.ask("GET", "/v2/x/manifests/1", connection=connection)
            if (answer.status, answer.body) != (200, body):
                failures.append(answer.status)
        connection.close()

    threads = [threading.Thread(target=pull) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(failures, [])


def test_pipelined_requests_are_answered_in_order(server):
    received = server.raw(PING + b"\r\n" + b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"
                          + PING + b"Connection: close\r\n\r\n")
    equal(statuses(received), [200, 200, 200])
    true(received.index(b"{}") < received.index(b"status"), "in order")


@using(durability=3, grace_ms=2000, shadow=1)
def test_the_access_log_tells_what_happened(server):
    body = server.push_image("1", "quay.io/a/b")
    server.ask("GET", "/v2/a/b/manifests/1?ns=quay.io", headers={"X-Request-Id": "me"})
    lines = server.stop()
    pull = next(line for line in lines if line["id"] == "me")  # lines of two threads change places
    equal(set(pull), {"time", "id", "remote", "user", "method", "path", "repository", "reference", "digest", "status",
                      "bytes", "received", "ms", "source"})
    wanted = {"id": "me", "user": None, "method": "GET", "path": "/v2/a/b/manifests/1", "repository": "quay.io/a/b",
              "reference": "1", "digest": digest_of(body), "status": 200, "bytes": len(body), "source": "local"}
    equal({key: pull[key] for key in wanted}, wanted)
    push = next(line for line in lines if line["method"] == "PUT")
    equal((push["status"], push["received"]), (201, len(body)))


@using(durability=3, listen="[::1]:0")
def test_ipv6_works(server):
    equal(server.host, "::1")
    body = server.push_image("1")
    equal(server.ask("GET", "/v2/x/manifests/1").body, body)


@using(durability=3, listen="0.0.0.0:0")
def test_any_address_is_reached_over_loopback(server):
    equal((server.host, server.ask("GET", "/v2/").status), ("127.0.0.1", 200))


def test_addresses_that_are_none_are_refused():
    for listen in ("", "x", "127.0.0.1", "127.0.0.1:", ":5000", "127.0.0.1:99999", "::1:0", "256.0.0.1:0", "127.0.0.1:-1"):
        try:
            Server(durability=3, listen=listen).close()
        except RuntimeError as error:
            equal(str(error), "INVAL", listen)
        else:
            raise AssertionError(f"{listen} was accepted")


def test_a_port_that_is_taken_is_told(server):
    try:
        Server(durability=3, listen=f"127.0.0.1:{server.port}").close()
    except RuntimeError as error:
        equal(str(error), "IO")
    else:
        raise AssertionError("two servers on one port")


@using(durability=3, grace_ms=5000)
def test_stop_lets_a_running_request_end(server):
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        digest = digest_of(b"abcd").encode()
        plain.sendall(b"POST /v2/x/blobs/uploads/?digest=" + digest + b" HTTP/1.1\r\nHost: h\r\n"
                      b"Content-Length: 4\r\n\r\nab")
        time.sleep(0.2)
        server.process.stdin.close()
        time.sleep(0.2)
        plain.sendall(b"cd")
        received = plain.recv(4096)
    equal(statuses(received), [201])
    true(b"Connection: close" in received, "the connection ends")
    equal(server.process.wait(timeout=5), 0)


@using(durability=3, grace_ms=300)
def test_stop_does_not_wait_longer_than_its_grace(server):
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        plain.sendall(b"POST /v2/x/blobs/uploads/?digest=x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab")
        time.sleep(0.2)
        began = time.monotonic()
        server.process.stdin.close()
        equal(server.process.wait(timeout=5), 0)
        true(time.monotonic() - began < 2, "it ended")


def ask_on(server, begun):
    """Sends requests without waiting for answers, until the server is gone: the connection waits for its turn again
    and again."""
    with contextlib.suppress(OSError), connect(server) as wire:
        while True:
            wire.sendall(get() * 200)
            if not wire.recv(1 << 20):
                return
            begun.release()


def stop_amid_requests(server):
    begun = threading.Semaphore(0)
    clients = [threading.Thread(target=ask_on, args=(server, begun)) for _ in range(16)]
    for client in clients:
        client.start()
    for _ in range(64):
        begun.acquire()
    server.stop()
    for client in clients:
        client.join()


@using(durability=3, threads=1)
def test_stop_frees_connections_that_wait_for_their_turn(server):
    """A sanitizer of memory is what would see that it does not."""
    for _ in range(5):
        stop_amid_requests(server)
        server.start()


def test_memory_stays_flat_while_much_goes_through(server):
    chunk = os.urandom(1 << 20)
    # What a sanitizer keeps of the memory that was touched is less than one of the bodies.
    allowed_kib = 48 << 10 if os.environ.get("ZREG_SANITIZERS") else 4 << 10
    before = resident_kib(server)
    for i in range(3):
        location = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
        server.ask("PATCH", location, (chunk for _ in range(64)), OCTETS)
        server.ask("PUT", f"{location}?digest={digest_of(chunk * 64)}")
        equal(len(server.ask("GET", f"/v2/x/blobs/{digest_of(chunk * 64)}").body), 64 << 20)
    after = resident_kib(server)
    true(after - before < allowed_kib, f"{before} KiB became {after} KiB")


@using(buildset=1)
def test_old_tls_and_plain_text_are_refused_on_a_tls_port(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection((server.host, server.port), timeout=5) as plain:
        try:
            context.wrap_socket(plain)
        except (ssl.SSLError, ConnectionResetError):
            pass
        else:
            raise AssertionError("TLS 1.1 was accepted")
    true(b"200 OK" not in server.raw(PING + b"\r\n", timeout=2), "plain text was answered")


if __name__ == "__main__":
    run(sys.modules[__name__])
