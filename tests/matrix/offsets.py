# SPDX-License-Identifier: Apache-2.0
"""A copy that is cut at one byte. Bytes are counted over all connections, in the order in which they come."""

import contextlib
import select
import socket
import threading

from front import Stream
from operations import Copy
from world import PATIENT_MS

SIDES, WAYS = ("source", "target"), ("up", "down")


class Cut:
    """A way to a server on which the connection is reset that brings byte number `at` that way ("up" to the server,
    "down" from it); what comes before has gone on. `passed`: how many bytes went each way."""

    def __init__(self, address, way="", at=0):
        host, _, port = address.rpartition(":")
        self.server, self.way, self.at = (host, int(port)), way, at
        self.lock, self.passed, self.cuts, self.streams = threading.Lock(), {"up": 0, "down": 0}, 0, []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.socket.accept()[0]
                threading.Thread(target=self.connection, args=(near,), daemon=True).start()

    def connection(self, near):
        """By one thread: a connection that another reads cannot be reset."""
        near = Stream(near)
        with contextlib.suppress(OSError):
            far = Stream(socket.create_connection(self.server))
            with self.lock:
                self.streams += [near, far]
            ways = {near.sock.fileno(): (near.sock, "up", far), far.sock.fileno(): (far.sock, "down", near)}
            poll = select.poll()
            for number in ways:
                poll.register(number, select.POLLIN)
            while all(self.hand_on(*ways[number]) for number, _ in poll.poll()):
                pass
            far.close()
        near.reset()

    def hand_on(self, source, way, target):
        """False at the end of the connection."""
        data = source.recv(65536)
        whole = self.count(way, len(data)) if data else 0
        target.sock.sendall(data[:whole])
        return bool(data) and whole is None

    def count(self, way, size):
        """How many of so many bytes go on, if not all do."""
        with self.lock:
            before = self.passed[way]
            self.passed[way] += size
            if way != self.way or self.cuts or before + size < self.at:
                return None
            self.cuts = 1
            return self.at - 1 - before

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # or who waits for a connection has it for good
        self.socket.close()
        with self.lock:
            streams = list(self.streams)
        for stream in streams:
            stream.close()


def copy(world, repository, side="", way="", at=0):
    """Gives the two ways with what passed, and what is wrong, or None."""
    cuts = [Cut(world.registry.address, way if side == name else "", at) for name in SIDES]
    try:
        operation = Copy(world, repository, "tiny")
        lines = world.operate(PATIENT_MS, [cut.address for cut in cuts], *operation.words(*(c.address for c in cuts)))
        try:
            assert lines[-1] == "OK", "\n".join(lines)
            operation.check(lines)
        except AssertionError as why:
            return cuts, f"byte {at} {way} at the {side}: {why}"
        return cuts, None
    finally:
        for cut in cuts:
            cut.close()


def cut_at(world, side, way, at):
    """What is wrong, or None; and whether it was cut."""
    cuts, wrong = copy(world, f"{side}-{way}-{at}/x", side, way, at)
    return wrong, sum(cut.cuts for cut in cuts)


def tests(world, step):
    """A test for each side and way, of every `step`th byte."""
    whole, wrong = copy(world, "whole/x")
    assert wrong is None, wrong

    def test_of(side, way, size):
        def test():
            done = list(world.pool.map(lambda at: cut_at(world, side, way, at), range(1, size + 1, step)))
            failed = [text for text, _ in done if text]
            assert not failed, f"{len(failed)} of {len(done)}:\n" + "\n".join(failed[:20])
            # Names of hosts and repositories have not the same length each time, so the last bytes may not come.
            assert sum(count for _, count in done) > len(done) * 9 // 10, f"only some of {len(done)} were cut"
        return test
    many = "every byte" if step == 1 else f"one byte of {step}"
    return [(f"test_{many} {way} at the {side} is cut", test_of(side, way, cut.passed[way]))
            for side, cut in zip(SIDES, whole) for way in WAYS]
