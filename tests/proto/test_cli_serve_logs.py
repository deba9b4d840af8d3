#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The logs of `zreg serve`: where they end in the middle of a line, or lose lines, the rest is sound and the loss told."""

import contextlib
import fcntl
import json
import os
import resource
import signal
import socket

from cli_world import hang_up, tap, world
from server_wire import LAST, get, read_all, statuses

ROOM = 3000  # bytes, some lines and a half


def ask(registry, count):
    """The line of a request is written after its answer, but before the connection is closed."""
    path = b"/v2/a/b/tags/list"
    with socket.create_connection((registry.record["host"], registry.record["port"]), timeout=20) as plain:
        plain.sendall((count - 1) * get(path) + get(path, LAST))
        assert statuses(read_all(plain)) == count * [404]


def read(log):
    """What is in a log: how many requests, and how many lines that it says are missing."""
    lines = [json.loads(line) for line in log.splitlines()]
    dropped = sum(line["dropped"] for line in lines if "dropped" in line)
    return sum("path" in line for line in lines), dropped


@contextlib.contextmanager
def pipe(path):
    """A pipe as small as there can be, and a function that gives all that is in it."""
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)

    def drain():
        data = b""
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(reader, 65536):
                data += piece
        return data

    yield drain
    os.close(reader)


def test_what_was_dropped_last_is_told_at_the_end():
    with world() as w, pipe(w.folder / "registry-0.log") as drain:
        registry = w.serve("--root", w.folder / "store")
        ask(registry, 60)
        early = drain()
        registry.stop()
        whole, dropped = read(early + drain())
        assert whole + dropped == 60 and dropped, (whole, dropped)


def test_what_was_dropped_last_is_told_before_the_log_is_changed():
    with world() as w, pipe(w.folder / "registry-0.log") as drain:
        registry = w.serve("--root", w.folder / "store")
        ask(registry, 60)
        early = drain()
        registry.log.rename(w.folder / "pipe")
        assert hang_up(registry) == "zreg serve: the files were read again\n"
        ask(registry, 2)
        whole, dropped = read(early + drain())
        registry.stop()
        assert whole + dropped == 60 and dropped, (whole, dropped)
        assert read(registry.log.read_bytes()) == (2, 0)


def test_the_rest_of_a_line_goes_where_its_begin_went():
    with world() as w, pipe(w.folder / "registry-0.log") as drain:
        registry = w.serve("--root", w.folder / "store")
        ask(registry, 60)
        assert hang_up(registry) == "zreg serve: the files were read again\n"
        early = drain()
        ask(registry, 2)
        registry.stop()
        whole, dropped = read(early + drain())
        assert whole + dropped == 62 and dropped, (whole, dropped)


def little_room():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def test_half_a_line_of_a_full_file_is_not_in_the_next():
    with world() as w:
        registry = w.serve("--root", w.folder / "store", preexec_fn=little_room)
        ask(registry, 20)
        full = w.folder / "access.1"
        registry.log.rename(full)
        assert hang_up(registry) == "zreg serve: the files were read again\n"
        ask(registry, 3)
        registry.stop()
        assert full.stat().st_size == ROOM
        before = read(full.read_bytes().rpartition(b"\n")[0])[0]
        assert read(registry.log.read_bytes()) == (3, 20 - before)


def test_what_follows_half_a_line_is_a_line_of_its_own():
    with world() as w:
        log = w.file("registry-0.log", '{"time":"20')
        registry = w.serve("--root", w.folder / "store")
        ask(registry, 2)
        registry.log.rename(w.folder / "access.1")
        w.file("registry-0.log", '{"ti')
        assert hang_up(registry) == "zreg serve: the files were read again\n"
        ask(registry, 3)
        registry.stop()
        first, second = (w.folder / "access.1").read_bytes(), log.read_bytes()
        assert first.startswith(b'{"time":"20\n') and read(first.partition(b"\n")[2]) == (2, 0), first
        assert second.startswith(b'{"ti\n') and read(second.partition(b"\n")[2]) == (3, 0), second


if __name__ == "__main__":
    tap.main(__name__)
