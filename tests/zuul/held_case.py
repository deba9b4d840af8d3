# SPDX-License-Identifier: Apache-2.0
"""Zuul with builds that run no playbook: each returns at once what the playbooks of this tree return. What is looked
at is what the scheduler does."""

import json

import space
from zuul_case import Build, Zuul

INTERMEDIATE = "registry.example.org:5000"


def images_of(variables):
    """REPOSITORY and TAG of what a job builds, by the names that artifacts have."""
    for image in variables.get("docker_images", []) + variables.get("container_images", []):
        for tag in image.get("tags", ["latest"]):
            yield image["repository"].removeprefix("docker.io/"), tag


class ReturningBuild(Build):
    """A build that returns images and pauses as ours do."""

    def writeReturnData(self):
        runs_a_registry = not self.job.dependencies
        data = {"zuul": {"artifacts": self.artifacts(), "pause": runs_a_registry}}
        secret = {"buildset_registry": {"host": "10.0.0.1"}} if runs_a_registry else {}
        with open(self.jobdir.result_data_file, "w") as file:
            json.dump({"data": data, "secret_data": secret}, file)

    def artifacts(self):
        zuul = self.parameters["zuul"]
        if not self.job.provides:
            return []
        return [{"name": f"{repository}:{tag}", "url": f"docker://{INTERMEDIATE}/{repository}:{zuul['build']}_{tag}",
                 "metadata": {"type": "container_image", "repository": repository, "tag": tag,
                              "change": zuul.get("change"), "build": zuul["build"]}}
                for repository, tag in images_of(self.job.variables)]


class HeldZuul(Zuul):
    """Zuul without Ansible."""

    build_class = ReturningBuild
    ansible_root = space.ROOT / "no-ansible"

    def setUp(self):
        for version in ("9", "11"):  # the executor looks whether they are there
            (self.ansible_root / version).mkdir(parents=True, exist_ok=True)
        super().setUp()

    def given(self, job, change):
        """[(image, change)] of what Zuul gave the newest build of a job, as it stands in zuul.artifacts."""
        artifacts = self.build(job, change).parameters["zuul"].get("artifacts", [])
        return [(a["name"].removesuffix(":latest"), int(a["change"])) for a in artifacts]
