#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a registry has to do more for than the client: passwords, commits, lists, large manifests, a full disk."""

import contextlib
import json
import os
import subprocess
import tempfile

from attacks import NONE, begun_by, flood, keep, manifest_of, repeat
from world import INDEX, OCI, Server, basic, check, digest_of, fill_up, main, pace, tap, withstand

BLOB = bytes(1 << 20)
WIDE = manifest_of({f"k{n}": "v" * 8 for n in range(180000)})
DEEP = manifest_of({}, deep=None).replace(b'"deep": null', b'"deep": ' + b"[" * 1000000 + b"]" * 1000000)
BROAD = manifest_of({}, broad=None).replace(b'"broad": null', b'"broad": [' + b"{}," * 1300000 + b"{}]")


def push_it(place):
    place.push_blob(BLOB)
    place.push_blob(b"{}")


def push_wide(place):
    place.push_blob(b"{}")
    place.push_manifest(WIDE, "wide")


def push_much(place):
    """A catalog of 300, 3,200 tags of one image, and 3 MiB of referrers."""
    image = manifest_of({})
    with place.connect() as wire:
        for n in range(300):
            place.push_blob(b"{}", f"many/{n}", wire)
            place.push_manifest(image, "t", f"many/{n}", connection=wire)
        place.push_blob(b"{}", connection=wire)
        for n in range(100):
            more = "&".join(f"tag=t{n}-{m}" for m in range(32))
            place.push_manifest(image, f"{digest_of(image)}?{more}", connection=wire)
        subject = {"mediaType": OCI, "digest": digest_of(image), "size": len(image)}
        for n in range(200):
            place.push_manifest(manifest_of({"n": str(n), "v": "v" * 16000}, subject=subject), f"r{n}", connection=wire)


LISTS = ("/v2/_catalog?n=99999999", "/v2/x/tags/list?n=99999999", f"/v2/x/referrers/{digest_of(manifest_of({}))}")


def lists(place):
    """100 that ask for everything as soon as they have got it."""
    flood(place, 200, lambda n: place.head("GET", LISTS[n % 3]), count=100)


def lists_that_are_not_read(place):
    requests = [begun_by(place, place.head("GET", path), read_bytes=4096) for path in LISTS]
    keep(place, lambda: requests[place.done() % 3](), lambda wire: wire.recv(1))


def uploads(place):
    """1,000 a second, none of which is ever ended."""
    repeat(place, 1000, place.head("POST", "/v2/a/blobs/uploads/", "Content-Length: 0"))


def mounts(place):
    """Of what is there and of what is not."""
    repeat(place, 1000, *[
        place.head("POST", f"/v2/a{n}/blobs/uploads/?mount={what}&from=x", "Content-Length: 0")
        for n in range(50) for what in (digest_of(BLOB), NONE)])


def deletes(place):
    """100 that delete what is not there."""
    paths = (f"/v2/x/manifests/{NONE}", "/v2/x/manifests/none", f"/v2/x/blobs/{NONE}", f"/v2/x/blobs/uploads/{'0' * 32}")
    flood(place, 500, lambda n: place.head("DELETE", paths[n % 4]), count=100)


def guesses(place):
    """24 strangers, each with an address of its own, who guess as fast as they are told that it was wrong."""
    flood(place, 200, lambda n: place.head("GET", "/v2/", authorization=basic("honest", f"guess {n}")), 24, 24)


def guesses_for_tokens(place):
    path = "/v2/_token?service=zreg&scope=repository:x:pull,push"
    flood(place, 200, lambda n: place.head("GET", path, authorization=basic(f"u{n}", f"guess {n}")), 24, 24)


def large_manifests(place):
    """4 MiB of JSON, as wide as it may be, and deeper."""
    repeat(place, 6, *[place.head("PUT", f"/v2/x/manifests/{n}", f"Content-Type: {OCI}", f"Content-Length: {len(body)}") +
                       body for n, body in enumerate((WIDE, DEEP, BROAD))])


def large_manifests_not_read(place):
    request = place.head("GET", "/v2/x/manifests/wide")
    keep(place, begun_by(place, request, read_bytes=4096), lambda wire: wire.recv(1), 150)


def sha512_pushes(place):
    """Large blobs under a digest for which they have to be read again, and which they then do not have."""
    locations = {}
    place.begun()
    for n, _ in enumerate(pace(8)):
        slot = n % 4
        if slot not in locations:
            head = place.ask("POST", "/v2/a/blobs/uploads/")[1]
            locations[slot] = head.partition(b"Location: ")[2].partition(b"\r\n")[0].decode()
            place.ask("PATCH", locations[slot], bytes(16 << 20))
        if place.ask("PUT", f"{locations[slot]}?digest=sha512:{'0' * 128}")[0] == 404:
            del locations[slot]
        place.did()


def commits(place):
    """200 connections, each of which pushes as soon as it has pushed."""
    def push(n):
        blob = b"%d" % n
        return place.head("POST", f"/v2/a/blobs/uploads/?digest={digest_of(blob)}", f"Content-Length: {len(blob)}") + blob
    flood(place, 1000, push, count=200)


def indexes(place):
    """Indexes of 4,096 children, none of which is there."""
    child = {"mediaType": OCI, "digest": NONE, "size": 1}
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {**child, "digest": f"sha256:{n:064x}"} for n in range(4096)]}).encode()
    request = place.head("PUT", "/v2/x/manifests/i", f"Content-Type: {INDEX}", f"Content-Length: {len(body)}") + body
    flood(place, 50, lambda n: request, count=20)


def test_lists():
    withstand(lists, prepare=push_much)


def test_lists_that_are_not_read():
    withstand(lists_that_are_not_read, prepare=push_much)


def test_uploads_that_are_opened():
    withstand(uploads)


def test_mounts():
    withstand(mounts, prepare=push_it)


def test_deletes():
    withstand(deletes, prepare=push_it)


def test_guesses():
    withstand(guesses)


def test_guesses_under_tls():
    withstand(guesses, tls=True)


def test_guesses_for_tokens():
    withstand(guesses_for_tokens)


def test_large_manifests():
    withstand(large_manifests, prepare=push_it)


def test_large_manifests_that_are_not_read():
    withstand(large_manifests_not_read, prepare=push_wide)


def test_indexes_of_what_is_not_there():
    withstand(indexes, prepare=push_it)


def test_large_blobs_that_are_read_again():
    withstand(sha512_pushes)


def test_commits():
    withstand(commits)


def test_commits_that_are_not_synced():
    withstand(commits, durability="none")


def test_a_disk_that_is_full_and_then_is_not():
    with contextlib.ExitStack() as stack:
        disk = stack.enter_context(small_disk())
        server = Server(False, root=disk)
        stack.callback(server.close)
        push_it(server.honest)
        status, locations = 202, []
        while status == 202:
            head = server.place.ask("POST", "/v2/a/blobs/uploads/")[1]
            locations.append(head.partition(b"Location: ")[2].partition(b"\r\n")[0].decode())
            if not locations[-1]:
                locations.pop()
                break
            status = server.place.ask("PATCH", locations[-1], bytes(8 << 20))[0]
        check(status in (202, 507), f"a full disk is told: {status}")
        for _ in range(50):
            check(server.honest.ask("GET", f"/v2/x/blobs/{digest_of(BLOB)}")[0] == 200, "a pull works on a full disk")
            server.place.ask("POST", "/v2/a/blobs/uploads/")
        for location in locations:
            server.place.ask("DELETE", location)
        server.honest.push_blob(b"again")
        fill_up(server)


@contextlib.contextmanager
def small_disk():
    """A folder on a disk of 40 MiB."""
    folder = tempfile.mkdtemp(prefix="zreg-hostile-disk-")
    mounted = os.geteuid() == 0 and subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", folder],
                                                   capture_output=True).returncode == 0
    try:
        if not mounted:
            raise tap.Skip("a small disk cannot be mounted here")
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
        os.rmdir(folder)


if __name__ == "__main__":
    main(__name__)
