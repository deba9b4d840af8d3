# SPDX-License-Identifier: Apache-2.0
"""Both uses of the seed document, executed by Zuul: real playbooks on nodes, real engines, real registries. An old
image of everything stands in the public registry, and what is looked at is what is inside of the images.

Parts, each of which is played once; tests look at what came of it.
    opened      a change of a repository that only produces, in check; a tag for two platforms on a node with IPv6; a
                periodic build; three changes in gate, of which the first pauses while the others build
    built_upon  the first gets a new patchset, and upon it are one of another producer and one of a consumer
    failed      two changes of a repository with several images, and one that is not given them; then a change that
                fails its test, and one behind it that is being built just then
    consumed    a job between merge and promotion
    promoted    what merged, in order and late"""

import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "zuul"))

import space  # noqa: E402

space.enter(space.ZUUL / "ansible/version")

import real_case  # noqa: E402


# The number of the playbook of a job that builds: the base job and our own have one before it.
RUN = 2


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
    def opened(self):
        base = self.change("base.d")
        first, second, app = self.change("base.d"), self.change("base.d"), self.change("app.d")
        self.hold("check-base", first)
        self.enqueue("periodic", "example/base", "refs/heads/master")
        self.tell(self.fake_gerrit.addFakeTag("example/base", "master", "1.0"), *self.checked(base),
                  *self.approved(first, second, app))
        return base, first, second, app, self.pauses("upload-base", first)

    @part
    def built_upon(self):
        base, *_ = self.opened()
        base.addPatchset({f"base.d/{base.number}": "base again\n"})
        tool, user = self.change("tool", needs=[base]), self.change("user", needs=[base])
        self.let_go()
        self.tell(*self.checked(base, tool, user))
        self.finish()
        return tool, user

    @part
    def failed(self):
        self.built_upon()
        lib, shell, starved = self.change("lib.d"), self.change("shell.d"), self.change("starved")
        broken, tool = self.change("base.d"), self.change("tool")
        broken.addPatchset({f"base.d/{broken.number}": "broken\n"})
        self.hold("check-base", broken)
        self.hold("upload-tool", tool, playbook=RUN)
        self.tell(*self.approved(lib, shell, starved, broken, tool))
        before = self.images_in(self.build("upload-tool", tool))
        self.let_go("check-base")
        self.waitUntilSettled()
        self.finish()
        return lib, shell, starved, broken, tool, before

    @part
    def consumed(self):
        self.failed()
        user = self.change("user")
        self.tell(*self.approved(user))
        return user

    @part
    def promoted(self):
        self.consumed()
        _, first, second, app, _ = self.opened()
        bases = []
        for change in (first, second, first):
            self.tell(*self.merged(change))
            bases.append(self.site.lines_in("base:latest"))
        seen = len(self.site.public.requests())
        self.tell(*self.merged(app))
        return bases, self.site.public.requests()[seen:]


def line(change):
    return change.subject


# --- check

def test_a_repository_that_only_produces_needs_one_job(zuul):
    base, *_ = zuul.opened()
    zuul.finished("build-base", base)
    assert not zuul.builds_of("example-buildset-registry", base)


def test_an_image_is_built_upon_that_of_the_change_ahead_in_its_newest_patchset(zuul):
    base, *_ = zuul.opened()
    tool, _ = zuul.built_upon()
    assert zuul.populated("build-tool", tool) == {"example/base": base.number}
    assert zuul.site.lines_in_intermediate(zuul.finished("build-tool", tool), "example/tool") == [
        "base again", "old base"]


def test_a_consumer_runs_the_image_of_the_change_that_it_depends_on(zuul):
    _, user = zuul.built_upon()
    assert zuul.said("check-base", user) == ["old base", "base again"]


def test_a_job_without_secrets_uses_the_registry_of_a_paused_job(zuul):
    _, user = zuul.built_upon()
    assert zuul.said("deploy-user", user) == ["old base", "base again"]


# --- tags and times

def test_a_tag_is_built_for_all_platforms_on_a_node_with_ipv6(zuul):
    zuul.opened()
    build = zuul.finished("upload-base-for-all", "refs/tags/1.0")
    assert ":" in zuul.returned(build, "secret_data")["buildset_registry"]["host"]
    for tag in ("1.0", "latest"):
        assert zuul.site.platforms_of(f"base:release_{tag}") == ["linux/amd64", "linux/arm64"]


def test_a_periodic_build_knows_no_change(zuul):
    zuul.opened()
    zuul.finished("upload-base", "refs/heads/master")
    assert zuul.site.lines_in("base:periodic_latest") == ["old base"]


# --- gate

def test_images_are_there_while_the_job_that_made_them_pauses(zuul):
    *_, paused = zuul.opened()
    assert paused


def test_an_application_is_built_upon_the_images_of_the_changes_ahead(zuul):
    _, first, second, app, _ = zuul.opened()
    zuul.built_upon()
    assert zuul.populated("upload-app", app) == {"example/base": second.number}
    whole = ["old app", line(app), "old base", line(first), line(second)]
    assert sorted(zuul.said("test-app", app)) == sorted(whole)
    assert sorted(zuul.said("test-app-with-podman", app)) == sorted(whole)


def test_jobs_of_one_repository_build_upon_each_other_and_upon_the_change_ahead(zuul):
    lib, shell, *_ = zuul.failed()
    assert zuul.populated("upload-shell", shell)["example/lib"] == lib.number
    for change, own in ((lib, []), (shell, [line(shell)])):
        assert zuul.site.lines_in(f"shell:change_{change.number}_latest") == sorted(
            ["old lib", "old shell", line(lib), *own])


def test_a_job_that_is_given_nothing_says_of_which_change_and_why(zuul):
    """It requires what it provides itself, which Zuul takes for an answer."""
    lib, _, starved, *_ = zuul.failed()
    build = zuul.finished("build-starved", starved)
    told = next(item for item in zuul.log_of(build)["items"] if item["change"] == str(lib.number))
    assert told["missed"] and not told["images"] and "example/lib:latest" in told["reason"], told
    assert f"change {lib.number},1 of example/suite: NO IMAGE" in zuul.output(build)


def test_the_images_of_a_change_that_failed_are_in_nothing_that_merges(zuul):
    *_, broken, tool, before = zuul.failed()
    assert before == {"example/base": broken.number}
    assert broken.data["status"] == "NEW" and tool.data["status"] == "MERGED"
    assert zuul.populated("upload-tool", tool) == {}
    assert "broken" not in zuul.site.lines_in(f"tool:change_{tool.number}_latest")


def test_a_node_that_is_used_again_is_as_it_was(zuul):
    """Whether its job succeeded, failed or was cancelled: there was one of each."""
    *_, broken, tool, _ = zuul.failed()
    assert [b.result for b in zuul.builds_of("check-base", broken)] == ["FAILURE"]
    assert [b.result for b in zuul.builds_of("upload-tool", tool)] == ["ABORTED", "SUCCESS"]
    for node in zuul.fake_nodepool.static:
        assert node.uses and not node.registries()
        after = node.engines_files()
        assert after == node.before, {path for path in {*after, *node.before}
                                      if after.get(path) != node.before.get(path)}


# --- promote

def test_an_image_is_there_between_merge_and_promotion(zuul):
    _, first, second, *_ = zuul.opened()
    user = zuul.consumed()
    assert sorted(zuul.said("check-base-at-once", user)) == sorted(["old base", line(first), line(second)])


def test_changes_are_promoted_in_their_order(zuul):
    _, first, second, *_ = zuul.opened()
    bases, _ = zuul.promoted()
    assert bases[:2] == [sorted(["old base", line(first)]), sorted(["old base", line(first), line(second)])]


def test_a_late_promotion_does_not_go_backwards(zuul):
    _, first, *_ = zuul.opened()
    bases, _ = zuul.promoted()
    assert len(zuul.builds_of("promote-base", first)) == 2
    zuul.finished("promote-base", first)
    assert bases[2] == bases[1]


def test_what_is_promoted_is_what_was_tested(zuul):
    _, first, second, app, _ = zuul.opened()
    _, promotion_of_app = zuul.promoted()
    assert zuul.site.lines_in("app:latest") == sorted(["old app", line(app), "old base", line(first), line(second)])
    assert any(r["method"] == "PUT" and r["path"].endswith("/manifests/latest") for r in promotion_of_app)
    assert not [r for r in promotion_of_app if "/blobs/" in r["path"] and r["method"] != "HEAD"]


# --- all of it

def test_no_password_is_in_logs_or_returned_data(zuul):
    zuul.failed()
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
