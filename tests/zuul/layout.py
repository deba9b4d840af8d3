# SPDX-License-Identifier: Apache-2.0
"""What Zuul makes of its configuration files: jobs after inheritance, and which of them a project runs.

Only what the jobs of this tree and of the example site use is understood; another key is an error,
so that no test passes by not reading its configuration. test_loader.py compares the outcome with
Zuul's own code."""

import dataclasses
import pathlib

import yaml

MERGED = {"requires", "provides", "dependencies"}
PHASES = {"pre-run": "pre_run", "run": "run", "post-run": "post_run"}
PLAIN = {"description", "nodeset", "post-review", "abstract", "timeout"}
KNOWN = {"name", "parent", "vars", "secrets", *MERGED, *PHASES, *PLAIN}


class Encrypted(str):
    """A value of a secret that only the owner of the key can read."""


class Loader(yaml.SafeLoader):
    pass


Loader.add_constructor("!encrypted/pkcs1-oaep", lambda loader, node: Encrypted("".join(
    loader.construct_sequence(node))))


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


@dataclasses.dataclass
class Playbook:
    """A playbook and the secrets that it may see, by the names it sees them under."""

    path: pathlib.Path
    secrets: dict


@dataclasses.dataclass
class Job:
    name: str
    pre_run: list = dataclasses.field(default_factory=list)
    run: list = dataclasses.field(default_factory=list)
    post_run: list = dataclasses.field(default_factory=list)
    vars: dict = dataclasses.field(default_factory=dict)
    requires: set = dataclasses.field(default_factory=set)
    provides: set = dataclasses.field(default_factory=set)
    dependencies: set = dataclasses.field(default_factory=set)
    nodes: list = dataclasses.field(default_factory=list)
    roles: list = dataclasses.field(default_factory=list)
    post_review: bool = False
    abstract: bool = False

    def apply(self, stanza, folder, secrets):
        """What a definition changes: a child of the job so far, or a variant of it."""
        own = {use["name"]: secrets[use["secret"]] for use in as_list(stanza.get("secrets"))}
        passed = {use["name"]: own[use["name"]] for use in as_list(stanza.get("secrets"))
                  if use.get("pass-to-parent")}
        for playbook in self.pre_run + self.run + self.post_run:
            playbook.secrets = {**passed, **playbook.secrets}
        new = {field: [Playbook(folder / path, own) for path in as_list(stanza.get(key))]
               for key, field in PHASES.items()}
        self.pre_run = self.pre_run + new["pre_run"]
        self.run = new["run"] or self.run
        self.post_run = new["post_run"] + self.post_run
        for key in MERGED:
            getattr(self, key).update(as_list(stanza.get(key)))
        if "nodeset" in stanza:
            self.nodes = stanza["nodeset"]["nodes"]
        if folder not in self.roles:
            self.roles.insert(0, folder)
        self.vars = merge(self.vars, stanza.get("vars", {}))
        self.post_review = self.post_review or stanza.get("post-review", False)


def merge(old, new):
    """Dictionaries merge, everything else is replaced, as Zuul's variables do."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return {**old, **{key: merge(old[key], value) if key in old else value
                      for key, value in new.items()}}


class Layout:
    """The configuration of a tenant: folders that hold zuul.d/ or .zuul.yaml, by project name."""

    def __init__(self, projects):
        self.stanzas, self.secrets, self.pipelines, self.projects = {}, {}, {}, {}
        for name, folder in projects.items():
            for path in self.config_files(folder):
                self.read(name, folder, yaml.load(path.read_text(), Loader))

    @staticmethod
    def config_files(folder):
        files = sorted((folder / "zuul.d").glob("*.yaml")) or [folder / ".zuul.yaml"]
        return [path for path in files if path.exists()]

    def read(self, name, folder, document):
        for item in document:
            (kind, stanza), = item.items()
            if kind == "job":
                unknown = set(stanza) - KNOWN
                assert not unknown, f"{stanza['name']}: {unknown} are not understood here"
                self.stanzas[stanza["name"]] = (stanza, folder, name)
            elif kind == "secret":
                self.secrets.setdefault(name, {})[stanza["name"]] = stanza["data"]
            elif kind == "pipeline":
                self.pipelines[stanza["name"]] = stanza
            elif kind == "project":
                self.projects[stanza.get("name", name)] = stanza
            else:
                raise ValueError(f"{kind} is not understood here")

    def job(self, name):
        """A job after inheritance."""
        stanza, folder, project = self.stanzas[name]
        parent = stanza.get("parent", "base")
        job = Job(name) if parent is None else self.job(parent)
        job.name = name
        job.abstract = stanza.get("abstract", False)
        job.apply(stanza, folder, self.secrets.get(project, {}))
        return job

    def graph(self, project, pipeline):
        """The jobs that a project runs in a pipeline, in the order of its configuration."""
        jobs = []
        for entry in self.projects[project].get(pipeline, {}).get("jobs", []):
            (name, variant), = entry.items() if isinstance(entry, dict) else [(entry, {})]
            job = self.job(name)
            assert not job.abstract, f"{name} is abstract"
            if variant:
                job.apply(variant, self.stanzas[name][1], {})
            jobs.append(job)
        return jobs
