# SPDX-License-Identifier: Apache-2.0
"""The clients that are measured, under one interface: what each is called with to do the same. Registries are spoken
to without TLS."""

import os
import pathlib
import shutil

from world import TOP, UNHASHED

PROGRAMS = pathlib.Path(os.environ.get("ZREG_GO_PROGRAMS", TOP / "build/go-programs")) / "bin"

PROMOTED_AT_ONCE = 64


class Client:
    """`copy` and `retag` give the words of one command."""

    name = None
    hashes = True  # what it copies from registry to registry
    version_words = ("version",)

    @property
    def copies_as(self):
        return self.name if self.hashes else f"{self.name}{UNHASHED}"

    def path(self):
        return self.name if shutil.which(self.name) else str(PROGRAMS / self.name)

    def is_there(self):
        return shutil.which(self.path()) is not None

    def retag(self, place, tag):
        return self.copy(place, f"{place.rsplit(':', 1)[0]}:{tag}")

    def retag_all(self, place, tags):
        """One command for each tag, unless one command can do it."""
        return [self.retag(place, tag) for tag in tags]

    def copy_all(self, pairs):
        return [self.copy(src, dst) for src, dst in pairs]


class Zreg(Client):
    name = "zreg"

    def copy(self, src, dst):
        return ["zreg", "copy", "--json", src, dst]

    def retag_all(self, place, tags):
        repository, source = place.rsplit(":", 1)
        return [["zreg", "promote", "--json", "--no-verify", "--from-tag", source,
                 *[word for tag in tags[i:i + PROMOTED_AT_ONCE] for word in ("--tag", tag)], repository]
                for i in range(0, len(tags), PROMOTED_AT_ONCE)]


class Skopeo(Client):
    name = "skopeo"
    version_words = ("--version",)

    def copy(self, src, dst):
        return ["skopeo", "copy", "--all", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false",
                f"docker://{src}", f"docker://{dst}"]


class Crane(Client):
    name = "crane"

    def copy(self, src, dst):
        return [self.path(), "copy", src, dst]

    def retag(self, place, tag):
        return [self.path(), "tag", place, tag]


class Regctl(Client):
    name = "regctl"

    def copy(self, src, dst):
        hosts = {place.split("/")[0] for place in (src, dst)}
        return [self.path(), "image", "copy", *[word for host in hosts for word in (
            "--host", f"reg={host},tls=disabled")], src, dst]


class Oras(Client):
    name = "oras"
    hashes = False

    def copy(self, src, dst):
        return [self.path(), "cp", "--no-tty", "--from-plain-http", "--to-plain-http", src, dst]

    def retag(self, place, tag):
        return self.retag_all(place, [tag])[0]

    def retag_all(self, place, tags):
        return [[self.path(), "tag", "--plain-http", place, *tags]]


OURS = Zreg()
PEERS = (Skopeo(), Crane(), Regctl(), Oras())


def clients():
    """Ours first, then the peers that are there."""
    return [OURS, *[peer for peer in PEERS if peer.is_there()]]


def missing():
    return [peer.name for peer in PEERS if not peer.is_there()]
