# SPDX-License-Identifier: Apache-2.0
"""Registries as child processes on loopback, with TLS, and what their access logs tell."""

import base64
import json
import re
import shutil
import socket
import subprocess
import time

STARTUP_S = 20


class Failure(Exception):
    """The story cannot go on; the text says why."""


def command(*argv, **kwargs):
    """Runs a program and gives its standard output; its errors become a Failure."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, argv))}\n{done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Credentials:
    """One docker config.json and one bundle of certificates, which every tool here is given."""

    def __init__(self, folder):
        self.authfile = folder / "auth.json"
        self.bundle = folder / "ca.pem"
        self.certs = folder / "home/.config/containers/certs.d"
        self.auths = {}
        self.bundle.touch()
        self.save()

    def add(self, address, username, password, certificate):
        """Lets everybody reach a registry; no password and no certificate are fine too."""
        if password:
            token = base64.b64encode(f"{username}:{password}".encode()).decode()
            self.auths[address] = {"auth": token}
            self.save()
        if certificate:
            with self.bundle.open("a") as bundle:
                bundle.write(certificate)
            (self.certs / address).mkdir(parents=True)
            (self.certs / address / "ca.crt").write_text(certificate)

    def save(self):
        self.authfile.touch(0o600)
        self.authfile.write_text(json.dumps({"auths": self.auths}))


class Registry:
    """A registry process. Subclasses say how it starts and what a line of its log means."""

    process = None
    address = None
    record = None
    password = None
    ip = "127.0.0.1"

    def port(self):
        """The port to listen on. With that of HTTPS the address is the host alone."""
        return free_port()

    def name(self, port):
        return self.ip if port == 443 else f"{self.ip}:{port}"

    def __init__(self, folder, name, credentials):
        self.folder = folder / name
        self.folder.mkdir()
        self.log = self.folder / "access.log"
        self.log.touch()
        self.errors = (self.folder / "errors.log").open("w")
        self.credentials = credentials

    def certificate(self):
        """Makes a certificate for the loopback address with openssl."""
        command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", f"/CN={self.ip}",
                "-addext", f"subjectAltName=IP:{self.ip}",
                "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem")
        return (self.folder / "cert.pem").read_text()

    def user(self, name):
        """Makes a user with a random password, which it returns."""
        with open("/dev/urandom", "rb") as random:
            password = random.read(16).hex()
        hashed = command("htpasswd", "-niB", name, input=password)
        (self.folder / "htpasswd").write_text(hashed)
        return password

    def wait_until_open(self, port):
        deadline = time.monotonic() + STARTUP_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as s:
                if s.connect_ex((self.ip, port)) == 0:
                    return
            time.sleep(0.02)
        raise Failure(f"{self.folder.name} did not start:\n{(self.folder / 'errors.log').read_text()}")

    def requests(self):
        """All requests so far, as dictionaries with method, path, status, bytes, digest."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [request for request in map(self.parse, lines) if request]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.errors.close()


class ZregRegistry(Registry):
    """`zreg serve`, as the intermediate registry runs it."""

    listen = "127.0.0.1:0"

    def start(self, *options, tls=True, login=True):
        argv = ["--root", self.folder / "store", *options]
        certificate = None
        if tls:
            certificate = self.certificate()
            argv += ["--tls-cert", self.folder / "cert.pem", "--tls-key", self.folder / "key.pem"]
        if login:
            self.password = self.user("zuul")
            argv += ["--htpasswd", self.folder / "htpasswd"]
        self.launch(*argv)
        self.credentials.add(self.address, "zuul", self.password, certificate)
        return self

    def launch(self, *argv):
        """Starts the process, waits for its ready line, and gives the record in it."""
        argv = ["zreg", "serve", "--json", "--listen", self.listen, "--access-log", self.log, *argv]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"zreg serve did not start:\n{(self.folder / 'errors.log').read_text()}")
        self.record = json.loads(line)
        host = self.record["host"]
        self.address = f"{f'[{host}]' if ':' in host else host}:{self.record['port']}"
        return self.record

    @staticmethod
    def parse(line):
        return json.loads(line)

    def stop(self):
        super().stop()
        if self.process:
            self.process.stdout.close()


class BuildsetRegistry(ZregRegistry):
    """`zreg serve --buildset`, which makes its own certificate and user."""

    def start(self):
        record = self.launch("--buildset")
        self.credentials.add(self.address, record["username"], record["password"], record["cert"])
        return self


class DockerRegistry(Registry):
    """Debian's docker-registry: the public registry of the story."""

    CONFIG = """
version: 0.1
log: {{accesslog: {{disabled: false}}, level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/store}}}}
http:
  addr: {ip}:{port}
"""
    LOGIN = "auth: {{htpasswd: {{realm: registry, path: {folder}/htpasswd}}}}\n"
    TLS = "  tls: {{certificate: {folder}/cert.pem, key: {folder}/key.pem}}\n"
    LINE = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) (?P<protocol>HTTP/[0-9.]+)" (?P<status>\d+) (?P<bytes>\d+)')

    @staticmethod
    def available():
        return shutil.which("docker-registry") is not None

    def start(self, tls=True, login=True):
        port = self.port()
        certificate = self.certificate() if tls else None
        password = self.user("zuul") if login else None
        text = self.CONFIG + (self.TLS if tls else "") + (self.LOGIN if login else "")
        config = self.folder / "config.yml"
        config.write_text(text.format(folder=self.folder, ip=self.ip, port=port))
        with self.log.open("w") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", config], stdout=log,
                                            stderr=self.errors)
        self.wait_until_open(port)
        self.address = self.name(port)
        self.credentials.add(self.address, "zuul", password, certificate)
        return self

    @classmethod
    def parse(cls, line):
        match = cls.LINE.search(line)
        return match and {**match.groupdict(), "status": int(match["status"]),
                          "bytes": int(match["bytes"]), "digest": ""}
