# SPDX-License-Identifier: Apache-2.0
"""The jobs, without running one: what they are made of is there, and their shape is what the seed
document and docs/zuul.md say."""

import pathlib
import re
import shutil
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(TOP / "tests/lib"))

import tap  # noqa: E402
from layout import Layout  # noqa: E402

PROJECTS = {"zuul/libzreg": TOP, "example/site": HERE / "site", "example/base": HERE / "base",
            "example/app": HERE / "app", "example/user": HERE / "user"}
LAYOUT = Layout(PROJECTS)
KINDS = ("docker", "container")


def names(playbooks):
    return ["/".join(p.path.parts[-2:]) for p in playbooks]


def roles_in(node):
    """The names of all roles that a playbook asks for, and of its imported playbooks."""
    if isinstance(node, list):
        return {name for part in node for name in roles_in(part)}
    if not isinstance(node, dict):
        return set()
    found = {role if isinstance(role, str) else role["role"] for role in node.get("roles", [])}
    if "include_role" in node:
        found.add(node["include_role"]["name"])
    return found | {name for part in node.values() for name in roles_in(part)}


def test_every_playbook_of_a_job_exists():
    for name in LAYOUT.stanzas:
        job = LAYOUT.job(name)
        for playbook in job.pre_run + job.run + job.post_run:
            assert playbook.path.is_file(), f"{name}: {playbook.path}"


def test_every_playbook_belongs_to_a_job():
    used = {p.path for name in LAYOUT.stanzas for job in [LAYOUT.job(name)]
            for p in job.pre_run + job.run + job.post_run}
    assert set((TOP / "playbooks").glob("*/*.yaml")) == {p for p in used if TOP / "playbooks" in p.parents}


def test_every_role_of_a_playbook_exists():
    for path in (TOP / "playbooks").glob("*/*.yaml"):
        for role in roles_in(yaml.safe_load(path.read_text())):
            assert (TOP / "roles" / role / "tasks/main.yml").is_file(), f"{path}: {role}"
            assert (TOP / "roles" / role / "README.md").is_file(), f"{role} says nothing of itself"


def test_the_buildset_registry_job_is_the_parent_of_those_that_build():
    for kind in KINDS:
        for verb in ("build", "upload"):
            job = LAYOUT.job(f"opendev-{verb}-{kind}-image")
            assert names(job.pre_run) == ["buildset-registry/pre.yaml"]
            assert names(job.run) == [f"{kind}-image/build.yaml"]
            assert names(job.post_run)[-1] == "buildset-registry/post.yaml"
            assert job.provides == {f"{kind}-image"}
            assert job.requires == {"docker-image", "container-image"}


def test_the_upload_comes_before_the_logs_are_saved():
    for kind in KINDS:
        job = LAYOUT.job(f"opendev-upload-{kind}-image")
        assert names(job.post_run) == [f"{kind}-image/upload.yaml", "buildset-registry/post.yaml"]


def test_images_are_published_before_the_job_pauses():
    for kind in KINDS:
        plays = yaml.safe_load((TOP / f"playbooks/{kind}-image/build.yaml").read_text())
        order = [role for play in plays for role in play["roles"]]
        assert order == [f"build-{kind}-image", "push-to-intermediate-registry", "pause-buildset-registry"]


def test_promotion_needs_no_node_and_no_registry():
    for kind in KINDS:
        job = LAYOUT.job(f"opendev-promote-{kind}-image")
        assert job.nodes == [] and job.requires == set() and names(job.pre_run) == []


def test_what_has_credentials_of_the_public_registry_runs_after_review_only():
    for name in LAYOUT.stanzas:
        job = LAYOUT.job(name)
        seen = {s for p in job.pre_run + job.run + job.post_run for s in p.secrets}
        assert job.post_review or not seen & {"docker_credentials", "container_registry_credentials"}, name


def test_no_playbook_of_an_untrusted_project_sees_a_secret():
    for name in LAYOUT.stanzas:
        job = LAYOUT.job(name)
        for playbook in job.pre_run + job.run + job.post_run:
            trusted = any(folder in playbook.path.parents for folder in (TOP / "playbooks", HERE / "site"))
            assert trusted or not playbook.secrets, f"{name}: {playbook}"


def test_the_credentials_of_registries_never_go_to_a_node():
    for path in (TOP / "playbooks").glob("*/*.yaml"):
        for play in yaml.safe_load(path.read_text()):
            talks = roles_in(play) & {"pull-from-intermediate-registry", "push-to-intermediate-registry",
                                      "upload-docker-image", "upload-container-image",
                                      "promote-docker-image", "promote-container-image"}
            assert not talks or play["hosts"] == "localhost", f"{path}: {talks} on {play['hosts']}"


def test_the_examples_of_the_document_are_those_that_are_run():
    text = (TOP / "docs/zuul.md").read_text()
    blocks = re.findall(r"```yaml\n# (\S+)\n(.*?)```", text, re.S)
    assert len(blocks) >= 4
    for path, block in blocks:
        assert block in (TOP / path).read_text(), f"{path} has not:\n{block}"


def lint(program, *words):
    if not shutil.which(program):
        raise tap.Skip(f"{program} is not installed")
    done = subprocess.run([program, *words], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_yamllint_finds_nothing():
    lint("yamllint", "--strict", "zuul.d", "playbooks", "tests/zuul")


def test_ansible_lint_finds_nothing():
    lint("ansible-lint", "--offline", "--nocolor", "playbooks", "tests/zuul/app/playbooks", "tests/zuul/base/playbooks")


tap.main(__name__)
