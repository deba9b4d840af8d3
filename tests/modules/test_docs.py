# SPDX-License-Identifier: Apache-2.0
"""Modules and roles are documented as they are, and pass ansible-lint and yamllint."""

import importlib
import json
import os
import subprocess
import sys

import ansible.module_utils
import yaml

from ansible_world import MODULES, TOP, need, tap

LIBRARY = MODULES / "library"
NAMES = sorted(path.stem for path in LIBRARY.glob("zreg_*.py"))
SPEC = {"type": "str", "required": False, "default": None, "choices": None, "elements": None, "aliases": []}


def output(*argv):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=TOP,
                          env={**os.environ, "ANSIBLE_NOCOLOR": "1", "NO_COLOR": "1"})
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}"
    return done.stdout


def load(name):
    """A module as Python sees it, with what it shares with the others where Ansible would put it."""
    ansible.module_utils.__path__.append(str(MODULES / "module_utils"))
    sys.path.insert(0, str(LIBRARY))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)
        ansible.module_utils.__path__.pop()


def compare(where, documented, spec):
    """The documentation of options says what the argument_spec does."""
    assert set(documented) == set(spec), f"{where}: {set(documented) ^ set(spec)}"
    for option, said in documented.items():
        for key, default in SPEC.items():
            given, told = spec[option].get(key, default), said.get(key, default)
            assert given == told, f"{where}.{option}: {key} is {given!r}, documented {told!r}"
        assert said.get("description"), f"{where}.{option}: no description"
        compare(f"{where}.{option}", said.get("suboptions") or {}, spec[option].get("options") or {})


def examples_are_right(name, text, options):
    """Each example is YAML, and gives the module only options that it has."""
    tasks = [task for task in yaml.safe_load(text) if name in task]
    assert tasks, f"{name}: no example"
    for task in tasks:
        assert set(task[name]) <= set(options), f"{name}: {task}"


def checks(name):
    def run():
        need("ansible-doc")
        told = json.loads(output("ansible-doc", "--json", "-M", str(LIBRARY), name))[name]
        module = load(name)
        compare(name, told["doc"]["options"], module.ARGUMENTS)
        examples_are_right(name, told["examples"], module.ARGUMENTS)
        assert told["return"] and all(value["description"] for value in told["return"].values()), told["return"]
        page = output("ansible-doc", "-M", str(LIBRARY), name)
        assert name.upper() in page and "ERROR" not in page, page
    return run


for module_name in NAMES:
    globals()[f"test_the_documentation_of_{module_name}"] = checks(module_name)


def test_what_modules_share_is_told_in_the_same_words():
    """Ansible finds a fragment of documentation neither in a role nor beside a module, so each module has it whole."""
    need("ansible-doc")
    told = {name: json.loads(output("ansible-doc", "--json", "-M", str(LIBRARY), name))[name]["doc"]["options"]
            for name in NAMES}
    sharing = [name for name in NAMES if "registries" in told[name]]
    assert len(sharing) > 5, sharing
    for name in sharing:
        for option in ("registries", "authfile"):
            assert told[name][option] == told[sharing[0]][option], f"{name}.{option} is not as in {sharing[0]}"


def secrets(options):
    """The options with a secret's name, however deep."""
    for name, spec in options.items():
        if any(word in name for word in ("password", "token", "secret")):
            yield name, spec
        yield from secrets(spec.get("options") or {})


def test_each_secret_is_no_log():
    found = [(name, option, spec) for name in NAMES for option, spec in secrets(load(name).ARGUMENTS)]
    assert found
    assert all(spec.get("no_log") is True for _, _, spec in found), found


def roles():
    return sorted(path for path in (TOP / "roles").iterdir() if path.is_dir())


# Roles whose defaults are all for people to set, and so are in the README.
PLAIN = ("collect-buildset-registry-logs", "ensure-zreg", "mirror-container-images", "run-buildset-registry",
         "run-intermediate-registry", "use-buildset-registry")


def test_each_role_documents_its_variables():
    for role in roles():
        assert f"# {role.name}\n" in (role / "README.md").read_text()
    for name in PLAIN:
        text = (TOP / f"roles/{name}/README.md").read_text()
        for variable in yaml.safe_load((TOP / f"roles/{name}/defaults/main.yml").read_text()):
            assert f"`{variable}`" in text, f"{name}/README.md does not name {variable}"


def test_roles_that_use_a_module_depend_on_it():
    for role in roles():
        uses = any(f"{name}:" in path.read_text() for path in role.rglob("tasks/*.yml") for name in NAMES)
        meta = role / "meta/main.yml"
        depends = yaml.safe_load(meta.read_text())["dependencies"] if meta.exists() else []
        assert not uses or any("zreg-modules" in str(one) for one in depends), f"{role.name}: meta/main.yml"


def test_no_role_has_a_folder_that_an_executor_refuses():
    found = [str(path) for path in (TOP / "roles").rglob("*_plugins")]
    assert not found, found


def test_yamllint():
    need("yamllint")
    output("yamllint", "--strict", "roles", "playbooks", "zuul.d")


def test_ansible_lint():
    need("ansible-lint")
    output("ansible-lint", "--offline", "-q", "roles", "playbooks")


if __name__ == "__main__":
    tap.main(__name__)
