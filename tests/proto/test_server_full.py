#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that is full: who pushes is told so in the middle of the body, others go on, and the space comes back."""

import contextlib
import os
import subprocess
import sys
import tempfile

from server_tap import OCTETS, Server, digest_of, equal, run, tap, true
from server_wire import connect, statuses, until

DISK = 8 << 20
BODY = 1 << 30
# A refused body is read on for a while, so that its client sees the answer.
MOST_READ = 200 << 20


def on_small_disk(folder, command):
    """A command whose folder is a disk of its own, in a namespace of its own."""
    script = f'mount -t tmpfs -o size={DISK} tmpfs "$0" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, folder, *command]


class SmallServer(Server):
    def command(self, arguments):
        disk = os.path.join(self.folder, "disk")
        os.makedirs(disk, exist_ok=True)
        return on_small_disk(disk, super().command([*arguments, f"root={disk}/root"]))


@contextlib.contextmanager
def small_server():
    with tempfile.TemporaryDirectory(prefix="zreg-proto-") as folder:
        if subprocess.run(on_small_disk(folder, ["true"]), capture_output=True).returncode != 0:
            raise tap.Skip("a small disk cannot be mounted here")
    server = SmallServer(durability=3)
    try:
        yield server
    finally:
        server.close()


def send_until_told(server, head, piece):
    """How much of a body was taken, and the status."""
    sent = 0
    with connect(server, 5) as wire:
        with contextlib.suppress(OSError):
            wire.sendall(head)
            while sent < BODY:
                wire.sendall(piece)
                sent += len(piece)
        received = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in received and (more := wire.recv(65536)):
                received += more
    return sent, statuses(received)


def head_of(method, path, *fields):
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n".encode() + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def pushes(server):
    """(what, method, path) of each way to push a blob."""
    wrong = digest_of(b"something else")

    def begin():
        """What was refused before is dropped by a worker, soon after its answer."""
        answers = []

        def is_begun():
            answers.append(server.ask("POST", "/v2/a/blobs/uploads/"))
            return answers[-1].status == 202
        until(is_begun, "there is room again")
        return answers[-1]
    yield "POST", "POST", f"/v2/a/blobs/uploads/?digest={wrong}"
    yield "PATCH", "PATCH", begin().headers["Location"]
    yield "closing PUT", "PUT", f"{begin().headers['Location']}?digest={wrong}"


def test_a_push_that_does_not_fit_is_told_so_before_its_end():
    megabyte = bytes(1 << 20)
    with small_server() as server:
        for what, method, path in pushes(server):
            for framing, piece in ((b"Content-Length: %d" % BODY, megabyte),
                                   (b"Transfer-Encoding: chunked", b"100000\r\n" + megabyte + b"\r\n")):
                sent, found = send_until_told(server, head_of(method, path, framing), piece)
                true(sent < MOST_READ, f"{what}, {framing}: {sent >> 20} MiB were read")
                equal([status for status in found if status != 507], [], f"{what}, {framing}")
            until(lambda path=path: server.ask("DELETE", path.partition("?")[0]).status in (204, 404, 405),
                  "the upload is free again")


def test_who_sends_what_does_not_fit_and_reads_gets_507():
    with small_server() as server:
        blob = os.urandom(DISK + (1 << 20))
        for what, method, path in pushes(server):
            answer = server.ask(method, path, blob, OCTETS)
            equal(answer.status, 507, what)
            server.ask("DELETE", path.partition("?")[0])


class LimitedServer(Server):
    def command(self, arguments):
        return ["prlimit", f"--fsize={DISK}", *super().command(arguments)]


def test_a_limit_to_the_size_of_files_is_told_as_a_full_disk_is():
    server = LimitedServer(durability=3)
    try:
        equal(server.push_blob(os.urandom(DISK + 1)).status, 507)
        equal(server.push_blob(os.urandom(DISK)).status, 201)
    finally:
        server.close()


def test_a_full_disk_is_for_who_pushes_only_and_comes_back():
    with small_server() as server:
        body = server.push_image("1")
        location = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
        equal(server.ask("PATCH", location, bytes(DISK), OCTETS).status, 507)
        for _ in range(5):
            equal(server.ask("GET", "/v2/x/manifests/1").body, body, "a pull")
            equal(server.ask("GET", "/v2/x/tags/list").status, 200, "a list")
            true(server.push_blob(os.urandom(1 << 20)).status in (201, 507), "a push is told")
        equal(server.ask("DELETE", location).status, 204)
        equal(server.push_blob(os.urandom(1 << 20)).status, 201, "there is room again")
        equal(server.ask("DELETE", "/v2/x/manifests/1").status, 202)


def test_a_manifest_that_does_not_fit_leaves_its_tag_as_it_was():
    with small_server() as server:
        body = server.push_image("1")
        location = server.ask("POST", "/v2/x/blobs/uploads/").headers["Location"]
        equal(server.ask("PATCH", location, bytes(DISK), OCTETS).status, 507)
        larger = body[:-1] + b',"annotations":{"a":"' + b"b" * (3 << 20) + b'"}}'
        true(server.push_manifest(larger, "1").status in (201, 507), "it is told")
        found = server.ask("GET", "/v2/x/manifests/1").body
        true(found in (body, larger), "whole, old or new")


if __name__ == "__main__":
    run(sys.modules[__name__])
