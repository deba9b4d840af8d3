# SPDX-License-Identifier: Apache-2.0
"""The story of two changes and a gate, told with real processes. Started by examples/gate/run.

Change 1 alters a base image. Change 2 depends on it: its Dockerfile says FROM the base's ordinary
name, and gets the image of change 1, which nobody has merged. Both are then uploaded under
temporary tags and promoted by their manifests alone.
"""

import json
import os
import pathlib
import shutil
import signal
import sys
import tarfile
import tempfile
import time

from registries import (BuildsetRegistry, Credentials, DockerRegistry, Failure, ZregRegistry,
                        command)

MIRROR = """
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "{address}"
"""
STORAGE = """
[storage]
driver = "vfs"
graphroot = "{folder}/containers"
runroot = "{folder}/containers-run"
"""
BASE = """
FROM scratch
COPY busybox /bin/busybox
COPY passwd /etc/passwd
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /tmp /root && echo "the base image of change 1" > /etc/base-release
CMD ["/bin/sh"]
"""
APP = """
FROM docker.io/example/base:latest
RUN cat /etc/base-release > /etc/app-release && echo "and the app of change 2" >> /etc/app-release
"""


class Story:
    def __init__(self, folder, show):
        self.folder = folder
        self.show = show
        self.credentials = Credentials(folder)
        self.registries = {}
        self.steps = []
        self.promoted = []
        self.change_of = {}  # digest -> change that made it
        self.environment = dict(os.environ, HOME=str(folder / "home"),
                                REGISTRY_AUTH_FILE=str(self.credentials.authfile),
                                CONTAINERS_STORAGE_CONF=str(folder / "storage.conf"),
                                BUILDAH_ISOLATION="chroot")
        (folder / "storage.conf").write_text(STORAGE.format(folder=folder))

    def run(self, *argv):
        return command(*argv, env=self.environment)

    def zreg(self, verb, *argv):
        """Runs a verb of the command and gives its JSON document."""
        return json.loads(self.run("zreg", verb, "--json", "--authfile", self.credentials.authfile,
                                   "--ca", self.credentials.bundle, *argv))

    def step(self, name, act, *argv):
        """Runs one step and notes its time, and the traffic that the registries' logs tell of."""
        before = {r: len(r.requests()) for r in self.registries.values()}
        start = time.monotonic()
        result = act(*argv)
        seconds = time.monotonic() - start
        traffic = [request for r in self.registries.values()
                   for request in r.requests()[before.get(r, 0):]]
        served = sorted({self.change_of[q["digest"]] for q in traffic
                         if q["method"] == "GET" and q["status"] == 200
                         and "/manifests/" in q["path"] and q["digest"] in self.change_of})
        step = {"step": name, "seconds": round(seconds, 3), "requests": len(traffic),
                "bytes": sum(int(q["bytes"] or 0) for q in traffic),
                "served_from_change": served}
        self.steps.append(step)
        self.show(step)
        return result

    # --- registries

    def start(self, name, registry_class):
        registry = registry_class(self.folder, name, self.credentials)
        self.registries[name] = registry
        return registry.start()

    def stop(self, name):
        self.registries[name].stop()

    def start_public(self):
        return self.start("public", DockerRegistry if DockerRegistry.available() else ZregRegistry)

    def start_buildset(self, change):
        registry = self.start(f"buildset-{change}", BuildsetRegistry)
        mirrors = self.folder / "home/.config/containers/registries.conf"
        mirrors.write_text(MIRROR.format(address=registry.address))
        return registry

    # --- jobs

    def build(self, name, dockerfile, address):
        """Builds and pushes an image: with buildah, or by appending layers where it cannot run."""
        context = self.folder / f"context-{name}"
        context.mkdir()
        shutil.copy(shutil.which("busybox") or "/bin/busybox", context / "busybox")
        (context / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (context / "Dockerfile").write_text(dockerfile)
        if shutil.which("buildah"):
            self.run("buildah", "build", "--tag", f"localhost/{name}", context)
            self.run("buildah", "push", f"localhost/{name}",
                     f"docker://{address}/example/{name}:latest")
        else:
            self.append(name, context, address)

    def append(self, name, context, address):
        root = context / "root"
        (root / "etc").mkdir(parents=True)
        (root / "bin").mkdir()
        if name == "base":
            shutil.copy(context / "busybox", root / "bin/busybox")
            (root / "etc/base-release").write_text("the base image of change 1\n")
            base = "scratch"
        else:
            (root / "etc/app-release").write_text("the app of change 2\n")
            base = f"{address}/example/base:latest"
        self.zreg("append", "--base", base, "--layer", root, f"{address}/example/{name}:latest")

    def publish(self, change, buildset, image):
        build = f"{change:032x}"
        result = self.zreg("publish", "--from", buildset.address,
                           "--to", self.registries["intermediate"].address,
                           "--build", build, "--change", str(change), "--image", image)
        for artifact in result["artifacts"]:
            self.change_of[artifact["metadata"]["digest"]] = str(change)
        path = self.folder / f"artifacts-{change}.json"
        path.write_text(json.dumps(result))
        return path

    def populate(self, artifacts, buildset):
        return self.zreg("populate", "--artifacts", artifacts, "--to", buildset.address)

    def consume(self):
        """Pulls both images by their ordinary names and looks for the file of change 1."""
        for name in ("base", "app"):
            target = self.folder / f"pulled-{name}"
            self.run("skopeo", "copy", "--insecure-policy",
                     f"docker://docker.io/example/{name}:latest", f"dir:{target}")
            manifest = json.loads((target / "manifest.json").read_text())
            files = set()
            for layer in manifest["layers"]:
                with tarfile.open(target / layer["digest"].split(":")[1]) as tar:
                    files.update(member.name.lstrip("./") for member in tar)
            if "etc/base-release" not in files:
                raise Failure(f"example/{name} has no file etc/base-release of change 1")

    def upload(self, change, buildset, name):
        return self.zreg("upload", f"{buildset.address}/example/{name}:latest",
                         f"{self.registries['public'].address}/example/{name}",
                         "--tag", "latest", "--change", str(change))

    def promote(self, change, name, digest):
        """Promotes, and proves from the registry's own log that no blob moved: they are looked at, by HEAD."""
        public = self.registries["public"]
        seen = len(public.requests())
        result = self.zreg("promote", f"{public.address}/example/{name}", "--change", str(change),
                           "--tag", "latest", "--expect-digest", digest)
        log = public.requests()[seen:]
        blobs = [request for request in log if "/blobs/" in request["path"] and request["method"] != "HEAD"]
        if blobs:
            raise Failure(f"promotion moved blobs: {blobs}")
        final = self.zreg("inspect", f"{public.address}/example/{name}:latest")
        if final["digest"] != digest:
            raise Failure(f"example/{name}:latest is {final['digest']}, not {digest}")
        self.promoted.append({"repository": f"example/{name}", "tag": "latest", "digest": digest,
                              "requests": result["requests"], "blob_requests": len(blobs)})

    # --- the story

    def tell(self):
        self.step("start the intermediate registry", self.start, "intermediate", ZregRegistry)
        self.step("start the public registry", self.start_public)
        nothing = self.folder / "artifacts-0.json"
        nothing.write_text('{"artifacts": []}')

        first = self.step("change 1: start a buildset registry", self.start_buildset, 1)
        self.step("change 1: populate from nothing", self.populate, nothing, first)
        self.step("change 1: build and push base", self.build, "base", BASE, first.address)
        artifacts = self.step("change 1: publish", self.publish, 1, first, "example/base:latest")

        second = self.step("change 2: start a buildset registry", self.start_buildset, 2)
        self.step("change 2: populate from change 1", self.populate, artifacts, second)
        self.step("change 2: build app FROM the base's name", self.build, "app", APP, second.address)
        self.step("change 2: publish", self.publish, 2, second, "example/app:latest")
        self.step("change 2: a consumer pulls both", self.consume)

        digests = {}
        for change, buildset, name in ((1, first, "base"), (2, second, "app")):
            result = self.step(f"gate: upload {name} as change_{change}_latest", self.upload,
                               change, buildset, name)
            digests[name] = result["digest"]
        self.stop("buildset-1")
        self.stop("buildset-2")
        for change, name in ((1, "base"), (2, "app")):
            self.step(f"gate: promote {name} to latest", self.promote, change, name, digests[name])

    def end(self):
        for registry in self.registries.values():
            registry.stop()

    def buildset_ready_ms(self):
        starts = [s["seconds"] for s in self.steps if "start a buildset registry" in s["step"]]
        return round(1000 * min(starts), 1) if starts else None


def show_row(step):
    change = ", ".join(step["served_from_change"])
    print(f"{step['step']:<44}{step['seconds']:>8.3f} s{step['bytes']:>12,} B"
          f"{step['requests']:>5} requests{'  served from change ' + change if change else ''}",
          flush=True)


def show_end(story):
    for image in story.promoted:
        print(f"promoted {image['repository']}:{image['tag']} = {image['digest']} with "
              f"{image['requests']} requests, {image['blob_requests']} for blobs")
    print(f"a buildset registry was ready in {story.buildset_ready_ms()} ms; all is stopped, "
          "and nothing is left behind")


def main(argv):
    if argv not in ([], ["--json"]):
        print("usage: examples/gate/run [--json]", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    as_json = bool(argv)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-gate-"))
    (folder / "home").mkdir()
    story = Story(folder, (lambda step: None) if as_json else show_row)
    error = None
    try:
        story.tell()
    except Failure as failure:
        error = str(failure)
    finally:
        story.end()
        shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        print(json.dumps({"ok": error is None, "error": error,
                          "buildset_ready_ms": story.buildset_ready_ms(),
                          "steps": story.steps, "promoted": story.promoted}, indent=2))
    elif error is None:
        show_end(story)
    if error is not None:
        print(f"examples/gate/run: {error}", file=sys.stderr)
    return 0 if error is None else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
