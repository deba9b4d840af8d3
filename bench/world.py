# SPDX-License-Identifier: Apache-2.0
"""What the rows share: registries that are started and stopped, a peer of static files, measuring."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "examples/gate"))

from registries import Credentials, Failure, Registry, free_port  # noqa: E402

RUNS = 5
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Skip(Exception):
    """A row that cannot be measured here."""


def need(program):
    if not shutil.which(program):
        raise Skip(f"{program} is not installed")


class Nginx(Registry):
    """nginx with static files under the paths of a registry: as fast as bytes can be served. It
    keeps an access log, as every registry here does."""

    CONFIG = """
worker_processes auto; pid {folder}/pid; daemon off; error_log {folder}/errors.log;
events {{ worker_connections 1024; }}
http {{ access_log {folder}/access.log; sendfile on; tcp_nopush on; keepalive_requests 1000000; root {folder}/www;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port} {tls}; {certificate} }} }}
"""

    def start(self, tls, files):
        port = free_port()
        certificate = ""
        if tls:
            self.certificate()
            certificate = (f"ssl_certificate {self.folder}/cert.pem; "
                           f"ssl_certificate_key {self.folder}/key.pem;")
        for path, data in files.items():
            file = self.folder / "www" / path.lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        config = self.folder / "nginx.conf"
        config.write_text(self.CONFIG.format(folder=self.folder, port=port,
                                             tls="ssl" if tls else "", certificate=certificate))
        for path in [self.folder, *self.folder.rglob("*")]:
            path.chmod(0o755)
        self.folder.parent.chmod(0o755)
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", config], stderr=self.errors)
        self.wait_until_open(port)
        self.address = f"127.0.0.1:{port}"
        return self


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.credentials = Credentials(folder)
        self.running = []
        self.environment = dict(os.environ, HOME=str(folder),
                                REGISTRY_AUTH_FILE=str(self.credentials.authfile))

    def start(self, registry_class, *argv, **kwargs):
        registry = registry_class(self.folder, f"registry-{len(self.running)}", self.credentials)
        self.running.append(registry)
        return registry.start(*argv, **kwargs)

    @contextlib.contextmanager
    def passing(self, registry_class, **kwargs):
        """A registry that is gone afterwards, with what it holds."""
        registry = self.start(registry_class, **kwargs)
        try:
            yield registry
        finally:
            registry.stop()
            shutil.rmtree(registry.folder, ignore_errors=True)

    def delayed(self, registry, ms):
        """An address where the registry answers this much later."""
        if not ms:
            return registry.address
        process = subprocess.Popen([sys.executable, TOP / "bench/delay.py",
                                    registry.address.rsplit(":")[1], str(ms)],
                                   stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        return f"127.0.0.1:{process.stdout.readline().strip()}"

    def stop(self):
        for running in self.running:
            if isinstance(running, Registry):
                running.stop()
            else:
                running.kill()
                running.wait()
        self.running.clear()

    def layout(self, name, layers, size):
        """An OCI layout of random layers."""
        folder = self.folder / name
        blobs = folder / "blobs/sha256"
        blobs.mkdir(parents=True)

        def add(data, media_type):
            digest = hashlib.sha256(data).hexdigest()
            (blobs / digest).write_bytes(data)
            return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

        parts = [add(os.urandom(size), "application/vnd.oci.image.layer.v1.tar")
                 for _ in range(layers)]
        config = {"architecture": "amd64", "os": "linux", "rootfs": {
            "type": "layers", "diff_ids": [part["digest"] for part in parts]}}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": parts, "config": add(
            json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")}
        entry = add(json.dumps(manifest).encode(), MANIFEST)
        entry["annotations"] = {"org.opencontainers.image.ref.name": "one"}
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
        return f"oci:{folder}:one"

    def measure(self, argv):
        """Runs a command; gives seconds, CPU-seconds, and peak memory while it ran, in MB."""
        before = os.times()
        start = time.monotonic()
        process = subprocess.Popen(argv, env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        peak = 0
        while process.poll() is None:
            with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
                peak = max([peak] + [int(line.split()[1]) for line in status
                                     if line.startswith("VmHWM")])
            time.sleep(0.002)
        seconds = time.monotonic() - start
        after = os.times()
        if process.returncode != 0:
            raise Failure(f"{argv}: {process.stderr.read().decode()}")
        process.stderr.close()
        cpu = after.children_user + after.children_system - before.children_user - \
            before.children_system
        return seconds, cpu, peak / 1024

    @staticmethod
    def take_turns(ours, peer):
        """Measures both alternately."""
        figures = [(ours(), peer()) for _ in range(RUNS)]
        return [[statistics.median(run[who][k] for run in figures) for k in range(3)]
                for who in range(2)]
