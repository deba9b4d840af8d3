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
  - With I(owner) a registry that an earlier owner has left behind is neither used nor in the way.
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
  owner:
    description:
      - Whom the registry is for, such as the number of a build. Starting ends a registry that runs in
        I(state_dir) for anybody else, and removes the images and logs that are left there, so that nobody is
        given the images of another owner.
      - Stopping removes the images too, and leaves a registry of anybody else alone, with all that it has.
    type: str
  root:
    description: Folder of the images. Needed unless I(buildset), which uses a temporary folder without it. With
      I(owner) it has to be in I(state_dir).
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

- name: Run a registry for one build on a machine where an earlier one may have left its own
  zreg_registry:
    state_dir: "{{ ansible_user_dir }}/registry"
    root: "{{ ansible_user_dir }}/registry/images"
    buildset: true
    owner: "{{ zuul.build }}"
  register: registry
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
taken_over:
  description: Whether something that was left for another owner was ended and removed, or would be.
  type: bool
  returned: when it is to run for an I(owner)
"""

import contextlib
import errno
import fcntl
import json
import os
import select
import shutil
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
    owner=dict(type="str"),
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
TAKEN = ("; another program has this port, or a registry that an earlier job has left in another state_dir: end it, or "
         "give another `port` (0 picks one)")


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
        self.record = os.path.join(path, "registry.json")
        self.access = os.path.join(path, "access.jsonl")
        self.errors = os.path.join(path, "errors.log")

    def exists(self):
        return os.path.isdir(self.path)

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

    def process(self):
        """The record of the process that was started and is there yet, or None."""
        record = self.read(self.record)
        alive = record and record["identity"] and identity(record["pid"]) == record["identity"]
        return record if alive else None

    def running(self):
        """The same for one that has answered."""
        record = self.process()
        return record if record and record.get("ready") and self.read(self.connection) else None

    def owner(self):
        """For whom it was started last; None when nobody was named, or it was stopped."""
        return (self.read(self.record) or {}).get("owner")

    def forget(self):
        for path in (self.record, self.connection):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)



def left(*paths):
    """Those that are there."""
    return [path for path in paths if path and os.path.lexists(path)]


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
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
        said = record["error"]["message"]
        taken = os.strerror(errno.EADDRINUSE) in said
        raise Failure(f"the registry did not start: {said}{TAKEN if taken else ''}")
    return record


def launch(program, params, state):
    """Starts the server in a session of its own, so that it stays when the connection ends. The process is on
    record before it is waited for, so that it can be found however this run ends."""
    with open(state.errors, "ab") as errors:
        process = subprocess.Popen([program, *arguments_of(params, state)], stdin=subprocess.DEVNULL, cwd="/",
                                   stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
    about = dict(pid=process.pid, identity=identity(process.pid), owner=params["owner"], host=params["host"],
                 arguments=arguments_of(params, state))
    try:
        state.write(state.record, dict(about, ready=False))
        record = ready_record(process, params, state)
        if params["host"]:
            record["host"] = params["host"].strip("[]")
            state.write(state.connection, record)
        state.write(state.record, dict(about, ready=True))
    except BaseException:
        process.kill()
        process.wait()
        state.forget()
        raise


def take_over(module, state):
    """Ends and removes what is there for another owner, or for nobody known. Tells whether there was anything."""
    params = module.params
    if params["owner"] is None or state.owner() == params["owner"]:
        return False
    process, remains = state.process(), left(params["root"], state.access, state.errors)
    if not module.check_mode:
        clear(process, remains, params["timeout"])
        state.forget()
    if process is not None:
        module.warn(f"process {process['pid']}, a registry that was left in {state.path}, has to make room")
    return process is not None or bool(remains)


def clear(process, remains, timeout):
    if process is not None:
        end(process, timeout)
    for path in remains:
        remove(path)


def begin(module, state):
    """Starts it anew. A process that never came to answer, because a run was cut off, goes first."""
    program = module.get_bin_path(module.params["command"])
    if program is None:
        raise Failure(f"there is no command {module.params['command']} on this host; install the package zreg, as "
                      "the role ensure-zreg does, or name it with `command`")
    if not module.check_mode:
        clear(state.process(), [], module.params["timeout"])
        launch(program, module.params, state)


def start(module, state):
    taken_over = take_over(module, state)
    running = None if taken_over else state.running()
    if running is None:
        begin(module, state)
    elif [running["arguments"], running["host"]] != [arguments_of(module.params, state), module.params["host"]]:
        raise Failure(f"a registry with other options runs already for {state.path}, as process {running['pid']}; stop "
                      "it first (state: stopped), or give another state_dir")
    known = {} if module.params["owner"] is None else dict(taken_over=taken_over)
    return dict(known, changed=running is None)


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
    params = module.params
    if params["owner"] not in (None, state.owner()):
        return dict(changed=False)
    process = state.process()
    images = left(params["root"]) if params["owner"] else []
    if not module.check_mode:
        clear(process, images, params["timeout"])
        state.forget()
    return dict(changed=process is not None or bool(images))


def results(state):
    """How to reach the registry, without the password."""
    record, connection = state.running(), state.read(state.connection)
    if record is None or connection is None:
        return {}
    return dict(pid=record["pid"], connection_file=state.connection, address=address(connection),
                connection={key: value for key, value in connection.items() if key != "password"})


def turned(changed, wanted):
    """For --diff."""
    other = dict(started="stopped", stopped="started")[wanted]
    return dict(before=f"{other if changed else wanted}\n", after=f"{wanted}\n")


def apply(module, state):
    done = dict(started=start, stopped=stop)[module.params["state"]](module, state)
    foreseen = module.check_mode and done["changed"]
    return dict({} if foreseen else results(state), **done, access_log=state.access,
                diff=turned(done["changed"], module.params["state"]))


def act(module):
    state = StateDir(module.params["state_dir"])
    nothing = module.params["state"] == "stopped" and not state.exists()
    if module.check_mode or nothing:  # the folder may not exist, and is not made
        return apply(module, state)
    with state.locked():
        return apply(module, state)


def refusal(params):
    """Why these options cannot be; None when they can."""
    root = params["root"]
    if params["state"] == "started" and not root and not params["buildset"]:
        return "give `root`, the folder of the images, or `buildset: true`"
    if params["owner"] == "":
        return "`owner` is empty; name whom the registry is for, or leave it out"
    inside = root and os.path.realpath(root).startswith(os.path.realpath(params["state_dir"]) + "/")
    if params["owner"] and root and not inside:
        return (f"`root` is {root}, but with `owner` it has to be in {params['state_dir']}: the images that another "
                "owner has left there are removed")
    return None


def main():
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True, **RULES)
    why = refusal(module.params)
    if why:
        module.fail_json(msg=why)
    try:
        answer = act(module)
    except (Failure, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
