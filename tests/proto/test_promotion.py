#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Promotion that cannot go wrong: the order of changes, races, and a kill after every step.

The command runs against the registry of registry.py, which sees and delays single requests."""

import contextlib
import json
import threading

from cli_world import tap
from promotion_world import REPO, World, image_of
from zuul_api import ZuulApi
from registry import Answer, Registry, manifest, sha256, OCI_INDEX


def test_31_a_promotion_that_fails_tells_which_tags_it_set():
    with World() as (public, zreg):
        digest = public.upload(1)
        public.on("PUT", "/manifests/v1", Answer(403))
        document = zreg.run(1, code=1, tags=("latest", "v1", "v2"))
        assert document["error"]["code"] == "DENIED", document
        assert (document["done"]["digest"], document["done"]["tags"]) == (digest, ["latest"]), document
        assert public.images() == {"change_1_latest": digest, "latest": digest}, public.images()


# --- fault 12: promotion moves tags backwards


def test_fault_12_a_late_promotion_of_an_older_change_is_superseded():
    with World() as (public, zreg):
        public.upload(21)
        newer = public.upload(9)  # the smaller number merged later
        done = zreg.run(9, "--order", 200)
        assert (done["promoted"], done["tags"], done["superseded"]) == (True, ["latest"], []), done
        public.clear()
        late = zreg.run(21, "--order", 100)
        assert (late["promoted"], late["tags"]) == (False, []), late
        assert (late["superseded"], late["superseded_by"]) == (["latest"], "9"), late
        assert late["digest"] == newer and late["temporary_deleted"] is True, late
        assert public.images() == {"latest": newer}, "the temporary tag of a superseded change leaks"
        assert public.moves() == ["GET zreg-order_latest", "HEAD latest", "DELETE change_21_latest"], public.moves()
        assert public.requests("/blobs/") == []


def test_fault_12_without_an_order_nothing_is_recorded_and_nothing_more_is_asked():
    with World() as (public, zreg):
        digest = public.upload(1)
        done = zreg.run(1)
        assert done["requests"] == 2 and done["blob_requests"] == 0 and done["promoted"] is True, done
        assert public.moves() == ["GET change_1_latest", "PUT latest", "HEAD latest", "DELETE change_1_latest"]
        assert public.tags() == {"latest": digest}


def test_fault_12_with_an_order_four_requests_more_and_no_blob():
    with World() as (public, zreg):
        public.upload(1)
        done = zreg.run(1, "--order", 7)
        assert done["requests"] == 6 and done["blob_requests"] == 0, done
        assert public.moves() == [
            "GET zreg-order_latest", "GET change_1_latest", "GET zreg-order_latest", "PUT zreg-order_latest",
            "PUT latest", "GET zreg-order_latest", "HEAD latest", "DELETE change_1_latest"], public.moves()


def test_fault_12_the_record_is_an_index_of_the_image():
    with World() as (public, zreg):
        digest = public.upload(12)
        zreg.run(12, "--order", 5)
        kind, data = public.manifests[REPO]["zreg-order_latest"]
        document = json.loads(data)
        assert kind == document["mediaType"] == OCI_INDEX
        assert [child["digest"] for child in document["manifests"]] == [digest]
        assert document["annotations"] == {"org.zuul-ci.order": "5", "org.zuul-ci.change": "12",
                                           "org.zuul-ci.digest": digest}
        children = [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
                     "size": len(image_of(12)), "platform": {"os": "linux", "architecture": "arm64"}}]
        index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}).encode()
        top = public.add_manifest(REPO, "change_13_latest", index, OCI_INDEX)
        zreg.run(13, "--order", 6)
        document = json.loads(public.manifests[REPO]["zreg-order_latest"][1])
        assert document["manifests"] == children and document["annotations"]["org.zuul-ci.digest"] == top


def test_fault_12_promoting_again_is_the_same():
    with World() as (public, zreg):
        digest = public.upload(1)
        first = zreg.run(1, "--order", 7)
        after = public.tags()
        again = zreg.run(1, "--order", 7)
        assert again["digest"] == first["digest"] == digest and again["promoted"] is True
        assert public.tags() == after
        assert zreg.fails(2, "--order", 8)["code"] == "NOTFOUND"
        assert zreg.fails(2, "--order", 7)["code"] == "NOTFOUND", "another change of the same order is not it"


def test_fault_12_a_newer_change_takes_over():
    with World() as (public, zreg):
        public.upload(1)
        second = public.upload(2)
        zreg.run(1, "--order", 1)
        zreg.run(2, "--order", 18446744073709551615)
        assert public.images() == {"latest": second}
        assert public.record()["org.zuul-ci.change"] == "2"


def test_fault_12_each_tag_has_an_order_of_its_own():
    with World() as (public, zreg):
        newer = public.upload(2)
        zreg.run(2, "--order", 20)
        older = public.upload(1)
        done = zreg.run(1, "--order", 10, tags=("latest", "1.0"))
        assert (done["promoted"], done["tags"], done["superseded"]) == (True, ["1.0"], ["latest"]), done
        assert done["digest"] == older
        assert public.images() == {"latest": newer, "1.0": older}


def test_fault_12_a_foreign_tag_in_the_place_of_the_record_is_a_conflict():
    with World() as (public, zreg):
        public.upload(1)
        public.add_manifest(REPO, "zreg-order_latest", image_of("foreign"))
        before = public.tags()
        error = zreg.fails(1, "--order", 1)
        assert error["code"] == "CONFLICT" and "zreg-order_latest" in error["message"], error
        assert public.tags() == before


def test_an_order_is_a_number():
    with World() as (public, zreg):
        public.upload(1)
        for text in ("0", "-1", "1x", "", "18446744073709551616", " 1"):
            assert zreg.fails(1, f"--order={text}", code=2)["code"] == "INVAL", text
        assert public.requests() == []


# --- several tags


def test_the_temporary_tags_of_all_tags_go_that_hold_the_image():
    with World() as (public, zreg):
        digest = public.upload(1)
        public.upload(1, "1.0")
        other = public.upload(1, "2.0", "another")
        done = zreg.run(1, tags=("latest", "1.0", "2.0", "3.0"))
        assert done["temporary_deleted"] is True
        assert public.images() == {**dict.fromkeys(("latest", "1.0", "2.0", "3.0"), digest),
                                   "change_1_2.0": other}


def test_the_temporary_tag_that_was_promoted_goes_last():
    with World() as (public, zreg):
        public.upload(1)
        public.upload(1, "1.0")
        zreg.run(1, tags=("latest", "1.0"))
        assert public.moves()[-4:] == ["HEAD 1.0", "HEAD change_1_1.0", "DELETE change_1_1.0",
                                       "DELETE change_1_latest"], public.moves()


def test_the_temporary_tags_of_a_superseded_change_all_go():
    with World() as (public, zreg):
        newer = public.upload(2)
        zreg.run(2, "--order", 20, tags=("latest", "1.0"))
        public.upload(1)
        public.upload(1, "1.0")
        done = zreg.run(1, "--order", 10, tags=("latest", "1.0"))
        assert done["superseded"] == ["latest", "1.0"] and done["promoted"] is False
        assert public.images() == {"latest": newer, "1.0": newer}


# --- fault 15: items without a change


def test_fault_15_without_a_change_the_pipeline_names_the_temporary_tag():
    with World() as (public, zreg):
        digest = public.add_image("release_1.0", "release")
        done = zreg.run(None, "--pipeline", "release", "--order", 3, tags=("1.0",))
        assert done["digest"] == digest and public.images() == {"1.0": digest}
        assert public.record("1.0") == {"org.zuul-ci.order": "3", "org.zuul-ci.digest": digest}
        again = zreg.run(None, "--pipeline", "release", "--order", 3, tags=("1.0",))
        assert again["promoted"] is True
        public.add_image("release_1.0", "older")
        late = zreg.run(None, "--pipeline", "release", "--order", 2, tags=("1.0",))
        assert late["promoted"] is False and late["superseded_by"] is None
        assert public.images() == {"1.0": digest}
        for words in (("--change", ""), ()):
            assert zreg.fails(None, *words, code=1 if words else 2)["code"] == "INVAL"


# --- the temporary tag goes last


def test_the_temporary_tag_stays_while_the_final_tag_answers_something_else():
    with World() as (public, zreg):
        public.upload(1)
        foreign = image_of("foreign")

        def disturb(request, when):
            if request.method == "PUT" and when == "after":
                public.add_manifest(REPO, "latest", foreign)

        public.step = disturb
        error = zreg.fails(1)
        assert error["code"] == "CONFLICT" and "latest" in error["message"], error
        assert "change_1_latest" in public.tags()


def test_a_registry_that_is_a_moment_behind_is_waited_for():
    with World() as (public, zreg):
        digest = public.upload(1)
        public.on("HEAD", "/manifests/latest", Answer(404), times=2)
        done = zreg.run(1)
        assert done["temporary_deleted"] is True and public.images() == {"latest": digest}


# --- races


def promote_within(public, zreg, when, which, inner, outer):
    """Runs `inner` whole while `outer` is at the request that `which` names."""
    done = threading.Event()

    def step(request, now):
        if now == when and which(request) and not done.is_set():
            public.step = None
            done.set()
            zreg.run(*inner)

    public.step = step
    result = zreg.run(*outer)
    assert done.is_set()
    return result


def is_put_of(tag):
    return lambda request: request.method == "PUT" and request.path.endswith("/" + tag)


def test_fault_12_a_newer_promotion_in_the_middle_of_an_older_one_keeps_the_tag():
    for when, tag in (("before", "latest"), ("after", "latest"), ("after", "zreg-order_latest")):
        with World() as (public, zreg):
            public.upload(1)
            newer = public.upload(2)
            late = promote_within(public, zreg, when, is_put_of(tag), (2, "--order", 20), (1, "--order", 10))
            assert late["promoted"] is False and late["superseded_by"] == "2", (when, tag, late)
            assert public.images() == {"latest": newer}, (when, tag)
            assert public.record()["org.zuul-ci.change"] == "2"


def test_fault_12_an_older_promotion_in_the_middle_of_a_newer_one_loses():
    for when, tag in (("before", "zreg-order_latest"), ("after", "zreg-order_latest"), ("before", "latest"),
                      ("after", "latest")):
        with World() as (public, zreg):
            public.upload(1)
            newer = public.upload(2)
            done = promote_within(public, zreg, when, is_put_of(tag), (1, "--order", 10), (2, "--order", 20))
            assert done["promoted"] is True, (when, tag, done)
            assert public.images() == {"latest": newer}, (when, tag)


# --- a kill at every request


def killed_at(zreg, public, number, when, run):
    """Starts a promotion and kills it at its request `number`; False: it ended before."""
    seen = []
    ready = threading.Event()

    def step(request, now):
        if now != when:
            return
        seen.append(request)
        if len(seen) == number:
            ready.wait(10)
            process.kill()
            process.wait(10)

    public.step = step
    process = run()
    ready.set()
    process.communicate(timeout=60)
    public.step = None
    return len(seen) >= number


def kill_everywhere(prepare, change, *argv, tags):
    for when in ("before", "after"):
        number = 1
        while kill_once(prepare, number, when, change, *argv, tags=tags):
            number += 1
        assert number > 3, number


def kill_once(prepare, number, when, change, *argv, tags):
    with World() as (public, zreg):
        wanted = prepare(public, zreg)
        killed = killed_at(zreg, public, number, when, lambda: zreg.start(change, *argv, tags=tags))
        if killed:
            result = zreg.run(change, *argv, tags=tags)
            assert public.images() == wanted, (when, number, public.images(), result)
        return killed


def test_31_a_promotion_killed_at_any_request_is_finished_by_running_it_again():
    def prepare(public, _):
        digest = public.upload(1)
        public.upload(1, "1.0")
        return {"latest": digest, "1.0": digest}

    kill_everywhere(prepare, 1, "--order", 7, tags=("latest", "1.0"))
    kill_everywhere(prepare, 1, "--expect-digest", sha256(image_of(1)), tags=("latest", "1.0"))


def test_31_a_promotion_from_the_intermediate_registry_killed_at_any_request_is_finished_by_running_it_again():
    config, layer = b"{}", b"layer of 1"
    image = manifest(config, [layer])
    with ZuulApi() as zuul, contextlib.closing(Registry()) as intermediate:
        for blob in (config, layer):
            intermediate.add_blob("images/base", blob)
        intermediate.add_manifest("images/base", "b1_latest", image)
        zuul.add_buildset("promote", "org/base", 1, 1)
        gate = zuul.add_buildset("gate", "org/base", 1, 1, result="SUCCESS")
        zuul.add_build(gate, "build-image")

        def prepare(public, _):
            public.steps_of = "/v2/"
            zuul.builds[0]["artifacts"] = [{
                "name": "base", "url": f"docker://{intermediate.name}/images/base:b1_latest",
                "metadata": {"type": "container_image", "repository": f"{public.name}/{REPO}", "tag": "latest"}}]
            return {"latest": sha256(image), "1.0": sha256(image)}

        kill_everywhere(prepare, 1, "--zuul-api", zuul.api, "--patchset", 1, "--jobs", 1, "--plain-http",
                        intermediate.name, tags=("latest", "1.0"))
        assert not intermediate.faults, intermediate.faults


def test_31_a_superseded_promotion_killed_at_any_request_is_finished_by_running_it_again():
    def prepare(public, zreg):
        newer = public.upload(2)
        zreg.run(2, "--order", 20)
        older = public.upload(1)
        public.upload(1, "1.0")
        return {"latest": newer, "1.0": older}

    kill_everywhere(prepare, 1, "--order", 7, tags=("latest", "1.0"))


def test_a_killed_promotion_does_not_let_an_older_one_pass():
    with World() as (public, zreg):
        older, newer = public.upload(1), public.upload(2)
        zreg.run(1, "--order", 10, "--keep")
        killed_at(zreg, public, 4, "after", lambda: zreg.start(2, "--order", 20))
        assert public.tags()["latest"] == older and public.record()["org.zuul-ci.change"] == "2"
        assert zreg.run(1, "--order", 10)["promoted"] is False
        assert public.tags()["latest"] == newer, "whoever finds a record that the tag does not follow mends the tag"
        assert zreg.run(2, "--order", 20)["promoted"] is True
        assert public.images() == {"latest": newer}


# --- a tag that does not follow its record


def astray(public, zreg, older=1, newer=2):
    """The older promotion was killed after its tag, while the newer one had come in between."""
    digests = public.upload(older), public.upload(newer)
    zreg.run(newer, "--order", 20)
    public.add_image("latest", older)
    return digests


def test_an_older_promotion_that_died_after_its_tag_gives_it_back_when_it_is_run_again():
    with World() as (public, zreg):
        _, newer = astray(public, zreg)
        public.clear()
        late = zreg.run(1, "--order", 10)
        assert (late["promoted"], late["superseded_by"], late["digest"]) == (False, "2", newer), late
        assert public.images() == {"latest": newer}
        assert public.moves() == ["GET zreg-order_latest", "HEAD latest", "GET zreg-order_latest", "HEAD latest",
                                  f"GET {newer}", "PUT latest", "GET zreg-order_latest",
                                  "DELETE change_1_latest"], public.moves()


def test_whoever_comes_along_gives_it_back():
    for order, promoted in ((15, False), (20, True), (30, True)):
        with World() as (public, zreg):
            _, newer = astray(public, zreg)
            third = newer if order == 20 else public.upload(3)
            done = zreg.run(2 if order == 20 else 3, "--order", order)
            assert done["promoted"] is promoted, (order, done)
            assert public.tags()["latest"] == (third if promoted else newer), order


def test_31_a_condition_holds_for_a_tag_that_is_given_back_too():
    with World() as (public, zreg):
        older, newer = astray(public, zreg)
        third = public.upload(3)
        error = zreg.fails(3, "--order", 10, "--if-current", newer)
        assert error["code"] == "CONFLICT" and older in error["message"], error
        assert public.tags()["latest"] == older and public.tags()["change_3_latest"] == third
        assert zreg.run(1, "--order", 10, "--if-current", "absent")["promoted"] is False, "it holds its own image"
        assert public.tags()["latest"] == newer


def test_a_record_whose_image_is_gone_is_an_error():
    with World() as (public, zreg):
        older, newer = astray(public, zreg)
        for name in [name for name, (_, data) in public.manifests[REPO].items() if sha256(data) == newer]:
            del public.manifests[REPO][name]
        error = zreg.fails(1, "--order", 10)
        assert error["code"] == "NOTFOUND" and newer in error["message"], error
        assert "zreg-order_latest" in error["message"] and public.images()["latest"] == older, error


def test_a_tag_that_something_else_sets_once_is_set_again_with_an_order():
    with World() as (public, zreg):
        digest = public.upload(1)
        done = []

        def disturb(request, when):
            if request.method == "HEAD" and when == "before" and not done:
                done.append(public.add_image("latest", "foreign"))

        public.step = disturb
        assert zreg.run(1, "--order", 1)["temporary_deleted"] is True
        assert done and public.images() == {"latest": digest}


if __name__ == "__main__":
    tap.main(__name__)
