#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections are spread over the event threads, and workers give way to those. The kernel tells of both: each event
thread has an epoll of its own, whose descriptors stand in /proc, as do the priorities of threads."""

import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import tap  # noqa: E402
from server_tap import Server, equal, true  # noqa: E402

THREADS = 4
CONNECTIONS = 16


def sockets_by_thread(server):
    """For each event thread the ports of the clients whose connections it watches."""
    process = pathlib.Path(f"/proc/{server.process.pid}")
    lines = [line.split() for line in (process / "net/tcp").read_text().splitlines()[1:]]
    ports = {f"socket:[{line[9]}]": int(line[2].rpartition(":")[2], 16) for line in lines}
    names = {}
    for descriptor in (process / "fd").iterdir():
        try:
            names[descriptor.name] = os.readlink(descriptor)
        except FileNotFoundError:  # it was closed in between
            continue
    watched = [re.findall(r"^tfd:\s+(\d+)", (process / "fdinfo" / name).read_text(), re.M)
               for name, what in names.items() if what == "anon_inode:[eventpoll]"]
    return [{ports[names[fd]] for fd in fds if ports.get(names.get(fd))} for fds in watched]


def open_some(server, count):
    """Connections that all come before the first of them asks, and stay."""
    connections = [server.connect() for _ in range(count)]
    for connection in connections:
        connection.connect()
    ask(server, connections)
    return {connection.sock.getsockname()[1]: connection for connection in connections}


def ask(server, connections):
    for connection in connections:
        equal(server.ask("GET", "/healthz", connection=connection).status, 200)


def wait_until(holds, what):
    until = time.monotonic() + 10
    while not holds():
        true(time.monotonic() < until, what)
        time.sleep(0.01)


def spread(server):
    return sorted(len(ports) for ports in sockets_by_thread(server))


def test_each_thread_has_its_share_of_connections():
    server = Server(threads=THREADS)
    try:
        held = open_some(server, CONNECTIONS)
        equal(spread(server), [CONNECTIONS // THREADS] * THREADS)
        ask(server, held.values())
    finally:
        server.close()


def test_who_has_lost_connections_gets_the_next_ones():
    server = Server(threads=THREADS)
    try:
        held = open_some(server, CONNECTIONS)
        for port in max(sockets_by_thread(server), key=len):
            held.pop(port).close()
        wait_until(lambda: spread(server)[0] == 0, "the connections of one thread are gone")
        held.update(open_some(server, CONNECTIONS // THREADS))
        equal(spread(server), [CONNECTIONS // THREADS] * THREADS)
        ask(server, held.values())
    finally:
        server.close()


def test_connections_that_come_one_by_one_are_spread_too():
    server = Server(threads=THREADS)
    try:
        held = {}
        for _ in range(CONNECTIONS):
            held.update(open_some(server, 1))
        equal(spread(server), [CONNECTIONS // THREADS] * THREADS)
        ask(server, held.values())
    finally:
        server.close()


def niceness(server):
    """Of each thread."""
    stats = [(task / "stat").read_text() for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir()]
    return [int(stat.rpartition(")")[2].split()[16]) for stat in stats]


def test_workers_let_event_threads_go_first():
    server = Server(threads=THREADS)
    try:
        before = niceness(server)
        equal(server.ask("GET", "/v2/_catalog").status, 200)
        server.push_image()
        after = niceness(server)
        equal(sorted(after)[:len(before)], sorted(before), "those of the threads that were there")
        true(len(after) > len(before), "work was done by workers")
        true(max(before) == 19 or min(sorted(after)[len(before):]) > max(before), f"workers give way: {before} and {after}")
    finally:
        server.close()


if __name__ == "__main__":
    tap.main(__name__)
