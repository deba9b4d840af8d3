# SPDX-License-Identifier: Apache-2.0
"""Plays Zuul's scheduler: changes in the queues of pipelines, job graphs, pauses, artifacts that go
from item to item. A test can hold jobs back, and look while everything else has come to rest.

The rules are those of Zuul's model: which builds satisfy `requires`, the order of `zuul.artifacts`
with its quirks, what children get of their parents' data, what leaves a dependent queue. They are
restated here rather than called, since Zuul's own objects live in ZooKeeper."""

import concurrent.futures
import copy
import dataclasses
import pathlib
import shutil
import uuid

from build import Build


@dataclasses.dataclass
class Change:
    """A change, a tag or a branch: what an item of a queue is about."""

    project: str
    number: int = 0
    patchset: int = 1
    files: dict = dataclasses.field(default_factory=dict)
    needs: list = dataclasses.field(default_factory=list)
    ref: str = ""
    tag: str = ""
    commit_id: str = ""

    @property
    def key(self):
        """What makes two of these the same thing to Zuul."""
        return self.project, self.number, self.patchset, self.ref

    @property
    def name(self):
        return f"{self.number}-{self.patchset}" if self.number else self.ref.rsplit("/", 1)[-1]

    def variables(self):
        """The zuul.* variables that depend on what kind of thing this is."""
        if self.number:
            return {"change": str(self.number), "patchset": str(self.patchset), "branch": "main",
                    "ref": f"refs/changes/{self.number:02}/{self.number}/{self.patchset}",
                    "change_url": f"https://review.example.org/{self.number}",
                    "commit_id": self.commit_id}
        if self.tag:
            return {"ref": f"refs/tags/{self.tag}", "tag": self.tag, "oldrev": "0" * 40,
                    "newrev": "1" * 40}
        return {"ref": self.ref, "branch": "main"}

    def write_files(self, folder):
        for path, text in self.files.items():
            (folder / path).write_text(text)

    def origin(self):
        """What Zuul adds to the artifacts of a parent build."""
        if self.number:
            return {"branch": "main", "change": str(self.number), "patchset": str(self.patchset)}
        return {"tag": self.tag, "ref": self.ref} if self.tag else {"branch": "main"}


class Item:
    """A change in a queue: its buildset, and the item ahead of it."""

    def __init__(self, world, pipeline, change, ahead, live=True):
        self.world, self.pipeline, self.change = world, pipeline, change
        self.ahead, self.live = ahead, live
        self.jobs = world.layout.graph(change.project, pipeline.name) if live else []
        self.held = set()
        self.reset()

    def reset(self):
        """A new buildset, as after a change ahead has failed."""
        for build in getattr(self, "builds", {}).values():
            if build.phase != "ended":
                build.abort()
        self.builds = {}
        self.buildset = uuid.uuid4().hex

    # --- the job graph

    def parents(self, job):
        """All jobs that a job depends on, in the order of configuration."""
        names, more = set(), set(job.dependencies)
        while more - names:
            names |= more
            more = {name for parent in self.jobs if parent.name in names
                    for name in parent.dependencies}
        return [parent for parent in self.jobs if parent.name in names]

    def children(self, job):
        return [child.name for child in self.jobs if job.name in child.dependencies]

    def is_ready(self, job):
        """A job runs once the jobs it depends on have succeeded or pause, and what it requires is
        there."""
        for parent in self.parents(job):
            build = self.builds.get(parent.name)
            if not build or not build.is_good:
                return False
        return self.ahead is None or self.ahead.provides(job.requires, [])

    def actions(self):
        """What can be done now: jobs to start, and paused ones to resume."""
        for job in self.jobs:
            if job.name not in self.builds and job.name not in self.held and self.is_ready(job):
                build = self.builds[job.name] = Build(self.world, self, job, uuid.uuid4().hex)
                build.phase = "running"
                self.world.database.append(build)
                yield build.start
        for build in list(self.builds.values()):
            if build.paused and all(name in self.builds and self.builds[name].phase == "ended"
                                    for name in self.descendants(build.job)):
                build.phase = "post"
                yield build.finish

    def descendants(self, job):
        """The jobs for which a paused one stays; those that can never run are not waited for."""
        return [child.name for child in self.jobs if job in self.parents(child)
                and not self.can_never_run(child)]

    def can_never_run(self, job):
        return job.name not in self.builds and any(
            self.builds[parent.name].result not in (None, "SUCCESS")
            for parent in self.parents(job) if parent.name in self.builds)

    @property
    def failed(self):
        return any(build.result not in (None, "SUCCESS") for build in self.builds.values())

    @property
    def succeeded(self):
        return all(job.name in self.builds and self.builds[job.name].result == "SUCCESS"
                   for job in self.jobs)

    @property
    def complete(self):
        """Whether nothing runs or pauses, and nothing more will run."""
        return all(b.phase == "ended" for b in self.builds.values()) and all(
            job.name in self.builds or self.can_never_run(job) for job in self.jobs)

    @property
    def busy(self):
        return any(build.phase in ("running", "post") for build in self.builds.values())

    def errors(self):
        return "\n".join(build.error for build in self.builds.values() if build.error)

    # --- artifacts and other data

    def provides(self, wanted, data, recurse=True):
        """Whether all that is wanted of this item and those ahead is there; what there is goes to
        `data`, nearest item first and, within a build, newest first."""
        if not wanted:
            return True
        if not self.live:
            twin = self.pipeline.live_twin(self)
            if twin and not twin.provides(wanted, data, recurse=False):
                return False
            if not twin:
                data.extend(self.world.recorded_artifacts(self.change, self.pipeline, wanted))
        for job in self.jobs:
            if job.provides & wanted:
                build = self.builds.get(job.name)
                if not build or not build.is_good:
                    return False
                data.extend(dict(copy.deepcopy(a), project=self.change.project,
                                 change=str(self.change.number), patchset=str(self.change.patchset),
                                 job=job.name) for a in build.artifacts())
        return not self.ahead or not recurse or self.ahead.provides(wanted, data)

    def artifacts(self, job):
        """zuul.artifacts of a job: first those of the items ahead, furthest first; then those of
        its parents, which are not turned round."""
        data = []
        if self.ahead:
            self.ahead.provides(job.requires, data)
        data.reverse()
        for parent in self.parents(job):
            for artifact in self.builds[parent.name].artifacts():
                artifact = dict(copy.deepcopy(artifact), project=self.change.project, job=parent.name,
                                **self.change.origin())
                if artifact not in data:
                    data.append(artifact)
        return data

    def parent_data(self, job, kind="data"):
        """What a job gets of the data that its parents returned."""
        merged = {}
        for parent in self.parents(job):
            merged.update(self.builds[parent.name].returned(kind))
        return {key: value for key, value in merged.items() if key != "zuul"}

    def variables(self, build):
        """zuul.* but for what the executor adds."""
        change, artifacts = self.change, self.artifacts(build.job)
        project = {"name": change.project, "short_name": change.project.split("/")[-1],
                   "canonical_hostname": "example.org",
                   "canonical_name": f"example.org/{change.project}",
                   "src_dir": f"src/example.org/{change.project}"}
        items = [{"project": project, **item.change.variables()} for item in self.queue_to_here()]
        return {**change.variables(), **({"artifacts": artifacts} if artifacts else {}),
                "buildset": self.buildset, "pipeline": self.pipeline.name, "project": project,
                "post_review": self.pipeline.post_review, "tenant": "example", "items": items,
                "child_jobs": self.children(build.job), "voting": True, "timeout": 1800,
                "jobtags": [], "projects": {project["canonical_name"]: dict(project, required=False)}}

    def queue_to_here(self):
        return [*(self.ahead.queue_to_here() if self.ahead else []), self]

    def write_source(self, folder):
        """The repository as it would be with this change, and those ahead of it, merged."""
        shutil.copytree(self.world.repository(self.change.project), folder)
        for item in self.queue_to_here():
            if item.change.project == self.change.project:
                item.change.write_files(folder)
        self.world.complete_source(pathlib.Path(folder))


class Pipeline:
    """A pipeline of any manager; `dependent` is the one whose items build upon each other."""

    def __init__(self, world, name):
        stanza = world.layout.pipelines[name]
        self.world, self.name, self.manager = world, name, stanza["manager"]
        self.post_review = stanza.get("post-review", False)
        self.items, self.merged = [], []

    def enqueue(self, change):
        """Adds a change. In an independent pipeline the changes it needs go ahead of it, not live.
        A newer patchset puts out the older one and what needed it; a supercedent pipeline puts out
        what waits for the same project."""
        for item in [i for i in self.items if self.is_superseded(i, change)]:
            self.remove(item)
        ahead = self.items[-1] if self.items and self.manager == "dependent" else None
        if self.manager == "independent":
            for needed in change.needs:
                ahead = Item(self.world, self, needed, ahead, live=False)
        item = Item(self.world, self, change, ahead)
        for job in item.jobs:
            assert self.post_review or not job.post_review, f"{job.name} may not run in {self.name}"
        self.items.append(item)
        return item

    def is_superseded(self, item, change):
        if self.manager == "supercedent":
            return item.change.project == change.project and not item.builds
        return change.number and any(i.change.number == change.number for i in item.queue_to_here())

    def live_twin(self, item):
        return next((i for i in self.items if i.live and i.change.key == item.change.key), None)

    def remove(self, item):
        """Takes an item out; those behind it lose their buildsets and start again without it."""
        self.items.remove(item)
        for build in item.builds.values():
            if build.phase != "ended":
                build.abort()
        for behind in self.items:
            if item in behind.queue_to_here():
                behind.reset()
            if behind.ahead is item:
                behind.ahead = item.ahead

    def settle(self):
        """Once nothing runs: items that failed leave, and those that succeeded at the head merge."""
        if any(item.busy for item in self.items):
            return
        failed = next((i for i in self.items if i.failed and i.complete and self.may_leave(i)), None)
        if failed:
            self.remove(failed)
        while self.items and self.items[0].succeeded:
            self.merged.append(self.merge())
        if self.manager != "dependent":
            self.items = [item for item in self.items if not item.succeeded]

    def may_leave(self, item):
        """What failed by itself leaves; what a failure ahead may have caused waits for that one."""
        return item.ahead is None or not item.ahead.failed

    def merge(self):
        """The head has succeeded: it leaves, and what is behind it keeps its builds."""
        head = self.items.pop(0)
        if self.manager == "dependent":
            self.world.merge(head.change)
        for item in self.items:
            if item.ahead is head:
                item.ahead = None
        return head


def run(*pipelines, workers=2):
    """Runs these pipelines until there is nothing to do but what is held back."""
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        running = set()
        while True:
            for pipeline in pipelines:
                pipeline.settle()
                for item in list(pipeline.items):
                    running |= {pool.submit(action) for action in item.actions()}
            if not running:
                return
            done, running = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
            for future in done:
                future.result()
