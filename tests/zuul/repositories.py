# SPDX-License-Identifier: Apache-2.0
"""The repositories that Zuul sees: the folders beside this file and, as zuul/libzreg, this tree."""

import base64
import pathlib
import shutil

import git
import space
import yaml
from zuul.lib import encryption

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = {"zuul/libzreg": space.TOP, "example/site": HERE / "site", "example/base": HERE / "base",
           "example/app": HERE / "app", "example/tool": HERE / "tool", "example/suite": HERE / "suite",
           "example/starved": HERE / "starved", "example/user": HERE / "user"}
PARTS_OF_THIS_TREE = ("zuul.d", "playbooks", "roles")
# What the repositories cannot hold: a program to run in containers.
BUSYBOX = pathlib.Path("/bin/busybox")
# All projects of Zuul's test base have this key.
KEY = space.ZUUL / "source/tests/fixtures/private.pem"


class Encrypted(list):
    """The parts of an encrypted value."""


class Loader(yaml.SafeLoader):
    pass


class Dumper(yaml.SafeDumper):
    pass


Loader.add_constructor("!encrypted/pkcs1-oaep", lambda loader, node: Encrypted(loader.construct_sequence(node)))
Dumper.add_representer(Encrypted, lambda dumper, parts: dumper.represent_sequence("!encrypted/pkcs1-oaep", parts))


def encrypt(node, passwords):
    """The secrets of the site, with the passwords of this run for those that its files name."""
    if isinstance(node, Encrypted):
        _, key = encryption.deserialize_rsa_keypair(KEY.read_bytes())
        password = passwords[base64.b64decode("".join(node)).decode()]
        return Encrypted([base64.b64encode(encryption.encrypt_pkcs1_oaep(password.encode(), key)).decode()])
    if isinstance(node, dict):
        return {key: encrypt(value, passwords) for key, value in node.items()}
    return [encrypt(part, passwords) for part in node] if isinstance(node, list) else node


def write_files(project, folder, passwords):
    """What stands on the branch of a project at the beginning."""
    source = SOURCES[project]
    if source == space.TOP:
        for part in PARTS_OF_THIS_TREE:
            shutil.copytree(source / part, folder / part)
        return
    shutil.copytree(source, folder, dirs_exist_ok=True)
    if any(folder.glob("Dockerfile*")):
        shutil.copy(BUSYBOX, folder / "busybox")
    for path in folder.glob("zuul.d/secrets.yaml"):
        secrets = yaml.load(path.read_text(), Loader)
        path.write_text(yaml.dump(encrypt(secrets, passwords), Dumper=Dumper))


def fill(folder, project, passwords):
    """Commits them; Zuul's changes begin at the tag `init`."""
    write_files(project, pathlib.Path(folder), passwords)
    with git.Repo(folder) as repository:
        repository.git.add("--all")
        repository.git.commit("--message", "The beginning")
        repository.create_tag("init")
