#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the command asks of Zuul's API: the promotion gap, the order of merging, and promotion from
the intermediate registry. Zuul is the stand-in of tests/lib/zuul_api.py."""

import contextlib

from cli_world import tap, world
from zuul_api import ZuulApi

BASE = "example/base"
PROJECT = "org/base"


class Gate:
    """A Zuul, its intermediate registry, and the public registry."""

    def __init__(self, w, zuul):
        self.w, self.zuul = w, zuul
        self.public, self.intermediate = w.buildset(), w.buildset()
        self.made = 0

    @property
    def name(self):
        return f"{self.public.address}/{BASE}"

    def artifact(self, build, text, tag="latest", repository=None):
        """An image in the intermediate registry, and its artifact."""
        self.made += 1
        layout = self.w.layout(f"layout-{self.made}")
        digest = layout.tag(layout.image(text), "one")
        repository = repository or self.name
        url = f"{self.intermediate.address}/{BASE}:{build}_{tag}"
        self.w.json("copy", f"oci:{layout.folder}:one", url)
        return {"name": f"{repository}:{tag}", "url": f"docker://{url}",
                "metadata": {"type": "container_image", "repository": repository, "tag": tag,
                             "digest": digest}}

    def gated(self, change, text=None, patchset=1, merged=True, result="SUCCESS", project=PROJECT, repository=None):
        """A change in the gate, and the digest of the image that it made."""
        buildset = self.zuul.add_buildset("gate", project, change, patchset)
        artifact = self.artifact(f"b{change}{self.made}", text or f"change {change}", repository=repository)
        self.zuul.add_build(buildset, "test")
        self.zuul.add_build(buildset, "build-image", result, [artifact])
        if merged is not None:
            self.zuul.finish(buildset, "SUCCESS" if merged else "FAILURE")
        self.zuul.tick()
        return artifact["metadata"]["digest"]

    def promoting(self, change, patchset=1, result=None, project=PROJECT):
        self.zuul.tick()
        return self.zuul.add_buildset("promote", project, change, patchset, result=result)

    def publish(self, digest):
        """Puts an image of the intermediate registry under the public tag."""
        source = f"{self.intermediate.address}/{BASE}@{digest}"
        self.w.json("copy", source, f"{self.name}:latest")

    def upload(self, change, text, tag="latest"):
        """What the upload job leaves in the public registry."""
        self.made += 1
        layout = self.w.layout(f"layout-{self.made}")
        digest = layout.tag(layout.image(text), "one")
        self.w.json("upload", f"oci:{layout.folder}:one", self.name, "--tag", tag, "--change", change)
        return digest

    def promote_argv(self, change, *argv, tag="latest"):
        return (self.name, "--zuul-api", self.zuul.api, "--change", change, "--patchset", "1", "--tag", tag, *argv)

    def promote(self, change, *argv, tag="latest"):
        return self.w.json("promote", *self.promote_argv(change, *argv, tag=tag))

    def promote_fails(self, change, *argv, tag="latest"):
        return self.w.error("promote", *self.promote_argv(change, *argv, tag=tag))

    def images(self):
        """The tags of the public registry that people see, with their digests."""
        tags = self.w.json("tags", self.name)["tags"]
        return {tag: self.w.json("inspect", f"{self.name}:{tag}")["digest"]
                for tag in tags if not tag.startswith("zreg-order_")}

    def resolve(self, *argv):
        return self.w.json("resolve", f"{self.name}:latest", "--zuul-api", self.zuul.api, *argv)


@contextlib.contextmanager
def gate(**options):
    with world() as w, ZuulApi(**options) as zuul:
        yield Gate(w, zuul)


# --- fault 14: the promotion gap


def test_fault_14_a_merged_change_that_is_not_promoted_yet_comes_before_the_public_image():
    for old_shape in (False, True):
        with gate(old_shape=old_shape) as g:
            before = g.gated(1)
            g.promoting(1, result="SUCCESS")
            g.publish(before)
            merged = g.gated(2)
            g.promoting(2)  # still runs
            document = g.resolve("--project", PROJECT)
            winner = document["winner"]
            assert (winner["source"], winner["digest"], winner["change"]) == ("intermediate", merged, "2"), winner
            assert winner["reason"] == "it has merged, and its promotion has not finished"
            upstream = document["candidates"][1]
            assert (upstream["source"], upstream["digest"]) == ("upstream", before), upstream
            assert g.zuul.requests("^/api/tenant/example/builds[?].*pipeline=gate") != []
            assert len(g.zuul.requests()) == 3, g.zuul.requests()


def variables(g, *numbers, artifacts=()):
    """Zuul's variables of a job behind these changes; the last is its own."""
    items = [{"project": {"name": PROJECT}, "change": str(n), "patchset": "1", "change_url": f"https://r/{n}"}
             for n in numbers]
    return g.w.file("zuul.json", {"zuul": {"build": "b", "change": str(numbers[-1]), "items": items,
                                           "artifacts": list(artifacts)}})


def populate(g, path, *argv):
    target = g.w.buildset()
    document = g.w.json("populate", "--artifacts", path, "--to", target.address, "--zuul-api", g.zuul.api, *argv)
    for image in document["images"]:
        there = g.w.json("inspect", f"{target.address}/{image['repository']}:{image['tag']}")
        assert there["digest"] == image["digest"], image
    return document


def test_fault_14_populate_brings_in_what_has_merged_and_is_not_promoted():
    for old_shape in (False, True):
        with gate(old_shape=old_shape) as g:
            g.gated(1, repository=BASE)
            g.promoting(1, result="SUCCESS")
            merged = g.gated(2, repository=BASE)
            g.promoting(2)  # still runs
            g.gated(3, merged=False, repository=BASE)
            g.gated(4, merged=None, repository=BASE)  # still in the gate
            document = populate(g, variables(g, 5))
            image, = document["images"]
            assert (image["digest"], image["change"], image["project"]) == (merged, "2", PROJECT), image
            assert image["reason"] == "it has merged, and its promotion has not finished", image
            assert document["items"] == [
                {"project": PROJECT, "change": "2", "patchset": "1", "url": None, "images": [f"{BASE}:latest"],
                 "reason": None, "merged": True, "missed": False}], document["items"]
            # The builds, the promotions, and of each buildset that is not promoted what became of it.
            assert len(g.zuul.requests()) == 2 + 3 + 1, g.zuul.requests()
            g.promoting(2, result="SUCCESS")
            closed = populate(g, variables(g, 5))
            assert closed["images"] == [] and closed["items"] == [], closed


def test_fault_14_what_is_ahead_comes_before_what_has_merged():
    with gate() as g:
        g.gated(1, repository=BASE)
        other = g.artifact("b1other", "other", tag="other", repository=BASE)
        buildset = g.zuul.add_buildset("gate", PROJECT, 6, 1, result="SUCCESS")
        g.zuul.add_build(buildset, "build-other", artifacts=[other, other])
        ahead = {**g.artifact("bahead", "ahead", repository=BASE), "project": PROJECT, "change": "8", "patchset": "1", "job": "j"}
        document = populate(g, variables(g, 7, 8, 9, artifacts=[ahead]))
        found = {image["tag"]: (image["change"], image["digest"]) for image in document["images"]}
        assert found == {"latest": ("8", ahead["metadata"]["digest"]),
                         "other": ("6", other["metadata"]["digest"])}, found
        told = [(item["change"], item["merged"], item["images"]) for item in document["items"]]
        assert told == [("6", True, [f"{BASE}:other"]), ("7", False, []), ("8", False, [f"{BASE}:latest"])], told


def test_fault_14_a_change_that_was_ahead_and_has_merged_is_one_item():
    with gate() as g:
        digest = g.gated(7, repository=BASE)  # Zuul gave nothing of it, and meanwhile it has merged
        document = populate(g, variables(g, 7, 8))
        item, = document["items"]
        assert (item["change"], item["merged"], item["images"]) == ("7", False, [f"{BASE}:latest"]), item
        assert document["images"][0]["digest"] == digest


def test_fault_14_a_merged_image_that_cannot_be_brought_in_is_told():
    with gate() as g:
        g.gated(3, repository=BASE)
        g.gated(4, project="org/app")  # a registry with a port has no name in a buildset registry
        empty = g.w.buildset()
        document = populate(g, variables(g, 5), "--intermediate", empty.address)
        assert document["images"] == [], document
        found = {item["change"]: item for item in document["items"]}
        assert sorted(found) == ["3", "4"] and all(item["merged"] for item in found.values()), found
        assert "could not be brought in: " in found["3"]["reason"] and "MANIFEST_UNKNOWN" in found["3"]["reason"], found
        assert "repository" in found["4"]["reason"], found


def test_fault_14_populate_asks_of_what_it_was_told():
    with gate() as g:
        wanted = g.gated(2, repository=BASE)
        g.gated(3, project="org/app", repository=BASE)
        document = populate(g, variables(g, 5), "--project", PROJECT, "--job-name", "build-image",
                            "--pipeline", "gate", "--promote-pipeline", "publish")
        assert [image["digest"] for image in document["images"]] == [wanted], document
        assert g.zuul.requests("builds[?].*limit=100.*project=org%2Fbase.*job_name=build-image"), g.zuul.requests()
        assert not g.zuul.requests("pipeline=promote")
        target = g.w.buildset()
        argv = ("populate", "--artifacts", variables(g, 5), "--to", target.address, "--zuul-api")
        assert g.w.error(*argv, g.zuul.url + "/api/tenant/none")["code"] == "NOTFOUND"
        g.zuul.answer_next(200, b"{}", pattern="buildsets")
        assert "no list of buildsets" in g.w.error(*argv, g.zuul.api)["message"]
        assert not [line for line in target.requests() if line["method"] == "PUT"]


def test_fault_14_the_gap_closes_when_the_promotion_has_succeeded():
    with gate() as g:
        first = g.gated(1)
        g.publish(first)
        promotion = g.promoting(1)
        reasons = {c["source"]: c["reason"] for c in g.resolve()["candidates"]}
        assert reasons == {"upstream": "no change ahead made it",
                           "intermediate": "it has merged, and its registry holds it already"}, reasons
        second = g.gated(2)
        g.zuul.finish(promotion, "SUCCESS")
        promotion = g.promoting(2)
        assert g.resolve()["winner"]["digest"] == second
        g.zuul.finish(promotion, "FAILURE")
        assert g.resolve()["winner"]["digest"] == second, "a promotion that failed leaves the gap open"
        g.zuul.finish(g.promoting(2), "SUCCESS")
        document = g.resolve()  # promoted, and then somebody put the older image back
        assert (document["winner"]["source"], document["winner"]["digest"]) == ("upstream", first), document
        assert document["candidates"][1]["reason"] == "it has merged and its promotion has succeeded"


def test_fault_14_a_change_that_has_not_merged_is_not_taken():
    with gate() as g:
        merged = g.gated(1)
        g.publish(g.gated(9, project="org/other"))
        g.gated(2, merged=False)
        g.gated(3, merged=None)
        g.gated(4, result="FAILURE")
        g.gated(5, result=None, merged=None)
        document = g.resolve("--project", PROJECT)
        assert document["winner"]["digest"] == merged and document["winner"]["change"] == "1", document


def test_fault_14_nothing_is_asked_where_something_else_wins():
    with gate() as g:
        g.gated(1)
        path = g.w.file("zuul.json", [dict(g.artifact("b7", "ahead"), change="7")])
        document = g.resolve("--artifacts", path)
        assert document["winner"]["change"] == "7" and g.zuul.requests() == []
        assert g.resolve("--offline")["winner"]["source"] == "upstream" and g.zuul.requests() == []


def test_fault_14_an_image_that_is_gone_loses_and_the_public_one_wins():
    with gate() as g:
        digest = g.gated(1)
        g.publish(digest)
        buildset = g.zuul.add_buildset("gate", PROJECT, 2, 1, result="SUCCESS")
        gone = g.artifact("b2", "two")
        gone["metadata"]["digest"] = "sha256:" + 64 * "0"
        g.zuul.add_build(buildset, "build-image", artifacts=[gone])
        document = g.resolve()
        assert document["winner"]["source"] == "upstream", document
        assert "no longer has it" in document["candidates"][1]["reason"], document


def test_fault_14_a_zuul_that_cannot_be_asked_is_an_error():
    with gate() as g:
        g.publish(g.gated(1))
        argv = (f"{g.name}:latest", "--zuul-api")
        assert g.w.error("resolve", *argv, g.zuul.url + "/api/tenant/other")["code"] == "NOTFOUND"
        assert g.w.error("resolve", *argv, g.zuul.url + "/api", "--tenant", "other")["code"] == "NOTFOUND"
        assert g.w.error("resolve", *argv, "zuul.example.org", code=2)["code"] == "INVAL"
        assert "plain HTTP" in g.w.error("resolve", *argv, "http://zuul.example.org/api")["message"]
        for body in (b"<html>", b"{}", b"[", b'"x"'):
            g.zuul.answer_next(body=body)
            assert g.w.error("resolve", *argv, g.zuul.api, "--retry", "0")["code"] == "PROTO", body
        g.zuul.answer_next(403, b"no")
        assert g.w.error("resolve", *argv, g.zuul.api)["code"] == "DENIED"
        g.zuul.answer_next(502, b"")
        assert g.w.json("resolve", *argv, g.zuul.url + "/api/", "--tenant", "example")["winner"]


def test_credentials_stay_with_the_registry():
    with gate() as g:
        g.publish(g.gated(1))
        g.w.run("resolve", f"{g.name}:latest", "--zuul-api", g.zuul.api, "--username", "u", "--quiet",
                environment={"ZREG_PASSWORD": "hunter2"})
        assert g.zuul.requests() and not g.zuul.faults, g.zuul.faults


# --- fault 19: promotion from the intermediate registry


def test_fault_19_the_newest_successful_build_is_promoted():
    for old_shape in (False, True):
        with gate(old_shape=old_shape) as g:
            g.gated(12, "first try")
            good = g.gated(12, "second try")
            g.gated(12, "third try", result="FAILURE", merged=False)
            g.gated(12, "fourth try", result=None, merged=None)
            g.gated(13, "another change")
            g.gated(12, "another project", project="org/other")
            g.promoting(12)
            done = g.promote(12, "--project", PROJECT, "--build-pipeline", "gate", "--job-name", "build-image")
            assert done["digest"] == good and done["promoted"] is True and done["bytes"] > 0, done
            assert done["blob_requests"] > 0 and g.images() == {"latest": good}, done
            document = g.w.json("resolve", f"{g.name}:latest")
            assert document["winner"]["digest"] == good
            again = g.promote(12, "--project", PROJECT)
            assert again["digest"] == good and again["bytes"] == 0, again


def test_fault_19_without_a_successful_build_nothing_is_promoted():
    with gate() as g:
        g.promoting(12)
        g.gated(12, result="FAILURE", merged=False)
        g.gated(12, result="NODE_FAILURE", merged=False)
        g.gated(12, patchset=2)
        error = g.promote_fails(12)
        assert error["code"] == "NOTFOUND" and "change 12,1" in error["message"], error
        assert g.promote_fails(12, "--build-pipeline", "check")["code"] == "NOTFOUND"
        g.gated(12)
        assert g.promote_fails(12, tag="2.0")["code"] == "NOTFOUND"
        assert g.promote_fails(12, "--job-name", "other")["code"] == "NOTFOUND"
        assert g.promote_fails(12, "--expect-digest", "sha256:" + 64 * "0")["code"] == "CONFLICT"
        assert not [r for r in g.public.requests() if r["method"] in ("PUT", "POST", "PATCH")]


def test_fault_19_what_the_intermediate_registry_lost_is_not_promoted():
    with gate() as g:
        g.promoting(12)
        buildset = g.zuul.add_buildset("gate", PROJECT, 12, 1, result="SUCCESS")
        artifact = g.artifact("b12", "twelve")
        evil = g.artifact("b12", "evil")
        g.zuul.add_build(buildset, "build-image", artifacts=[artifact])
        done = g.promote(12)
        assert done["digest"] == artifact["metadata"]["digest"] != evil["metadata"]["digest"], done
        artifact["metadata"]["digest"] = "sha256:" + 64 * "0"
        g.zuul.add_build(buildset, "build-image", artifacts=[artifact])
        error = g.promote_fails(12)
        assert error["code"] == "NOTFOUND" and "intermediate registry" in error["message"], error


# --- fault 12, with the order from Zuul


def test_fault_12_zuul_tells_the_order_of_merging():
    with gate() as g:
        older, newer = g.gated(21), g.gated(9)
        g.promoting(21)
        g.promoting(9)
        done = g.promote(9)
        assert done["digest"] == newer and done["order"] > 1.7e15, done
        g.promoting(21)  # somebody promotes it again
        late = g.promote(21)
        assert (late["promoted"], late["superseded_by"], late["bytes"]) == (False, "9", 0), late
        assert late["order"] < done["order"] and g.images() == {"latest": newer}
        back = g.promote(21, "--order", "none")
        assert back["digest"] == older and back["order"] is None and g.images() == {"latest": older}


def test_fault_12_the_temporary_tag_in_the_order_of_merging():
    with gate() as g:
        g.upload("21", "older")
        newer = g.upload("9", "newer")
        g.promoting(21)
        g.promoting(9)
        done = g.promote(9, "--method", "tag")
        assert done["digest"] == newer and done["blob_requests"] == 0 and done["temporary_deleted"], done
        late = g.promote(21, "--method", "tag")
        assert late["promoted"] is False and late["temporary_deleted"] is True, late
        assert g.images() == {"latest": newer}
        assert g.zuul.requests("/builds[?]") == []


def test_fault_12_an_order_that_nobody_knows_is_an_error():
    with gate() as g:
        digest = g.gated(12)
        error = g.promote_fails(12)
        assert error["code"] == "NOTFOUND" and "pipeline promote" in error["message"], error
        g.zuul.add_buildset("post", PROJECT, 12, 1)
        assert g.promote(12, "--promote-pipeline", "post")["digest"] == digest
        assert g.promote(12, "--order", "9007199254740993")["order"] == 9007199254740993


def test_options_that_need_each_other():
    with gate() as g:
        for argv in (("--zuul-api", g.zuul.api, "--pipeline", "gate"), ("--change", "1", "--method", "pull"),
                     ("--change", "1", "--method", "intermediate-registry"), ("--change", "1", "--jobs", "x")):
            assert g.w.error("promote", g.name, "--tag", "latest", *argv, code=2)["code"] == "INVAL", argv


if __name__ == "__main__":
    tap.main(__name__)
