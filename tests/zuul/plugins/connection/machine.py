# SPDX-License-Identifier: Apache-2.0
"""Reaches a node of the tests: a Machine of tests/lib/engines.py, by nsenter."""

import shlex
import subprocess

from ansible.errors import AnsibleError
from ansible.plugins.connection.local import Connection as Local

DOCUMENTATION = """
name: machine
short_description: run tasks in the namespaces of a node
description: Commands and files go into the namespaces of the process that is the node.
author: libzreg
options:
  machine_pid:
    description: The first process of the node.
    type: int
    vars: [{name: machine_pid}]
"""


class Connection(Local):
    transport = "machine"
    has_pipelining = True

    def argv(self, *command):
        return ["nsenter", f"--target={self.get_option('machine_pid')}", "--mount", "--pid", "--",
                "env", "HOME=/root", "TMPDIR=/tmp", "BUILDAH_ISOLATION=chroot", *command]

    def exec_command(self, cmd, in_data=None, sudoable=True):
        # The local connection runs this with a shell of the executor, which only hands it on.
        inner = f"cd && {cmd}"
        return super().exec_command("exec " + shlex.join(self.argv("/bin/sh", "-c", inner)),
                                    in_data, sudoable)

    def move(self, source, command, target):
        done = subprocess.run(command, stdin=source, stdout=target, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise AnsibleError(f"{command[-1]}: {done.stderr.decode(errors='replace')}")

    def put_file(self, in_path, out_path):
        with open(in_path, "rb") as source:
            self.move(source, self.argv("sh", "-c", 'cat > "$0"', out_path), subprocess.DEVNULL)

    def fetch_file(self, in_path, out_path):
        with open(out_path, "wb") as target:
            self.move(subprocess.DEVNULL, self.argv("cat", in_path), target)
