# SPDX-License-Identifier: Apache-2.0
"""Large blobs go from registry to registry through little memory."""

import hashlib
import json
import os
import shutil
import subprocess
import time

from world import tap, world
from layout import MANIFEST, Layout
from registries import ZregRegistry

COPY_RSS_BYTES = 16 << 20
SERVE_RSS_BYTES = 20 << 20


def sparse_layer(blobs, size, first):
    """A file of zeros that begins with one other byte, so that it costs no disk; its digest."""
    path = blobs / "sparse"
    with path.open("wb") as f:
        f.truncate(size)
        f.write(first)
    hashing = hashlib.sha256()
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            hashing.update(block)
    path.rename(blobs / hashing.hexdigest())
    return f"sha256:{hashing.hexdigest()}"


def layout_of_layers(folder, count, size):
    """An OCI layout of one image; gives its digest."""
    layout = Layout(folder)
    layers = [sparse_layer(folder / "blobs/sha256", size, bytes([i])) for i in range(count)]
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": layers}}
    return layout.tag(layout.document({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": layout.document(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": size}
                   for layer in layers]}, MANIFEST), "one")


def peak_rss_bytes(pid):
    """The high-water mark of the program that runs now; 0 when it has ended."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def run_and_measure(w, argv):
    """Runs a command to its end; gives its output and its peak memory.

    The kernel's own figure for an ended child would count this Python as well, whose memory the
    child had until exec, so the high-water mark is read while it runs.
    """
    process = subprocess.Popen(argv, env=w.environment, stdout=subprocess.PIPE)
    peak = 0
    while process.poll() is None:
        peak = max(peak, peak_rss_bytes(process.pid))
        time.sleep(0.01)
    output = process.stdout.read()
    process.stdout.close()
    assert process.returncode == 0, output
    return json.loads(output), peak


def copy_through_little_memory(count, size, tls):
    if os.environ.get("ZREG_SANITIZERS"):
        raise tap.Skip("a sanitizer build has its own memory")
    with world() as w:
        free = shutil.disk_usage(w.folder).free
        if free < 3 * count * size:
            raise tap.Skip(f"{3 * count * size} bytes of disk are needed, {free} are free")
        digest = layout_of_layers(w.folder / "layout", count, size)
        first = w.start(ZregRegistry, tls=tls, login=False)
        second = w.start(ZregRegistry, tls=tls, login=False)
        place = f"{first.address}/large:one"
        w.zreg("copy", f"oci:{w.folder}/layout:one", place)
        result, rss = run_and_measure(w, w.argv("copy", place, f"{second.address}/large:one"))
        assert result["digest"] == digest and result["bytes"] >= count * size, result
        servers = [peak_rss_bytes(r.process.pid) for r in (first, second)]
        print(f"# peak memory in bytes: copy {rss}, serve {servers}")
        assert rss <= COPY_RSS_BYTES, rss
        assert max(servers) <= SERVE_RSS_BYTES, servers


def test_08_4_GB_go_through_16_MB_of_copy_and_20_MB_of_serve():
    copy_through_little_memory(1, 4 * 1000**3, tls=False)


def test_08_8_layers_at_once_go_through_16_MB_of_copy_and_20_MB_of_serve():
    copy_through_little_memory(8, 64 << 20, tls=False)


def test_08_8_layers_over_tls_go_through_16_MB_of_copy_and_20_MB_of_serve():
    copy_through_little_memory(8, 64 << 20, tls=True)


if __name__ == "__main__":
    tap.main(__name__)
