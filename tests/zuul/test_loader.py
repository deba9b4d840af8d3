# SPDX-License-Identifier: Apache-2.0
"""The jobs as Zuul itself reads them: its configuration loader, installed from PyPI by tests/run."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(TOP / "tests/lib"))

import tap  # noqa: E402
from build import zuul_python_path  # noqa: E402
from layout import Layout  # noqa: E402

ZUUL = pathlib.Path(os.environ.get("ZREG_ZUUL", TOP / "build/zuul"))
PROJECTS = {"zuul/libzreg": (TOP, True), "example/site": (HERE / "site", True),
            "example/base": (HERE / "base", False), "example/app": (HERE / "app", False),
            "example/user": (HERE / "user", False)}
LAYOUT = Layout({name: folder for name, (folder, _) in PROJECTS.items()})
LOADED = {}


def load(projects):
    """What Zuul makes of a tenant with these projects."""
    python = ZUUL / "bin/python"
    if not next(ZUUL.glob("lib/python3*/site-packages/zuul"), None):
        reason = ZUUL / "reason"
        raise tap.Skip(reason.read_text().strip() if reason.exists() else
                       f"Zuul is not installed in {ZUUL}; tests/run zuul does that")
    words = [f"{name}={folder}{':config' if trusted else ''}"
             for name, (folder, trusted) in projects.items()]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([python, HERE / "zuul_loader.py", *words], capture_output=True, text=True,
                          env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def loaded():
    if not LOADED:
        LOADED.update(load(PROJECTS))
    return LOADED


def test_zuul_reads_all_jobs_without_an_error():
    assert loaded()["errors"] == []
    assert set(loaded()["jobs"]) == set(LAYOUT.stanzas)


def test_a_misspelt_attribute_would_be_found():
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(TOP / "zuul.d", pathlib.Path(folder) / "zuul.d")
        path = pathlib.Path(folder) / "zuul.d/jobs.yaml"
        path.write_text(path.read_text().replace("post-run:", "post-runs:", 1))
        result = load({**PROJECTS, "zuul/libzreg": (pathlib.Path(folder), True)})
        assert any("post-runs" in error for error in result["errors"]), result["errors"]


def described(job):
    def playbooks(of):
        result = []
        for playbook in of:
            for name, (folder, trusted) in sorted(PROJECTS.items(), key=lambda p: -len(str(p[1][0]))):
                if folder in playbook.path.parents:
                    path = f"{name}/{playbook.path.relative_to(folder)}"
                    result.append([path, sorted(playbook.secrets), trusted])
                    break
        return result

    return {"pre_run": playbooks(job.pre_run), "run": playbooks(job.run),
            "post_run": playbooks(job.post_run), "requires": sorted(job.requires),
            "provides": sorted(job.provides), "post_review": job.post_review, "abstract": job.abstract,
            "vars": job.vars, "nodes": [node["name"] for node in job.nodes],
            "roles": [next(n for n, (f, _) in PROJECTS.items() if f == folder) for folder in job.roles]}


def test_the_runner_of_these_tests_sees_the_jobs_as_zuul_does():
    for name, zuuls in loaded()["jobs"].items():
        ours = described(LAYOUT.job(name))
        for key, value in zuuls.items():
            assert ours[key] == value, f"{name}: {key} is {value} to Zuul, {ours[key]} to the runner"


def test_jobs_that_build_may_run_before_review():
    """So that they can be in check: Zuul forbids it to jobs that give a secret to an untrusted project."""
    for name in ("build-app", "build-base", "test-app", "example-buildset-registry"):
        assert loaded()["jobs"][name]["post_review"] is False, name


def test_as_an_untrusted_project_the_jobs_would_run_after_review_only():
    """What docs/zuul.md warns of."""
    jobs = load({**PROJECTS, "zuul/libzreg": (TOP, False)})["jobs"]
    assert jobs["build-app"]["post_review"] is True


RETURNS = """
- hosts: localhost
  gather_facts: false
  tasks:
    - zuul_return:
        data: {zuul: {artifacts: [{name: first, url: docker://a}], pause: true}, x: {a: 1, b: [1]}}
        secret_data: {registry: {password: secret}}
    - zuul_return:
        data: {zuul: {artifacts: [{name: second, url: docker://b}]}, x: {b: [2]}}
    - zuul_return:
        secret_data: {registry: {port: 5000}}
"""


def returned_by(plugin, python_path):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "work").mkdir()
        (root / "work/results.json").touch()
        (root / "play.yaml").write_text(RETURNS)
        (root / "plugins").mkdir()
        (root / "plugins/zuul_return.py").symlink_to(plugin)
        environment = dict(os.environ, ZUUL_JOBDIR=folder, ANSIBLE_ACTION_PLUGINS=str(root / "plugins"),
                           PYTHONPATH=str(python_path), HOME=folder)
        done = subprocess.run(["ansible-playbook", "-i", "localhost,", root / "play.yaml"], env=environment,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads((root / "work/results.json").read_text())


def test_the_zuul_return_of_these_tests_writes_what_zuuls_writes():
    loaded()
    packages = zuul_python_path()
    ours = returned_by(HERE / "plugins/action/zuul_return.py", "")
    assert ours == returned_by(packages / "zuul/ansible/base/action/zuul_return.py", packages)
    assert [a["name"] for a in ours["data"]["zuul"]["artifacts"]] == ["second", "first"]


tap.main(__name__)
