# SPDX-License-Identifier: Apache-2.0
"""What the jobs are made of, without a Zuul: their playbooks and roles are there, keep secrets where they belong, and are
those that docs/zuul.md shows. What Zuul makes of them is seen in test_scheduling.py and in tests/zuul-real."""

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

KINDS = ("docker", "container")
PHASES = ("pre-run", "run", "post-run")
PLAYBOOKS = sorted((TOP / "playbooks").glob("*/*.yaml"))
JOBS = {stanza["job"]["name"]: stanza["job"] for stanza in yaml.safe_load((TOP / "zuul.d/jobs.yaml").read_text())}


def paths(playbooks):
    """What a job names for a phase: a path, or a list of playbooks with their attributes."""
    return [playbooks] if isinstance(playbooks, str) else [playbook["name"] for playbook in playbooks]


def roles_in(node):
    """The names of all roles that a playbook asks for."""
    if isinstance(node, list):
        return {name for part in node for name in roles_in(part)}
    if not isinstance(node, dict):
        return set()
    found = {role if isinstance(role, str) else role["role"] for role in node.get("roles", [])}
    if "include_role" in node:
        found.add(node["include_role"]["name"])
    return found | {name for part in node.values() for name in roles_in(part)}


def imported_by(path):
    return {(path.parent / play["import_playbook"]).resolve() for play in yaml.safe_load(path.read_text())
            if "import_playbook" in play}


def test_every_playbook_of_a_job_exists_and_every_playbook_is_of_a_job():
    used = {TOP / path for job in JOBS.values() for phase in PHASES if phase in job for path in paths(job[phase])}
    while used != (more := used.union(*map(imported_by, used))):
        used = more
    assert used == set(PLAYBOOKS), used ^ set(PLAYBOOKS)


def test_every_role_of_a_playbook_exists():
    for path in PLAYBOOKS:
        for role in roles_in(yaml.safe_load(path.read_text())):
            assert (TOP / "roles" / role / "tasks/main.yml").is_file(), f"{path}: {role}"
            assert (TOP / "roles" / role / "README.md").is_file(), f"{role} says nothing of itself"


def test_no_base_job_names_what_it_provides_or_requires():
    """A job of the own item that provides a name keeps Zuul from looking at the items ahead, so each image has its own."""
    for name, job in JOBS.items():
        assert not {"provides", "requires"} & set(job), name


def test_images_are_published_before_the_job_pauses():
    for kind in KINDS:
        plays = yaml.safe_load((TOP / f"playbooks/{kind}-image/build.yaml").read_text())
        order = [role for play in plays for role in play["roles"]]
        assert order == [f"build-{kind}-image", "push-to-intermediate-registry", "pause-buildset-registry"]


def test_the_credentials_of_registries_never_go_to_a_node():
    for path in PLAYBOOKS:
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


def test_the_tests_that_the_document_names_are_there():
    text = (TOP / "docs/zuul.md").read_text()
    named = re.findall(r"`(tests/[\w/-]+\.py)`((?:,? \*[^*]+\*)+)", text)
    assert len(named) > 20
    for path, titles in named:
        sources = [file.read_text() for file in (TOP / path).parent.glob("*.py")]
        assert (TOP / path).is_file(), path
        for title in re.findall(r"\*([^*]+)\*", titles):
            assert any(title.replace(" ", "_") in source for source in sources), f"{path} has no test \"{title}\""


def lint(program, *words):
    if not shutil.which(program):
        raise tap.Skip(f"{program} is not installed")
    done = subprocess.run([program, *words], cwd=TOP, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_yamllint_finds_nothing():
    lint("yamllint", "--strict", "zuul.d", "playbooks", "tests/zuul")


def test_ansible_lint_finds_nothing():
    lint("ansible-lint", "--offline", "--nocolor", "playbooks",
         *(str(folder.relative_to(TOP)) for folder in sorted(HERE.glob("*/playbooks"))))


tap.main(__name__)
