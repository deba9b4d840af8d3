# SPDX-License-Identifier: Apache-2.0
"""The site in which the tests run jobs: a network of its own, the intermediate and the public registry,
nodes, and the projects.

Everything goes by the names that it has in the real world (docker.io, registry.example.org): nodes and
executor have an /etc of their own in which these names mean this machine, and the network namespace of
the tests reaches nothing else."""

import base64
import itertools
import os
import pathlib
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(TOP / "examples/gate"), str(TOP / "tests/lib")]

import engines  # noqa: E402
import vendor_apis  # noqa: E402
from build import zuul_python_path  # noqa: E402
from layout import Encrypted, Layout  # noqa: E402
from registries import Credentials, DockerRegistry, Registry, ZregRegistry  # noqa: E402

INTERMEDIATE, PUBLIC, HUB = "10.99.0.1", "10.99.0.2", "10.99.0.3"
FIRST_NODE, LAST_NODE = 10, 40
V4, V6 = "10.99.0.{}", "fd99::{}"
PUBLIC_CONFIG = """
version: 0.1
log: {{accesslog: {{disabled: false}}, level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/store}}, delete: {{enabled: true}}}}
http: {{addr: "{address}", tls: {{certificate: {folder}/cert.pem, key: {folder}/key.pem}}}}
auth: {{htpasswd: {{realm: registry, path: {folder}/htpasswd}}}}
"""
# Nodes have no systemd; this much of a service is what use-buildset-registry wants.
DOCKER_SERVICE = """#!/bin/sh
pid=$(cat /run/docker.pid) || exit 3
case $1 in
reload) kill -HUP "$pid" ;;
status) kill -0 "$pid" && echo "docker is running" ;;
esac
"""
IN_NETWORK = "ZREG_TESTS_OWN_NETWORK"


def enter_network():
    """Starts this program again in a network namespace where only its own addresses exist."""
    engines.need_machines()
    if not os.environ.get(IN_NETWORK):
        os.environ[IN_NETWORK] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    commands = ["link set lo up", *(f"address add {a}/24 dev lo" for a in (INTERMEDIATE, PUBLIC, HUB))]
    for number in range(FIRST_NODE, LAST_NODE):
        commands += [f"address add {V4.format(number)}/24 dev lo",
                     f"address add {V6.format(number)}/64 dev lo nodad"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)


def is_open(host, port):
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


class SiteRegistry(Registry):
    """A registry of the site: with names, at its own address, with one user."""

    names = ()
    elsewhere = {}
    user_name = None

    def start(self):
        self.certify()
        self.password = self.user(self.user_name)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=self.errors)
        host, port = self.listen.rsplit(":", 1)
        engines.wait_for(self.names[0], lambda: is_open(host, int(port)), self.process,
                         self.folder / "errors.log")
        return self

    def certify(self):
        names = ",".join(f"DNS:{name}" for name in self.names)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={self.names[0]}",
             "-addext", f"subjectAltName={names}", "-keyout", self.folder / "key.pem",
             "-out", self.folder / "cert.pem"], check=True, capture_output=True)
        self.hash = subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", self.folder / "cert.pem"],
                                   check=True, capture_output=True, text=True).stdout.strip()

    def trust(self, etc):
        """Makes an /etc know this registry, as update-ca-certificates would."""
        with (etc / "hosts").open("a") as hosts:
            for name in self.names:
                hosts.write(f"{self.elsewhere.get(name, self.listen.rsplit(':', 1)[0])} {name}\n")
        with (etc / "ssl/certs/ca-certificates.crt").open("a") as bundle:
            bundle.write((self.folder / "cert.pem").read_text())
        shutil.copy(self.folder / "cert.pem", etc / f"ssl/certs/{self.hash}.0")


class Intermediate(SiteRegistry):
    """The site's long-running registry: `zreg serve`."""

    names = ("registry.example.org",)
    user_name = "zuul"
    listen = f"{INTERMEDIATE}:5000"
    parse = staticmethod(ZregRegistry.parse)

    def command(self):
        return ["zreg", "serve", "--root", self.folder / "store", "--listen", self.listen,
                "--htpasswd", self.folder / "htpasswd", "--access-log", self.folder / "access.log",
                "--tls-cert", self.folder / "cert.pem", "--tls-key", self.folder / "key.pem"]


class Public(SiteRegistry):
    """docker.io: Debian's docker-registry, which knows nothing of zreg."""

    names = ("registry-1.docker.io", "docker.io", "index.docker.io", "hub.docker.com")
    elsewhere = {"hub.docker.com": HUB}
    user_name = "example"
    listen = f"{PUBLIC}:443"
    parse = DockerRegistry.parse

    def command(self):
        (self.folder / "config.yml").write_text(PUBLIC_CONFIG.format(
            folder=self.folder, address=self.listen))
        return ["docker-registry", "serve", self.folder / "config.yml"]


class Hub(vendor_apis.Hub):
    """hub.docker.com, where one logs in and deletes tags: of what the public registry holds."""

    def __init__(self, public):
        super().__init__({public.user_name: public.password})
        self.close()
        self.repositories = public.folder / "store/docker/registry/v2/repositories"
        self.server = ThreadingHTTPServer((HUB, 443), vendor_apis.Handler)
        self.server.daemon_threads = True
        self.server.api = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(public.folder / "cert.pem", public.folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "https://hub.docker.com"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def route(self, method, path, query, headers, body):
        stored = {(str(tag.parents[2].relative_to(self.repositories)), tag.name): tag
                  for tag in self.repositories.glob("**/_manifests/tags/*")}
        self.tags = {}
        for (repository, name), tag in stored.items():
            self.push(repository, name, time.time() - tag.stat().st_mtime)
        answer = super().route(method, path, query, headers, body)
        for (repository, name), tag in stored.items():
            if name not in self.tags[repository]:
                shutil.rmtree(tag)
        return answer


class Node:
    """A node of a build: a machine, a number, perhaps with a docker daemon."""

    def __init__(self, world, folder, number, label):
        self.world = world
        self.machine = engines.Machine(folder, network=False).__enter__()
        self.address = (V6 if "ipv6" in label else V4).format(number)
        for registry in (world.intermediate, world.public):
            registry.trust(self.machine.etc)
            shutil.copy(registry.folder / "cert.pem", self.machine.certificates / f"{registry.user_name}.crt")
        script = self.machine.etc / "init.d/docker"
        script.write_text(DOCKER_SERVICE)
        script.chmod(0o755)
        self.docker = engines.Dockerd(self.machine).__enter__() if "docker" in label else None

    def variables(self):
        return {"ansible_connection": "machine", "machine_pid": self.machine.pid,
                "ansible_host": self.address, "ansible_become": False,
                # All nodes are in one network namespace, so each keeps to its own address.
                "buildset_registry_listen": self.address,
                "nodepool": {"private_ipv4": self.address, "public_ipv4": self.address}}

    def stop(self):
        if self.docker:
            self.docker.__exit__(None, None, None)
        self.machine.__exit__(None, None, None)
        # What the node held is of no more use; logs stay with the build.
        shutil.rmtree(self.machine.folder, ignore_errors=True)


class World:
    """Everything that outlives a build."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.gettempdir()) / f"zreg-zuul-{secrets.token_hex(4)}"
        self.folder.mkdir(mode=0o700)
        (self.folder / "home").mkdir()
        self.environment = {k: v for k, v in os.environ.items() if k not in engines.FOREIGN}
        self.credentials = Credentials(self.folder)
        self.intermediate = Intermediate(self.folder, "intermediate", self.credentials).start()
        self.public = Public(self.folder, "public", self.credentials).start()
        self.hub = Hub(self.public)
        self.executor_etc = self.folder / "etc"
        subprocess.run(["cp", "-a", "/etc", self.executor_etc], check=True)
        for registry in (self.intermediate, self.public):
            registry.trust(self.executor_etc)
        self.projects = {"zuul/libzreg": TOP, "example/site": HERE / "site",
                         "example/base": HERE / "base", "example/app": HERE / "app",
                         "example/user": HERE / "user"}
        self.layout = Layout(self.projects)
        self.database = []
        self.zuul = zuul_python_path()
        self.numbers = itertools.cycle(range(FIRST_NODE, LAST_NODE))

    def node(self, build, node):
        number = next(self.numbers)
        return Node(self, build.root / "nodes" / node["name"], number, node["label"])

    def decrypt(self, value):
        """The secrets of the site. Who is called what is in its files; the passwords are made here."""
        passwords = {"intermediate": self.intermediate.password, "public": self.public.password}
        if isinstance(value, Encrypted):
            return passwords[base64.b64decode(value).decode()]
        if isinstance(value, dict):
            return {key: self.decrypt(part) for key, part in value.items()}
        return value

    def complete_source(self, folder):
        """What the repositories of the projects cannot hold: a program to run in containers."""
        shutil.copy(shutil.which("busybox"), folder / "busybox")

    def git(self, folder, *words):
        return subprocess.run(["git", "-c", "user.name=zuul", "-c", "user.email=zuul@example.org",
                               "-c", "init.defaultBranch=main", "-C", folder, *words], check=True,
                              capture_output=True, text=True).stdout.strip()

    def repository(self, project):
        """The repository of a project; its branch has what merged."""
        folder = self.folder / "git" / project
        if not folder.exists():
            shutil.copytree(self.projects[project], folder)
            self.git(folder, "init", "--quiet")
            self.commit(folder, "the beginning")
        return folder

    def commit(self, folder, message):
        self.git(folder, "add", "--all")
        self.git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
        return self.git(folder, "rev-parse", "HEAD")

    def merge(self, change):
        """Merges a change, which then has a commit on the branch."""
        folder = self.repository(change.project)
        change.write_files(folder)
        change.commit_id = self.commit(folder, f"change {change.number}")

    def recorded_artifacts(self, change, pipeline, wanted):
        """What Zuul's database tells of a change that is in no queue: the artifacts of its newest
        buildset."""
        builds = [b for b in self.database if b.item.change.key == change.key and b.item.pipeline is pipeline
                  and b.job.provides & wanted and b.phase == "ended"]
        builds = [b for b in builds if b.buildset == builds[-1].buildset]
        assert all(build.result == "SUCCESS" for build in builds), "a change that is needed has failed"
        return [dict(artifact, project=change.project, change=str(change.number), job=build.job.name,
                     patchset=str(change.patchset)) for build in builds for artifact in build.artifacts()]

    def close(self):
        for build in self.database:
            if build.phase not in ("ended", None):
                build.abort()
        self.hub.close()
        self.intermediate.stop()
        self.public.stop()
        if not os.environ.get("ZREG_TESTS_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
