# SPDX-License-Identifier: Apache-2.0
"""Side-by-side measurements. Ours and the peer take turns; each figure is the median of the runs.

A row is a function called row_*; it yields (what, ours, peer, unit, peer's name). The ratio in
the table is ours divided by the peer's. A peer that is not installed is a skipped row.
"""

import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "examples/gate"))

from registries import (Credentials, DockerRegistry, Failure, Registry, ZregRegistry,  # noqa: E402
                        command, free_port)

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


def zreg_copy(src, dst):
    return ["zreg", "copy", "--json", src, dst]


def skopeo_copy(src, dst):
    return ["skopeo", "copy", "--all", "--insecure-policy", "--src-tls-verify=false",
            "--dest-tls-verify=false", f"docker://{src}", f"docker://{dst}"]


def compare_copies(bench, layers, size, delay_ms=0):
    """Each copy goes to a registry of its own: skopeo remembers from one process to the next where
    it put a blob, and would mount in place of copying."""
    need("skopeo")
    need("docker-registry")
    src = bench.start(DockerRegistry, tls=False, login=False)
    command(*zreg_copy(bench.layout("layout", layers, size), f"{src.address}/bench:one"))
    place = f"{bench.delayed(src, delay_ms)}/bench:one"

    def run(argv_of):
        with bench.passing(DockerRegistry, tls=False, login=False) as dst:
            return bench.measure(argv_of(place, f"{bench.delayed(dst, delay_ms)}/bench:one"))

    ours, peer = bench.take_turns(lambda: run(zreg_copy), lambda: run(skopeo_copy))
    for k, (what, unit) in enumerate((("wall", "s"), ("client CPU", "s"), ("client RSS", "MB"))):
        yield what, ours[k], peer[k], unit, "skopeo"


def row_copy_8_layers_of_64_MiB(bench):
    yield from compare_copies(bench, 8, 64 << 20)


def row_copy_200_layers_of_32_KiB(bench):
    yield from compare_copies(bench, 200, 32 << 10)


def row_copy_200_layers_of_32_KiB_at_20_ms(bench):
    yield from compare_copies(bench, 200, 32 << 10, 20)


def row_requests_per_operation(bench):
    """Counted by the registries' own access logs, with basic authentication on both."""
    need("skopeo")
    need("docker-registry")
    src, dst = [bench.start(DockerRegistry, tls=True, login=True) for _ in range(2)]
    ours = ["zreg", "copy", "--json", "--authfile", bench.credentials.authfile,
            "--ca", bench.credentials.bundle]
    command(*ours, bench.layout("layout", 5, 1 << 16), f"{src.address}/a:one")

    def count(argv):
        before = len(src.requests()) + len(dst.requests())
        bench.measure(argv)
        time.sleep(0.2)
        return len(src.requests()) + len(dst.requests()) - before

    for what, place, target in (
            ("copy, nothing there", f"{src.address}/a:one", "{}/{}:one"),
            ("copy again, nothing to do", f"{src.address}/a:one", "{}/{}:one"),
            ("retag in one repository", "{}/{}:one", "{}/{}:two")):
        counts = []
        for who, argv in (("zreg", ours), ("skopeo", None)):
            a, b = place.format(dst.address, who), target.format(dst.address, who)
            counts.append(count([*argv, a, b] if argv else skopeo_copy(a, b)))
        yield what, *counts, "requests", "skopeo"


def fill(bench, registry, tls):
    """Puts one image with a 64 MiB layer into a registry; gives the paths to ask for."""
    layout = bench.folder / "served"
    if not layout.exists():
        bench.layout("served", 1, 64 << 20)
    argv = ["zreg", "copy", "--json", f"oci:{layout}:one", f"{registry.address}/bench:one"]
    command(*argv, *(["--ca", bench.credentials.bundle] if tls else []))


def served_files(bench):
    layout = bench.folder / "served"
    index = json.loads((layout / "index.json").read_text())
    digest = index["manifests"][0]["digest"]
    manifest = (layout / "blobs/sha256" / digest[7:]).read_bytes()
    layer = json.loads(manifest)["layers"][0]["digest"]
    return {f"/v2/bench/manifests/{digest}": manifest,
            f"/v2/bench/blobs/{layer}": (layout / "blobs/sha256" / layer[7:]).read_bytes()}


def wrk(registry, tls, path, connections):
    """Requests and bytes per second."""
    url = f"http{'s' if tls else ''}://{registry.address}{path}"
    text = command("wrk", "-t2", f"-c{connections}", "-d2s", "-H", f"Accept: {MANIFEST}", url)
    if "Non-2xx" in text:
        raise Failure(f"{url}: {text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    number, unit = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?B)", text).groups()
    return rate, float(number) * {"B": 1e-6, "KB": 1.024e-3, "MB": 1.048576, "GB": 1073.74}[unit]


def compare_serving(bench, tls):
    need("wrk")
    ours = bench.start(ZregRegistry, tls=tls, login=False)
    fill(bench, ours, tls)
    files = served_files(bench)
    peers = {}
    if shutil.which("docker-registry"):
        peers["docker-registry"] = bench.start(DockerRegistry, tls=tls, login=False)
        fill(bench, peers["docker-registry"], tls)
    if pathlib.Path("/usr/sbin/nginx").exists():
        peers["nginx"] = bench.start(Nginx, tls, files)
    for name, peer in peers.items():
        for (path, _), what, k, connections, unit in zip(
                files.items(), ("manifest GET", "64 MiB blob GET"), (0, 1), (16, 4), ("1/s", "MB/s")):
            turns = [(wrk(ours, tls, path, connections)[k], wrk(peer, tls, path, connections)[k])
                     for _ in range(RUNS)]
            yield (what, statistics.median(t[0] for t in turns),
                   statistics.median(t[1] for t in turns), unit, name)


def row_serve_plain(bench):
    yield from compare_serving(bench, False)


def row_serve_tls(bench):
    yield from compare_serving(bench, True)


def push(registry, data, number):
    """Seconds for POST and PUT of one new blob, by curl."""
    base = f"http://{registry.address}"
    body = number.to_bytes(8, "big") + data[8:]
    digest = hashlib.sha256(body).hexdigest()
    start = urllib.request.Request(f"{base}/v2/bench/blobs/uploads/", method="POST", data=b"")
    with urllib.request.urlopen(start) as answer:
        location = answer.headers["Location"]
    location = location if location.startswith("http") else base + location
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        begin = time.monotonic()
        command("curl", "-sSf", "-T", file.name, "-H", "Expect:",
                f"{location}{'&' if '?' in location else '?'}digest=sha256:{digest}")
        return time.monotonic() - begin


def row_push_64_MiB(bench):
    need("docker-registry")
    need("curl")
    ours = bench.start(ZregRegistry, tls=False, login=False)
    peer = bench.start(DockerRegistry, tls=False, login=False)
    data = os.urandom(64 << 20)
    turns = [(push(ours, data, i), push(peer, data, i)) for i in range(RUNS)]
    yield ("wall (ours syncs to disk, the peer does not)", statistics.median(t[0] for t in turns),
           statistics.median(t[1] for t in turns), "s", "docker-registry")


def time_to_first_200(bench, registry_class):
    start = time.monotonic()
    registry = bench.start(registry_class, tls=False, login=False)
    urllib.request.urlopen(f"http://{registry.address}/v2/").close()
    return (time.monotonic() - start) * 1000


def row_start_to_first_200(bench):
    need("docker-registry")
    turns = [[time_to_first_200(bench, c) for c in (ZregRegistry, DockerRegistry)]
             for _ in range(RUNS)]
    yield ("wall", statistics.median(t[0] for t in turns), statistics.median(t[1] for t in turns),
           "ms", "docker-registry")


def version(*argv):
    try:
        text = subprocess.run(argv, capture_output=True, text=True, check=False)
        return (text.stdout + text.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return f"{argv[0]}: not installed"


def main(words):
    rows = [(name[4:].replace("_", " "), row) for name, row in globals().items()
            if name.startswith("row_")]
    lines = ["| what | figure | zreg | peer | ratio | |", "|---|---|---|---|---|---|"]
    print(lines[0], lines[1], sep="\n", flush=True)

    def add(line):
        lines.append(line)
        print(line, flush=True)

    for name, row in rows:
        if words and not any(word in name for word in words):
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-bench-"))
        bench = Bench(folder)
        try:
            for what, ours, peer, unit, who in row(bench):
                ratio = ours / peer if peer else float("nan")
                add(f"| {name} | {what} | {ours:,.4g} {unit} | {peer:,.4g} {unit} | {ratio:.2f} "
                    f"| {who} |")
        except Skip as reason:
            add(f"| {name} | skipped: {reason} | | | | |")
        finally:
            bench.stop()
            shutil.rmtree(folder, ignore_errors=True)
    if not words:
        head = [f"Measured by `bench/run` on {datetime.date.today()}: {os.cpu_count()} processors, "
                f"{platform.system()} {platform.release()}.", "",
                "; ".join([version("zreg", "version"), version("skopeo", "--version"),
                           version("docker-registry", "--version"), version("nginx", "-v"),
                           version("curl", "--version").split(" (")[0]]), "",
                f"Each figure is the median of {RUNS} runs, ours and the peer in turn; the ratio "
                "is ours divided by the peer's.", ""]
        (TOP / "bench/RESULTS.md").write_text("\n".join(["# Results", "", *head, *lines, ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
