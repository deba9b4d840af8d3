# SPDX-License-Identifier: Apache-2.0
"""What is left of a job on a node that is used again: nothing. The playbooks of the jobs, run one after another on one
machine, as Zuul runs pre-run and post-run."""

import contextlib
import json
import subprocess
import sys

from roles_world import TOP, ZregRegistry, need, roles_world, tap

PLAYBOOKS = TOP / "playbooks"
FACTS_ONCE = {"ANSIBLE_GATHERING": "smart", "ANSIBLE_CACHE_PLUGIN": "jsonfile"}  # as Zuul does
WORD = "docker.io/example/word:latest"


def snapshot(machine):
    """The files that engines are told in: those of the system, and the user's credentials."""
    return {str(path.relative_to(machine.folder)): path.read_bytes()
            for folder in (machine.etc, machine.home / ".docker", machine.home / ".config")
            for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}


class Node:
    """One machine, which stays while jobs come and go."""

    def __init__(self, w):
        self.w = w
        self.machine = w.machine
        self.root = w.machine.home / "buildset_registry"
        (self.machine.etc / "docker").mkdir(exist_ok=True)
        (self.machine.etc / "docker/daemon.json").write_text('{"registry-mirrors": ["https://mirror.example.org"]}\n')
        # Few authorities, and the list as the system's tool makes it.
        conf = self.machine.etc / "ca-certificates.conf"
        public = [line for line in conf.read_text().splitlines() if line.endswith(".crt") and line[0] not in "#!"]
        conf.write_text("\n".join(public[:3]) + "\n")
        self.machine.run("update-ca-certificates", "--fresh")
        self.before = snapshot(self.machine)

    def record(self):
        return json.loads((self.root / "connection.json").read_text())

    def pid(self):
        return json.loads((self.root / "registry.json").read_text())["pid"]

    def runs(self, pid):
        return self.machine.call("kill", "-0", pid).returncode == 0

    def was_told(self):
        return snapshot(self.machine) != self.before

    def is_as_before(self, *pids):
        after = snapshot(self.machine)
        assert after == self.before, {name for name in after.keys() | self.before.keys()
                                      if after.get(name) != self.before.get(name)}
        for pid in pids:
            assert not self.runs(pid), f"process {pid} still runs"
        assert not (self.root / "images").exists() and not (self.root / "connection.json").exists()
        assert not (self.machine.folder / "var/lib/zreg").exists()


class Job:
    """One build on the node."""

    def __init__(self, node, build, **variables):
        self.w, self.node, self.build = node.w, node, build
        self.logs = self.w.folder / f"logs-{build}"
        self.logs.mkdir()
        self.returned = self.w.folder / f"returned-{build}.json"
        self.variables = {"buildset_registry_host": "127.0.0.1", "buildset_registry_reload": False, **variables}
        self.variables["zuul"] = {
            "build": build, "pipeline": "check", "change": "7", "patchset": "1", "artifacts": [],
            "executor": {"log_root": str(self.logs), "result_data_file": str(self.returned)}}

    def play(self, book, fails=False, environment=(), **variables):
        """Runs a playbook of the jobs; gives what it printed."""
        given = {**self.variables, **variables, "ansible_connection": "local",
                 "ansible_python_interpreter": sys.executable}
        self.w.write("inventory.yaml", {"all": {"hosts": {"node": {}}, "vars": given}})
        argv = ["ansible-playbook", "-i", self.w.folder / "inventory.yaml", PLAYBOOKS / f"{book}.yaml"]
        env = {**self.w.environment, "ANSIBLE_STDOUT_CALLBACK": "default", "ANSIBLE_LIBRARY": str(
            TOP / "tests/modules/library"), "ZREG_TEST_ZUUL_RETURN": str(self.returned), **FACTS_ONCE,
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.w.folder / "facts"), **dict(environment)}
        done = subprocess.run(self.w.machine.argv(*argv), cwd=self.w.folder, env=env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        assert (done.returncode != 0) == fails, done.stdout[-8000:]
        for password in self.w.secrets:
            assert password not in done.stdout
        return done.stdout

    def start(self, **how):
        """pre-run; gives the process of the registry."""
        self.play("buildset-registry/pre", **how)
        self.w.secrets.add(self.node.record()["password"])
        return self.node.pid()

    def push(self, name=WORD):
        """The job builds an image."""
        record = self.node.record()
        tree = self.w.tree(f"{self.build}-tree", {"etc/word": self.build})
        place = name.replace("docker.io", f"127.0.0.1:{record['port']}")
        self.w.run("zreg", "append", "--base", "scratch", "--platform", "linux/amd64", "--layer", str(tree),
                   "--connection", str(self.node.root / "connection.json"), place)


@contextlib.contextmanager
def node():
    need("skopeo")
    with roles_world(own_machine=True) as w:
        w.secrets = set()
        made = Node(w)
        try:
            yield made
        finally:
            with contextlib.suppress(OSError, ValueError):
                w.machine.call("kill", "-9", made.pid())


@contextlib.contextmanager
def with_intermediate(**variables):
    """A node, and what a job there is given to reach the intermediate registry."""
    with node() as made:
        intermediate = made.w.start(ZregRegistry)
        record = dict(made.w.secret(intermediate), host="127.0.0.1", port=int(intermediate.address.split(":")[1]))
        made.w.secrets.add(record["password"])
        yield made, intermediate, dict(intermediate_registry=record, buildset_registry_port=0, docker_images=[
            {"repository": "example/word"}], **variables)


def test_a_node_is_as_it_was():
    with with_intermediate() as (node, intermediate, variables):
        job = Job(node, "first", **variables)
        pid = job.start()
        assert node.was_told() and node.runs(pid)
        job.push()
        job.play("buildset-registry/post", zuul_success=True)
        node.is_as_before(pid)
        artifact, = json.loads(job.returned.read_text())["data"]["zuul"]["artifacts"][:1]
        assert artifact["url"].startswith(f"docker://{intermediate.address}/"), artifact
        assert "example/word" in (job.logs / "buildset-registry/access.jsonl").read_text()
        job.play("buildset-registry/post", zuul_success=False)  # and once more, as when Zuul cleans up
        node.is_as_before(pid)


def test_a_failure_to_publish_is_told_after_all_is_cleaned_up():
    with with_intermediate() as (node, intermediate, variables):
        job = Job(node, "first", **variables)
        pid = job.start()
        job.push()
        intermediate.stop()
        told = job.play("buildset-registry/post", fails=True, zuul_success=True)
        assert "The images of this change were not published: " in told and intermediate.address in told, told[-3000:]
        node.is_as_before(pid)
        assert (job.logs / "buildset-registry/access.jsonl").exists()


def test_a_failure_to_save_logs_does_not_keep_the_registry():
    with with_intermediate() as (node, _, variables):
        job = Job(node, "first", **variables)
        pid = job.start()
        (job.logs / "buildset-registry/access.jsonl").mkdir(parents=True)
        job.play("buildset-registry/post", fails=True, zuul_success=True, docker_images=[])
        node.is_as_before(pid)


def test_engines_that_cannot_be_put_back_do_not_keep_the_registry():
    """Somebody has spoiled our part of a file; this is told, and the registry is stopped all the same."""
    with with_intermediate() as (node, _, variables):
        job = Job(node, "first", **variables)
        pid = job.start()
        hosts = node.machine.folder / "var/lib/zreg/node.json"
        written = hosts.read_text()
        hosts.write_text("spoiled")
        told = job.play("buildset-registry/post", fails=True, zuul_success=False)
        assert "/var/lib/zreg/node.json" in told, told[-3000:]
        assert not node.runs(pid) and not (node.root / "images").exists()
        hosts.write_text(written)
        job.play("buildset-registry/post", zuul_success=False)
        node.is_as_before(pid)


def test_a_job_leaves_the_registry_of_its_parent_alone():
    with with_intermediate() as (node, _, variables):
        parent, child = Job(node, "parent", **variables), Job(node, "child", **variables)
        pid = parent.start()
        record = node.record()
        for books in (["buildset-registry-consumer/pre", "buildset-registry-consumer/post"], ["buildset-registry/post"]):
            for book in books:
                child.play(book, buildset_registry=record, zuul_success=False)
            assert node.runs(pid) and node.record() == record and (node.root / "images").exists()
            assert not (child.logs / "buildset-registry/access.jsonl").exists()
        parent.play("buildset-registry/post", zuul_success=False)
        node.is_as_before(pid)


def test_a_pre_run_that_was_cut_off_is_cleaned_up():
    """Zuul was told of no registry, or the engines were not. Nothing is published, and what was logged is saved."""
    with with_intermediate() as (node, intermediate, variables):
        job = Job(node, "first", **variables)
        job.play("buildset-registry/pre", fails=True, environment={"ZREG_TEST_ZUUL_RETURN": "/nowhere/returned"})
        pid = node.pid()
        assert node.runs(pid) and not job.returned.exists()
        job.play("buildset-registry/post", zuul_success=False)
        node.is_as_before(pid)

        assert (job.logs / "buildset-registry/access.jsonl").exists() and not intermediate.requests()
        later = Job(node, "later", **variables)
        later.play("buildset-registry/pre", fails=True, buildset_registry_engines=["podman", "rocket"])
        pid = node.pid()
        assert node.runs(pid)
        later.play("buildset-registry/post", zuul_success=False)
        node.is_as_before(pid)


def test_the_next_job_takes_over_what_an_aborted_one_left():
    """No post-run has run: the registry of the first job holds the port, the engines ask it, and its images are none of
    the next job's."""
    with with_intermediate() as (node, _, variables):
        first = Job(node, "first", **variables)
        left = first.start()
        first.push()
        port = node.record()["port"]
        password = node.record()["password"]
        node.w.machine.run("skopeo", "inspect", "--raw", f"docker://{WORD}", timeout=60)

        second = Job(node, "second", **dict(variables, buildset_registry_port=port))
        pid = second.start()
        assert not node.runs(left) and node.runs(pid)
        assert node.record()["port"] == port and node.record()["password"] != password
        second.push("docker.io/example/other:latest")
        node.w.machine.run("skopeo", "inspect", "--raw", "docker://docker.io/example/other:latest")
        stale = node.w.machine.call("skopeo", "inspect", "--raw", f"docker://{WORD}")
        assert stale.returncode != 0, "the image of an aborted job was given to the next one"
        second.play("buildset-registry/post", zuul_success=False)
        node.is_as_before(left, pid)
        lines = map(json.loads, (second.logs / "buildset-registry/access.jsonl").read_text().splitlines())
        assert {line["repository"] for line in lines if line["method"] == "PUT"} == {"example/other"}, "not its own log"


def test_images_of_a_registry_that_died_are_not_the_next_jobs():
    """The node was started again, perhaps."""
    with with_intermediate() as (node, _, variables):
        first = Job(node, "first", **variables)
        died = first.start()
        first.push()
        node.machine.run("kill", "-9", died)
        second = Job(node, "second", **variables)
        second.start()
        listed = node.w.machine.call("skopeo", "list-tags", f"docker://127.0.0.1:{node.record()['port']}/example/word")
        assert listed.returncode != 0, listed.stdout
        second.play("buildset-registry/post", zuul_success=False)
        node.is_as_before(died)


def test_a_node_that_never_had_zreg_is_left_alone():
    with node() as made:
        job = Job(made, "first")
        bare = dict(PATH="/usr/sbin:/usr/bin:/sbin:/bin", PYTHONPATH="", LD_LIBRARY_PATH="")
        for book in ("buildset-registry/post", "buildset-registry-consumer/post"):
            told = job.play(book, environment=bare, zuul_success=False)
            assert "changed=0" in told, told
        assert not made.root.exists() and not job.returned.exists()
        made.is_as_before()


if __name__ == "__main__":
    tap.main(__name__)
