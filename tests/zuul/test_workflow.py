# SPDX-License-Identifier: Apache-2.0
"""Both uses of the seed document, executed: real playbooks on nodes, real engines, real registries.

Four parts, each a set of queues that run to their end; the tests then look at what the jobs did.
    check    change 1 of a repository that only produces, change 2 that builds and tests on top of it,
             a tag for several platforms on a node with IPv6, and a periodic build
    again    change 1 is built once more, then gets a new patchset; another repository uses it
    gate     the changes 1, 3 and 2 in a queue, of which 3 fails its test, then change 4
    promote  4 before 1"""

import json
import subprocess
import sys
import traceback

import world

world.enter_network()

import tap  # noqa: E402
from scheduler import Change, Pipeline, run  # noqa: E402


def base(number, text, patchset=1, needs=()):
    return Change("example/base", number, patchset, {"base-release": f"{text}\n"}, list(needs))


def app(number, text, needs=()):
    return Change("example/app", number, 1, {"app-release": f"{text}\n"}, list(needs))


def user(number, needs):
    return Change("example/user", number, needs=needs)


class Story:
    """Runs the parts. A part that cannot be run fails the tests that look at it, not the others."""

    def __init__(self, site):
        self.site = site
        self.pipelines = {name: Pipeline(site, name) for name in site.layout.pipelines}
        self.troubles = {}
        self.items = {}
        for part in (self.check, self.again, self.gate, self.promote):
            try:
                part()
            except Exception:
                self.troubles[part.__name__] = traceback.format_exc()

    def enqueue(self, name, pipeline, change):
        item = self.items[name] = self.pipelines[pipeline].enqueue(change)
        return item

    def item(self, name):
        """An item, whose part must have run."""
        trouble = "\n".join(self.troubles.values())
        assert name in self.items, trouble or f"{name} was never in a queue"
        return self.items[name]

    def build(self, name, job):
        """A build that must have succeeded."""
        build = self.item(name).builds.get(job)
        assert build, f"{job} of {name} did not run\n{self.item(name).errors()}"
        assert build.result == "SUCCESS", f"{build.result}\n{build.error}"
        return build

    # --- the parts

    def check(self):
        first = base(1, "base of change 1")
        self.enqueue("check 1", "check", first)
        self.enqueue("check 2", "check", app(2, "app of change 2", [first]))
        self.enqueue("release", "release", Change("example/base", tag="1.0", ref="refs/tags/1.0",
                                                  files={"base-release": "release 1.0\n"}))
        self.enqueue("periodic", "periodic", Change("example/base", ref="refs/heads/main",
                                                    files={"base-release": "every night\n"}))
        run(*(self.pipelines[name] for name in ("check", "release", "periodic")))

    def again(self):
        check = self.pipelines["check"]
        first = base(1, "base of change 1, built again")
        self.enqueue("again 1", "check", first)
        self.enqueue("use 1", "check", user(5, [first]))
        run(check)
        # The first patchset and what needs it wait for nodes once more as the second one arrives.
        for name, change in (("old 1", first), ("old use", user(6, [first]))):
            old = self.enqueue(name, "check", change)
            old.held = {job.name for job in old.jobs}
        run(check)
        second = base(1, "base of change 1, patchset 2", 2)
        self.enqueue("new 1", "check", second)
        self.enqueue("use 2", "check", user(6, [second]))
        run(check)

    def gate(self):
        gate = self.pipelines["gate"]
        first = self.enqueue("gate 1", "gate", base(1, "base of change 1"))
        third = self.enqueue("gate 3", "gate", base(3, "base of change 3, broken"))
        second = self.enqueue("gate 2", "gate", app(2, "app of change 2"))
        # All that builds has built, and what ran a registry pauses.
        first.held = third.held = {"check-base"}
        second.held = {"test-app"}
        run(gate)
        self.paused = [item.builds["upload-base"].paused for item in (first, third)]
        self.before = dict(second.builds)
        # Change 3 fails, and change 2 starts again while change 1 is still ahead.
        third.held = set()
        run(gate)
        first.held = second.held = set()
        run(gate)
        self.enqueue("gate 4", "gate", base(4, "base of change 4"))
        run(gate)

    def promote(self):
        promote = self.pipelines["promote"]
        self.too_early = self.public("example/base", "latest")
        seen = len(self.site.public.requests())
        self.enqueue("promote skipped", "promote", self.item("gate 1").change)
        self.enqueue("promote 4", "promote", self.item("gate 4").change)
        self.enqueue("promote 2", "promote", self.item("gate 2").change)
        run(promote)
        self.promotions = self.site.public.requests()[seen:]
        self.latest = self.public("example/base", "latest")
        self.enqueue("promote late", "promote", self.item("gate 1").change)
        run(promote)

    # --- what there is to see

    def said(self, name, job, file):
        return (self.build(name, job).work / "logs" / file).read_text().splitlines()

    def brought(self, build):
        """{repository:tag: image} of what was populated for a build."""
        path = build.work / "logs/buildset-registry/populated.json"
        return {f"{i['repository']}:{i['tag']}": i for i in json.loads(path.read_text())["images"]}

    def images(self, build):
        return {a["name"]: a for a in build.artifacts()
                if a.get("metadata", {}).get("type") == "container_image"}

    def inspect(self, place, password, user_name):
        """What a registry of the site holds, asked as somebody on the executor would."""
        argv = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"',
                self.site.executor_etc, "skopeo", "inspect", "--raw", "--creds",
                f"{user_name}:{password}", f"docker://{place}"]
        done = subprocess.run(argv, env=self.site.environment, capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def public(self, repository, tag):
        return self.inspect(f"docker.io/{repository}:{tag}", self.site.public.password, "example")

    def intermediate(self, artifact):
        return self.inspect(artifact["url"].removeprefix("docker://"),
                            self.site.intermediate.password, "zuul")


# --- check

def test_a_repository_that_only_produces_needs_one_job(story):
    build = story.build("check 1", "build-base")
    assert list(story.item("check 1").builds) == ["build-base"]
    image = story.images(build)["example/base:latest"]
    assert story.intermediate(image), "the artifact is not in the intermediate registry"
    assert image["metadata"]["change"] == "1" and image["url"].endswith(f":{build.uuid}_latest")


def test_a_container_runs_from_the_images_of_two_changes(story):
    assert story.said("check 2", "test-app", "app-release") == ["app of change 2", "base of change 1"]


def test_the_registry_of_the_paused_job_is_used_by_its_children(story):
    for job in ("build-app", "test-app"):
        build = story.build("check 2", job)
        assert "buildset_registry" not in build.returned("secret_data"), f"{job} ran one of its own"
    assert "buildset_registry" in story.build("check 2", "example-buildset-registry").returned("secret_data")


def test_the_registry_of_a_change_holds_what_is_ahead_and_says_whose_it_is(story):
    brought = story.brought(story.build("check 2", "example-buildset-registry"))
    assert list(brought) == ["example/base:latest"]
    made = story.images(story.build("check 1", "build-base"))["example/base:latest"]
    assert brought["example/base:latest"]["digest"] == made["metadata"]["digest"]
    assert str(brought["example/base:latest"]["change"]) == "1"


def test_an_artifact_is_returned_once(story):
    for name, job in (("check 1", "build-base"), ("check 2", "build-app")):
        names = [a["name"] for a in story.build(name, job).artifacts()]
        assert len(names) == len(set(names)), names


def test_no_password_is_in_logs_or_returned_data(story):
    passwords = {story.site.intermediate.password, story.site.public.password}
    for build in story.site.database:
        passwords.add(build.returned("secret_data").get("buildset_registry", {}).get("password"))
    passwords.discard(None)
    assert len(passwords) > 2
    for build in story.site.database:
        texts = {path: path.read_text(errors="replace") for path in (build.work / "logs").rglob("*")
                 if path.is_file()}
        texts["data"] = json.dumps(build.returned())
        for where, text in texts.items():
            assert not any(password in text for password in passwords), f"{build.job.name}: {where}"


def test_the_logs_tell_which_request_was_answered_how(story):
    build = story.build("check 2", "example-buildset-registry")
    lines = (build.work / "logs/buildset-registry/access.jsonl").read_text().splitlines()
    pulls = [json.loads(line) for line in lines]
    assert any(p["method"] == "GET" and "/example/base/manifests/" in p["path"] for p in pulls)


# --- tags, platforms, IPv6

def test_a_tag_pipeline_knows_no_change(story):
    build = story.build("release", "upload-base-for-all")
    assert "change" not in story.images(build)["example/base:1.0"]["metadata"]
    for tag in ("1.0", "latest"):
        assert story.public("example/base", f"release_{tag}"), tag


def test_a_periodic_pipeline_knows_no_change(story):
    story.build("periodic", "upload-base")
    assert story.public("example/base", "periodic_latest")


def test_all_platforms_arrive_everywhere(story):
    image = story.images(story.build("release", "upload-base-for-all"))["example/base:1.0"]
    assert sorted(image["metadata"]["platforms"]) == ["linux/amd64", "linux/arm64"]
    for index in (story.intermediate(image), story.public("example/base", "release_1.0")):
        platforms = {m["platform"]["architecture"] for m in index["manifests"]}
        assert platforms == {"amd64", "arm64"}, index


def test_a_registry_may_have_an_address_of_ipv6(story):
    connection = story.build("release", "upload-base-for-all").returned("secret_data")["buildset_registry"]
    assert ":" in connection["host"], connection["host"]


# --- again

def test_of_a_change_built_twice_the_newer_images_are_used(story):
    assert story.said("use 1", "check-base", "base-release") == ["base of change 1, built again"]


def test_a_repository_that_only_consumes_needs_no_job_beside_its_own(story):
    build = story.build("use 1", "check-base")
    assert "buildset_registry" in build.returned("secret_data")


def test_a_newer_patchset_takes_the_place_of_the_older(story):
    assert not story.item("old 1").builds and not story.item("old use").builds
    assert not story.pipelines["check"].items
    assert story.said("use 2", "check-base", "base-release") == ["base of change 1, patchset 2"]


# --- gate

def test_artifacts_are_there_while_their_job_pauses(story):
    """The pause race: change 2 started while the jobs ahead that provide images paused."""
    story.item("gate 3")
    assert story.paused == [True, True]
    assert "example/base:latest" in story.brought(story.before["example-buildset-registry"])


def test_of_two_changes_ahead_the_nearer_wins(story):
    image = story.brought(story.before["example-buildset-registry"])["example/base:latest"]
    assert str(image["change"]) == "3"
    first = story.images(story.build("gate 1", "upload-base"))["example/base:latest"]
    assert image["superseded"] == [first["url"]]


def test_the_images_of_a_failed_change_vanish_from_the_next_buildset(story):
    assert story.item("gate 3").failed
    assert story.build("gate 2", "upload-app") is not story.before["upload-app"]
    image = story.brought(story.build("gate 2", "example-buildset-registry"))["example/base:latest"]
    assert str(image["change"]) == "1" and not image["superseded"]
    assert story.said("gate 2", "test-app", "app-release") == ["app of change 2", "base of change 1"]


def test_the_others_of_the_queue_merge_in_order(story):
    merged = [item.change.number for item in story.pipelines["gate"].merged]
    assert merged == [1, 2, 4], f"{merged}\n" + "\n".join(
        item.errors() for name, item in story.items.items() if name.startswith("gate"))


def test_gate_uploads_under_a_temporary_tag_only(story):
    """What change 3 uploaded before its test failed is left for the cleanup of old tags."""
    story.build("gate 4", "upload-base")
    assert story.public("example/base", "change_3_latest")
    assert story.too_early is None


# --- promote

def test_promotion_moves_no_layer(story):
    story.build("promote 2", "promote-app")
    assert story.public("example/app", "latest")
    assert any(r["method"] == "PUT" and "/manifests/latest" in r["path"] for r in story.promotions)
    assert not any("/blobs/" in r["path"] for r in story.promotions), story.promotions


def test_the_promoted_image_is_that_of_the_gate(story):
    story.build("promote 4", "promote-base")
    made = story.images(story.build("gate 4", "upload-base"))["example/base:latest"]
    assert story.latest == story.intermediate(made)
    assert story.public("example/base", "change_4_latest") is None, "the temporary tag is still there"
    assert not story.site.hub.faults, story.site.hub.faults


def test_a_supercedent_pipeline_skips_a_change_and_the_newest_wins(story):
    assert not story.item("promote skipped").builds


def test_a_late_promotion_does_not_go_backwards(story):
    story.build("promote late", "promote-base")
    assert story.public("example/base", "latest") == story.latest


if __name__ == "__main__":
    site = world.World()
    try:
        tap.main(__name__, Story(site))
    finally:
        site.close()
