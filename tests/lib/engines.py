# SPDX-License-Identifier: Apache-2.0
"""Container engines as they are on a machine of their own, which is this one in namespaces.

A Machine has its own /etc (a copy), /run, /var, /tmp, /root, process numbers and, if wanted, network.
What happens there changes nothing outside, and ends with it. The files are seen from outside too:

    with Machine(folder) as machine:
        (machine.etc / "hosts").write_text("127.0.0.2 registry-1.docker.io\\n")
        machine.run("skopeo", "inspect", "docker://docker.io/library/x")
        with Dockerd(machine) as docker:
            docker.run("pull", "x")
            docker.reload()
        with Containerd(machine) as containerd:
            containerd.run("images", "pull", "docker.io/library/x:latest")

Needs root: `need_machines` raises tap.Skip where there can be none."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import tap

TOP = pathlib.Path(__file__).resolve().parents[2]
SETUP = pathlib.Path(__file__).with_name("machine.sh")
NAMESPACES = ("--mount", "--pid")
STARTUP_S = 60
COMMAND_S = 120
STOP_S = 20

# What would lead an engine away from the machine's own configuration.
FOREIGN = ("REGISTRY_AUTH_FILE", "CONTAINERS_STORAGE_CONF", "CONTAINERS_CONF", "DOCKER_HOST",
           "DOCKER_CONFIG", "DOCKER_CONTEXT", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "SSL_CERT_FILE",
           "SSL_CERT_DIR", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY",
           "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")

# vfs asks nothing of the file system below, so it works in containers and on overlays.
STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "/var/lib/containers/storage"\n' \
          'runroot = "/run/containers/storage"\n'


class Failure(Exception):
    """A command or a daemon failed; the text says how."""


def need(program):
    """Skips the test where a program is not installed."""
    if not shutil.which(program):
        raise tap.Skip(f"{program} is not installed")
    return program


def need_machines():
    """Skips the test where namespaces cannot be made."""
    if os.geteuid() != 0:
        raise tap.Skip("needs root, for namespaces and for the engines")
    done = subprocess.run(["unshare", *NAMESPACES, "--net", "--fork", "true"], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise tap.Skip(f"no namespaces here: {done.stderr.strip()}")


def child_of(pid):
    """The one child of a process."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else None


def is_open(host, port):
    """True when something listens there."""
    try:
        socket.create_connection((host, port), timeout=5).close()
        return True
    except OSError:
        return False


def wait_for(what, ready, process, log):
    """Waits until ready() is true; a process that ended before is a failure, told with its log."""
    deadline = time.monotonic() + STARTUP_S
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return
        time.sleep(0.05)
    raise Failure(f"{what} did not start:\n{log.read_text(errors='replace')[-4000:]}")


class Process:
    """A daemon on a machine."""

    def __init__(self, machine, name, argv):
        self.log = machine.folder / "logs" / f"{name}.log"
        with self.log.open("a") as log:
            self.outer = subprocess.Popen(machine.argv(*argv), env=machine.environment, stdout=log,
                                          stdin=subprocess.DEVNULL, stderr=log)

    def poll(self):
        return self.outer.poll()

    def signal(self, number):
        """nsenter hands no signals on, so this goes to its child."""
        child = child_of(self.outer.pid) if self.poll() is None else None
        if child:
            os.kill(child, number)

    def stop(self):
        self.signal(signal.SIGTERM)
        try:
            self.outer.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.outer.wait(STOP_S)


class Machine:
    """A private machine; `network=False` leaves it in the network of the caller. `keep` names
    folders that programs there need to see at their place, beside this tree and the folder."""

    def __init__(self, folder, keep=(), network=True):
        self.folder = pathlib.Path(folder)
        self.keep = [TOP, *map(pathlib.Path, keep)]
        if os.environ.get("ZREG_BUILDDIR"):
            self.keep.append(pathlib.Path(os.environ["ZREG_BUILDDIR"]))
        self.namespaces = NAMESPACES + (("--net",) if network else ())
        self.environment = {k: v for k, v in os.environ.items() if k not in FOREIGN}
        self.environment.update(HOME="/root", TMPDIR="/tmp", BUILDAH_ISOLATION="chroot",
                                PYTHONDONTWRITEBYTECODE="1")
        self.etc = self.folder / "etc"
        self.home = self.folder / "root"
        self.certificates = self.folder / "certificates"
        self.first = None
        self.pid = None

    def __enter__(self):
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_folders()
        argv = ["unshare", *self.namespaces, "--fork", "--kill-child", "sh", SETUP, self.folder,
                *self.keep]
        self.first = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        if self.first.stdout.readline().strip() != "ready":
            raise Failure(f"no machine: {self.first.communicate()[1]}")
        self.pid = child_of(self.first.pid)
        return self

    def __exit__(self, *_):
        self.first.communicate(timeout=STOP_S)

    def _make_folders(self):
        for name in ("new", "run/lock", "tmp", "root", "certificates", "logs",
                     "var/lib", "var/cache", "var/log", "var/tmp", "var/spool"):
            (self.folder / name).mkdir(parents=True)
        for name in ("tmp", "var/tmp"):
            (self.folder / name).chmod(0o1777)
        (self.folder / "root").chmod(0o700)
        (self.folder / "var/run").symlink_to("/run")
        (self.folder / "var/lock").symlink_to("/run/lock")
        subprocess.run(["cp", "-a", "/etc", self.etc], check=True)
        for name in ("docker/daemon.json", "docker/certs.d", "containers/certs.d",
                     "containerd/certs.d"):
            subprocess.run(["rm", "-rf", self.etc / name], check=True)
        (self.etc / "containers").mkdir(exist_ok=True)
        (self.etc / "containers/storage.conf").write_text(STORAGE)

    def argv(self, *command):
        """The command as it is to be called from outside."""
        return ["nsenter", f"--target={self.pid}", *self.namespaces, "--", *map(str, command)]

    def call(self, *command, **kwargs):
        """Runs a command on the machine, whatever its exit code; gives subprocess's record."""
        options = dict(env=self.environment, capture_output=True, text=True, timeout=COMMAND_S,
                       check=False, stdin=None if "input" in kwargs else subprocess.DEVNULL)
        return subprocess.run(self.argv(*command), **{**options, **kwargs})

    def run(self, *command, **kwargs):
        """Runs a command that must succeed, and gives its standard output."""
        done = self.call(*command, **kwargs)
        if done.returncode != 0:
            words = " ".join(map(str, command))
            raise Failure(f"{words}: exit {done.returncode}\n{done.stderr}{done.stdout}")
        return done.stdout

    def start(self, name, *command):
        """Starts a daemon; its output goes to logs/NAME.log."""
        return Process(self, name, command)


class Daemon:
    """An engine's daemon. Subclasses say how it starts, what tells that it is ready, and what its
    client is."""

    program = None

    def __init__(self, machine, *options):
        self.machine = machine
        self.options = options
        self.process = None

    def __enter__(self):
        need(self.program)
        self.start()
        return self

    def __exit__(self, *_):
        self.process.stop()

    def start(self):
        self.process = self.machine.start(self.program, *self.command())
        wait_for(self.program, self.is_ready, self.process, self.process.log)

    def restart(self):
        self.process.stop()
        self.start()

    def is_ready(self):
        return self.machine.call(*self.client("version")).returncode == 0

    def run(self, *argv):
        """The client's command, which must succeed."""
        return self.machine.run(*self.client(*argv))

    def call(self, *argv):
        """The client's command, whatever its exit code."""
        return self.machine.call(*self.client(*argv))


class Dockerd(Daemon):
    """dockerd with a containerd of its own. Containers run with `--network none` or `host`: no
    bridge is made, and the packet filter is left alone."""

    program = "dockerd"
    RELOADED = "Reloaded configuration: "

    def command(self):
        return ("dockerd", "--iptables=false", "--bridge=none", "--storage-driver=vfs",
                *self.options)

    def client(self, *argv):
        return (need("docker"), *argv)

    def reload(self):
        """Has daemon.json read again, as `systemctl reload docker` does."""
        log = self.process.log
        before = log.read_text(errors="replace").count(self.RELOADED)
        self.process.signal(signal.SIGHUP)
        wait_for("reloaded dockerd", lambda: log.read_text(errors="replace").count(self.RELOADED) > before,
                 self.process, log)


class Containerd(Daemon):
    """containerd, with ctr as its client."""

    program = "containerd"

    def command(self):
        return ("containerd", *self.options)

    def client(self, *argv):
        return (need("ctr"), *argv)
