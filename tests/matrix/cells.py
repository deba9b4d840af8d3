# SPDX-License-Identifier: Apache-2.0
"""The matrix: each kind of request, each fault that it can meet, small and large blobs, the first request of its kind
and a later one. A cell is one operation in which one request meets the fault; it must end well all the same."""

import collections
import threading

from front import STATUSES, Front
from operations import Copy, CopyAgain, Delete, DeleteTag, Mount, Promote, Tags
from world import PATIENT_MS, REWRITES, STALL_MS

SHOWN = 60

# What any request may meet, and what only those do that have a body, whose answers have one, or that are about a
# session.
ANY = (*STATUSES, "reset before", "reset in the answer", "lost answer", "stall", "unauthorized", "page")
SENT = ("reset in the body",)
RECEIVED = ("stall in the answer", "short body", "longer length", "shorter length")
SESSION = ("lost session",)
CONTACT = tuple(fault for fault in ANY if fault != "unauthorized")  # which is the answer that it should have

# One operation in which the kind of request comes: `rewrite` names what the registry is like, `before` what goes wrong
# before (a kind of request, a fault, how often), `nths` which of the requests of the kind meets the fault.
Way = collections.namedtuple("Way", "operation size rewrite before nths", defaults=("", (), (0, 1)))
Row = collections.namedtuple("Row", "side kind faults ways")

BROKEN_PUTS = (("PUT blob", "reset in the body", 2),)
BROKEN_ENDS = (("closing PUT", 503, 2),)

ROWS = (
    Row("source", "contact", CONTACT, [Way(Copy, "small", nths=(0,))]),
    Row("target", "contact", CONTACT, [Way(Copy, "small", nths=(0,)), Way(Mount, "small", nths=(0,)),
                                       Way(Tags, "tiny", nths=(0,)), Way(Delete, "tiny", nths=(0,)),
                                       Way(Promote, "small", nths=(0,))]),
    # Who is refused a token is refused: no 401.
    Row("source", "token", CONTACT + RECEIVED, [Way(Copy, "small", nths=(0,))]),
    Row("target", "token", CONTACT + RECEIVED, [Way(Copy, "small", nths=(0,)), Way(Promote, "small")]),
    Row("source", "GET manifest", ANY + RECEIVED, [Way(Copy, "small")]),
    Row("target", "GET manifest", ANY + RECEIVED, [Way(Mount, "small"), Way(Promote, "small")]),
    Row("target", "HEAD manifest", ANY, [Way(Copy, "small", nths=(0,)), Way(Promote, "small")]),
    Row("source", "GET blob", ANY + RECEIVED, [Way(Copy, "small"), Way(Copy, "large")]),
    Row("target", "HEAD blob", ANY + ("longer length", "shorter length"),
        [Way(CopyAgain, "small", "no mounts"), Way(CopyAgain, "large", "no mounts"), Way(Promote, "small")]),
    Row("target", "POST upload", ANY, [Way(Copy, "small", "no mounts"), Way(Copy, "large", "no mounts")]),
    Row("target", "mount", ANY, [Way(Mount, "small"), Way(Mount, "large"), Way(Copy, "small"), Way(Copy, "large"),
                                 Way(CopyAgain, "small")]),
    Row("target", "PUT blob", ANY + SENT + SESSION, [Way(Copy, "small"), Way(Copy, "large")]),
    Row("target", "PATCH", ANY + SENT + SESSION,
        [Way(Copy, "small", "no whole"), Way(Copy, "large", "no whole"), Way(Copy, "large", "no large", (), (0, 5))]),
    Row("target", "closing PUT", ANY + SESSION,
        [Way(Copy, "small", "no whole"), Way(Copy, "large", "no whole"), Way(Copy, "large", "no large")]),
    Row("target", "upload status", ANY + SESSION,
        [Way(Copy, "small", "no whole", BROKEN_ENDS), Way(Copy, "large", "", BROKEN_PUTS)]),
    Row("target", "DELETE upload", ANY + SESSION, [Way(Copy, "small", "no whole"), Way(Copy, "large", "no whole")]),
    Row("target", "PUT manifest", ANY + SENT, [Way(Copy, "small"), Way(Mount, "small"), Way(Promote, "small")]),
    Row("target", "GET tags", ANY + RECEIVED, [Way(Tags, "tiny", "pages")]),
    Row("target", "DELETE manifest", ANY,
        [Way(Delete, "tiny", nths=(0,)), Way(DeleteTag, "tiny", nths=(0,)), Way(Promote, "small")]),
)


class Cell:
    """One operation and its fault."""

    def __init__(self, number, row, way, fault, nth):
        self.row, self.way, self.fault, self.nth = row, way, fault, nth
        self.repository = f"cell-{number}/x"
        self.left = nth + 1
        self.before = [list(entry) for entry in way.before]
        self.met, self.lock = False, threading.Lock()

    def __str__(self):
        way, order = self.way, "first" if self.nth == 0 else f"number {self.nth + 1}"
        return (f"{way.operation.__name__}, {way.size}{', ' + way.rewrite if way.rewrite else ''}: the {order} "
                f"{self.row.kind} at the {self.row.side} meets {self.fault}")

    def plan(self, world, side):
        layers = world.images[self.way.size].layers

        def of_request(request):
            kind = request.kind()
            with self.lock:
                for entry in self.before:
                    if entry[0] == kind and entry[2] > 0 and side == self.row.side and request.concerns(layers):
                        entry[2] -= 1
                        return entry[1]
                return self.meets(kind, side, request, layers)
        return of_request

    def meets(self, kind, side, request, layers):
        if (kind, side) != (self.row.kind, self.row.side) or self.left == 0:
            return None
        if self.way.size == "large" and not self.is_large(kind, request, layers):
            return None
        self.left -= 1
        self.met = self.left == 0
        return self.fault if self.met else None

    def is_large(self, kind, request, layers):
        """Of a large image, the requests about its layers count; of an upload's session, those with many bytes."""
        if kind == "PATCH" and self.way.rewrite == "no whole":
            return request.size > 1 << 20
        return request.concerns(layers)

    def run(self, world):
        """What is wrong, or None."""
        fronts = [Front(world.registry.address, self.plan(world, side), REWRITES[self.way.rewrite])
                  for side in ("source", "target")]
        try:
            return self.run_between(world, *fronts)
        finally:
            for front in fronts:
                front.close()

    def run_between(self, world, source, target):
        operation = self.way.operation(world, self.repository, self.way.size)
        operation.prepare()
        idle_ms = STALL_MS if "stall" in str(self.fault) else PATIENT_MS
        lines = world.operate(idle_ms, [source.address, target.address],
                              *operation.words(source.address, target.address))
        try:
            assert lines[-1] == "OK", "\n".join(lines)
            operation.check(lines)
            assert self.met, "no such request came"
        except AssertionError as why:
            requests = [f"{side}: {line} {fault or ''}" for side, front in (("source", source), ("target", target))
                        for line, fault in front.log][-SHOWN:]
            return "\n".join([f"{self}:", str(why), *requests])
        return None


def cells():
    number = 0
    for row in ROWS:
        for fault in row.faults:
            for way in row.ways:
                for nth in way.nths:
                    number += 1
                    yield Cell(number, row, way, fault, nth)


def tests(world, chosen):
    """A test for each kind of request and fault. All cells run at once, as many as the world has workers for."""
    groups = collections.defaultdict(list)
    for cell in chosen:
        groups[cell.row.side, cell.row.kind, cell.fault].append(world.pool.submit(cell.run, world))

    def test_of(futures):
        def test():
            wrong = [why for why in (future.result() for future in futures) if why]
            assert not wrong, "\n\n".join(wrong)
        return test
    for (side, kind, fault), futures in groups.items():
        yield f"test_{kind} at the {side}: {fault}", test_of(futures)
