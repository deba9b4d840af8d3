#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A large layer from a registry whose streams are slow: by several at once (behaviour 10)."""

import json
import re
import subprocess
import threading
import time

from cli_world import tap
from registry import Answer, World, error, manifest, sha256

MIB = 1 << 20
SIZE = 42 * MIB + 12345
DATA = b"".join(i.to_bytes(8, "little") * 512 for i in range(SIZE // 4096 + 1))[:SIZE]
PACE = (64 << 10, 0.002)  # some 25 MiB a second


class Slow(World):
    """A registry with one image, whose answers are the test's."""

    def __init__(self, answer_part, pace=PACE):
        super().__init__()
        self.registry_a = self.registry()
        self.registry_a.add_blob("a/b", b"{}")
        self.digest = self.registry_a.add_blob("a/b", DATA)
        self.registry_a.add_manifest("a/b", "1", manifest(layers=[DATA]))
        self.answer_part, self.pace = answer_part, pace
        self.parts, self.wholes = [], 0
        self.lock = threading.Lock()
        self.registry_a.on("GET", self.digest, self.answer, times=10000)

    def answer(self, request):
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", ""))
        if asked is None:
            with self.lock:
                self.wholes += 1
            return Answer(200, DATA, pace=self.pace)
        first, last = int(asked.group(1)), int(asked.group(2) or SIZE - 1)
        with self.lock:
            self.parts.append((first, last))
            count = len(self.parts)
        return self.answer_part(count, first, last, self.pace)

    def copy(self, *options, code=0):
        layout = f"{self.folder}/layout"
        done = subprocess.run(["zreg", "copy", "--json", *options, f"{self.registry_a.name}/a/b:1", f"oci:{layout}:1"],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        if code == 0:
            with open(f"{layout}/blobs/sha256/{sha256(DATA)[7:]}", "rb") as file:
                assert file.read() == DATA
        return json.loads(done.stdout)


def right(_, first, last, pace):
    return Answer(206, DATA[first:last + 1], {"Content-Range": f"bytes {first}-{last}/{SIZE}"}, pace=pace)


def cut(until):
    """The first parts break off in the middle."""
    def answer(count, first, last, pace):
        found = right(count, first, last, pace)
        found.cut = 100000 if count <= until else None
        return found
    return answer


def test_10_a_large_layer_comes_by_several_streams_and_is_one_digest():
    with Slow(right) as w:
        w.copy()
        assert w.wholes == 1 and len(w.parts) > 4, (w.wholes, w.parts)
        parts = sorted(w.parts)
        assert all(a[1] + 1 == b[0] for a, b in zip(parts, parts[1:])) and parts[-1][1] == SIZE - 1, parts


def test_10_a_registry_without_ranges_is_asked_for_parts_once():
    with Slow(lambda *_: Answer(200, DATA, pace=PACE)) as w:
        w.copy()
        assert w.wholes == 1 and 1 <= len(w.parts) <= 4, (w.wholes, w.parts)


def test_10_what_refuses_a_part_is_read_by_one_stream():
    for status in (403, 416):
        with Slow(lambda *_, status=status: Answer(status)) as w:
            w.copy()
            assert w.wholes == 1 and w.parts, (status, w.wholes, w.parts)


def test_10_a_part_refused_for_a_while_holds_up_nobody():
    with Slow(lambda *_: error(429, "TOOMANYREQUESTS", Retry_After="60")) as w:
        second = DATA[:-1] + b"x"
        digest = w.registry_a.add_blob("a/b", second)
        w.registry_a.add_manifest("a/b", "2", manifest(layers=[second]))
        w.registry_a.on("GET", digest, Answer(200, second, pace=PACE), times=10)
        began = time.monotonic()
        done = subprocess.run(["zreg", "sync", "--jobs", "4", f"{w.registry_a.name}/a/b", f"oci:{w.folder}/layout"],
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and w.parts, (done, w.parts)
        assert time.monotonic() - began < 50


def test_10_parts_that_break_off_are_resumed():
    with Slow(cut(3)) as w:
        w.copy()
        assert w.wholes == 1


def test_10_parts_of_other_bytes_are_never_stored():
    def other(count, first, last, pace):
        found = right(count, first, last, pace)
        found.body = bytes(len(found.body))
        return found
    with Slow(other) as w:
        assert "sha256" in w.copy("--retry", "1", code=1)["error"]["message"]


def test_10_another_range_than_asked_for_is_not_taken():
    def other(count, first, last, pace):
        return Answer(206, DATA[:last - first + 1], {"Content-Range": f"bytes 0-{last - first}/{SIZE}"}, pace=pace)
    with Slow(other) as w:
        w.copy("--retry", "1")


def test_10_with_one_job_there_is_one_stream():
    with Slow(right) as w:
        w.copy("--jobs", "1")
        assert w.wholes == 1 and not w.parts, w.parts


def test_10_a_fast_stream_stays_alone():
    with Slow(right, pace=None) as w:
        w.copy()
        assert w.wholes == 1


def test_10_a_cancelled_copy_ends_its_streams():
    with Slow(right, pace=(64 << 10, 0.02)) as w:
        began = time.monotonic()
        w.copy("--timeout", "4", code=1)
        assert w.parts and time.monotonic() - began < 9


if __name__ == "__main__":
    tap.main(__name__)
