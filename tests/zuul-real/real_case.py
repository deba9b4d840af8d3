# SPDX-License-Identifier: Apache-2.0
"""Zuul with everything executed: its executor with bubblewrap and Ansible, nodes over SSH, the registries of the site.
libzreg is installed below /usr/local, as an operator would; what was there is seen beside it and stays as it was."""

import json
import pathlib
import shutil
import tarfile
import tempfile

import nodes
import site_registries
import space
import zuul_case
from tests import base

ANSIBLE = space.ZUUL / "ansible"
# For this machine's Python and for that of Zuul's Ansible; tests/run makes them.
BUILDS = [space.TOP / "build/node", space.TOP / "build/executor"]
BUSYBOX = pathlib.Path("/bin/busybox")
SETTLED_S = 1200


def install():
    """`make install` into a layer over /usr/local, for this machine's Python and for the one that runs Ansible."""
    layer = space.ROOT / "usr-local"
    layer.mkdir()
    space.run("mount", "-t", "tmpfs", "layer", str(layer))
    for name in ("upper", "work"):
        (layer / name).mkdir()
    space.run("mount", "-t", "overlay", "overlay", "/usr/local", "-o",
              f"lowerdir=/usr/local,upperdir={layer}/upper,workdir={layer}/work")
    for build in BUILDS:
        space.run("make", "-C", str(build), "install")
    space.run("ldconfig")


class Site:
    """The registries, and what stood in the public one before: an old image of each repository."""

    OLD = {"base": ["base"], "app": ["app", "base"], "tool": ["base"], "lib": ["lib"], "shell": ["shell", "lib"]}

    def __init__(self):
        nodes.make_network(site_registries.ADDRESSES)
        self.registries = site_registries.Registries(space.ROOT / "registries")

    def __enter__(self):
        self.registries.__enter__()
        self.intermediate, self.public = self.registries.intermediate, self.registries.public
        for name, parts in self.OLD.items():
            self.push_old(name, parts)
        return self

    def __exit__(self, *_):
        self.registries.__exit__()

    def push_old(self, name, parts):
        root = space.ROOT / "old" / name
        for part in parts:
            (root / f"etc/{part}.d").mkdir(parents=True)
            (root / f"etc/{part}.d/0").write_text(f"old {part}\n")
        (root / "bin").mkdir()
        shutil.copy(BUSYBOX, root / "bin/busybox")
        (space.ROOT / "password").write_text(self.public.password)
        space.run("zreg", "append", "--base", "scratch", "--layer", str(root), "--username", self.public.user_name,
                  "--password-file", str(space.ROOT / "password"), f"docker.io/example/{name}:latest")

    def lines_in(self, name):
        """What the changes have left in an image of the public registry: the lines of its /etc/*.d."""
        return self.lines(f"docker://docker.io/example/{name}")

    def lines_in_intermediate(self, build, repository):
        """The same of an image that a build has left in the intermediate registry."""
        return self.lines(f"docker://registry.example.org:5000/{repository}:{build.uuid}_latest",
                          f"--src-creds=zuul:{self.intermediate.password}")

    def lines(self, image, *options):
        with tempfile.TemporaryDirectory(dir=space.ROOT) as folder:
            space.run("skopeo", "copy", "--quiet", *options, image, f"dir:{folder}")
            manifest = json.loads((pathlib.Path(folder) / "manifest.json").read_text())
            files = {}
            for layer in manifest["layers"]:
                with tarfile.open(pathlib.Path(folder) / layer["digest"].split(":")[1]) as tar:
                    files.update({member.name.lstrip("./"): tar.extractfile(member).read().decode() for member in tar
                                  if member.isfile() and ".d/" in member.name})
        return sorted(line for name, text in files.items() if name.startswith("etc/") for line in text.splitlines())

    def platforms_of(self, name):
        index = json.loads(space.run("skopeo", "inspect", "--raw", f"docker://docker.io/example/{name}"))
        return sorted(f"{m['platform']['os']}/{m['platform']['architecture']}" for m in index["manifests"])


class RealZuul(zuul_case.Zuul):
    """What stories are told with. `site` has the registries; `said` is what a container printed."""

    run_ansible = True
    wait_timeout = SETTLED_S
    ansible_root = ANSIBLE

    def setUp(self):
        """With Zuul's API, which jobs may ask."""
        super().setUp()
        self.config.set("web", "port", str(site_registries.ZUUL_WEB_PORT))
        self.useFixture(base.ZuulWebFixture(
            self.config, self.test_config, self.additional_event_queues, self.upstream_root, self.poller_events,
            self.git_url_with_auth, self.addCleanup, self.test_root))

    def finished(self, job, change, result="SUCCESS"):
        """The newest build of a job, which ended like this."""
        build = self.build(job, change)
        assert build.result == result, f"{job}: {build.result}\n{self.output(build)[-6000:]}"
        return build

    def work(self, build):
        return pathlib.Path(build.jobdir.work_root)

    def output(self, build):
        path = self.work(build) / "logs/job-output.txt"
        return path.read_text(errors="replace") if path.exists() else "it left no output"

    def log_of(self, build):
        """What a build's logs tell of the images that it was given, and of the changes ahead."""
        return json.loads((self.work(build) / "logs/buildset-registry/populated.json").read_text())

    def images_in(self, build):
        """{repository: change} of the images that a build was given."""
        return {image["repository"]: int(image["change"]) for image in self.log_of(build)["images"]}

    def populated(self, job, change):
        """The same of the newest build of a job, which succeeded."""
        return self.images_in(self.finished(job, change))

    def returned(self, build, kind="data"):
        """What a build has returned to Zuul."""
        text = (self.work(build) / "results.json").read_text()
        return json.loads(text)[kind] if text else {}

    def said(self, job, change):
        """What the container of a test job has printed."""
        return self.returned(self.finished(job, change))["said"]


def main(module, case):
    """Runs the tests of a module in one Zuul and one site."""
    install()
    with Site() as site:
        case.site = site
        case.passwords = {"intermediate": site.intermediate.password, "public": site.public.password}
        nodes.Nodepool.certificates = [r.folder / "cert.pem" for r in (site.intermediate, site.public)]
        base.FakeNodepool = nodes.Nodepool
        zuul_case.main(module, case)
