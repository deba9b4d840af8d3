# SPDX-License-Identifier: Apache-2.0
"""What attackers are made of: connections that are held, requests that are repeated."""

import contextlib
import json
import ssl

from world import OCI, digest_of, pace, read_answer

EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2}
NONE = "sha256:" + "0" * 64


def manifest_of(annotations, **more):
    return json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": EMPTY, "layers": [], **more,
                       "annotations": annotations}).encode()


def left_alone(wire):
    """Whether it is still there."""
    wire.setblocking(False)
    with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
        if not wire.recv(4096):
            raise ConnectionError
    wire.settimeout(30)


def begun_by(place, data, **how):
    def begin():
        wire = place.connect(**how)
        wire.sendall(data)
        return wire
    return begin


def keep(place, begin, step, count=200, a_second=200):
    """Holds so many connections, each begun by `begin()`, does `step` on one after the other, and opens those anew
    that the server ends."""
    wires, tried = [], 0
    for n, _ in enumerate(pace(a_second, burst=max(1, a_second // 100))):
        tried += 1
        try:
            if len(wires) < count:
                wires.append(begin())
            else:
                step(wires[n % count])
            place.did()
        except OSError:
            if len(wires) == count:
                wires[n % count].close()
                with contextlib.suppress(OSError):
                    wires[n % count] = begin()
        if tried >= count:
            place.begun()


def repeat(place, a_second, *requests, count=4):
    """The requests in turn, so many a second at most, on connections that stay, each after the answer to the last."""
    place.begun()
    wires = {}
    for n, _ in enumerate(pace(a_second, burst=max(1, a_second // 100))):
        slot, request = n % count, requests[n % len(requests)]
        try:
            if slot not in wires:
                wires[slot] = place.connect()
            wires[slot].sendall(request)
            head = read_answer(wires[slot], request.startswith(b"HEAD"))[1]
            place.did()
            if b"Connection: close" in head:
                wires.pop(slot).close()
        except OSError:
            if slot in wires:
                wires.pop(slot).close()


def flood(place, a_second, request_of, count, sources=1):
    """`request_of(n)` on `count` connections from so many addresses, on all of them at once: where there is no
    answer yet, nothing more is asked."""
    wires, waits = [None] * count, set()
    for n, _ in enumerate(pace(a_second, burst=max(1, a_second // 100))):
        slot = n % count
        try:
            if wires[slot] is None:
                wires[slot] = place.connect(f"127.0.2.{slot % sources + 1}")
            wire = wires[slot]
            wire.setblocking(False)
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
                while slot in waits:
                    if not wire.recv(1 << 20):
                        raise ConnectionError
                    waits.discard(slot)
            if slot not in waits:
                wire.settimeout(30)
                wire.sendall(request_of(n))
                waits.add(slot)
                place.did()
        except OSError:
            waits.discard(slot)
            if wires[slot] is not None:
                wires[slot].close()
            wires[slot] = None
        if n >= count:
            place.begun()
