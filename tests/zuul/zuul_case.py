# SPDX-License-Identifier: Apache-2.0
"""A whole Zuul, by its own test base: scheduler, launcher, merger and executor in this process, and a Gerrit that does
as it is told. To be imported inside of space.enter() only.

    zuul_case.main(__name__, Zuul)      runs the tests of a module, each of which is given the same Zuul"""

import contextlib
import os
import pathlib

import repositories
import space
import tap
import testtools
from servers import Postgres, ZooKeeper
from tests import base
from zuul import model

HERE = pathlib.Path(__file__).resolve().parent
HOST = "review.example.org"
LOG = space.ROOT / "servers/zuul.log"


class Build(base.FakeBuild):
    """A build, which the test base asks before each of its playbooks."""

    asked = 0

    def run(self):
        """Waits while it is held at this playbook or an earlier one."""
        def is_held():
            held = self.executor_server.held.get((self.name, self.parameters["zuul"].get("change")))
            return held is not None and self.asked >= held and not self.aborted
        while is_held():
            self._wait()
        self.asked += 1
        return super().run()


class Zuul(base.ZuulTestCase):
    """What tests are told with. `builds` run, `history` has those that ended."""

    build_class = Build
    passwords = dict.fromkeys(("intermediate", "public"), "not needed")
    ansible_root = "/nowhere"

    def __init__(self, module):
        self.module = module
        self.failures = 1
        super().__init__("runTest")

    def runTest(self):
        self.failures = tap.run(tap.tests_of(self.module), self)

    # --- how Zuul's test base is set up

    def setUp(self):
        base.FakeBuild = self.build_class
        base.RecordingExecutorServer.held = {}
        # The log of Zuul goes where standard output is just now, and stays there.
        self.log_file = LOG.open("a")
        with contextlib.redirect_stdout(self.log_file):
            super().setUp()

    def setup_config(self, config_file):
        text = (HERE / "zuul.conf").read_text()
        tenant = pathlib.Path(self.test_root) / "tenant.yaml"
        tenant.write_text((HERE / "tenant.yaml").read_text())
        path = pathlib.Path(self.test_root) / "zuul.conf"
        path.write_text(text.replace("TENANT", str(tenant)).replace("ANSIBLE", str(self.ansible_root)))
        for project in repositories.SOURCES:
            self.init_repo(project)
            repositories.fill(os.path.join(self.upstream_root, project), project, self.passwords)
        return super().setup_config(str(path))

    # --- changes, and what becomes of them

    def change(self, folder, needs=()):
        """A change that adds a line of text to the image that `folder` goes into: base.d, app.d, lib.d, shell.d; in
        another folder it is just a file. Its line is "FOLDER-NAME NUMBER"."""
        number = self.fake_gerrit.change_number + 1
        name = folder.removesuffix(".d")
        project = f"example/{'suite' if name in ('lib', 'shell') else name}"
        change = self.fake_gerrit.addFakeChange(project, "master", f"{name} {number}",
                                                files={f"{folder}/{number}": f"{name} {number}\n"})
        if needs:
            footers = "\n".join(f"Depends-On: {other.data['url']}" for other in needs)
            change.data["commitMessage"] = f"{name} {number}\n\n{footers}\n"
        return change

    @staticmethod
    def checked(*changes):
        """What Gerrit says when each gets a patchset."""
        return [change.getPatchsetCreatedEvent(change.latest_patchset) for change in changes]

    @staticmethod
    def approved(*changes):
        """What Gerrit says when they are approved, in this order."""
        for change in changes:
            change.addApproval("Code-Review", 2)
        return [change.addApproval("Approved", 1) for change in changes]

    @staticmethod
    def merged(*changes):
        """What Gerrit says of changes that have merged."""
        unmerged = [change.number for change in changes if change.data["status"] != "MERGED"]
        assert not unmerged, f"{unmerged} have not merged"
        return [change.getChangeMergedEvent() for change in changes]

    def tell(self, *events):
        """Gerrit says all of this, and Zuul does what it can."""
        for event in events:
            self.fake_gerrit.addEvent(event)
        self.waitUntilSettled()

    def enqueue(self, pipeline, project, ref):
        """What an administrator can do, and here takes the place of a timer. It is not waited for."""
        event = model.EnqueueEvent("example", pipeline, HOST, project, change=None, ref=ref, oldrev=None, newrev=None)
        self.scheds.first.sched.pipeline_management_events["example"][pipeline].put(event)

    # --- builds

    def hold(self, job, change, playbook=0):
        """Keeps the next builds of a job for a change before a playbook, by its number."""
        self.executor_server.held[job, str(change.number)] = playbook

    def let_go(self, job=None):
        """What was held of a job, or of all, goes on. It is not waited for."""
        for held in [held for held in self.executor_server.held if job in (None, held[0])]:
            del self.executor_server.held[held]
        for build in list(self.builds):
            if build.isWaiting():
                build.release()

    def finish(self):
        """The same, and waits for the end of all builds: what pauses looks like rest for a moment."""
        self.let_go()
        self.waitUntilSettled()
        for _ in base.iterate_timeout(60, "all builds to end"):
            if not self.builds:
                break
        self.waitUntilSettled()

    def builds_of(self, job, change):
        """The builds of a job for a change or a ref: those that ended, in that order, and then those that run."""
        def is_of(zuul):
            return zuul["ref"] == change if isinstance(change, str) else zuul.get("change") == str(change.number)
        return [b for b in [*self.history, *self.builds] if b.name == job and is_of(b.parameters["zuul"])]

    def build(self, job, change):
        """The newest of them."""
        builds = self.builds_of(job, change)
        assert builds, f"no build of {job}; there were {[(b.name, b.changes) for b in self.history]}"
        return builds[-1]

    def pauses(self, job, change):
        """Whether one of them has paused and not ended."""
        return any(getattr(build, "paused", False) for build in self.builds_of(job, change))


def main(module, case):
    """Starts ZooKeeper and PostgreSQL, and a Zuul, in which the tests of a module run. What Zuul's test base has to
    complain of afterwards, such as an error in its log, is a failure too."""
    LOG.parent.mkdir()
    with ZooKeeper(LOG.parent) as zookeeper, Postgres(LOG.parent) as postgres:
        os.environ.update(zookeeper.environment, **postgres.environment, ZUUL_TEST_ROOT=str(space.ROOT))
        zuul, result = case(module), testtools.TestResult()
        zuul.run(result)
        for _, text in result.failures + result.errors:
            print("Bail out! Zuul's test base says:", *text.splitlines(), sep="\n# ", flush=True)
    os._exit(1 if zuul.failures or not result.wasSuccessful() else 0)  # threads of a Zuul that failed may remain
