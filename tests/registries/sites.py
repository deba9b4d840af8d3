# SPDX-License-Identifier: Apache-2.0
"""All registries at once, each with the same contents."""

import contextlib

import peers
from contents import Contents
from world import tap, world


class Site:
    def __init__(self, w):
        self.w, self.zreg, self.fails = w, w.zreg, w.fails
        self.contents = Contents(w)
        self.peers, self.missing = {}, {}

    def start(self, kinds):
        for kind in kinds:
            try:
                self.peers[kind.NAME] = self.w.start(kind)
                self.contents.give(self.peers[kind.NAME])
            except tap.Skip as reason:
                self.missing[kind.NAME] = reason
        return self

    def need(self, name):
        if name in self.missing:
            raise tap.Skip(self.missing[name])
        return self.peers[name]


@contextlib.contextmanager
def site(kinds=peers.ALL):
    with world() as w:
        yield Site(w).start(kinds)


def each(function, title):
    """A test of each registry."""
    return [(f"test_{title}: {kind.NAME}", lambda s, name=kind.NAME: function(s, s.need(name))) for kind in peers.ALL]


def each_pair(function, title):
    """A test of each way from one registry to another, or to itself."""
    return [(f"test_{title}: {a.NAME} to {b.NAME}", lambda s, a=a.NAME, b=b.NAME: function(s, s.need(a), s.need(b)))
            for a in peers.ALL for b in peers.ALL]
