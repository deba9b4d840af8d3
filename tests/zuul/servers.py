# SPDX-License-Identifier: Apache-2.0
"""What Zuul keeps its state in, from Debian's packages: ZooKeeper over TLS, and PostgreSQL. Both are started on
loopback in folders of their own, and end with the `with` block.

    with ZooKeeper(folder) as zookeeper, Postgres(folder) as postgres:
        os.environ.update(zookeeper.environment, **postgres.environment)"""

import glob
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import time

import tap

STARTUP_S = 60
STOP_S = 20
ZOOKEEPER_PORT = 2281
POSTGRES_PORT = 5432
JARS = "/usr/share/java"
ZOOKEEPER_CONFIG = """
dataDir={folder}/data
secureClientPort={port}
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
ssl.keyStore.location={folder}/server.pem
ssl.trustStore.location={folder}/ca.pem
admin.enableServer=false
tickTime=2000
maxClientCnxns=1000
"""


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Server:
    """A process and its folder. Subclasses say how it starts and on which port."""

    name = port = None

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / self.name
        self.folder.mkdir()

    def __enter__(self):
        self.prepare()
        with (self.folder / "log").open("w") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + STARTUP_S
        while not self.is_open():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError(f"{self.name} did not start:\n{(self.folder / 'log').read_text()[-4000:]}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def is_open(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class ZooKeeper(Server):
    name, port = "zookeeper", ZOOKEEPER_PORT

    def prepare(self):
        """An authority with one certificate, which server and clients show each other."""
        ca, key, request, cert = (self.folder / n for n in ("ca.pem", "key.pem", "request.pem", "cert.pem"))
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority",
                "-keyout", str(self.folder / "ca-key.pem"), "-out", str(ca))
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", str(key),
                "-out", str(request))
        (self.folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl("x509", "-req", "-in", str(request), "-CA", str(ca), "-CAkey", str(self.folder / "ca-key.pem"),
                "-CAcreateserial", "-days", "2", "-extfile", str(self.folder / "names"), "-out", str(cert))
        (self.folder / "server.pem").write_text(key.read_text() + cert.read_text())
        (self.folder / "zoo.cfg").write_text(ZOOKEEPER_CONFIG.format(folder=self.folder, port=self.port))

    def command(self):
        jars = [f"{JARS}/{n}.jar" for n in ("zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-simple")]
        jars += [jar for jar in glob.glob(f"{JARS}/netty-*.jar") if not re.search(r"-\d", jar)]  # links to the others
        return ["java", "-Xmx512m", "-cp", ":".join(jars), "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                str(self.folder / "zoo.cfg")]

    @property
    def environment(self):
        return {"ZUUL_ZK_HOST": f"localhost:{self.port}", "ZUUL_ZK_CA": str(self.folder / "ca.pem"),
                "ZUUL_ZK_CERT": str(self.folder / "cert.pem"), "ZUUL_ZK_KEY": str(self.folder / "key.pem")}


class Postgres(Server):
    """PostgreSQL with the role that Zuul's test base makes its databases with."""

    name, port = "postgres", POSTGRES_PORT
    USER = "openstack_citest"
    environment = {"ZUUL_POSTGRES_HOST": "127.0.0.1", "PGPORT": str(POSTGRES_PORT)}

    def prepare(self):
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not programs:
            raise tap.Skip("postgresql is not installed")
        self.programs = pathlib.Path(programs[-1]).parent
        user = pwd.getpwnam("postgres")
        shutil.chown(self.folder, user.pw_uid, user.pw_gid)
        self.run("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres",
                 "--pgdata", str(self.folder / "data"))

    def as_owner(self, program, *words):
        """PostgreSQL refuses to be root."""
        return ["runuser", "-u", "postgres", "--", str(self.programs / program), *words]

    def run(self, program, *words):
        subprocess.run(self.as_owner(program, *words), check=True, capture_output=True, cwd=self.folder)

    def command(self):
        return self.as_owner("postgres", "-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port),
                             "-k", str(self.folder), "-c", "fsync=off", "-c", "max_connections=200")

    def __enter__(self):
        super().__enter__()
        for sql in (f"create role {self.USER} superuser login password '{self.USER}'",
                    f"create database {self.USER} owner {self.USER}"):
            self.run("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-c", sql)
        return self
