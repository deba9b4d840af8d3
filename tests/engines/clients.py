# SPDX-License-Identifier: Apache-2.0
"""The engines under one interface: `pull` a name afresh, and say which manifest came."""

import json
import re
import struct

from world import need, tap  # first: it says where the libraries of the tests are
from engines import Containerd, Dockerd, Failure

HOSTS_DIR = "/etc/containerd/certs.d"


def digest_in(text):
    """The one digest in what a program printed."""
    found = set(re.findall(r"sha256:[0-9a-f]{64}", text))
    if len(found) != 1:
        raise Failure(f"not one digest in: {text}")
    return found.pop()


class Client:
    """An engine without a daemon; also what all have in common."""

    program = None
    quay = True  # whether other registries than docker.io can be shadowed

    def __init__(self, machine):
        self.machine = machine
        need(self.program)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def obey(self, answer):
        """Does what the verb says that this engine needs to see its new configuration."""


class DaemonClient(Client):
    """An engine with a daemon, which `engine` names in the verb's answer."""

    engine = None
    daemon = None

    def __enter__(self):
        self.daemon.__enter__()
        return self

    def __exit__(self, *error):
        self.daemon.__exit__(*error)

    def obey(self, answer):
        if self.engine in answer["restart"]:
            self.daemon.restart()
        elif self.engine in answer["reload"]:
            self.daemon.reload()


class Skopeo(Client):
    program = "skopeo"

    def pull(self, name):
        layout = "/tmp/skopeo-layout"
        self.machine.run("rm", "-rf", layout)
        self.machine.run("skopeo", "copy", f"docker://{name}", f"oci:{layout}:here")
        index = json.loads(self.machine.run("cat", f"{layout}/index.json"))
        return index["manifests"][0]["digest"]

    def push(self, name, there):
        self.machine.run("skopeo", "copy", f"docker://{name}", f"docker://{there}")


class Buildah(Client):
    program = "buildah"

    def pull(self, name):
        self.machine.call("buildah", "rmi", "--force", name)
        self.machine.run("buildah", "pull", name)
        return digest_in(self.machine.run("buildah", "images", "--format", "{{.Digest}}", name))

    def push(self, name, there):
        self.machine.run("buildah", "push", name, f"docker://{there}")

    def build(self, folder):
        """Builds an image on a name of docker.io; gives what /etc/word in it says."""
        image = self.machine.run("buildah", "bud", "--quiet", "--pull-always", folder).strip()
        container = self.machine.run("buildah", "from", image).strip()
        mounted = self.machine.run("buildah", "mount", container).strip()
        return self.machine.run("cat", f"{mounted}/etc/word")


class Podman(Client):
    program = "podman"

    def pull(self, name):
        self.machine.call("podman", "rmi", "--force", name)
        self.machine.run("podman", "pull", "--quiet", name)
        return digest_in(self.machine.run("podman", "image", "inspect", "--format", "{{.Digest}}",
                                          name))

    def push(self, name, there):
        self.machine.run("podman", "push", name, f"docker://{there}")

    def run(self, name):
        """crun refuses some mixtures of control groups; runc takes all."""
        need("runc")
        self.machine.call("podman", "rmi", "--force", name)
        return self.machine.run("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs",
                                "run", "--quiet", "--rm", "--network", "none", name)

    def build(self, folder):
        image = self.machine.run("podman", "build", "--quiet", "--pull-always", folder).strip()
        mounted = self.machine.run("podman", "image", "mount", image).strip()
        return self.machine.run("cat", f"{mounted}/etc/word")


class Docker(DaemonClient):
    """dockerd with its classic store, whose mirrors are for docker.io only."""

    program = engine = "docker"
    quay = False

    def __init__(self, machine):
        super().__init__(machine)
        self.daemon = Dockerd(machine)

    def pull(self, name):
        self.daemon.call("image", "rm", "--force", name)
        return digest_in(self.daemon.run("pull", name))

    def push(self, name, there):
        self.daemon.run("tag", name, there)
        self.daemon.run("push", there)

    def run(self, name):
        """Runs an image that is pulled for it; gives what the container says."""
        self.daemon.call("image", "rm", "--force", name)
        return self.daemon.run("run", "--rm", "--network", "none", name)

    def build(self, folder):
        """With the classic builder; gives what a container of the image says."""
        self.machine.run("env", "DOCKER_BUILDKIT=0", "docker", "build", "--quiet", "--pull",
                         "--tag", "built", folder)
        return self.daemon.run("run", "--rm", "--network", "none", "built")


class BuildKit(Docker):
    """The BuildKit within dockerd. Debian's client has all that it takes; newer ones need a plugin
    for it, so the other `docker` on PATH may not do."""

    program = "/usr/bin/docker"

    def build(self, folder):
        done = self.machine.call("env", "DOCKER_BUILDKIT=1", self.program, "build", "--pull",
                                 "--tag", "built", folder)
        self.machine.run("rm", "-f", "/root/.docker/.buildNodeID")  # the client's own
        if done.returncode != 0 and "buildx" in done.stderr:
            raise tap.Skip("the docker client has no plugin buildx")
        if done.returncode != 0:
            raise Failure(f"docker build: {done.stderr}{done.stdout}")
        return self.daemon.run("run", "--rm", "--network", "none", "built")


class Ctr(DaemonClient):
    """containerd, told by its command line where its configuration of registries is."""

    program = "ctr"
    engine = "containerd"

    def __init__(self, machine):
        super().__init__(machine)
        self.daemon = Containerd(machine)

    def pull(self, name):
        reference = f"{name}:latest"
        self.daemon.call("images", "rm", reference)
        self.daemon.run("images", "pull", "--snapshotter", "native", "--hosts-dir", HOSTS_DIR,
                        reference)
        return digest_in(self.daemon.run("images", "ls", f"name=={reference}"))


class Cri(Ctr):
    """containerd as Kubernetes uses it: PullImage through the container runtime interface. Its
    request is one message of gRPC, which needs no more than HTTP/2: a string in an ImageSpec in a
    PullImageRequest, each as field 1."""

    program = "curl"

    def pull(self, name):
        reference = f"{name}:latest"
        self.daemon.call("--namespace", "k8s.io", "images", "rm", reference)
        spec = self._field(reference.encode())
        request = self._field(spec)
        message = self.machine.folder / "tmp/request"
        message.write_bytes(b"\0" + struct.pack(">I", len(request)) + request)
        trailers = self.machine.run(
            "curl", "--silent", "--show-error", "--http2-prior-knowledge", "--dump-header", "-",
            "--output", "/tmp/answer", "--unix-socket", "/run/containerd/containerd.sock",
            "--header", "content-type: application/grpc", "--header", "te: trailers",
            "--data-binary", "@/tmp/request",
            "http://localhost/runtime.v1.ImageService/PullImage")
        if not re.search(r"^grpc-status: 0\s*$", trailers, re.MULTILINE):
            raise Failure(f"PullImage {reference}: {trailers}")
        return digest_in(self.daemon.run("--namespace", "k8s.io", "images", "ls",
                                         f"name=={reference}"))

    @staticmethod
    def _field(content):
        return b"\x0a" + bytes([len(content)]) + content


CLIENTS = {"skopeo": Skopeo, "buildah": Buildah, "podman": Podman, "docker": Docker, "ctr": Ctr,
           "cri": Cri}
BUILDERS = {"docker": Docker, "buildkit": BuildKit, "buildah": Buildah, "podman": Podman}
PUSHERS = {"docker": Docker, "buildah": Buildah, "podman": Podman, "skopeo": Skopeo}
RUNNERS = {"docker": Docker, "podman": Podman}
