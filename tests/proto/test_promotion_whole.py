#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A promotion looks whether the image is whole before, and is not spoilt by what fails behind it."""

import contextlib
import json
import signal
import threading
import time

from cli_world import tap
from promotion_world import CONFIG, REPO, World, image_of, layer_of
from registry import Answer, Registry, error, manifest, sha256, OCI_INDEX, OCI_MANIFEST
from zuul_api import ZuulApi


def index_of(*children, **more):
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(children), **more}).encode()


def child(data, media_type=OCI_MANIFEST):
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data)}


def forget(public, data):
    """The registry has lost a blob or manifest."""
    digest = sha256(data)
    for place in (public.blobs, public.manifests):
        for name in [name for name, held in place.get(REPO, {}).items() if held in (data, (OCI_MANIFEST, data))]:
            del place[REPO][name]
    return digest


def upload_index(public, *names):
    """An index of one image for each name, under the temporary tag of change 1."""
    for name in names:
        public.add_image(sha256(image_of(name)), name)
    data = index_of(*(child(image_of(name)) for name in names))
    return public.add_manifest(REPO, "change_1_latest", data, OCI_INDEX)


def refused(public, zreg, digest, *argv, code="NOTFOUND"):
    before = public.tags()
    told = zreg.fails(1, *argv)
    assert told["code"] == code and digest in told["message"], told
    assert told["message"].endswith("nothing was changed"), told
    assert public.tags() == before, "something was changed all the same"
    return told["message"]


# --- what is not whole is not promoted


def test_an_image_without_one_of_its_blobs_is_not_promoted():
    for lost in (CONFIG, layer_of(1)):
        with World() as (public, zreg):
            public.upload(1)
            digest = forget(public, lost)
            assert "is missing" in refused(public, zreg, digest)
            refused(public, zreg, digest, "--order", 1)
            assert "change_1_latest" in public.tags()


def test_who_does_not_want_to_know_is_not_told():
    with World() as (public, zreg):
        digest = public.upload(1)
        forget(public, layer_of(1))
        done = zreg.run(1, "--no-verify")
        assert done["verify_requests"] == 0 and public.images() == {"latest": digest}
        assert public.requests("/blobs/") == []


def test_an_index_is_looked_at_to_its_blobs():
    with World() as (public, zreg):
        upload_index(public, "amd64", "arm64")
        refused(public, zreg, forget(public, layer_of("arm64")))
        public.add_blob(REPO, layer_of("arm64"))
        refused(public, zreg, forget(public, image_of("amd64")))


def test_an_index_in_an_index_is_looked_at_too():
    with World() as (public, zreg):
        public.add_image(sha256(image_of("deep")), "deep")
        inner = index_of(child(image_of("deep")))
        public.add_manifest(REPO, sha256(inner), inner, OCI_INDEX)
        public.add_manifest(REPO, "change_1_latest", index_of(child(inner, OCI_INDEX)), OCI_INDEX)
        refused(public, zreg, forget(public, layer_of("deep")))
        public.add_blob(REPO, layer_of("deep"))
        assert zreg.run(1)["verify_requests"] == 4


def test_indexes_without_an_end_are_refused():
    with World() as (public, zreg):
        data = image_of("leaf")
        public.add_image(sha256(data), "leaf")
        kind = OCI_MANIFEST
        for _ in range(10):
            data, kind = index_of(child(data, kind)), OCI_INDEX
            public.add_manifest(REPO, "change_1_latest", data, OCI_INDEX)
        told = zreg.fails(1)
        assert told["code"] == "LIMIT" and "nested" in told["message"], told
        assert "latest" not in public.tags()


def test_a_blob_of_another_size_is_refused():
    with World() as (public, zreg):
        public.upload(1)
        public.blobs[REPO][sha256(layer_of(1))] = b"cut"
        assert "has 3 bytes" in refused(public, zreg, sha256(layer_of(1)), code="CORRUPT")


# --- what is whole costs little


def test_looks_are_heads_and_are_counted_apart():
    with World() as (public, zreg):
        public.upload(1)
        done = zreg.run(1)
        assert (done["requests"], done["blob_requests"], done["verify_requests"]) == (2, 0, 2), done
        assert {line.split()[0] for line in public.requests("/blobs/")} == {"HEAD"}, public.requests()
        assert public.requests()[-1].startswith("DELETE"), "looks come before everything else"


def test_what_is_named_twice_is_looked_at_once():
    with World() as (public, zreg):
        upload_index(public, "amd64", "arm64")
        done = zreg.run(1)
        assert done["verify_requests"] == 2 + 3, "two manifests, two layers, and the config that both have"
        assert len(public.requests("HEAD .*/blobs/")) == 3, public.requests()


def test_layers_that_are_fetched_elsewhere_are_not_wanted():
    with World() as (public, zreg):
        public.add_blob(REPO, CONFIG)
        foreign = {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "size": 5,
                   "digest": sha256(b"other"), "urls": ["https://example.org/layer"]}
        document = json.loads(image_of(1))
        document["layers"] = [foreign, {**foreign, "digest": sha256(b"last!"),
                                        "mediaType": "application/vnd.oci.image.layer.nondistributable.v1.tar"}]
        public.add_manifest(REPO, "change_1_latest", json.dumps(document).encode())
        assert zreg.run(1)["verify_requests"] == 1


def test_a_child_of_a_type_that_nobody_knows_is_only_wanted_to_be_there():
    thing = b'{"schemaVersion": 2, "mediaType": "application/vnd.example.thing+json"}'
    for kept_as in ("manifest", "blob", "nothing"):
        with World() as (public, zreg):
            if kept_as == "manifest":
                public.add_manifest(REPO, sha256(thing), thing, "application/vnd.example.thing+json")
            elif kept_as == "blob":
                public.add_blob(REPO, thing)
            data = index_of(child(thing, "application/vnd.example.thing+json"))
            public.add_manifest(REPO, "change_1_latest", data, OCI_INDEX)
            if kept_as == "nothing":
                refused(public, zreg, sha256(thing))
            else:
                assert zreg.run(1)["promoted"] is True, kept_as


def test_nothing_is_looked_at_when_no_tag_is_to_be_set():
    with World() as (public, zreg):
        digest = public.upload(2)
        zreg.run(2, "--order", 20, "--keep")
        public.upload(1)
        public.clear()
        assert zreg.run(1, "--order", 10)["verify_requests"] == 0
        assert zreg.run(2, "--if-current", digest)["verify_requests"] == 0
        assert public.requests("/blobs/") == []


def test_what_was_copied_just_now_is_not_looked_at_again():
    with World() as (public, zreg), ZuulApi() as zuul, contextlib.closing(Registry()) as intermediate:
        for blob in (CONFIG, layer_of(1)):
            intermediate.add_blob("images/base", blob)
        intermediate.add_manifest("images/base", "b1_latest", image_of(1))
        zuul.add_buildset("promote", "org/base", 1, 1)
        zuul.add_build(zuul.add_buildset("gate", "org/base", 1, 1, result="SUCCESS"), "build-image")
        zuul.builds[0]["artifacts"] = [{
            "name": "base", "url": f"docker://{intermediate.name}/images/base:b1_latest",
            "metadata": {"type": "container_image", "repository": f"{public.name}/{REPO}", "tag": "latest"}}]
        argv = ("--zuul-api", zuul.api, "--patchset", 1, "--plain-http", intermediate.name)
        would = zreg.run(1, *argv, "--dry-run")
        assert would["digest"] == sha256(image_of(1)) and not public.manifests.get(REPO), would
        done = zreg.run(1, *argv)
        assert done["promoted"] is True and done["verify_requests"] == 0, done


def test_as_many_looks_at_once_as_jobs():
    with World() as (public, zreg):
        layers = [b"%d" % i for i in range(12)]
        for blob in (CONFIG, *layers):
            public.add_blob(REPO, blob)
        public.add_manifest(REPO, "change_1_latest", manifest(CONFIG, layers))
        running, most, lock = [0], [0], threading.Lock()

        def step(_, when):
            with lock:
                running[0] += 1 if when == "before" else -1
                most[0] = max(most[0], running[0])
            if when == "before":
                time.sleep(0.02)

        public.step, public.steps_of = step, "/blobs/"
        assert zreg.run(1, "--jobs", 3)["verify_requests"] == 13
        assert 2 <= most[0] <= 3, most


# --- without doing it


def test_a_dry_run_looks_at_everything_and_changes_nothing():
    with World() as (public, zreg):
        digest = public.upload(1)
        newer = public.upload(2)
        zreg.run(2, "--order", 20, "--keep")
        before = public.tags()
        public.clear()
        would = zreg.run(1, "--order", 10, "--dry-run", tags=("latest", "1.0"))
        assert (would["tags"], would["superseded"], would["digest"]) == (["1.0"], ["latest"], digest), would
        assert would["verify_requests"] == 2 and would["cleanup_requests"] == 0, would
        assert public.tags() == before and {line.split()[0] for line in public.requests()} == {"GET", "HEAD"}
        assert zreg.run(2, "--dry-run", "--order", 5)["digest"] == newer
        for refused_one in (("--if-current", "absent"), ("--expect-digest", newer)):
            for dry in ((), ("--dry-run",)):
                assert zreg.fails(1, *refused_one, *dry)["code"] == "CONFLICT", (refused_one, dry)
        refused(public, zreg, forget(public, layer_of(1)), "--dry-run")


# --- registries that deviate


def test_a_registry_that_refuses_head_of_blobs_is_asked_by_get():
    for status in (403, 405):
        with World() as (public, zreg):
            public.upload(1)
            public.on("HEAD", "/blobs/", Answer(status), times=2)
            done = zreg.run(1)
            assert done["promoted"] is True and done["verify_requests"] == 4, done
            assert done["blob_requests"] == 0 and done["requests"] == 2, done


def test_a_proxy_that_takes_the_size_from_head_is_asked_by_get():
    with World() as (public, zreg):
        public.upload(1)
        public.on("HEAD", "/blobs/", Answer(200, headers={"Content-Length": "0"}), times=2)
        assert zreg.run(1)["promoted"] is True


def test_a_registry_that_shows_no_blob_is_told_so():
    with World() as (public, zreg):
        public.upload(1)
        for method in ("HEAD", "GET"):
            public.on(method, "/blobs/", error(403, "DENIED", "blobs are elsewhere"), times=2)
        told = zreg.fails(1)
        assert told["code"] == "DENIED" and "could not be looked at" in told["message"], told
        assert "nothing was changed" in told["message"] and "latest" not in public.tags(), told


def interrupt_at(public, zreg, which, code, *argv):
    """SIGINT while the request that `which` names waits for its answer."""
    seen, go = threading.Event(), threading.Event()

    def step(request, when):
        if when == "before" and which(request) and not seen.is_set():
            seen.set()
            go.wait(20)

    public.step, public.steps_of = step, "/v2/"
    process = zreg.start(1, *argv)
    assert seen.wait(20)
    process.send_signal(signal.SIGINT)
    result = zreg.end(process, code)
    go.set()
    return result


def test_looking_can_be_interrupted():
    with World() as (public, zreg):
        public.upload(1)
        told = interrupt_at(public, zreg, lambda r: "/blobs/" in r.path, -signal.SIGINT)["error"]
        assert told["code"] == "CANCELLED" and "nothing was changed" in told["message"], told
        assert "latest" not in public.tags()


# --- once all tags are set


def left_behind(public, done, *words):
    assert done["promoted"] is True and done["temporary_deleted"] is False, done
    assert done["cleanup_error"].startswith("the temporary tag stays"), done
    assert all(word in done["cleanup_error"] for word in words), done
    assert {"latest", "change_1_latest"} <= set(public.tags())


def test_a_temporary_tag_that_cannot_be_deleted_is_no_failure():
    # Where a tag cannot be deleted, a manifest that took its place could be.
    for status, times in ((400, 2), (403, 1), (405, 2), (500, 5)):
        with World() as (public, zreg):
            public.upload(1)
            public.on("DELETE", "/manifests/", Answer(status), times=times)
            left_behind(public, zreg.run(1), str(status))
            done = zreg.run(1)
            assert done["temporary_deleted"] is True and done["cleanup_error"] is None, done


def test_a_registry_that_is_gone_when_it_is_to_delete_is_no_failure():
    with World() as (public, zreg):
        public.upload(1)
        public.on("DELETE", "/manifests/", Answer(drop=True), times=20)
        left_behind(public, zreg.run(1))


def test_a_vendors_interface_that_is_not_there_is_no_failure():
    with World() as (public, zreg):
        public.upload(1)
        done = zreg.run(1, "--api", "quay", "--api-url", "http://127.0.0.1:9")
        left_behind(public, done)
        process = zreg.start(1, "--api", "quay", "--api-url", "http://127.0.0.1:9", json_wanted=False)
        text, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and "; the temporary tag stays: " in text, text


def test_final_tags_that_cannot_be_looked_at_are_no_failure():
    with World() as (public, zreg):
        public.upload(1)
        for method in ("HEAD", "GET"):
            public.on(method, "/manifests/latest", Answer(500), times=5)
        left_behind(public, zreg.run(1), "could not be looked at", "500")


def test_an_interruption_once_the_tags_are_set_is_told_and_no_failure():
    with World() as (public, zreg):
        digest = public.upload(1)
        done = interrupt_at(public, zreg, lambda r: r.method == "DELETE", 0)
        left_behind(public, done, "cancelled")
        assert done["digest"] == digest, done


def test_a_superseded_change_whose_temporary_tag_stays_is_no_failure():
    with World() as (public, zreg):
        public.upload(2)
        zreg.run(2, "--order", 20)
        public.upload(1)
        public.on("DELETE", "/manifests/", Answer(405), times=2)
        done = zreg.run(1, "--order", 10)
        assert done["promoted"] is False and done["temporary_deleted"] is False, done
        assert "405" in done["cleanup_error"], done


if __name__ == "__main__":
    tap.main(__name__)
