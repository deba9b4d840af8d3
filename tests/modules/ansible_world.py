# SPDX-License-Identifier: Apache-2.0
"""A world (tests/e2e/world.py) with Ansible in it: playbooks run on localhost, with this build's
Python package, and nothing they print or report may hold a secret."""

import base64
import contextlib
import itertools
import json
import pathlib
import subprocess
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(TOP / "tests/e2e"), str(TOP / "tests/lib")]

from world import World, need, tap  # noqa: E402, F401
from registries import BuildsetRegistry, DockerRegistry, ZregRegistry  # noqa: E402, F401


MODULES = TOP / "roles/zreg-modules"
SHOWN = 8000  # characters of the output of a run that failed
# What Ansible adds to a result, what the callback adds, and what a failure of the library tells.
KNOWN = set("""changed diff invocation failed msg exception warnings deprecations ansible_facts
               status host task code http_status registry_code""".split())


def documented(name):
    """The results that a module's documentation tells."""
    text = (MODULES / f"library/{name}.py").read_text()
    return set(yaml.safe_load(text.split('RETURN = r"""')[1].partition('"""')[0]))


def all_documented(name, results):
    """The same results, each key of which the module's documentation tells."""
    for result in results:
        unknown = {key for key in result if not key.startswith("_ansible")} - documented(name) - KNOWN
        assert not unknown, f"{name} does not document {unknown}"
    return results


class Results(list):
    """What the tasks of one run gave, in order."""

    def __init__(self, results, output, code):
        super().__init__(results)
        self.output = output
        self.code = code

    def of(self, task):
        """The results of the task with this name."""
        return [result for result in self if result["task"].rpartition(" : ")[2] == task]

    @property
    def only(self):
        assert len(self) == 1, self.output
        return self[0]


class Ansible(World):
    def __init__(self):
        super().__init__()
        self.runs = itertools.count()
        self.secrets = set()
        self.wrap = lambda argv: argv  # how a program is run where Ansible is to run
        (self.folder / "ansible.cfg").touch()
        self.environment.update(
            ANSIBLE_ROLES_PATH=str(TOP / "roles"), ANSIBLE_LIBRARY=str(HERE / "library"),
            ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callback"), ANSIBLE_CALLBACKS_ENABLED="results",
            ANSIBLE_LOCAL_TEMP=str(self.folder / "home/tmp"), ANSIBLE_REMOTE_TEMP=str(self.folder / "home/tmp"),
            ANSIBLE_LOCALHOST_WARNING="false", ANSIBLE_NOCOLOR="1", ANSIBLE_CONFIG=str(self.folder / "ansible.cfg"),
            ZREG_TEST_ZUUL_RETURN=str(self.folder / "zuul-return.json"))
        for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR"):
            self.environment.pop(name, None)

    def record(self, kind=ZregRegistry, **options):
        """Starts a registry, and gives what `registries` takes."""
        registry = self.start(kind, **options)
        host, _, port = registry.address.rpartition(":")
        record = {"host": host, "port": int(port)}
        if registry.address in self.credentials.auths:
            login = base64.b64decode(self.credentials.auths[registry.address]["auth"]).decode()
            record["username"], _, record["password"] = login.partition(":")
            self.secrets.add(record["password"])
        certificate = self.credentials.certs / registry.address / "ca.crt"
        if certificate.exists():
            record["cert"] = certificate.read_text()
        return record

    def play(self, *tasks, roles=("zreg-modules",), check=False, fails=False, gather=False, **variables):
        """Runs tasks on localhost with -vvv and --diff. They are ordinary YAML, as Python has it."""
        number = next(self.runs)
        book, results = self.folder / f"play-{number}.yml", self.folder / f"results-{number}.jsonl"
        given = self.folder / f"variables-{number}.json"
        book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": gather, "roles": list(roles),
                                     "tasks": list(tasks)}]))
        given.write_text(json.dumps({"ansible_python_interpreter": sys.executable, **variables}))
        results.touch()
        argv = ["ansible-playbook", "-vvv", "--diff", "-i", "localhost,", "-c", "local", "-e", f"@{given}", str(book)]
        done = subprocess.run(self.wrap(argv + ["--check"] * check), env={**self.environment, "ZREG_TEST_RESULTS": str(results)},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder)
        self.no_secret_in(done.stdout + results.read_text())
        assert (done.returncode != 0) == fails, done.stdout[-SHOWN:]
        lines = [json.loads(line) for line in results.read_text().splitlines()]
        return Results(lines, done.stdout, done.returncode)

    def no_secret_in(self, text):
        for secret in self.secrets:
            for shape in (secret, *(base64.b64encode(f"{user}{secret}".encode()).decode() for user in ("", "zuul:"))):
                assert shape not in text, f"a password is in the output, near {text.partition(shape)[0][-300:]}"

    def module(self, name, *, check=False, fails=False, **options):
        """Runs one module and gives its result."""
        return all_documented(name, self.play({name: options}, check=check, fails=fails)).only

    def thrice(self, name, **options):
        """Check mode says what will happen, the run does it, and the next ones find nothing to do.
        Gives the result of the run."""
        foreseen, done, again, nothing = all_documented(name, self.play(
            {name: options, "check_mode": True}, {name: options}, {name: options},
            {name: options, "check_mode": True}))
        assert foreseen["changed"] and done["changed"], (foreseen, done)
        assert foreseen["diff"] == done["diff"], (foreseen["diff"], done["diff"])
        assert done["diff"]["before"] != done["diff"]["after"], done["diff"]
        for same in (again, nothing):
            assert not same["changed"] and same["diff"]["before"] == same["diff"]["after"], same
        return done


@contextlib.contextmanager
def ansible():
    need("ansible-playbook")
    made = Ansible()
    try:
        yield made
    finally:
        made.close()
