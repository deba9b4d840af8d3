#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Descriptors: connections leave room for files, and what cannot be opened for want of one is neither absent, nor
damaged, nor free to go."""

import contextlib
import json
import os
import resource
import socket
import sys
import threading
import time

from server_tap import INDEX, OCI, OCTETS, PROGRAM, Server, descriptor, digest_of, equal, need, run, tap, true
from server_wire import answers, connect, is_served, statuses, until

FEW = 200
UPLOAD = (f"POST /v2/x/blobs/uploads/?digest={digest_of(b'')} HTTP/1.1\r\nHost: x\r\n"
          "Content-Length: 1000000\r\n\r\n").encode() + b"x" * 100000


class Poor(Server):
    """A server whose process may have few descriptors."""

    def command(self, arguments):
        return ["prlimit", f"--nofile={FEW}:{FEW}", *super().command(arguments)]


class Traced(Server):
    """A server under strace, which writes down what it accepts."""

    def command(self, arguments):
        return ["strace", "-f", "-qq", "-e", "trace=accept4", "-o", f"{self.folder}/calls", PROGRAM, *arguments]

    def pid(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return int(children.read().split()[0])


@contextlib.contextmanager
def at_most(number, pid):
    """Meanwhile the process opens nothing that is not below this number. What it has open stays so."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (number, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def none_left(server):
    return at_most(3, server.process.pid)


def few_left(server, count):
    return at_most(max(map(int, os.listdir(f"/proc/{server.process.pid}/fd"))) + 1 + count, server.process.pid)


def files_of(server):
    folder = f"/proc/{server.process.pid}/fd"
    found = []
    for number in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # it was closed in between
            found.append(os.readlink(f"{folder}/{number}"))
    return found


def check_room(**limits):
    """All who are taken push a blob at once, and all others are told so; returns the log."""
    server = Poor(durability=3, **limits)
    with contextlib.closing(server), contextlib.ExitStack() as stack:
        told = []
        wires = [stack.enter_context(connect(server, source=f"127.0.{n % 50}.1")) for n in range(FEW)]
        for wire in wires:
            wire.setblocking(False)
            with contextlib.suppress(OSError):  # it was turned away
                wire.send(UPLOAD)

        def is_settled():
            for wire in wires:
                with contextlib.suppress(OSError):
                    told.extend(statuses(wire.recv(4096)))
            return sum("/uploads/" in file for file in files_of(server)) + len(told) == FEW
        until(is_settled, f"each has a file or an answer: {told}", 10)
        equal(set(told), {503}, "the others")
        true(FEW - len(told) > 40, f"{len(told)} of {FEW} were turned away")
        server.kill()
        with open(server.errors.name) as errors:
            log = errors.read()
        true("Too many open files" not in log, log)
    return log


def test_all_who_are_taken_can_push_at_once():
    true("are not possible" not in check_room(), "there is nothing to warn of")


def test_more_connections_than_descriptors_are_not_taken_and_the_log_says_so():
    true("4000 connections are not possible" in check_room(connections=4000), "a warning")


def test_without_descriptors_all_is_503_and_nothing_is_lost():
    server = Server(immutable="k:v*")
    with contextlib.closing(server):
        kept, other = server.push_image("v1", "k"), server.push_image("t", "a", b"other")
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(OCI, kept)]}).encode()
        equal(server.push_manifest(index, "v2", "k", INDEX).status, 201)
        server.stop()
        server.start()  # nothing is in memory
        paths = [f"/v2/{name}/manifests/{reference}" for name, body, tag in (("k", kept, "v1"), ("a", other, "t"))
                 for reference in (tag, digest_of(body))]
        paths += [f"/v2/{name}/blobs/{json.loads(body)['layers'][0]['digest']}" for name, body in (("k", kept), ("a", other))]
        lists = ["/v2/_catalog", "/v2/k/tags/list", f"/v2/k/referrers/{digest_of(kept)}"]
        changes = [("PUT", "/v2/k/manifests/v1", other, OCI), ("PUT", "/v2/a/manifests/new", other, OCI),
                   ("POST", "/v2/a/blobs/uploads/", b"", OCTETS["Content-Type"])]
        asked = [(method, path, None, "") for path in paths for method in ("GET", "HEAD", "DELETE") if "/a/" not in path
                 or method != "DELETE"]
        asked += [("DELETE", f"/v2/a/manifests/{digest_of(other)}", None, "")]
        asked += [("GET", path, None, "") for path in lists] + changes
        connection = server.connect()
        equal(server.ask("GET", "/healthz", connection=connection).status, 200)
        with none_left(server):
            for method, path, body, media_type in asked:
                answer = server.ask(method, path, body, {"Content-Type": media_type}, connection)
                equal((answer.status, answer.headers["Retry-After"]), (503, "1"), f"{method} {path}")
        for path in paths + lists:
            equal(server.ask("GET", path, connection=connection).status, 200, path)
        connection.close()
        equal({line["status"] for line in server.stop()}, {200, 503})
        true("damaged" not in server.log and "lost its content" not in server.log, server.log)


def test_a_change_that_has_no_descriptor_is_audited_as_failed():
    server = Server(audit=1)
    with contextlib.closing(server):
        body = server.push_image("1")
        connection = server.connect()
        equal(server.ask("GET", "/healthz", connection=connection).status, 200)
        asked = [("PUT", "1", body), ("DELETE", digest_of(body), None)]
        with none_left(server):
            for method, reference, sent in asked:
                answer = server.ask(method, f"/v2/x/manifests/{reference}", sent, {"Content-Type": OCI}, connection)
                equal(answer.status, 503, method)
        connection.close()
        told = [(line["action"], line["reference"]) for line in server.stop() if line["outcome"] == "failed"]
        equal(told, [("push-manifest", "1"), ("delete-manifest", digest_of(body))])


def lose_spare(server, stack):
    """A connection waits while nothing can be opened, not even what is kept for that."""
    with none_left(server):
        wire = stack.enter_context(connect(server))
        until(lambda: "/dev/null" not in files_of(server), "the spare descriptor is lost", 10)
    return wire


def is_told(wire):
    """What a connection that comes without descriptors is told, without asking."""
    return statuses(wire.recv(4096)) == [503]


def test_a_spare_descriptor_that_was_lost_comes_back():
    server = Server(durability=3)
    with contextlib.closing(server), contextlib.ExitStack() as stack:
        wire = lose_spare(server, stack)
        equal(answers(wire), [200], "who waited meanwhile")
        with few_left(server, 4):
            wires = [stack.enter_context(connect(server)) for _ in range(20)]
            true(all(is_told(one) for one in wires[10:]), "those without a descriptor are told so")
        equal(answers(wire), [200])


def flood(server, end):
    while time.monotonic() < end:
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                wire = stack.enter_context(socket.socket())
                wire.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    wire.connect((server.host, server.port))
            time.sleep(0.02)


def test_threads_that_lack_descriptors_close_nothing_of_each_others():
    server = Server(durability=3, threads=8)
    with contextlib.closing(server), contextlib.ExitStack() as stack:
        wires = [stack.enter_context(connect(server)) for _ in range(16)]
        for wire in wires:
            equal(answers(wire), [200])
        before = sorted(files_of(server))
        with few_left(server, 4):
            end = time.monotonic() + 3
            floods = [threading.Thread(target=flood, args=(server, end)) for _ in range(4)]
            for one in floods:
                one.start()
            for one in floods:
                one.join()
            until(lambda: is_served(server), "there are descriptors again", 10)
        for wire in wires:
            equal(answers(wire), [200], "those that were there before")
        until(lambda: sorted(files_of(server)) == before, "all that was open is, and no more", 10)


def test_without_descriptors_the_threads_rest():
    need("strace", "-qq", "-o", os.devnull, "true")
    if os.environ.get("ZREG_SANITIZERS"):
        raise tap.Skip("a sanitizer of memory does not work under strace")
    server = Traced(durability=3, threads=2)
    with contextlib.closing(server), contextlib.ExitStack() as stack:
        with at_most(3, server.pid()):
            wire = stack.enter_context(connect(server))
            time.sleep(1)
        equal(answers(wire), [200])
        server.stop()
        with open(f"{server.folder}/calls") as calls:
            count = calls.read().count("EMFILE")
        true(0 < count < 500, f"accept failed {count} times")


if __name__ == "__main__":
    run(sys.modules[__name__])
