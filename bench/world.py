# SPDX-License-Identifier: Apache-2.0
"""What the rows share: registries that are started and stopped, a peer of static files, measuring."""

import contextlib
import hashlib
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "examples/gate"))

from registries import Credentials, Failure, Registry, ZregRegistry, free_port  # noqa: E402

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CEILING = "the ceiling"
UNHASHED = " (without hashing)"


class Skip(Exception):
    """A row that cannot be measured here."""


def measured(medians, figures):
    """What a row yields of medians by client, of which zreg's are first."""
    for k, (what, unit) in enumerate(figures):
        values = {name: figure[k] for name, figure in medians.items()}
        yield what, unit, values.pop("zreg"), values


def beside(what, ours, peer, unit, name):
    """What a row yields of one peer."""
    return what, unit, ours, {name: peer}


def random_layers(count, size):
    return (os.urandom(size) for _ in range(count))


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


class FastRegistry(ZregRegistry):
    """Without a wait for the disk, as docker-registry does it."""

    def launch(self, *argv):
        return super().launch("--durability", "none", *argv)


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.credentials = Credentials(folder)
        self.running = []
        docker = folder / "docker"
        docker.mkdir()
        (docker / "config.json").symlink_to(self.credentials.authfile)
        self.environment = dict(os.environ, HOME=str(folder), DOCKER_CONFIG=str(docker),
                                REGCTL_CONFIG=str(docker / "regctl.json"),
                                REGISTRY_AUTH_FILE=str(self.credentials.authfile))

    def start(self, registry_class, *argv, **kwargs):
        registry = registry_class(self.folder, f"registry-{len(self.running)}", self.credentials)
        self.running.append(registry)
        return registry.start(*argv, **kwargs)

    def distant(self, registry, ms=0, bytes_per_s=0, notes=None):
        """The address of a proxy (delay.py) before the registry; of the registry itself when it is to do nothing."""
        if not ms and not bytes_per_s and not notes:
            return registry.address
        process = subprocess.Popen([sys.executable, TOP / "bench/delay.py", registry.address.rsplit(":")[1],
                                    str(ms), str(bytes_per_s), *[notes] * bool(notes)],
                                   stdout=subprocess.PIPE, text=True)
        self.running.append(process)
        address = f"127.0.0.1:{process.stdout.readline().strip()}"
        if registry.address in self.credentials.auths:
            self.credentials.auths[address] = self.credentials.auths[registry.address]
            self.credentials.save()
        return address

    @contextlib.contextmanager
    def passing_all(self):
        """What is started within is ended with it."""
        count = len(self.running)
        try:
            yield
        finally:
            self.stop(count)

    def stop(self, keep=0):
        for running in self.running[keep:]:
            if isinstance(running, Registry):
                running.stop()
                shutil.rmtree(running.folder, ignore_errors=True)
            else:
                running.kill()
                running.wait()
                running.stdout.close()
        del self.running[keep:]

    def layout(self, name, *images):
        """An OCI layout of an image with these layers, or of an index of several; an image is bytes, one by one."""
        folder = self.folder / name
        blobs = folder / "blobs/sha256"
        blobs.mkdir(parents=True)

        def add(data, media_type):
            digest = hashlib.sha256(data).hexdigest()
            (blobs / digest).write_bytes(data)
            return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

        def add_image(layers, architecture):
            parts = [add(data, "application/vnd.oci.image.layer.v1.tar") for data in layers]
            config = {"architecture": architecture, "os": "linux", "created_by": name, "rootfs": {
                "type": "layers", "diff_ids": [part["digest"] for part in parts]}}
            manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": parts, "config": add(
                json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")}
            return {**add(json.dumps(manifest).encode(), MANIFEST),
                    "platform": {"os": "linux", "architecture": architecture}}

        entries = [add_image(*image) for image in zip(images, ("amd64", "arm64"))]
        if len(entries) > 1:
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
            entries = [add(json.dumps(index).encode(), INDEX)]
        entries[0]["annotations"] = {"org.opencontainers.image.ref.name": "one"}
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
        return f"oci:{folder}:one"

    def measure(self, *commands):
        """Runs commands one after the other; gives seconds, CPU-seconds, and the peak of memory in MB."""
        figures = [self.measure_one(argv) for argv in commands]
        return sum(f[0] for f in figures), sum(f[1] for f in figures), max(f[2] for f in figures)

    def measure_one(self, argv):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
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
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode != 0:
            raise Failure(f"{argv}: {process.stderr.read().decode()}")
        process.stderr.close()
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return seconds, cpu, peak / 1024

    @staticmethod
    def take_turns(runs):
        """Measures all alternately, RUNS times; gives the medians. `runs`: name -> what gives figures."""
        figures = [{name: run() for name, run in runs.items()} for _ in range(RUNS)]
        return {name: [statistics.median(values) for values in zip(*[turn[name] for turn in figures])]
                for name in runs}
