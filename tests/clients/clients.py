# SPDX-License-Identifier: Apache-2.0
"""Clients of registries under one interface. A client has a method for each verb that it can do: what it lacks, that
program does not do.

`push` and `pull` give the digest of what went through, of the kind that `shows` names: the manifest where a client
keeps it as it is, the configuration where an engine writes a manifest of its own, the layer of a chart."""

import json
import shutil

from sites import engines, need, need_go_program, TAG
from layout import digest_of

ARM = "linux/arm64"
ARTIFACT = "application/vnd.example.note"


class Client:
    """A program on a machine, with a folder and settings of its own."""

    program = None
    shows = "digest"
    again = ()  # the cut transfers that it does not go on with by itself: they are begun again
    environment = {}

    def __init__(self, machine, folder):
        self.machine = machine
        self.folder = folder / self.program
        self.folder.mkdir()
        self.path = self.find()
        self.made = 0
        self.daemon = None

    def find(self):
        return need_go_program(self.program)

    def run(self, *argv, **kwargs):
        environment = {**self.machine.environment, **self.environment}
        return self.machine.run(self.path, *argv, env=environment, **kwargs)

    def enter(self, *argv, password):
        self.run(*argv, input=password)

    def empty_folder(self):
        self.made += 1
        folder = self.folder / str(self.made)
        folder.mkdir()
        return folder

    def something(self, site, image):
        """The name of what it can pull at this site, with this image in it."""
        return site.holds(image)

    def close(self):
        pass


def digest_in(layout):
    """The digest of the one image of a layout, whose blobs are all what they are called."""
    for blob in layout.glob("blobs/sha256/*"):
        assert digest_of(blob.read_bytes()) == f"sha256:{blob.name}", f"{blob} is damaged"
    entries = json.loads((layout / "index.json").read_text())["manifests"]
    tagged = [entry for entry in entries if "org.opencontainers.image.ref.name" in entry.get("annotations", {})]
    (entry,) = tagged or entries
    assert (layout / "blobs/sha256" / entry["digest"][7:]).exists()
    return entry["digest"]


def trust_by_name(etc, site):
    """The authority of one registry, where engines look for it."""
    folder = etc / "certs.d" / site.address
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(site.authority, folder / "ca.crt")


class Crane(Client):
    program = "crane"
    again = ("cut pull",)

    def trust(self, site):
        self.environment = {"DOCKER_CONFIG": str(self.folder), "SSL_CERT_FILE": str(site.authority)}

    def login(self, site):
        self.enter("auth", "login", site.address, "--username", site.user, "--password-stdin", password=site.password)

    def push(self, site, image, name):
        """Of several platforms it pushes the index of the layout itself, which holds the image's."""
        self.run("push", *["--index"] * image.is_index, image.layout, f"{site.address}/{name}")
        return digest_of((image.layout / "index.json").read_bytes()) if image.is_index else image.digest

    def pull(self, site, name):
        layout = self.empty_folder()
        self.run("pull", "--format=oci", f"{site.address}/{name}", layout)
        return digest_in(layout)

    def tags(self, site, repository):
        return self.run("ls", f"{site.address}/{repository}").split()

    def copy(self, site, source, target):
        self.run("copy", f"{site.address}/{source}", f"{site.address}/{target}")

    def copy_one(self, site, source, target):
        self.run("copy", "--platform", ARM, f"{site.address}/{source}", f"{site.address}/{target}")

    mount = copy

    def delete_tag(self, site, name):
        self.run("delete", f"{site.address}/{name}")

    delete = delete_tag


class Regctl(Client):
    program = "regctl"

    def trust(self, site):
        self.environment = {"REGCTL_CONFIG": str(self.folder / "config.json"), "DOCKER_CONFIG": str(self.folder)}
        how = ["--cacert", site.authority.read_text()] if site.tls else ["--tls", "disabled"]
        self.run("registry", "set", site.address, "--skip-check", *how)

    def login(self, site):
        self.enter("registry", "login", site.address, "--user", site.user, "--pass-stdin", password=site.password)

    def push(self, site, image, name):
        self.run("image", "copy", f"ocidir://{image.layout}:x", f"{site.address}/{name}")
        return image.digest

    def pull(self, site, name):
        layout = self.empty_folder()
        self.run("image", "copy", f"{site.address}/{name}", f"ocidir://{layout}:x")
        return digest_in(layout)

    def tags(self, site, repository):
        return self.run("tag", "ls", f"{site.address}/{repository}").split()

    def copy(self, site, source, target):
        self.run("image", "copy", f"{site.address}/{source}", f"{site.address}/{target}")

    def copy_one(self, site, source, target):
        self.run("image", "copy", "--platform", ARM, f"{site.address}/{source}", f"{site.address}/{target}")

    mount = copy

    def attach(self, site, name, text):
        self.enter("artifact", "put", "--artifact-type", ARTIFACT, "--subject", f"{site.address}/{name}", password=text)

    def referrers(self, site, name):
        said = json.loads(self.run("artifact", "list", "--format", "{{json .}}", f"{site.address}/{name}"))
        return [entry["artifactType"] for entry in said["descriptors"]]

    def delete_tag(self, site, name):
        self.run("tag", "delete", f"{site.address}/{name}")

    def delete(self, site, name):
        self.run("manifest", "delete", f"{site.address}/{name}")


class Oras(Client):
    program = "oras"
    again = ("cut push", "cut pull")

    def trust(self, site):
        self.how = ["--ca-file", site.authority] if site.tls else ["--plain-http"]
        self.environment = {"DOCKER_CONFIG": str(self.folder)}

    def ends(self, *prefixes):
        """The options of a registry that a copy reads from, writes to or both."""
        option, *value = self.how
        return [word for prefix in prefixes for word in (f"--{prefix}-{option[2:]}", *value)]

    def login(self, site):
        self.enter("login", site.address, "--username", site.user, "--password-stdin", *self.how,
                   password=site.password)

    def push(self, site, image, name):
        self.run("cp", *self.ends("to"), "--from-oci-layout", f"{image.layout}:x", f"{site.address}/{name}")
        return image.digest

    def pull(self, site, name):
        layout = self.empty_folder()
        self.run("cp", *self.ends("from"), "--to-oci-layout", f"{site.address}/{name}", f"{layout}:x")
        return digest_in(layout)

    def tags(self, site, repository):
        return self.run("repo", "tags", *self.how, f"{site.address}/{repository}").split()

    def copy(self, site, source, target, *options):
        self.run("cp", *options, *self.ends("from", "to"), f"{site.address}/{source}", f"{site.address}/{target}")

    def copy_one(self, site, source, target):
        self.copy(site, source, target, "--platform", ARM)

    mount = copy

    def attach(self, site, name, text):
        note = self.empty_folder() / "note"
        note.write_text(text)
        self.run("attach", *self.how, "--disable-path-validation", "--artifact-type", ARTIFACT,
                 f"{site.address}/{name}", f"{note}:text/plain")

    def referrers(self, site, name):
        said = json.loads(self.run("discover", *self.how, "--format", "json", f"{site.address}/{name}"))
        return [entry["artifactType"] for entry in said["referrers"]]

    def delete(self, site, name):
        self.run("manifest", "delete", "--force", *self.how, f"{site.address}/{name}")


class Helm(Client):
    """Knows charts only; the newest version of one it finds by the list of tags."""

    program = "helm"
    shows = "layer"
    again = ("cut push", "cut pull")

    def trust(self, site):
        self.how = ["--ca-file", site.authority] if site.tls else ["--plain-http"]
        self.environment = {"HELM_REGISTRY_CONFIG": str(self.folder / "config.json")}

    def login(self, site):
        self.enter("registry", "login", site.address, "--username", site.user, "--password-stdin", *self.how,
                   password=site.password)

    def something(self, site, image):
        name = f"helm/{image.layout.name}:{TAG}"
        self.push(site, image, name)
        return name

    def push(self, site, image, name):
        """A chart with the image's layer as a file; its name is the last part of the repository's."""
        folder, _, chart = name.partition(":")[0].rpartition("/")
        source = self.empty_folder() / chart
        source.mkdir()
        (source / "Chart.yaml").write_text(f"apiVersion: v2\nname: {chart}\nversion: {TAG}\n")
        shutil.copy(image.layer, source / "note")
        self.run("package", source, "--destination", source.parent)
        packed = source.parent / f"{chart}-{TAG}.tgz"
        self.run("push", *self.how, packed, f"oci://{site.address}/{folder}")
        return digest_of(packed.read_bytes())

    def pull(self, site, name):
        folder = self.empty_folder()
        self.run("pull", *self.how, "--destination", folder, f"oci://{site.address}/{name.partition(':')[0]}")
        (chart,) = folder.iterdir()
        return digest_of(chart.read_bytes())


class Skopeo(Client):
    program = "skopeo"
    again = ("cut push", "cut pull")

    def find(self):
        return need(self.program)

    def trust(self, site):
        self.how = ["--tls-verify=false"]
        self.ends = {end: [f"--{end}-tls-verify=false"] for end in ("src", "dest")}
        if site.tls:
            certificates = self.empty_folder()
            shutil.copy(site.authority, certificates / "ca.crt")
            self.how = ["--cert-dir", certificates]
            self.ends = {end: [f"--{end}-cert-dir", certificates] for end in ("src", "dest")}
        self.keep_login()

    def keep_login(self):
        file = self.folder / "auth.json"
        if not file.exists():
            file.write_text("{}")
        self.environment = {"REGISTRY_AUTH_FILE": str(file)}

    def login(self, site):
        self.enter("login", "--username", site.user, "--password-stdin", *self.how, site.address,
                   password=site.password)

    def transfer(self, source, target, *options):
        self.run(*options, "--insecure-policy", "copy", "--all", *source, *target)

    def push(self, site, image, name):
        self.transfer([f"oci:{image.layout}:x"], [*self.ends["dest"], f"docker://{site.address}/{name}"])
        return image.digest

    def pull(self, site, name):
        layout = self.empty_folder()
        self.transfer([*self.ends["src"], f"docker://{site.address}/{name}"], [f"oci:{layout}:x"])
        return digest_in(layout)

    def tags(self, site, repository):
        return json.loads(self.run("list-tags", *self.how, f"docker://{site.address}/{repository}"))["Tags"]

    def copy(self, site, source, target):
        self.transfer([*self.ends["src"], f"docker://{site.address}/{source}"],
                      [*self.ends["dest"], f"docker://{site.address}/{target}"])

    def copy_one(self, site, source, target):
        self.run("--insecure-policy", "--override-arch", "arm64", "copy", *self.ends["src"], *self.ends["dest"],
                 f"docker://{site.address}/{source}", f"docker://{site.address}/{target}")

    mount = copy

    def delete(self, site, name):
        self.run("delete", *self.how, f"docker://{site.address}/{name}")


class Engine(Skopeo):
    """podman and buildah: images go through storage of their own."""

    shows = "config"
    copy_one = tags = delete = None

    def trust(self, site):
        """Not every verb of theirs has an option for it."""
        self.how = [] if site.tls else ["--tls-verify=false"]
        if site.tls:
            trust_by_name(self.machine.etc / "containers", site)
        self.keep_login()

    def image_of(self, layout):
        return self.run("pull", "--quiet", f"oci:{layout}:x").strip()

    def push(self, site, image, name):
        ours = self.image_of(image.layout)
        self.run("push", *self.how, ours, f"docker://{site.address}/{name}")
        return f"sha256:{ours}"

    def pull(self, site, name):
        self.machine.call(self.path, "rmi", "--all", "--force")
        return "sha256:" + self.run("pull", "--quiet", *self.how, f"docker://{site.address}/{name}").strip()

    def copy(self, site, source, target):
        """Every platform into a list, and from there."""
        listed = self.empty_folder().name
        self.run("manifest", "create", listed)
        self.run("manifest", "add", "--all", *self.how, listed, f"docker://{site.address}/{source}")
        self.run("manifest", "push", "--all", *self.how, listed, f"docker://{site.address}/{target}")

    def mount(self, site, source, target):
        ours = self.pull(site, source)
        self.run("push", *self.how, ours[7:], f"docker://{site.address}/{target}")


class Podman(Engine):
    program = "podman"

    def tags(self, site, repository):
        said = self.run("search", "--list-tags", *self.how, f"{site.address}/{repository}")
        return [line.split()[1] for line in said.splitlines()[1:]]


class Buildah(Engine):
    program = "buildah"


class Docker(Client):
    """With a daemon of its own; a registry on loopback may be plain."""

    program = "docker"
    shows = "config"

    def find(self):
        return need(self.program)

    def trust(self, site):
        if site.tls:
            trust_by_name(self.machine.etc / "docker", site)
        self.environment = {"DOCKER_CONFIG": str(self.folder)}
        if self.daemon is None:
            self.daemon = engines.Dockerd(self.machine)
            self.daemon.__enter__()

    def close(self):
        if self.daemon:
            self.daemon.__exit__()

    def login(self, site):
        self.enter("login", "--username", site.user, "--password-stdin", site.address, password=site.password)

    def push(self, site, image, name):
        archive = self.empty_folder() / "image.tar"
        self.machine.run(need("skopeo"), "--insecure-policy", "copy", f"oci:{image.layout}:x",
                         f"docker-archive:{archive}:{site.address}/{name}")
        self.run("load", "--input", archive)
        self.run("push", f"{site.address}/{name}")
        return self.id_of(site, name)

    def id_of(self, site, name):
        return self.run("image", "inspect", "--format", "{{.Id}}", f"{site.address}/{name}").strip()

    def pull(self, site, name):
        self.machine.call(self.path, "image", "prune", "--all", "--force")
        self.run("pull", f"{site.address}/{name}")
        return self.id_of(site, name)

    def mount(self, site, source, target):
        self.pull(site, source)
        self.run("tag", f"{site.address}/{source}", f"{site.address}/{target}")
        self.run("push", f"{site.address}/{target}")


ALL = (Crane, Regctl, Oras, Helm, Skopeo, Podman, Buildah, Docker)
