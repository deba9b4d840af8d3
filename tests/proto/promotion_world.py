# SPDX-License-Identifier: Apache-2.0
"""A registry with uploaded images, and `zreg promote` against it."""

import json
import os
import subprocess

from registry import Registry, manifest, sha256

REPO = "example/base"


class Public(Registry):
    """A registry with images of changes under their temporary tags. `step` is called with each
    request whose path has `steps_of`, before and after it was carried out."""

    def __init__(self, **options):
        super().__init__(**options)
        self.step = None
        self.steps_of = "/manifests/"

    def add_image(self, tag, name):
        for blob in (CONFIG, layer_of(name)):
            self.add_blob(REPO, blob)
        return self.add_manifest(REPO, tag, image_of(name))

    def upload(self, change, tag="latest", name=None):
        return self.add_image(f"change_{change}_{tag}", name or change)

    def answer(self, request):
        if not self.step or self.steps_of not in request.path:
            return super().answer(request)
        self.step(request, "before")
        answer = super().answer(request)
        self.step(request, "after")
        return answer

    def tags(self):
        return {name: sha256(data) for name, (_, data) in self.manifests[REPO].items() if ":" not in name}

    def images(self):
        """The tags that people see."""
        return {name: digest for name, digest in self.tags().items() if not name.startswith("zreg-order_")}

    def record(self, tag="latest"):
        return json.loads(self.manifests[REPO][f"zreg-order_{tag}"][1])["annotations"]

    def moves(self):
        return [line.replace(f"/v2/{REPO}/manifests/", "") for line in self.requests("/manifests/")]


CONFIG = b"{}"


def layer_of(name):
    return f"layer of {name}".encode()


def image_of(name):
    return manifest(CONFIG, [layer_of(name)])


class Command:
    """`zreg promote` with the registry as HOST."""

    def __init__(self, public):
        self.public = public
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("ZREG_")}
        self.environment.update(HOME="/nonexistent", REGISTRY_AUTH_FILE="/nonexistent/none.json")

    def start(self, change, *argv, tags=("latest",), json_wanted=True):
        words = [word for tag in tags for word in ("--tag", tag)]
        source = ["--change", str(change)] if change else []
        form = ["--json"] if json_wanted else []
        return subprocess.Popen(["zreg", "promote", *form, f"{self.public.name}/{REPO}", *source, *words,
                                 "--plain-http", self.public.name, *map(str, argv)],
                                env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def end(process, code=0):
        out, log = process.communicate(timeout=60)
        assert process.returncode == code, f"exit {process.returncode}, expected {code}: {out}{log}"
        return json.loads(out)

    def run(self, change, *argv, code=0, tags=("latest",)):
        return self.end(self.start(change, *argv, tags=tags), code)

    def fails(self, change, *argv, code=1, tags=("latest",)):
        return self.run(change, *argv, code=code, tags=tags)["error"]


class World:
    def __enter__(self):
        self.public = Public()
        return self.public, Command(self.public)

    def __exit__(self, kind, *_):
        self.public.step = None
        self.public.close()
        if kind is None:
            assert not self.public.faults, self.public.faults
