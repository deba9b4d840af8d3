# SPDX-License-Identifier: Apache-2.0
"""One build of one job, as Zuul's executor runs it: a folder, an inventory, nodes, playbooks, and
what the playbooks returned."""

import json
import os
import pathlib
import shutil
import subprocess
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
PLAYBOOK_S = 300
# zuul_return is Zuul's own where Zuul is installed.
ZUUL = pathlib.Path(os.environ.get("ZREG_ZUUL", HERE.parents[1] / "build/zuul"))

# The executor sees its own /etc, and cannot write there.
EXECUTOR = 'mount --bind "$0" /etc && mount -o remount,bind,ro /etc && exec "$@"'

CONFIG = """
[defaults]
local_tmp = {root}/ansible
retry_files_enabled = False
gathering = smart
fact_caching = jsonfile
fact_caching_connection = {root}/facts
roles_path = {roles}
action_plugins = {action}
connection_plugins = {here}/plugins/connection
host_key_checking = False
interpreter_python = /usr/bin/python3
nocows = True
[connection]
pipelining = True
"""


class PlaybookFailed(Exception):
    """A playbook failed; the text is the end of its output."""


def zuul_python_path():
    """Where zuul_return finds the parts of Zuul that it imports, and nothing else that is there."""
    packages = next(ZUUL.glob("lib/python3*/site-packages/zuul"), None)
    if not packages:
        return None
    path = ZUUL / "for-ansible"
    path.mkdir(exist_ok=True)
    for name in ("zuul", "voluptuous"):
        if not (path / name).exists():
            (path / name).symlink_to(packages.parent / name)
    return path


class Build:
    """A build. `phase` goes from None to running, perhaps paused, and ended with a result."""

    def __init__(self, world, item, job, uuid):
        self.world, self.item, self.job, self.uuid = world, item, job, uuid
        self.buildset = item.buildset
        self.root = world.folder / "builds" / f"{item.change.name}-{job.name}-{uuid[:7]}"
        self.work = self.root / "work"
        self.nodes = {}
        self.phase = None
        self.result = self.outcome = None
        self.error = ""
        self.start_time = self.end_time = None

    @property
    def paused(self):
        return self.phase == "paused"

    @property
    def is_good(self):
        """Whether jobs that depend on this one may start."""
        return self.paused or self.result == "SUCCESS"

    # --- what the playbooks returned

    def returned(self, kind="data"):
        path = self.work / "results.json"
        text = path.read_text() if path.exists() else ""
        return json.loads(text)[kind] if text else {}

    def artifacts(self):
        """Newest first, as zuul_return keeps them."""
        return self.returned().get("zuul", {}).get("artifacts", [])

    # --- the life of a build

    def start(self):
        """Runs the playbooks up to the pause, or to the end."""
        self.start_time = time.time()
        for name in ("work/src", "work/logs", "ansible", "facts"):
            (self.root / name).mkdir(parents=True)
        (self.work / "results.json").touch()
        for node in self.job.nodes:
            self.nodes[node["name"]] = self.world.node(self, node)
        self.prepare()
        playbooks = [(p, "pre") for p in self.job.pre_run] + [(p, "run") for p in self.job.run]
        self.outcome = "SUCCESS" if all(self.play(*p) for p in playbooks) else "FAILURE"
        if self.outcome == "SUCCESS" and self.returned().get("zuul", {}).get("pause"):
            self.phase = "paused"
        else:
            self.finish()

    def finish(self):
        """Runs the post playbooks and gives the nodes back."""
        self.phase = "post"
        for playbook in self.job.post_run:
            if not self.play(playbook, "post") and self.outcome == "SUCCESS":
                self.outcome = "POST_FAILURE"
        self.close()

    def abort(self):
        """What becomes of a build whose item left its queue: nothing more is run."""
        self.outcome = "CANCELED"
        self.close()

    def close(self):
        for node in self.nodes.values():
            node.stop()
        self.end_time = time.time()
        self.phase, self.result = "ended", self.outcome

    # --- playbooks

    def prepare(self):
        """The sources on executor and nodes, the inventory, and the configuration of ansible."""
        source = f"src/example.org/{self.item.change.project}"
        self.item.write_source(self.work / source)
        for node in self.nodes.values():
            shutil.copytree(self.work / source, node.machine.home / source)
        (self.root / "inventory.yaml").write_text(yaml.safe_dump(self.inventory()))
        action = HERE / "plugins/action"
        if self.world.zuul:
            action = self.root / "action"
            action.mkdir()
            (action / "zuul_return.py").symlink_to(self.world.zuul / "zuul/ansible/base/action/zuul_return.py")
        roles = ":".join(str(folder / "roles") for folder in self.job.roles)
        (self.root / "ansible.cfg").write_text(CONFIG.format(root=self.root, roles=roles, here=HERE,
                                                             action=action))

    def inventory(self):
        zuul = dict(self.item.variables(self), build=self.uuid, job=self.job.name,
                    executor={"hostname": "executor", "src_root": str(self.work / "src"),
                              "log_root": str(self.work / "logs"), "work_root": str(self.work),
                              "result_data_file": str(self.work / "results.json"),
                              "inventory_file": str(self.root / "inventory.yaml")})
        hosts = {name: node.variables() for name, node in self.nodes.items()}
        parents = self.item.parent_data(self.job)
        return {"all": {"hosts": hosts, "vars": {**parents, **self.job.vars, "zuul": zuul}}}

    def secrets(self, playbook):
        return {**self.item.parent_data(self.job, "secret_data"),
                **self.world.decrypt(playbook.secrets)}

    def play(self, playbook, phase):
        """Runs one playbook; False when it failed."""
        secrets = self.root / "secrets.yaml"
        secrets.touch(0o600)
        secrets.write_text(yaml.safe_dump(self.secrets(playbook)))
        argv = ["ansible-playbook", "-i", self.root / "inventory.yaml", "-e", f"@{secrets}"]
        if phase == "post":
            argv += ["-e", f"zuul_success={self.outcome == 'SUCCESS'}"]
        argv.append(playbook.path)
        environment = dict(self.world.environment, HOME=str(self.work), ZUUL_JOBDIR=str(self.root),
                           ANSIBLE_CONFIG=str(self.root / "ansible.cfg"))
        if self.world.zuul:
            environment["PYTHONPATH"] = f"{environment['PYTHONPATH']}:{self.world.zuul}"
        start = time.monotonic()
        with (self.work / "logs/job-output.txt").open("a") as log:
            log.write(f"\n# {phase}: {playbook.path}\n")
            log.flush()
            done = subprocess.run(
                ["unshare", "--mount", "sh", "-c", EXECUTOR, self.world.executor_etc, *argv],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.work,
                env=environment, timeout=PLAYBOOK_S)
            log.write(f"# exit {done.returncode} after {time.monotonic() - start:.1f} s\n")
        secrets.unlink()
        if done.returncode != 0 and not self.error:
            self.error = f"{self.job.name}, {phase}, {playbook.path.name}:\n{self.output()[-3000:]}"
        return done.returncode == 0

    def output(self):
        return (self.work / "logs/job-output.txt").read_text()
