# SPDX-License-Identifier: Apache-2.0
"""The registries that people have, each as its operators run it: TLS, a user, deletes allowed where they can be. Those
that this machine cannot have are told by tap.Skip."""

import base64
import hashlib
import json
import os
import pathlib
import ssl
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / folder) for folder in ("tests/e2e", "tests/peer", "tests/proto")]

from world import need, tap  # noqa: E402  first: it says where the libraries of the tests are
from go_programs import need_go_program  # noqa: E402
from registries import DockerRegistry, Registry, ZregRegistry, free_port  # noqa: E402
import token_service  # noqa: E402
import zuul_registry  # noqa: E402


class Peer:
    """What all have: they can be killed and started again, and lose what is on their disk."""

    deletes_tags = deletes_manifests = has_catalog = keeps_referrers = has_mounts = has_users = True
    tags_outlive = False  # a manifest that is deleted by its digest
    shares_blobs = False  # what one repository has all have
    forgets = False       # its manifests, when it ends
    pages_of_150 = 1      # tags

    def environment(self):
        return dict(os.environ)

    def crash(self):
        self.process.kill()
        self.process.wait()

    def again(self):
        """The same command at the same port."""
        argv = [self.address if word == "127.0.0.1:0" else word for word in self.process.args]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=self.errors, env=self.environment())
        self.wait_until_open(int(self.address.rsplit(":", 1)[1]))

    def files_of(self, digest, size):
        """Where the bytes of a blob lie, whatever its folders are called."""
        found = []
        for path in (self.folder / "store").rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_size == size:
                if hashlib.sha256(path.read_bytes()).hexdigest() == digest.removeprefix("sha256:"):
                    found.append(path)
        return found

    def lose(self, digest, size):
        files = self.files_of(digest, size)
        assert files, f"{self.NAME} has no file with {digest}"
        for path in files:
            path.unlink()

    def written_bytes(self):
        """What its process has written so far, of unfinished uploads too."""
        with open(f"/proc/{self.process.pid}/io", encoding="ascii") as told:
            return int(dict(line.split(": ") for line in told)["wchar"])


class Zreg(Peer, ZregRegistry):
    NAME = "zreg serve"

    def stop(self):
        Registry.stop(self)


class Docker(Peer, DockerRegistry):
    """2.8, of Debian."""

    NAME = "docker-registry"
    # It takes no name for a manifest that is to be deleted.
    deletes_tags = keeps_referrers = False
    PROGRAM = "docker-registry"
    DELETES = ", delete: {{enabled: true}}"
    CONFIG = DockerRegistry.CONFIG.replace("{folder}/store}}", "{folder}/store}}" + DELETES)

    def program(self):
        return need(self.PROGRAM)

    def start(self, tls=True, login=True):
        self.program()
        return super().start(tls, login)


class DockerThatKeeps(Docker):
    """As it comes, without a word of deletes in its configuration."""

    NAME = "docker-registry without deletes"
    deletes_manifests = False
    CONFIG = DockerRegistry.CONFIG


class Written(Peer, Registry):
    """A registry with a configuration in one file, which `settings` gives as JSON."""

    def argv(self, config):
        raise NotImplementedError

    def settings(self, port):
        raise NotImplementedError

    def prepare(self):
        """What is made before it starts; gives a user, the password, and the certificate to trust."""
        return "zuul", self.user("zuul"), self.certificate()

    def start(self):
        port, config = free_port(), self.folder / "config.json"
        self.address = self.name(port)
        user = self.prepare()
        config.write_text(json.dumps(self.settings(port)))
        with self.log.open("w") as log:
            self.process = subprocess.Popen(self.argv(config), stdout=log, stderr=self.errors, env=self.environment())
        self.wait_until_open(port)
        self.credentials.add(self.address, *user)
        return self

    @classmethod
    def parse(cls, line):
        """It has no log of requests that could be read."""

    def tls(self, certificate, key):
        return {certificate: str(self.folder / "cert.pem"), key: str(self.folder / "key.pem")}


class Distribution(Written):
    """The distribution, version 3, with short pages."""

    NAME = "distribution 3"
    LINE = DockerRegistry.LINE
    keeps_referrers = False
    pages_of_150 = 4

    def argv(self, config):
        return [need_go_program("registry"), "serve", config]

    def environment(self):
        return dict(os.environ, OTEL_TRACES_EXPORTER="none")

    def settings(self, port):
        return {"version": "0.1", "log": {"level": "error", "accesslog": {"disabled": False}}, "auth": self.auth(),
                "catalog": {"maxentries": 3}, "tags": {"maxtags": 40},
                "storage": {"filesystem": {"rootdirectory": str(self.folder / "store")}, "delete": {"enabled": True}},
                "http": {"addr": f"{self.ip}:{port}", "tls": self.tls("certificate", "key")}}

    parse = classmethod(DockerRegistry.parse.__func__)

    def auth(self):
        return {"htpasswd": {"realm": "registry", "path": str(self.folder / "htpasswd")}}


class TokenService(token_service.TokenService):
    """Its tokens say by which certificate they can be checked, as the distribution wants it."""

    def __init__(self, key):
        self.bundle = key.certificate()
        self.chain = [base64.b64encode(ssl.PEM_cert_to_DER_cert(self.bundle.read_text())).decode()]
        super().__init__(key)

    def make(self, query):
        scopes = [scope.split(":") for scope in " ".join(query.get("scope", [])).split()]
        granted = [token_service.access(name, *actions.split(","), kind=kind) for kind, name, actions in scopes]
        return token_service.token(self.key, token_service.claims(*granted), {"x5c": self.chain})


class Bearer(Distribution):
    """The same with a token service, which gives rights by name. The service has no TLS, so neither has the registry:
    nobody sends a password from TLS to where there is none."""

    NAME = "distribution 3 with tokens"

    def prepare(self):
        self.service = TokenService(token_service.Key(self.folder, "tokens", "RS256"))
        return "alice", "secret", None

    def tls(self, certificate, key):
        return {}

    def stop(self):
        super().stop()
        if self.process:
            self.service.close()

    def auth(self):
        return {"token": {"realm": self.service.realm, "service": token_service.SERVICE,
                          "issuer": token_service.ISSUER, "rootcertbundle": str(self.service.bundle)}}


class Zot(Written):
    NAME = "zot"

    def argv(self, config):
        return [need_go_program("zot"), "serve", config]

    def settings(self, port):
        return {"distSpecVersion": "1.1.1", "log": {"level": "info"},
                "storage": {"rootDirectory": str(self.folder / "store"), "gc": False},
                "http": {"address": self.ip, "port": str(port), "tls": self.tls("cert", "key"),
                         "auth": {"htpasswd": {"path": str(self.folder / "htpasswd")}}}}


class Crane(Written):
    """The registry that crane has for tests: no TLS, no users, manifests in memory, blobs in files."""

    NAME = "crane's registry"
    keeps_referrers = has_users = has_mounts = False
    tags_outlive = shares_blobs = forgets = True

    def argv(self, config):
        return [need_go_program("crane"), "registry", "serve", "--address", self.name(self.number), "--disk",
                self.folder / "store"]

    def prepare(self):
        (self.folder / "store").mkdir()
        return None, None, None

    def settings(self, port):
        self.number = port
        return {}


class Zuul(Peer, zuul_registry.ZuulRegistry):
    NAME = "zuul-registry"
    shares_blobs = True
    deletes_tags = deletes_manifests = has_catalog = keeps_referrers = has_mounts = False

    def environment(self):
        return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def start(self, private=True):
        reason = zuul_registry.INSTALLED / "reason"
        if not (zuul_registry.INSTALLED / "version").exists():
            raise tap.Skip(reason.read_text().strip() if reason.exists() else
                           f"zuul-registry is not installed in {zuul_registry.INSTALLED}")
        return super().start(private)


ALL = (Zreg, Docker, Distribution, Zot, Crane, Zuul)
