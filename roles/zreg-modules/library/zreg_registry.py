#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: run a container registry that outlives the connection."""

DOCUMENTATION = r"""
module: zreg_registry
short_description: Run a container registry
description:
  - Starts C(zreg serve) in the background, waits until it answers, and tells how to reach it. It goes
    on when Ansible's connection ends. A registry that runs already is left as it is.
  - Stopping ends only the process that was started for I(state_dir), never another one that has got
    its number.
  - The password that a buildset registry makes is in no result, so that all results can be shown. It
    is in the file that C(connection_file) names, for the owner only; read it there, with C(no_log).
options:
  state:
    description: Whether the registry is to run.
    type: str
    choices: [started, stopped]
    default: started
  state_dir:
    description:
      - Folder of what belongs to the running registry, made if missing. It holds C(connection.json) (how
        to reach it, with the password), C(registry.json) (which process), C(access.jsonl) (a JSON line for
        each request) and C(errors.log).
      - Stopping removes the first two.
    type: path
    required: true
  buildset:
    description: A registry for one job, which makes its own certificate and user. Everybody may pull.
    type: bool
    default: false
  root:
    description: Folder of the images. Needed unless I(buildset), which uses a temporary folder without it.
    type: path
  listen:
    description: Address to listen on; C(0.0.0.0) means all of IPv4, C(::) all of IPv6.
    type: str
    default: 127.0.0.1
  port:
    description: Port to listen on; 0 picks one.
    type: int
    default: 0
  host:
    description:
      - Name or address by which others reach the registry. It stands in C(connection), and in the
        certificate of a buildset registry. Without it that is what the registry listens on.
    type: str
  names:
    description: Further names and addresses for the certificate of a buildset registry.
    type: list
    elements: str
    default: []
  tls:
    description: Whether a buildset registry speaks TLS.
    type: bool
    default: true
  tls_cert:
    description: File of a certificate chain, for a registry that is not I(buildset).
    type: path
  tls_key:
    description: File of its private key.
    type: path
  htpasswd:
    description: File of users, with bcrypt or crypt hashes.
    type: path
  anonymous:
    description: What may be done without a password. Without it a buildset registry allows to pull; another
      one allows nothing when it has users, else everything.
    type: str
    choices: [none, pull, push]
  durability:
    description: What survives a loss of power.
    type: str
    choices: [full, manifest, none]
  command:
    description: The zreg command; a name is looked for in PATH.
    type: str
    default: zreg
  timeout:
    description: Seconds to wait until the registry answers, or has ended.
    type: int
    default: 30
author: [libzreg]
notes:
  - Supports C(check_mode) and C(diff).
  - Needs the command C(zreg) on the host; the Python package is not needed.
"""

EXAMPLES = r"""
- name: Run a registry for this job
  zreg_registry:
    state_dir: /run/buildset-registry
    buildset: true
    listen: 0.0.0.0
    port: 5000
    host: "{{ ansible_host }}"
  register: registry

- name: Read how to reach it, with the password
  slurp:
    src: "{{ registry.connection_file }}"
  register: record
  no_log: true

- name: Run a registry for the whole site
  zreg_registry:
    state_dir: /var/lib/zreg
    root: /var/lib/zreg/images
    listen: 0.0.0.0
    port: 5000
    tls_cert: /etc/zreg/cert.pem
    tls_key: /etc/zreg/key.pem
    htpasswd: /etc/zreg/htpasswd

- name: Stop it
  zreg_registry:
    state_dir: /var/lib/zreg
    state: stopped
"""

RETURN = r"""
connection:
  description: How to reach the registry; the record of Zuul's jobs without its password.
  type: dict
  returned: when it runs
  contains:
    host:
      description: Name or address, without brackets.
      type: str
    port:
      description: The port.
      type: int
    username:
      description: The user of a buildset registry.
      type: str
    cert:
      description: The certificate as PEM text.
      type: str
    fingerprint:
      description: SHA-256 of the certificate.
      type: str
connection_file:
  description: File with the whole record, password included, for the owner only.
  type: str
  returned: when it runs
address:
  description: C(HOST:PORT) as it stands in a reference.
  type: str
  returned: when it runs
access_log:
  description: File with a JSON line for each request.
  type: str
  returned: always
pid:
  description: The process.
  type: int
  returned: when it runs
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import subprocess
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.zreg_common import address

ARGUMENTS = dict(
    state=dict(type="str", choices=["started", "stopped"], default="started"),
    state_dir=dict(type="path", required=True),
    buildset=dict(type="bool", default=False),
    root=dict(type="path"),
    listen=dict(type="str", default="127.0.0.1"),
    port=dict(type="int", default=0),
    host=dict(type="str"),
    names=dict(type="list", elements="str", default=[]),
    tls=dict(type="bool", default=True),
    tls_cert=dict(type="path"),
    tls_key=dict(type="path"),
    htpasswd=dict(type="path", no_log=False),  # the name of a file
    anonymous=dict(type="str", choices=["none", "pull", "push"]),
    durability=dict(type="str", choices=["full", "manifest", "none"]),
    command=dict(type="str", default="zreg"),
    timeout=dict(type="int", default=30))
RULES = dict(required_together=[("tls_cert", "tls_key")])
POLL_S = 0.02


class Failure(Exception):
    """The text says what happened and what to do."""


def identity(pid):
    """What tells a process from a later one with its number; None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot:
            return None if fields[0] in "ZX" else [boot.read().strip(), fields[19]]
    except OSError:
        return None


class StateDir:
    """The folder of one registry, and what it tells about it."""

    def __init__(self, path):
        self.path = path
        self.connection = os.path.join(path, "connection.json")
        self.process = os.path.join(path, "registry.json")
        self.access = os.path.join(path, "access.jsonl")
        self.errors = os.path.join(path, "errors.log")

    @contextlib.contextmanager
    def locked(self):
        """Holds off other runs of this module on the same folder."""
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        with open(os.path.join(self.path, "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self, path):
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    def write(self, path, document):
        """For the owner only, and never half."""
        handle, temporary = tempfile.mkstemp(dir=self.path)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(document, file)
        os.rename(temporary, path)

    def running(self):
        """The record of the process that runs, or None."""
        record = self.read(self.process)
        if not record or not record["identity"] or not os.path.exists(self.connection):
            return None
        return record if identity(record["pid"]) == record["identity"] else None

    def forget(self):
        for path in (self.process, self.connection):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def bracketed(host):
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def names_of(params):
    """The names in a buildset registry's certificate, each once."""
    host = [params["host"]] if params["host"] else []
    return [name.strip("[]") for name in dict.fromkeys(host + params["names"])] if params["buildset"] else []


def arguments_of(params, state):
    """The command line. Nothing in it is secret."""
    values = dict(root=params["root"], listen=f"{bracketed(params['listen'])}:{params['port']}",
                  tls_cert=params["tls_cert"], tls_key=params["tls_key"], htpasswd=params["htpasswd"],
                  anonymous=params["anonymous"], durability=params["durability"], access_log=state.access,
                  connection_file=state.connection)
    argv = ["serve", "--json"]
    argv += [f"--{name.replace('_', '-')}={value}" for name, value in values.items() if value is not None]
    argv += ["--buildset"] if params["buildset"] else []
    argv += ["--no-tls"] if params["buildset"] and not params["tls"] else []
    return argv + [f"--name={name}" for name in names_of(params)]


def first_line(process, timeout):
    """What the server says when it is ready, or why it is not."""
    os.set_blocking(process.stdout.fileno(), False)
    deadline, text = time.monotonic() + timeout, b""
    while not text.endswith(b"\n"):
        if not select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
            raise Failure(f"the registry did not answer within {timeout} seconds")
        piece = process.stdout.read()
        if not piece:
            break
        text += piece
    return text


def ready_record(process, params, state):
    said = first_line(process, params["timeout"])
    try:
        record = json.loads(said)
    except ValueError:
        raise Failure(f"the registry did not start; see {state.errors}") from None
    if "error" in record:
        raise Failure(f"the registry did not start: {record['error']['message']}")
    return record


def launch(program, params, state):
    """Starts the server in a session of its own, so that it stays when the connection ends."""
    with open(state.errors, "ab") as errors:
        process = subprocess.Popen([program, *arguments_of(params, state)], stdin=subprocess.DEVNULL, cwd="/",
                                   stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
    try:
        record = ready_record(process, params, state)
        if params["host"]:
            record["host"] = params["host"].strip("[]")
            state.write(state.connection, record)
        state.write(state.process, dict(pid=process.pid, identity=identity(process.pid),
                                        arguments=arguments_of(params, state), host=params["host"]))
    except BaseException:
        process.kill()
        process.wait()
        state.forget()
        raise


def start(module, state):
    running = state.running()
    if running is None:
        program = module.get_bin_path(module.params["command"])
        if program is None:
            raise Failure(f"there is no command {module.params['command']} on this host; install the package zreg, as "
                          "the role ensure-zreg does, or name it with `command`")
        if not module.check_mode:
            launch(program, module.params, state)
        return True
    if [running["arguments"], running["host"]] != [arguments_of(module.params, state), module.params["host"]]:
        raise Failure(f"a registry with other options runs already for {state.path}, as process {running['pid']}; stop "
                      "it first (state: stopped), or give another state_dir")
    return False


def end(record, timeout):
    """Asks the process to end, and makes it when it does not."""
    for number, patience in ((signal.SIGTERM, timeout), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + patience
        with contextlib.suppress(ProcessLookupError):
            os.kill(record["pid"], number)
        while time.monotonic() < deadline:
            if identity(record["pid"]) != record["identity"]:
                return
            time.sleep(POLL_S)
    raise Failure(f"the registry, process {record['pid']}, does not end")


def stop(module, state):
    running = state.running()
    if running is not None and not module.check_mode:
        end(running, module.params["timeout"])
    if not module.check_mode:
        state.forget()
    return running is not None


def results(state):
    """How to reach the registry, without the password."""
    record, connection = state.running(), state.read(state.connection)
    known = dict(access_log=state.access)
    if record and connection:
        known.update(pid=record["pid"], connection_file=state.connection, address=address(connection),
                     connection={key: value for key, value in connection.items() if key != "password"})
    return known


def turned(changed, wanted):
    """For --diff."""
    other = dict(started="stopped", stopped="started")[wanted]
    return dict(before=f"{other if changed else wanted}\n", after=f"{wanted}\n")


def apply(module, state):
    changed = dict(started=start, stopped=stop)[module.params["state"]](module, state)
    return dict(results(state), changed=changed, diff=turned(changed, module.params["state"]))


def act(module):
    state = StateDir(module.params["state_dir"])
    if module.check_mode:  # the folder may not exist, and is not made
        return apply(module, state)
    with state.locked():
        return apply(module, state)


def main():
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True, **RULES)
    if module.params["state"] == "started" and not module.params["root"] and not module.params["buildset"]:
        module.fail_json(msg="give `root`, the folder of the images, or `buildset: true`")
    try:
        answer = act(module)
    except (Failure, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
