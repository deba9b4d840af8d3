# SPDX-License-Identifier: Apache-2.0
"""What Zuul's own scheduler makes of the jobs: which job gets which images of the changes ahead, and when it starts.
The rules behind it are in docs/zuul.md."""

import space

space.enter()

import zuul_case  # noqa: E402
from held_case import HeldZuul  # noqa: E402

# What lets somebody write into the public registry.
PUBLIC = {"docker_credentials", "container_registry_credentials"}


def test_zuul_reads_all_jobs_without_an_error(zuul):
    layout = zuul.scheds.first.sched.abide.tenants["example"].layout
    assert not layout.loading_errors, [e.short_error for e in layout.loading_errors]
    assert {"opendev-buildset-registry", "opendev-build-docker-image", "opendev-upload-docker-image",
            "opendev-promote-docker-image"} <= set(layout.jobs)


def test_the_job_that_builds_is_given_the_image_of_the_change_ahead(zuul):
    """6a: producers and consumers, behind a change of a repository that only produces."""
    base, app = zuul.change("base.d"), zuul.change("app.d")
    zuul.hold("upload-base", base)
    zuul.tell(*zuul.approved(base, app))
    assert zuul.pauses("example-buildset-registry", app)
    assert not zuul.builds_of("upload-app", app), "it did not wait for what it requires"
    zuul.finish()
    assert zuul.given("upload-app", app) == [("example/base", base.number)]
    assert set(zuul.given("test-app", app)) == {("example/app", app.number)}


def test_the_image_is_there_while_the_job_that_made_it_pauses(zuul):
    base, app = zuul.change("base.d"), zuul.change("app.d")
    zuul.hold("check-base", base)
    zuul.tell(*zuul.approved(base, app))
    assert zuul.pauses("upload-base", base)
    assert zuul.given("upload-app", app) == [("example/base", base.number)]
    zuul.finish()


def test_a_producer_is_given_the_image_that_it_builds_upon(zuul):
    """6b: two repositories that only produce, in check, where a change depends on another."""
    base = zuul.change("base.d")
    tool = zuul.change("tool", needs=[base])
    zuul.tell(*zuul.checked(base, tool))
    zuul.finish()
    assert zuul.given("build-tool", tool) == [("example/base", base.number)]


def test_a_consumer_is_given_the_images_of_what_it_depends_on(zuul):
    """6c: a repository that only consumes. What it depends on was built before: Zuul asks its database."""
    base = zuul.change("base.d")
    zuul.tell(*zuul.checked(base))
    zuul.finish()
    user = zuul.change("user", needs=[base])
    zuul.tell(*zuul.checked(user))
    zuul.finish()
    assert zuul.given("check-base", user) == [("example/base", base.number)]


def test_of_two_changes_ahead_the_nearer_stands_last(zuul):
    first, second, tool = zuul.change("base.d"), zuul.change("base.d"), zuul.change("tool")
    zuul.hold("check-base", first)
    zuul.tell(*zuul.approved(first, second, tool))
    assert zuul.given("upload-tool", tool) == [("example/base", first.number), ("example/base", second.number)]
    zuul.finish()


def test_jobs_of_one_repository_build_upon_each_other_and_upon_the_change_ahead(zuul):
    lib, shell = zuul.change("lib.d"), zuul.change("shell.d")
    zuul.hold("upload-shell", lib)
    zuul.tell(*zuul.approved(lib, shell))
    assert not zuul.builds_of("upload-lib", shell), "a change to one image builds the other"
    assert zuul.given("upload-shell", shell) == [("example/lib", lib.number)]
    zuul.finish()
    assert set(zuul.given("upload-shell", lib)) == {("example/lib", lib.number)}


def test_the_images_of_the_change_itself_stand_after_those_of_the_change_ahead(zuul):
    """Zuul names each of its own twice, once without and once with its branch."""
    first, second = zuul.change("lib.d"), zuul.change("lib.d")
    zuul.hold("upload-shell", first)
    zuul.tell(*zuul.approved(first, second))
    ahead, own = ("example/lib", first.number), ("example/lib", second.number)
    assert zuul.given("upload-shell", second) == [ahead, own, own]
    artifacts = zuul.build("upload-shell", second).parameters["zuul"]["artifacts"]
    assert ["branch" in artifact for artifact in artifacts] == [False, False, True]
    zuul.finish()


def test_a_name_that_every_build_provides_starves_them_all(zuul):
    """Why the jobs of this project name nothing: Zuul asks the change itself first, and its own jobs have not ended."""
    lib, starved = zuul.change("lib.d"), zuul.change("starved")
    zuul.hold("upload-lib", lib)
    zuul.tell(*zuul.approved(lib, starved))
    assert not zuul.builds_of("build-starved", starved), "it did not even wait"
    zuul.finish()
    assert zuul.given("build-starved", starved) == []


def test_no_playbook_of_an_untrusted_project_sees_a_secret(zuul):
    seen = set()
    for build in zuul.history:
        for playbook in [*build.job.pre_run, *build.job.run, *build.job.post_run]:
            secrets = set(playbook["secrets"])
            assert playbook["trusted"] or not secrets, f"{build.name}: {playbook['path']}"
            reviewed = build.parameters["zuul"]["post_review"]
            assert reviewed or not secrets & PUBLIC, f"{build.name}: {playbook['path']}"
            seen |= secrets
    assert PUBLIC | {"intermediate_registry"} == seen


def test_the_images_of_a_change_that_failed_are_gone_from_the_next_buildset(zuul):
    base, app = zuul.change("base.d"), zuul.change("app.d")
    zuul.executor_server.failJob("check-base", base)
    zuul.hold("check-base", base)
    zuul.tell(*zuul.approved(base, app))
    assert zuul.given("upload-app", app) == [("example/base", base.number)]
    before = zuul.build("upload-app", app).parameters["zuul"]["buildset"]
    zuul.let_go()
    zuul.waitUntilSettled()
    assert zuul.build("upload-app", app).parameters["zuul"]["buildset"] != before
    assert zuul.given("upload-app", app) == []
    zuul.finish()
    assert base.data["status"] == "NEW" and app.data["status"] == "MERGED"


def test_a_newer_patchset_takes_the_place_of_the_older(zuul):
    base = zuul.change("base.d")
    tool = zuul.change("tool", needs=[base])
    zuul.hold("build-base", base)
    zuul.tell(*zuul.checked(base, tool))
    base.addPatchset({f"base.d/{base.number}": "again\n"})
    zuul.tell(*zuul.checked(base))
    zuul.tell(*zuul.checked(tool))
    assert not zuul.builds_of("build-tool", tool), "it did not wait for the newer patchset"
    zuul.finish()
    artifacts = zuul.build("build-tool", tool).parameters["zuul"]["artifacts"]
    assert [str(artifact["patchset"]) for artifact in artifacts] == ["2"]


def test_a_tag_has_no_changes_ahead(zuul):
    zuul.tell(zuul.fake_gerrit.addFakeTag("example/base", "master", "1.0"))
    zuul.finish()
    build = zuul.build("upload-base-for-all", "refs/tags/1.0")
    assert build.result == "SUCCESS" and "change" not in build.parameters["zuul"]


def test_of_merged_changes_that_wait_for_promotion_the_newest_is_promoted(zuul):
    first, second, third = (zuul.change("base.d") for _ in range(3))
    zuul.tell(*zuul.approved(first, second, third))
    zuul.finish()
    zuul.hold("promote-base", first)
    zuul.tell(*zuul.merged(first, second, third))
    zuul.finish()
    assert zuul.build("promote-base", first) and zuul.build("promote-base", third)
    assert not zuul.builds_of("promote-base", second)


zuul_case.main(__name__, HeldZuul)
