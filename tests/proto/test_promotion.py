#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Promotion that cannot go wrong: the order of changes, races, and a kill after every step.

The command runs against the registry of registry.py, which sees and delays single requests."""

import contextlib
import json
import os
import subprocess
import threading

from cli_world import tap
from zuul_api import ZuulApi
from registry import Answer, Registry, manifest, sha256, OCI_INDEX

REPO = "example/base"


class Public(Registry):
    """A registry with images of changes under their temporary tags. `step` is called with each
    request whose path has `steps_of`, before and after it was carried out."""

    def __init__(self, **options):
        super().__init__(**options)
        self.step = None
        self.steps_of = "/manifests/"

    def upload(self, change, tag="latest", image=None):
        return self.add_manifest(REPO, f"change_{change}_{tag}", image or image_of(change))

    def answer(self, request):
        if not self.step or self.steps_of not in request.path:
            return super().answer(request)
        self.step(request, "before")
        answer = super().answer(request)
        self.step(request, "after")
        return answer

    def tags(self):
        return {name: sha256(data) for name, (_, data) in self.manifests[REPO].items() if ":" not in name}

    def images(self):
        """The tags that people see."""
        return {name: digest for name, digest in self.tags().items() if not name.startswith("zreg-order_")}

    def record(self, tag="latest"):
        return json.loads(self.manifests[REPO][f"zreg-order_{tag}"][1])["annotations"]

    def moves(self):
        return [line.replace(f"/v2/{REPO}/manifests/", "") for line in self.requests("/manifests/")]


def image_of(change):
    return manifest(layers=[f"layer of {change}".encode()])


class Command:
    """`zreg promote` with the registry as HOST."""

    def __init__(self, public):
        self.public = public
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("ZREG_")}
        self.environment.update(HOME="/nonexistent", REGISTRY_AUTH_FILE="/nonexistent/none.json")

    def start(self, change, *argv, tags=("latest",)):
        words = [word for tag in tags for word in ("--tag", tag)]
        source = ["--change", str(change)] if change else []
        return subprocess.Popen(["zreg", "promote", "--json", f"{self.public.name}/{REPO}", *source, *words,
                                 "--plain-http", self.public.name, *map(str, argv)],
                                env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def end(process, code=0):
        out, log = process.communicate(timeout=60)
        assert process.returncode == code, f"exit {process.returncode}, expected {code}: {out}{log}"
        return json.loads(out)

    def run(self, change, *argv, code=0, tags=("latest",)):
        return self.end(self.start(change, *argv, tags=tags), code)

    def fails(self, change, *argv, code=1, tags=("latest",)):
        return self.run(change, *argv, code=code, tags=tags)["error"]


class World:
    def __enter__(self):
        self.public = Public()
        return self.public, Command(self.public)

    def __exit__(self, kind, *_):
        self.public.step = None
        self.public.close()
        if kind is None:
            assert not self.public.faults, self.public.faults


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
        assert public.moves() == ["GET zreg-order_latest", "DELETE change_21_latest"], public.moves()


def test_fault_12_without_an_order_nothing_is_recorded_and_nothing_more_is_asked():
    with World() as (public, zreg):
        digest = public.upload(1)
        done = zreg.run(1)
        assert done["requests"] == 2 and done["blob_requests"] == 0 and done["promoted"] is True, done
        assert public.moves() == ["GET change_1_latest", "PUT latest", "HEAD latest", "DELETE change_1_latest"]
        assert public.tags() == {"latest": digest}


def test_fault_12_with_an_order_three_requests_more_and_no_blob():
    with World() as (public, zreg):
        public.upload(1)
        done = zreg.run(1, "--order", 7)
        assert done["requests"] == 5 and done["blob_requests"] == 0, done
        assert public.moves() == [
            "GET zreg-order_latest", "GET change_1_latest", "PUT zreg-order_latest", "PUT latest",
            "GET zreg-order_latest", "HEAD latest", "DELETE change_1_latest"], public.moves()


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
        other = public.upload(1, "2.0", image_of("another"))
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
        digest = public.add_manifest(REPO, "release_1.0", image_of("release"))
        done = zreg.run(None, "--pipeline", "release", "--order", 3, tags=("1.0",))
        assert done["digest"] == digest and public.images() == {"1.0": digest}
        assert public.record("1.0") == {"org.zuul-ci.order": "3", "org.zuul-ci.digest": digest}
        again = zreg.run(None, "--pipeline", "release", "--order", 3, tags=("1.0",))
        assert again["promoted"] is True
        public.add_manifest(REPO, "release_1.0", image_of("older"))
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


def test_a_promotion_killed_at_any_request_is_finished_by_running_it_again():
    def prepare(public, _):
        digest = public.upload(1)
        public.upload(1, "1.0")
        return {"latest": digest, "1.0": digest}

    kill_everywhere(prepare, 1, "--order", 7, tags=("latest", "1.0"))
    kill_everywhere(prepare, 1, "--expect-digest", sha256(image_of(1)), tags=("latest", "1.0"))


def test_a_promotion_from_the_intermediate_registry_killed_at_any_request_is_finished_by_running_it_again():
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


def test_a_superseded_promotion_killed_at_any_request_is_finished_by_running_it_again():
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
        killed_at(zreg, public, 3, "after", lambda: zreg.start(2, "--order", 20))
        assert public.tags()["latest"] == older and public.record()["org.zuul-ci.change"] == "2"
        assert zreg.run(1, "--order", 10)["promoted"] is False
        assert zreg.run(2, "--order", 20)["promoted"] is True
        assert public.images() == {"latest": newer}


if __name__ == "__main__":
    tap.main(__name__)
