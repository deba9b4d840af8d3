# SPDX-License-Identifier: Apache-2.0
"""The nodes of builds: machines of tests/lib/engines.py with an address and a real sshd each. Zuul asks for them as it
asks Nodepool, and gives them back; one with the label "static" is used again as it was left."""

import itertools
import json
import pathlib
import shutil
import subprocess
import traceback

import engines
import space
from tests import base

BRIDGE = "br0"
FIRST, LAST = 10, 200
V4, V6 = "10.99.0.{}", "fd99::{}"
KEY = space.ZUUL / "source/tests/fixtures/test_id_rsa.pub"
SSHD_CONFIG = """
HostKey /etc/ssh/node_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PidFile none
UsePAM no
PasswordAuthentication no
Subsystem sftp internal-sftp
SetEnv BUILDAH_ISOLATION=chroot
"""
# What works whichever version of control groups this machine has.
CONTAINERS_CONFIG = """
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
"""
# Nodes have no systemd; this much of a service is what use-buildset-registry wants.
DOCKER_SERVICE = """#!/bin/sh
pid=$(cat /run/docker.pid) || exit 3
case $1 in
reload) kill -HUP "$pid" ;;
status) kill -0 "$pid" && echo "docker is running" ;;
esac
"""


def make_network(addresses):
    """A bridge that all nodes are on, with the addresses of the site on this side of it."""
    commands = [f"link add {BRIDGE} type bridge", f"link set {BRIDGE} up"]
    commands += [f"address add {address}/24 dev {BRIDGE}" for address in addresses]
    commands += [f"address add {V6.format(1)}/64 dev {BRIDGE} nodad"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


class Node:
    """A machine, a number, sshd, perhaps a docker daemon."""

    def __init__(self, folder, number, label, certificates):
        self.label, self.name = label, f"v{number}"
        self.address = (V6 if "ipv6" in label else V4).format(number)
        self.machine = engines.Machine(folder).__enter__()
        self.connect(number)
        for path in certificates:
            shutil.copy(path, self.machine.certificates / f"{path.parent.name}.crt")
        self.machine.run("update-ca-certificates")
        (self.machine.etc / "containers/containers.conf").write_text(CONTAINERS_CONFIG)
        self.start_sshd()
        script = self.machine.etc / "init.d/docker"
        script.write_text(DOCKER_SERVICE)
        script.chmod(0o755)
        self.docker = engines.Dockerd(self.machine).__enter__() if "docker" in label else None
        self.uses = 0
        self.before = self.engines_files()

    def engines_files(self):
        """{path: content} of what engines read, so that it can be compared."""
        folders = [self.machine.etc / name for name in ("containers", "docker", "containerd", "ssl/certs")]
        folders += [self.machine.home / ".docker", self.machine.certificates]
        files = [self.machine.etc / "hosts", *(path for folder in folders for path in folder.rglob("*"))]
        return {str(path): path.read_bytes() for path in files if path.is_file()}

    def registries(self):
        """The registries that run there."""
        return self.machine.call("pgrep", "--full", "zreg serve").stdout.split()

    def connect(self, number):
        commands = (f"link add {self.name} type veth peer name eth0 netns {self.machine.pid}",
                    f"link set {self.name} master {BRIDGE} up")
        subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)
        for words in (f"address add {V4.format(number)}/24 dev eth0",
                      f"address add {V6.format(number)}/64 dev eth0 nodad", "link set eth0 up"):
            self.machine.run("ip", *words.split())

    def start_sshd(self):
        folder = self.machine.etc / "ssh"
        (folder / "node_config").write_text(SSHD_CONFIG)
        shutil.copy(KEY, folder / "authorized_keys")
        (folder / "authorized_keys").chmod(0o600)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "node_key"], check=True)
        self.host_key = " ".join((folder / "node_key.pub").read_text().split()[:2])
        (self.machine.folder / "run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.sshd = self.machine.start("sshd", "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/node_config")
        engines.wait_for("sshd", lambda: engines.is_open(self.address, 22), self.sshd, self.sshd.log)

    def as_zuul_sees_it(self):
        return {"connection_type": "ssh", "connection_port": 22, "username": "root", "python_path": "/usr/bin/python3",
                "interface_ip": self.address, "public_ipv4": None, "private_ipv4": None,
                "host_keys": [self.host_key]}

    def stop(self):
        if self.docker:
            self.docker.__exit__(None, None, None)
        self.machine.__exit__(None, None, None)
        shutil.rmtree(self.machine.folder, ignore_errors=True)


class Nodepool(base.FakeNodepool):
    """The test base's Nodepool, with nodes that exist. The site says in `certificates` what nodes trust, and in
    `folder` where they are."""

    folder = space.ROOT / "nodes"
    certificates = ()

    def __init__(self, zookeeper):
        self.folder.mkdir()
        self.numbers = itertools.count(FIRST)
        self.running, self.static = {}, []
        super().__init__(zookeeper)

    def fulfillRequest(self, request):
        """A node that cannot be made is a failure of the job, not something to be tried for ever."""
        try:
            super().fulfillRequest(request)
        except Exception:
            traceback.print_exc()
            self.addFailRequest(request)
            raise

    def makeNode(self, request_id, label, request):
        nodeid = super().makeNode(request_id, label, request)
        node = self.running[nodeid] = self.one_again(label) or self.boot(label)
        path = f"{self.NODE_ROOT}/{nodeid}"
        data = json.loads(self.client.get(path)[0])
        self.client.set(path, json.dumps({**data, **node.as_zuul_sees_it()}).encode())
        return nodeid

    def one_again(self, label):
        """A node that an earlier build has used, if there is one."""
        node = next((node for node in self.static if node.label == label), None)
        if node:
            self.static.remove(node)
        return node

    def boot(self, label):
        number = next(self.numbers)
        return Node(pathlib.Path(self.folder / str(number)), number, label, self.certificates)

    def _run(self):
        super()._run()
        for data in self.getNodes():
            if data["state"] == "used" and data["_oid"] in self.running:
                self.give_back(data)

    def give_back(self, data):
        node = self.running.pop(data["_oid"])
        if "static" in node.label:
            node.uses += 1
            self.static.append(node)
        else:
            node.stop()
        self.removeNode(data)

    def stop(self):
        super().stop()
        for node in [*self.running.values(), *self.static]:
            node.stop()
