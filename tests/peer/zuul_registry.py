# SPDX-License-Identifier: Apache-2.0
"""zuul-registry as its operators run it: its own command and registry.yaml, TLS, one user who may write
and one who may read. tests/run installs it from PyPI."""

import json
import os
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / folder) for folder in ("tests/roles", "tests/modules", "tests/e2e", "examples/gate", "tests/lib")]

from registries import Registry, free_port  # noqa: E402
import tap  # noqa: E402

INSTALLED = pathlib.Path(os.environ.get("ZREG_ZUUL_REGISTRY", TOP / "build/zuul-registry"))
READER = "reader"


def main(module):
    """Runs the tests of a module, or says once why there are none."""
    if not (INSTALLED / "version").exists():
        reason = INSTALLED / "reason"
        print("1..1\nok 1 - zuul-registry as the peer # SKIP", reason.read_text().strip() if reason.exists() else
              f"zuul-registry is not installed in {INSTALLED}; tests/run peer does that")
        return
    tap.main(module)


class ZuulRegistry(Registry):
    """Everybody may read when there are only users who may write; `private` adds one who may read."""

    LINE = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) (?P<protocol>HTTP/[0-9.]+)" (?P<status>\d+) (?P<bytes>\d+|-)')

    def start(self, private=True):
        port, certificate = free_port(), self.certificate()
        self.address = self.name(port)
        self.passwords = {name: os.urandom(16).hex() for name in ("zuul", *[READER] * private)}
        self.write_config(port)
        with self.log.open("w") as log:  # its log of requests is there in debug mode only
            self.process = subprocess.Popen(
                [INSTALLED / "bin/zuul-registry", "-d", "-c", self.config, "serve"], stdout=log, stderr=log,
                env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"})
        self.wait_until_open(port)
        self.credentials.add(self.address, "zuul", self.passwords["zuul"], certificate)
        return self

    @property
    def config(self):
        return self.folder / "registry.yaml"

    def write_config(self, port):
        """JSON is YAML."""
        users = [{"name": name, "pass": password, "access": "read" if name == READER else "write"}
                 for name, password in self.passwords.items()]
        self.config.touch(0o600)
        self.config.write_text(json.dumps({"registry": {
            "address": self.ip, "port": port, "public-url": f"https://{self.address}", "secret": os.urandom(16).hex(),
            "tls-cert": str(self.folder / "cert.pem"), "tls-key": str(self.folder / "key.pem"), "users": users,
            "storage": {"driver": "filesystem", "root": str(self.folder / "store")}}}))

    @classmethod
    def parse(cls, line):
        match = cls.LINE.search(line)
        return match and {**match.groupdict(), "status": int(match["status"]),
                          "bytes": int(match["bytes"].replace("-", "0")), "digest": ""}
