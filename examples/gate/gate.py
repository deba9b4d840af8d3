#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two changes and a gate, in one process, through the Python package alone.

Change 1 makes a new base image. Change 2 depends on it and builds on the base's ordinary name, which
for this change means the image of change 1. Both are uploaded under temporary tags and then promoted
by their manifests alone; the public registry's own access log shows that no layer moved.

    ./run python3 examples/gate/gate.py [--json]
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import zreg

BASE = "docker.io/example/base:latest"


class Story:
    def __init__(self, client, folder, show):
        self.client = client
        self.folder = folder
        self.show = show
        self.steps = []
        self.promoted = []
        self.requests = []  # what the public registry was asked for

    def step(self, name, act, *args, **options):
        """Does one step; notes its time and what was sent for it."""
        before, start = self.client.counters(), time.monotonic()
        result = act(*args, **options)
        after = self.client.counters()
        self.steps.append({
            "step": name, "seconds": round(time.monotonic() - start, 3), "requests": after.requests - before.requests,
            "bytes": after.bytes_in + after.bytes_out - before.bytes_in - before.bytes_out})
        self.show(self.steps[-1])
        return result

    def image(self, buildset, name, base, files):
        """Builds an image from a folder and pushes it, as a job with a container builder would."""
        root = self.folder / f"{name}-files"
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return self.client.append(base, [root], f"{buildset.address}/example/{name}:latest")

    def buildset(self, change, artifacts):
        """The registry of one change, filled with the images of the changes ahead."""
        registry = self.step(f"change {change}: start a buildset registry", zreg.BuildsetRegistry)
        self.client.use(registry)
        for image in self.step(f"change {change}: populate", self.client.populate, artifacts, registry.address):
            print(f"    {image.repository}:{image.tag} of change {image.change}", file=sys.stderr)
        return registry

    def publish(self, change, buildset, intermediate, name):
        return self.step(f"change {change}: publish {name}", self.client.publish, buildset.address,
                         intermediate.address, [f"example/{name}:latest"], build=f"{change:032x}", change=change)

    def promote(self, change, repository, digest):
        seen = len(self.requests)
        result = self.step(f"gate: promote {repository}", self.client.promote, repository, ["latest"], change=change,
                           expect_digest=digest)
        blobs = [request for request in self.requests[seen:]
                 if "/blobs/" in request["path"] and request["method"] != "HEAD"]
        assert not blobs and self.client.head(f"{repository}:latest") == digest
        self.promoted.append({"repository": repository.partition("/")[2], "tag": "latest", "digest": digest,
                              "requests": result.requests, "blob_requests": result.blob_requests})

    def tell(self, intermediate, public):
        with self.buildset(1, []) as first:
            self.step("change 1: build base", self.image, first, "base", "scratch", {"etc/base-release": "change 1\n"})
            artifacts = self.publish(1, first, intermediate, "base")
            base = self.step("gate: upload base", self.client.upload, f"{first.address}/example/base:latest",
                             f"{public.address}/example/base", "latest", change=1)

        with self.buildset(2, artifacts) as second:
            winner = self.step("change 2: resolve the base's name", self.client.resolve, BASE, artifacts,
                               buildset=second.address).winner
            assert winner.digest == base.digest, winner.reason
            self.step("change 2: build app", self.image, second, "app", winner.ref, {"etc/app-release": "change 2\n"})
            self.publish(2, second, intermediate, "app")
            app = self.step("gate: upload app", self.client.upload, f"{second.address}/example/app:latest",
                            f"{public.address}/example/app", "latest", change=2)

        layers = self.client.manifest(f"{public.address}/example/app:change_2_latest").layers
        assert layers[0] == self.client.manifest(f"{public.address}/example/base:change_1_latest").layers[0]
        self.promote(1, f"{public.address}/example/base", base.digest)
        self.promote(2, f"{public.address}/example/app", app.digest)


def show_row(step):
    print(f"{step['step']:<44}{step['seconds']:>8.3f} s{step['bytes']:>12,} B{step['requests']:>5} requests")


def main():
    parser = argparse.ArgumentParser(description="Two changes and a gate, in one process.")
    parser.add_argument("--json", action="store_true", help="one report instead of a table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zreg-gate-") as folder, zreg.Client(authfile="") as client:
        story = Story(client, Path(folder), (lambda step: None) if options.json else show_row)
        with zreg.Server(f"{folder}/intermediate") as intermediate, \
                zreg.Server(f"{folder}/public", access=story.requests.append) as public:
            story.tell(intermediate, public)
    if options.json:
        ready = min(step["seconds"] for step in story.steps if "start a buildset registry" in step["step"])
        print(json.dumps({"ok": True, "buildset_ready_ms": round(1000 * ready, 1), "steps": story.steps,
                          "promoted": story.promoted}, indent=2))
    for image in () if options.json else story.promoted:
        print(f"promoted {image['repository']}:{image['tag']} = {image['digest']} with {image['requests']} requests, "
              f"{image['blob_requests']} for blobs")


if __name__ == "__main__":
    main()
