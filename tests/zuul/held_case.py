# SPDX-License-Identifier: Apache-2.0
"""Zuul with builds that run no playbook: each returns at once what the playbooks of this tree return, or stays until
it is let go. What is looked at is what the scheduler does."""

import json

import space
from tests import base
from zuul_case import Zuul

INTERMEDIATE = "registry.example.org:5000"


def images_of(variables):
    """REPOSITORY and TAG of what a job builds, by the names that artifacts have."""
    for image in variables.get("docker_images", []) + variables.get("container_images", []):
        for tag in image.get("tags", ["latest"]):
            yield image["repository"].removeprefix("docker.io/"), tag


class HeldBuild(base.FakeBuild):
    """A build that returns images and pauses as ours do. The test base makes one for each build."""

    def run(self):
        while (self.name, self.parameters["zuul"].get("change")) in self.executor_server.held:
            self._wait()
        return super().run()

    def writeReturnData(self):
        # Before its run playbook a build has returned nothing.
        returned = {"zuul": {"artifacts": self.artifacts(), "pause": not self.job.dependencies}}
        secret = {} if self.job.dependencies else {"buildset_registry": {"host": "10.0.0.1"}}
        with open(self.jobdir.result_data_file, "w") as file:
            json.dump({"data": returned, "secret_data": secret}, file)

    def artifacts(self):
        zuul = self.parameters["zuul"]
        if not self.job.provides:
            return []
        return [{"name": f"{repository}:{tag}", "url": f"docker://{INTERMEDIATE}/{repository}:{zuul['build']}_{tag}",
                 "metadata": {"type": "container_image", "repository": repository, "tag": tag,
                              "change": zuul.get("change"), "build": zuul["build"]}}
                for repository, tag in images_of(self.job.variables)]


class HeldZuul(Zuul):
    """`hold` before a build starts, `let_go` when it has waited long enough."""

    ansible_root = space.ROOT / "no-ansible"

    def setUp(self):
        for version in ("9", "11"):  # the executor looks whether they are there
            (self.ansible_root / version).mkdir(parents=True, exist_ok=True)
        base.FakeBuild = HeldBuild
        base.RecordingExecutorServer.held = set()
        super().setUp()

    def hold(self, job, change):
        self.executor_server.held.add((job, str(change.number)))

    def let_go(self, job=None, change=None):
        held = self.executor_server.held
        held -= {h for h in held if job in (None, h[0]) and (change is None or h[1] == str(change.number))}
        for build in list(self.builds):
            if build.isWaiting():
                build.release()
        self.waitUntilSettled()

    def finish(self):
        """Everything that waits is let go, and what can run has run."""
        self.let_go()
        for _ in base.iterate_timeout(60, "all builds to end"):
            if not self.builds:
                break
        self.waitUntilSettled()

    def given(self, job, change):
        """[(image, change)] of what Zuul gave the newest build of a job, as it stands in zuul.artifacts."""
        artifacts = self.build(job, change).parameters["zuul"].get("artifacts", [])
        return [(a["name"].removesuffix(":latest"), int(a["change"])) for a in artifacts]
