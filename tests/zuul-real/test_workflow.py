# SPDX-License-Identifier: Apache-2.0
"""Both uses of the seed document, executed by Zuul: real playbooks on nodes, real engines, real registries. An old
image of everything stands in the public registry, and what is looked at is what is inside of the images.

Three parts, each of which is played once; tests look at what came of it.
    check    a change of a repository that only produces and gets a new patchset; upon it one of another producer
             and one of a consumer; a tag for two platforms on a node with IPv6; a periodic build
    gate     three changes, of which the first pauses when the others build; a change that fails ahead of another;
             two of a repository with several images, and one that does not get them
    promote  a job between merge and promotion; what merged, in order and out of order"""

import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "zuul"))

import space  # noqa: E402

space.enter(space.ZUUL / "ansible/version")

import real_case  # noqa: E402


def part(play):
    """A method that plays a part: once, and then gives what it left, or why it failed."""
    @functools.wraps(play)
    def played(self):
        name = play.__name__
        if name not in self.left:
            try:
                self.left[name] = play(self)
            except Exception as trouble:
                self.left[name] = trouble
        if isinstance(self.left[name], Exception):
            raise self.left[name]
        return self.left[name]
    return played


class Story(real_case.RealZuul):
    def setUp(self):
        self.left = {}
        super().setUp()

    @part
    def checked(self):
        base = self.change("base.d")
        self.check(base)
        base.addPatchset({f"base.d/{base.number}": "base again\n"})
        tool, user = self.change("tool", needs=[base]), self.change("user", needs=[base])
        self.check(base, tool, user)
        return base, tool, user

    @part
    def timed(self):
        self.tell(self.fake_gerrit.addFakeTag("example/base", "master", "1.0"))
        self.enqueue("periodic", "example/base", "refs/heads/master")

    @part
    def gated(self):
        first, second, app = self.change("base.d"), self.change("base.d"), self.change("app.d")
        self.hold("check-base", first)
        self.approve(first, second, app)
        paused = self.pauses("upload-base", first)
        self.finish()
        return first, second, app, paused

    @part
    def gated_with_a_failure(self):
        self.gated()
        broken, tool = self.change("base.d"), self.change("tool")
        broken.addPatchset({f"base.d/{broken.number}": "broken\n"})
        self.hold("check-base", broken)
        self.approve(broken, tool)
        before = self.populated("upload-tool", tool)
        self.finish()
        return broken, tool, before

    @part
    def gated_with_several_images(self):
        self.gated()
        lib, shell, starved = self.change("lib.d"), self.change("shell.d"), self.change("starved")
        self.approve(lib, shell, starved)
        return lib, shell, starved

    @part
    def consumed_before_promotion(self):
        self.gated()
        user = self.change("user")
        self.approve(user)
        return user

    @part
    def promoted(self):
        self.consumed_before_promotion()
        first, second, app, _ = self.gated()
        bases = []
        for change in (first, second, first):
            self.tell_merged(change)
            bases.append(self.site.lines_in("base:latest"))
        seen = len(self.site.public.requests())
        self.tell_merged(app)
        return bases, self.site.public.requests()[seen:]


def line(change):
    return change.subject


# --- check

def test_a_repository_that_only_produces_needs_one_job(zuul):
    base, _, _ = zuul.checked()
    zuul.finished("build-base", base)
    assert not zuul.builds_of("example-buildset-registry", base)


def test_an_image_is_built_upon_that_of_the_change_ahead_in_its_newest_patchset(zuul):
    base, tool, _ = zuul.checked()
    assert zuul.populated("build-tool", tool) == {"example/base": base.number}
    assert zuul.site.lines_in_intermediate(zuul.finished("build-tool", tool), "example/tool") == [
        "base again", "old base"]


def test_a_consumer_runs_the_image_of_the_change_that_it_depends_on(zuul):
    _, _, user = zuul.checked()
    assert zuul.said("check-base", user) == ["old base", "base again"]


def test_a_job_without_secrets_uses_the_registry_of_a_paused_job(zuul):
    _, _, user = zuul.checked()
    assert zuul.said("deploy-user", user) == ["old base", "base again"]


def test_a_node_that_is_used_again_is_as_it_was(zuul):
    zuul.checked()
    zuul.gated_with_a_failure()
    nodes = [node for node in zuul.fake_nodepool.static if node.uses]
    assert sum(node.uses for node in nodes) >= 3
    for node in nodes:
        assert not node.registries()
        after = node.engines_files()
        assert after == node.before, {path for path in {*after, *node.before}
                                      if after.get(path) != node.before.get(path)}


# --- tags and times

def test_a_tag_is_built_for_all_platforms_on_a_node_with_ipv6(zuul):
    zuul.timed()
    build = zuul.finished("upload-base-for-all", "refs/tags/1.0")
    assert ":" in zuul.returned(build, "secret_data")["buildset_registry"]["host"]
    for tag in ("1.0", "latest"):
        assert zuul.site.platforms_of(f"base:release_{tag}") == ["linux/amd64", "linux/arm64"]


def test_a_periodic_build_knows_no_change(zuul):
    zuul.timed()
    zuul.finished("upload-base", "refs/heads/master")
    assert zuul.site.lines_in("base:periodic_latest") == ["old base"]


# --- gate

def test_images_are_there_while_the_job_that_made_them_pauses(zuul):
    *_, paused = zuul.gated()
    assert paused


def test_an_application_is_built_upon_the_images_of_the_changes_ahead(zuul):
    first, second, app, _ = zuul.gated()
    assert zuul.populated("upload-app", app) == {"example/base": second.number}
    whole = ["old app", line(app), "old base", line(first), line(second)]
    assert sorted(zuul.said("test-app", app)) == sorted(whole)
    assert sorted(zuul.said("test-app-with-podman", app)) == sorted(whole)


def test_jobs_of_one_repository_build_upon_each_other_and_upon_the_change_ahead(zuul):
    lib, shell, _ = zuul.gated_with_several_images()
    assert zuul.populated("upload-shell", shell)["example/lib"] == lib.number
    for change, own in ((lib, []), (shell, [line(shell)])):
        assert zuul.site.lines_in(f"shell:change_{change.number}_latest") == sorted(
            ["old lib", "old shell", line(lib), *own])


def test_a_job_that_is_given_nothing_says_of_which_change_and_why(zuul):
    """It requires what it provides itself, which Zuul takes for an answer."""
    lib, _, starved = zuul.gated_with_several_images()
    build = zuul.finished("build-starved", starved)
    told = next(item for item in zuul.log_of(build)["items"] if item["change"] == str(lib.number))
    assert told["missed"] and not told["images"] and "example/lib:latest" in told["reason"], told
    assert f"change {lib.number},1 of example/suite: NO IMAGE" in zuul.output(build)


def test_the_images_of_a_change_that_failed_are_in_nothing_that_merges(zuul):
    broken, tool, before = zuul.gated_with_a_failure()
    assert before == {"example/base": broken.number}
    assert broken.data["status"] == "NEW" and tool.data["status"] == "MERGED"
    assert zuul.populated("upload-tool", tool) == {}
    assert "broken" not in zuul.site.lines_in(f"tool:change_{tool.number}_latest")


# --- promote

def test_an_image_is_there_between_merge_and_promotion(zuul):
    first, second, *_ = zuul.gated()
    user = zuul.consumed_before_promotion()
    assert sorted(zuul.said("check-base-at-once", user)) == sorted(["old base", line(first), line(second)])


def test_changes_are_promoted_in_their_order(zuul):
    first, second, *_ = zuul.gated()
    bases, _ = zuul.promoted()
    assert bases[:2] == [sorted(["old base", line(first)]), sorted(["old base", line(first), line(second)])]


def test_a_late_promotion_does_not_go_backwards(zuul):
    first, *_ = zuul.gated()
    bases, _ = zuul.promoted()
    assert len(zuul.builds_of("promote-base", first)) == 2
    zuul.finished("promote-base", first)
    assert bases[2] == bases[1]


def test_what_is_promoted_is_what_was_tested(zuul):
    first, second, app, _ = zuul.gated()
    _, promotion_of_app = zuul.promoted()
    assert zuul.site.lines_in("app:latest") == sorted(["old app", line(app), "old base", line(first), line(second)])
    assert any(r["method"] == "PUT" and r["path"].endswith("/manifests/latest") for r in promotion_of_app)
    assert not [r for r in promotion_of_app if "/blobs/" in r["path"] and r["method"] != "HEAD"]


# --- all of it

def test_no_password_is_in_logs_or_returned_data(zuul):
    zuul.gated()
    passwords = set(zuul.passwords.values())
    for build in zuul.history:
        passwords.add(zuul.returned(build, "secret_data").get("buildset_registry", {}).get("password"))
    passwords.discard(None)
    assert len(passwords) > 2
    for build in zuul.history:
        texts = [path.read_text(errors="replace") for path in (zuul.work(build) / "logs").rglob("*") if path.is_file()]
        texts.append(str(zuul.returned(build)))
        assert not any(password in text for password in passwords for text in texts), build


real_case.main(__name__, Story)
