# SPDX-License-Identifier: Apache-2.0
"""Runs roles with ansible-playbook as a Zuul executor would, against registries on loopback."""

import base64
import contextlib
import json
import pathlib
import secrets
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/e2e"), str(TOP / "tests/lib")]

from engines import Machine, need_machines  # noqa: E402
from world import World, need, tap  # noqa: E402
from registries import BuildsetRegistry, DockerRegistry, ZregRegistry  # noqa: E402

PROJECT = "src/example.org/app"


class Public:
    """A registry at the port of HTTPS of a loopback address of its own: a name without a port, as public registries
    have. Names with a port cannot stand in the path of another registry."""

    def __init__(self, folder, name, credentials):
        super().__init__(folder, name, credentials)
        self.ip = "127.{}.{}.{}".format(*(secrets.randbelow(254) + 1 for _ in range(3)))

    def port(self):
        return 443


class PublicDocker(Public, DockerRegistry):
    """Debian's docker-registry, which can delete no tags."""


class PublicZreg(Public, ZregRegistry):
    """`zreg serve`, which can."""

    def launch(self, *argv):
        self.listen = f"{self.ip}:443"
        record = super().launch(*argv)
        self.address = self.ip
        return record


class Play:
    """What ansible-playbook did: its exit code, its output, and the results of its tasks by name."""

    def __init__(self, done):
        self.code = done.returncode
        self.text = done.stdout + done.stderr
        self.tasks = {}
        if self.text.startswith("{"):
            for play in json.loads(done.stdout)["plays"]:
                for task in play["tasks"]:
                    name = task["task"]["name"].split(" : ")[-1]
                    self.tasks.setdefault(name, []).extend(task["hosts"].values())

    def result(self, name):
        """The result of the task of this name that was not skipped."""
        one, = [result for result in self.tasks[name] if not result.get("skipped")]
        return one

    def failure(self):
        """What the tasks that failed said."""
        return "\n".join(text for results in self.tasks.values() for result in results
                         if result.get("failed") for text in messages(result))


def messages(result):
    if result.get("msg"):
        yield result["msg"]
    for item in result.get("results", ()):
        if item.get("failed"):
            yield from messages(item)


class RolesWorld(World):
    """A node with a home and a project, and the registries of a tenant. The node is this machine, or `machine`."""

    machine = None

    def __init__(self):
        super().__init__()
        need("ansible-playbook")
        self.environment.update(
            ANSIBLE_ROLES_PATH=str(TOP / "roles"), ANSIBLE_STDOUT_CALLBACK="json", ANSIBLE_NOCOLOR="1",
            ANSIBLE_LOCAL_TEMP=str(self.folder / "ansible"), ANSIBLE_CONFIG=str(self.folder / "ansible.cfg"),
            ANSIBLE_REMOTE_TEMP=str(self.folder / "ansible-remote"), ANSIBLE_RETRY_FILES_ENABLED="0",
            ANSIBLE_PIPELINING="1", LC_ALL="C.UTF-8", TMPDIR=str(self.folder / "tmp"))
        (self.folder / "tmp").mkdir()
        (self.folder / "ansible.cfg").touch()
        self.project = self.folder / "home" / PROJECT
        self.project.mkdir(parents=True)
        self.results = self.folder / "results.json"
        self.zuul = {
            "build": "b" * 32, "change": "7", "patchset": "2", "pipeline": "gate",
            "change_url": "https://review.example.org/7", "ref": "refs/changes/07/7/2",
            "project": {"src_dir": PROJECT, "short_name": "app"},
            "executor": {"result_data_file": str(self.results), "work_root": str(self.folder)},
        }

    def without_change(self, pipeline):
        """The item is a branch or a tag: Zuul defines none of a change's variables."""
        for name in ("change", "patchset", "change_url"):
            del self.zuul[name]
        self.zuul.update(pipeline=pipeline, ref="refs/tags/1.0")

    def buildset(self, kind=BuildsetRegistry):
        """A buildset registry, and its record as a parent job returns it."""
        registry = self.start(kind)
        return registry, registry.record

    def public(self, kind=PublicDocker, **more):
        """A public registry, and the credentials for it that a job has as a secret."""
        registry = self.start(kind)
        return registry, {registry.address: dict(self.secret(registry), **more)}

    def secret(self, registry):
        auth = base64.b64decode(self.credentials.auths[registry.address]["auth"]).decode()
        username, password = auth.split(":", 1)
        return {"username": username, "password": password, "cert": (registry.folder / "cert.pem").read_text()}

    def play(self, *roles, options=(), callback=None, **variables):
        """Applies roles to the node with these variables, which come from the inventory as in Zuul."""
        variables = dict(variables, zuul=self.zuul, ansible_connection="local",
                         ansible_python_interpreter=sys.executable)
        self.write("inventory.yaml", {"all": {"hosts": {"node": variables}}})
        self.write("play.yaml", [{"hosts": "all", "gather_subset": ["min"], "roles": list(roles)}])
        environment = dict(self.environment, **({"ANSIBLE_STDOUT_CALLBACK": callback} if callback else {}))
        argv = ["ansible-playbook", "-i", self.folder / "inventory.yaml", *options, self.folder / "play.yaml"]
        return Play(subprocess.run(self.machine.argv(*argv) if self.machine else argv, cwd=self.folder,
                                   env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))

    def works(self, *roles, **given):
        done = self.play(*roles, **given)
        assert done.code == 0, done.failure() or done.text
        return done

    def refused(self, *roles, **given):
        """The roles must fail; gives what they said."""
        done = self.play(*roles, **given)
        assert done.code == 2, f"exit {done.code}: {done.text}"
        return done.failure()

    def write(self, name, document):
        path = self.folder / name
        path.touch(0o600)
        path.write_text(json.dumps(document))

    def source(self, files):
        """Files of the project."""
        for name, text in files.items():
            (self.project / name).parent.mkdir(parents=True, exist_ok=True)
            (self.project / name).write_text(text)

    def inspect(self, place):
        return self.zreg("inspect", place)

    def tags(self, repository):
        return sorted(json.loads(self.run(*self.argv("tags", repository)))["tags"])


@contextlib.contextmanager
def roles_world(own_machine=False):
    """With a machine of its own, the node shares with this one only its network and the folder."""
    with contextlib.ExitStack() as stack:
        made = RolesWorld()
        stack.callback(made.close)
        if own_machine:
            need_machines()
            folder = made.folder.with_name(f"{made.folder.name}-machine")
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            made.machine = stack.enter_context(Machine(folder, keep=[made.folder], network=False))
        yield made


def puts(registry, part="/"):
    """Requests that brought something, of blobs ("/blobs/") or manifests ("/manifests/") only, to a registry."""
    return [r for r in registry.requests() if part in r["path"] and r["method"] in ("PUT", "POST", "PATCH")
            and r["status"] < 400]
