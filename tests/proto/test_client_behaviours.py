#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a copy costs and in which order it moves, and uploads that break: gone on with where the registry says they
are, sent in pieces where it takes no whole, and begun anew where it knows nothing of them."""

import contextlib
import functools
import json
import os
import subprocess
import sys
import threading
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
import registry as wire  # noqa: E402
from registry import OCI_INDEX, OCI_MANIFEST, Answer, World, error, manifest, sha256  # noqa: E402

MIB = 1 << 20
content = functools.cache(wire.content)
DROP = Answer(drop=True)
PASSING = (DROP, Answer(500), Answer(502, b"bad gateway"), Answer(503), Answer(504), Answer(408), Answer(425),
           Answer(429))


class Pair(World):
    """A source, an empty destination, and the command between them."""

    def __init__(self):
        super().__init__()
        self.source, self.to = self.registry(), self.registry()

    def image(self, *layers, tag="1", config=b"{}"):
        for blob in (config, *layers):
            self.source.add_blob("a/b", blob)
        data = manifest(config, layers)
        self.source.add_manifest("a/b", tag, data)
        return data

    def index(self, *images, tag="1"):
        entries = [{"mediaType": OCI_MANIFEST, "digest": sha256(image), "size": len(image)} for image in images]
        data = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
        self.source.add_manifest("a/b", tag, data, OCI_INDEX)
        return data

    def run(self, verb, *options, src=":1", dst=":1"):
        done = subprocess.run(
            ["zreg", verb, "--json", *options, "--plain-http", self.source.name, "--plain-http", self.to.name,
             f"{self.source.name}/a/b{src}", f"{self.to.name}/c/d{dst}"], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def copy(self, *options):
        return self.run("copy", *options)

    def clear(self):
        for registry in (self.source, self.to):
            registry.clear()

    def holds(self, *blobs):
        return all(self.to.blobs["c/d"].get(sha256(blob)) == blob for blob in blobs)


def changes(registry):
    return registry.requests("^(POST|PUT|PATCH|DELETE) ")


# --- what a copy costs


def test_04_an_image_that_is_there_is_one_look_on_each_side():
    with Pair() as w:
        w.image(b"one", b"two")
        w.copy()
        w.clear()
        again = w.copy()
        assert again["bytes"] == 0 and again["blobs"]["copied"] == 0, again
        assert w.to.requests() == ["HEAD /v2/c/d/manifests/1"], w.to.log
        assert len(w.source.log) == 1 and not w.source.requests("/blobs/"), w.source.log


def test_04_an_index_that_is_there_is_one_look_on_each_side():
    with Pair() as w:
        w.index(w.image(b"one", tag="x"), w.image(b"two", tag="y"))
        w.copy()
        w.clear()
        assert w.copy()["bytes"] == 0
        assert w.to.requests() == ["HEAD /v2/c/d/manifests/1"] and len(w.source.log) == 1, (w.to.log, w.source.log)


def test_04_of_an_image_whose_tag_is_gone_only_the_manifest_is_put():
    with Pair() as w:
        image = w.image(b"one", b"two")
        w.copy()
        w.to.manifests["c/d"].clear()
        w.clear()
        done = w.copy()
        assert done["blobs"]["copied"] == 0 and done["blobs"]["skipped"] == 3, done
        assert [line for line in changes(w.to) if "/manifests/" in line] == ["PUT /v2/c/d/manifests/1"], w.to.log
        assert not w.to.requests("^(PUT|PATCH) .*/blobs/") and not w.source.requests("/blobs/"), w.to.log
        assert w.to.manifests["c/d"]["1"][1] == image


def test_07_what_several_images_share_crosses_once():
    with Pair() as w:
        shared, own = content(MIB), [b"%d" % i for i in range(3)]
        w.index(*[w.image(shared, one, shared, tag=f"t{i}") for i, one in enumerate(own)])
        done = w.copy()
        assert w.holds(shared, *own, b"{}") and done["blobs"]["copied"] == 5, done
        for registry in (w.source, w.to):
            asked = [line for line in registry.requests() if not line.startswith(("POST", "PUT", "PATCH"))]
            assert len(asked) == len(set(asked)), sorted(asked)
        assert len(w.to.requests("^POST ")) == len(w.to.requests("^PUT .*/blobs/")) == 5, w.to.log
        assert len(w.to.requests("^PUT .*/manifests/")) == 4, w.to.log


def test_07_tags_of_one_sync_share_what_they_have_in_common():
    with Pair() as w:
        shared = content(MIB)
        for i in range(3):
            w.image(shared, b"%d" % i, tag=f"t{i}")
        w.run("sync", src="", dst="")
        blobs = w.source.requests("^GET .*/blobs/")
        assert len(blobs) == len(set(blobs)) == 5, sorted(blobs)
        assert len(w.to.requests("^PUT .*/blobs/")) == 5 and w.holds(shared, b"0", b"1", b"2"), w.to.log


# --- in which order, and how many at once


def test_09_one_at_a_time_the_largest_goes_first():
    with Pair() as w:
        layers = [content(size) for size in (7, 400000, 1, 3 * MIB, 90000)]
        w.image(*layers)
        w.copy("--jobs", "1")
        order = [line.rpartition("/")[2] for line in w.source.requests("^GET .*/blobs/")]
        sizes = [len(w.source.blobs["a/b"][digest]) for digest in order]
        assert sizes == sorted(sizes, reverse=True) and len(sizes) == 6, sizes


class Crowd:
    """Holds each answer until so many are under way, and counts the most that ever were."""

    def __init__(self, registry, size):
        self.registry, self.size, self.now, self.most = registry, size, 0, 0
        self.all = threading.Barrier(size)

    def __call__(self, request):
        with self.registry.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.all.wait(30)
        with self.registry.lock:
            self.now -= 1
            return self.registry.route(request)


def test_09_as_many_at_once_as_are_wanted():
    for jobs in (1, 2, 3, 6):
        with Pair() as w:
            w.image(*[content(1000 + i) for i in range(5)])
            crowd = Crowd(w.source, jobs)
            w.source.on("GET", "/blobs/", crowd, times=6)
            w.copy("--jobs", str(jobs))
            assert crowd.most == jobs, (jobs, crowd.most)


# --- uploads that break


def session_of(request):
    return request.path.rpartition("/")[2]


def keeps(registry, size, answer):
    """Of the body the registry keeps so many bytes; the answer is another."""
    def take(request):
        with registry.lock:
            registry.sessions[session_of(request)] += request.body[:size]
        return answer
    return take


def tells(registry):
    """How far a session is, which has another address from now on."""
    def tell(request):
        with registry.lock:
            data = registry.sessions.pop(session_of(request))
            return registry.session_at("c/d", uuid.uuid4().hex, data, 204)
    return tell


def bodies(registry, method):
    return [request.body for request in registry.log if request.method == method and "/uploads/" in request.path]


def test_12_an_upload_goes_on_where_the_registry_says_it_is():
    layer, kept = content(3 * MIB), MIB + 5
    for answer in PASSING:
        with Pair() as w:
            w.image(layer)
            w.to.on("PUT", "/uploads/", keeps(w.to, kept, answer))
            w.to.on("GET", "/uploads/", tells(w.to))
            w.copy("--jobs", "1")
            assert w.holds(layer) and b"".join(bodies(w.to, "PATCH")) == layer[kept:], w.to.log
            assert len(w.to.requests("^POST ")) == 2, "one session for each blob"
            assert not w.to.sessions and not w.to.requests("^DELETE "), w.to.log


def test_12_a_session_that_has_all_is_closed():
    layer = content(3 * MIB)
    with Pair() as w:
        w.image(layer)
        w.to.on("PUT", "/uploads/", keeps(w.to, len(layer), Answer(503)))
        w.to.on("GET", "/uploads/", tells(w.to))
        w.copy("--jobs", "1")
        assert w.holds(layer) and not any(bodies(w.to, "PATCH")), w.to.log
        assert b"" in bodies(w.to, "PUT"), w.to.log


def test_12_what_was_stored_is_not_sent_again():
    layer = content(3 * MIB)
    for answer in PASSING[:5]:
        with Pair() as w:
            w.image(layer)

            def store(request, answer=answer, to=w.to):
                with to.lock:
                    assert to.route(request).status == 201
                return answer
            w.to.on("PUT", "/uploads/", store)
            w.copy("--jobs", "1")
            assert len(w.to.requests("^POST ")) == len(w.to.requests("^PUT .*/uploads/")) == 2, w.to.log
            assert w.to.requests("^HEAD .*/blobs/") == [f"HEAD /v2/c/d/blobs/{sha256(layer)}"]



UNKNOWN = (error(404, "BLOB_UPLOAD_UNKNOWN"), error(405, "UNSUPPORTED"), Answer(204), DROP, Answer(500),
           *[Answer(204, headers={"Range": it}) for it in ("0-0", "x", "5-9", f"0-{3 * MIB}", "0-" + "9" * 20)])


def test_12_a_session_that_tells_nothing_is_begun_anew():
    layer = content(3 * MIB)
    for told in UNKNOWN:
        with Pair() as w:
            w.image(layer)
            w.to.on("PUT", "/uploads/", keeps(w.to, MIB + 5, Answer(503)))
            w.to.on("GET", "/uploads/", told, times=9)
            w.copy("--jobs", "1")
            assert w.holds(layer) and len(w.to.requests("^POST ")) == 3, w.to.log
            assert not w.to.sessions, "the lost session is deleted"


def test_12_an_upload_that_is_cut_off_in_its_body_is_begun_anew():
    layer = content(3 * MIB)
    for answer in (DROP, Answer(503), Answer(408)):
        with Pair() as w:
            w.image(layer)
            w.to.on_head_of("PUT", "/uploads/", answer)
            w.to.on("GET", "/uploads/", error(404, "BLOB_UPLOAD_UNKNOWN"), times=9)
            w.copy("--jobs", "1")
            assert w.holds(layer) and len(w.to.requests("^POST ")) == 3, w.to.log


def test_12_a_session_that_is_lost_is_begun_anew():
    layer = content(3 * MIB)
    for answer in (error(404, "BLOB_UPLOAD_UNKNOWN"), Answer(410)):
        with Pair() as w:
            w.image(layer)

            def forget(request, answer=answer, to=w.to):
                with to.lock:
                    del to.sessions[session_of(request)]
                return answer
            w.to.on("PUT", "/uploads/", forget)
            w.copy("--jobs", "1")
            assert w.holds(layer) and not w.to.requests("^(GET|DELETE) .*/uploads/"), w.to.log


def test_12_an_upload_that_never_gets_through_ends():
    with World() as world:
        registry, client = world.registry(), world.client(attempts=3)
        registry.on("PUT", "/uploads/", Answer(503), times=99)
        client.fails("BUSY", "blob-put", f"{registry.name}/c/d", 9, sha256(content(9)), 9)
        assert len(bodies(registry, "PUT")) == 3 and not registry.blobs, registry.log
        assert not registry.sessions, registry.log


# --- uploads in pieces


@contextlib.contextmanager
def pieces(size, *, minimum=None, scripted=()):
    """A registry that takes no PUT of `size` bytes; the upload to it, in pieces, and what it made of them."""
    with World() as world:
        registry, client = world.registry(), world.client()

        def start(request):
            with registry.lock:
                answer = registry.route(request)
            answer.headers.update({"OCI-Chunk-Min-Length": str(minimum)} if minimum is not None else {})
            return answer
        registry.on("POST", "/uploads/", start, times=9)
        registry.on("PUT", "/uploads/", error(413, "SIZE_INVALID", "too big"))
        for method, make in scripted:
            registry.on(method, "/uploads/", make(registry))
        digest = sha256(content(size))
        assert client.do("blob-put", f"{registry.name}/c/d", size, digest, size) == [digest]
        assert registry.blobs["c/d"][digest] == content(size)
        yield registry


def patches(registry):
    return [request for request in registry.log if request.method == "PATCH" and request.body]


def test_13_pieces_are_at_least_as_large_as_the_registry_wants():
    size = 4 * MIB
    for minimum, wanted in ((None, MIB), (0, MIB), (1, MIB), (MIB, MIB), (3 * MIB // 2, 3 * MIB // 2)):
        with pieces(size, minimum=minimum) as registry:
            sizes = [len(request.body) for request in patches(registry)]
            assert sizes[:-1] == [wanted] * (len(sizes) - 1) and sum(sizes) == size, (minimum, sizes)
            assert 0 < sizes[-1] <= wanted, (minimum, sizes)


def test_13_a_minimum_that_is_nonsense_changes_nothing():
    for minimum in ("x", "-1", "", "1 2", "99999999999999999999999"):
        with pieces(4 * MIB, minimum=minimum) as registry:
            assert [len(request.body) for request in patches(registry)] == [MIB] * 4, minimum


def test_13_each_piece_goes_where_the_answer_before_said():
    with pieces(4 * MIB) as registry:  # which takes nothing at an address that it has replaced
        where = [request.target for request in patches(registry)]
        assert len(where) == len(set(where)) == 4, where
        ranges = [request.headers["Content-Range"] for request in patches(registry)]
        assert ranges == [f"{i * MIB}-{(i + 1) * MIB - 1}" for i in range(4)], ranges
        assert bodies(registry, "PUT")[-1] == b"", "the last piece is a PATCH too"


def appended(answer_of):
    """A piece is taken, and answered otherwise."""
    def make(registry):
        def take(request):
            with registry.lock:
                at = session_of(request)
                registry.sessions[at] += request.body
                return answer_of(registry, at)
        return take
    return make


def stay(registry):
    """How far a session is, which keeps its address."""
    return lambda request: registry.session_at("c/d", session_of(request), registry.sessions[session_of(request)], 204)


def test_13_a_416_is_asked_about_and_nothing_is_sent_twice():
    def answer(registry, at):
        return Answer(416, b"", {"Range": f"0-{len(registry.sessions[at]) - 1}"})
    taken = [("PATCH", appended(lambda registry, at: registry.session_at("c/d", at, registry.sessions[at], 202)))]
    for number in range(4):  # the fourth has all: what is left is to close it
        with pieces(4 * MIB, scripted=[*taken * number, ("PATCH", appended(answer)), ("GET", stay)]) as registry:
            assert b"".join(bodies(registry, "PATCH")) == content(4 * MIB), (number, registry.log)
            assert len(registry.requests("^GET .*/uploads/")) == 1, (number, registry.log)


def test_13_a_416_that_nothing_is_known_about_begins_anew():
    scripted = [("PATCH", lambda registry: Answer(416)), ("GET", lambda registry: error(404, "BLOB_UPLOAD_UNKNOWN"))]
    with pieces(4 * MIB, scripted=scripted) as registry:
        assert len(registry.requests("^POST ")) == 3 and not registry.sessions, registry.log


def test_13_a_piece_may_be_answered_as_if_it_were_the_blob():
    for status in (200, 201, 202, 204):
        for headers in (("Location", "Range"), ("Location",), ()):
            def answer(registry, at, status=status, headers=headers):
                said = registry.session_at("c/d", at, registry.sessions[at], status)
                return Answer(status, b"", {name: said.headers[name] for name in headers})
            with pieces(4 * MIB, scripted=[("PATCH", appended(answer))] * 4) as registry:
                assert b"".join(bodies(registry, "PATCH")) == content(4 * MIB), (status, headers, registry.log)
                assert len(registry.requests("^POST ")) == 2, (status, headers, registry.log)


def test_13_who_takes_no_whole_blob_gets_it_by_patch():
    for status in (400, 405, 411, 415, 501):
        with World() as world:
            registry, client = world.registry(), world.client()
            digest = sha256(content(MIB))
            registry.on("PUT", "/uploads/", error(status, "UNSUPPORTED"))
            for _ in range(2):
                assert client.do("blob-put", f"{registry.name}/c/d", MIB, digest, MIB) == [digest]
            assert b"".join(bodies(registry, "PATCH")) == content(MIB) * 2, registry.log
            assert [len(body) for body in bodies(registry, "PUT")] == [MIB, 0, 0], "it is learned once"


def test_12_a_session_that_goes_back_and_forth_is_no_progress():
    size = 3 * MIB + 500000
    with World() as world:
        registry, client = world.registry(), world.client(attempts=3)
        told = []

        def status(request):
            told.append(request)
            answer = registry.session_at("c/d", request.path.rsplit("/", 1)[1], b"", 204)
            answer.headers["Range"] = f"0-{(5 if len(told) % 2 else 3) * MIB // 2 - 1}"
            return answer
        registry.on("PUT", "/uploads/", Answer(405))
        registry.on("PATCH", "/uploads/", Answer(503), times=50)
        registry.on("GET", "/uploads/", status, times=50)
        client.fails("BUSY", "blob-put", f"{registry.name}/c/d", size, sha256(content(size)), size)
        assert len(told) <= 4, told


def test_12_bytes_that_a_session_has_are_not_sent_again_with_the_closing_put():
    size = 300000
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("PUT", "/uploads/", Answer(405), Answer(503))
        registry.on("GET", "/uploads/", lambda request: registry.session_at(
            "c/d", request.path.rsplit("/", 1)[1], registry.sessions[request.path.rsplit("/", 1)[1]], 204))
        client.do("blob-put", f"{registry.name}/c/d", size, sha256(content(size)), size)
        assert [len(body) for body in bodies(registry, "PATCH")] == [size], registry.log


def test_12_a_small_blob_is_never_sent_behind_itself():
    with Pair() as w:
        config = json.dumps({"a": "c" * 1000}).encode()
        w.image(config=config)
        w.to.on("PUT", "/uploads/", Answer(503))
        answers = iter([False] + [True] * 5)
        w.to.on("POST", "/uploads/", lambda request: Answer(503) if next(answers, False) else w.to.route(request),
                times=9)
        subprocess.run(["zreg", "copy", "--plain-http", w.source.name, "--plain-http", w.to.name,
                        f"{w.source.name}/a/b:1", f"{w.to.name}/c/d:1"], capture_output=True, timeout=60, check=False)
        assert {len(body) for body in bodies(w.to, "PUT")} == {len(config)}, w.to.log


def test_13_a_blob_for_which_there_is_no_room_is_not_sent_in_ever_smaller_pieces():
    size = 20 * MIB
    with World() as world:
        registry, client = world.registry(), world.client()

        def quota(request):
            session = registry.sessions.get(request.path.rsplit("/", 1)[1], b"")
            full = len(session) + len(request.body) >= size
            return error(413, "SIZE_INVALID", "quota exceeded") if full else registry.route(request)
        for method in ("PUT", "PATCH"):
            registry.on(method, "/uploads/", quota, times=500)
        failure = client.fails("LIMIT", "blob-put", f"{registry.name}/c/d", size, sha256(content(size)), size)
        assert "quota exceeded" in failure.text
        assert sum(map(len, bodies(registry, "PUT") + bodies(registry, "PATCH"))) <= 2 * size, registry.log
        registry.clear()
        client.do("blob-put", f"{registry.name}/c/d", MIB, sha256(content(MIB)), MIB)
        assert [len(body) for body in bodies(registry, "PUT")] == [MIB], "the next goes out whole"


if __name__ == "__main__":
    tap.main(__name__)
