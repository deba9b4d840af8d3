# SPDX-License-Identifier: Apache-2.0
"""skopeo, buildah and podman, unmodified, push to and pull from `zreg serve`."""

import functools
import json

from world import need, tap, world
from registries import ZregRegistry


def skopeo(w, tls, login):
    need("skopeo")
    registry = w.start(ZregRegistry, tls=tls, login=login)
    digest = w.image(f"oci:{w.folder}/layout:one")
    there = f"docker://{registry.address}/some/image:one"
    verify = f"--dest-tls-verify={str(tls).lower()}"
    w.run("skopeo", "copy", "--insecure-policy", verify, f"oci:{w.folder}/layout:one", there)
    verify = f"--src-tls-verify={str(tls).lower()}"
    w.run("skopeo", "copy", "--insecure-policy", verify, there, f"oci:{w.folder}/back:one")
    index = json.loads((w.folder / "back/index.json").read_text())
    assert index["manifests"][0]["digest"] == digest, index


def builder(program, w, tls, login):
    """buildah and podman: an image in local storage is pushed, removed, pulled and looked at."""
    need(program)
    registry = w.start(ZregRegistry, tls=tls, login=login)
    w.image(f"oci:{w.folder}/layout:one")
    there = f"{registry.address}/some/image:one"
    verify = f"--tls-verify={str(tls).lower()}"
    image = w.run(program, "pull", "--quiet", f"oci:{w.folder}/layout:one").strip()
    w.run(program, "push", verify, image, f"docker://{there}")
    w.run(program, "rmi", image)
    pulled = w.run(program, "pull", "--quiet", verify, f"docker://{there}").strip()
    assert pulled == image, f"pushed {image}, pulled {pulled}"


def case(push_and_pull, tls, login):
    def run():
        with world() as w:
            push_and_pull(w, tls, login)
    return run


for name in ("skopeo", "buildah", "podman"):
    body = skopeo if name == "skopeo" else functools.partial(builder, name)
    for tls in (True, False):
        for login in (True, False):
            title = f"test_{name}_{'tls' if tls else 'plain'}_{'password' if login else 'open'}"
            globals()[title] = case(body, tls, login)

if __name__ == "__main__":
    tap.main(__name__)
