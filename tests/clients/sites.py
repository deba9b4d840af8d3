# SPDX-License-Identifier: Apache-2.0
"""What clients are tried at: `zreg serve`, the images that it holds, and the machine that the clients run on."""

import contextlib
import pathlib
import secrets
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from world import need, serve_has, tap, world  # noqa: E402,F401  first: it says where the libraries of the tests are
import engines  # noqa: E402
import layout  # noqa: E402
from go_programs import need_go_program  # noqa: E402,F401
from registries import Failure, ZregRegistry  # noqa: E402

TAG = "1.0.0"
PLATFORMS = ("linux/amd64", "linux/arm64")
BIG_TEXT = 4 << 20  # bytes, of which half is left when it is compressed


class Image:
    """An image in a layout of its own, under the tag x."""

    def __init__(self, folder, name, make):
        self.layout = folder / name
        made = layout.Layout(self.layout)
        self.digest = made.tag(make(made), "x")
        self.layer = max(self.layout.glob("blobs/sha256/*"), key=lambda blob: blob.stat().st_size)
        self.is_index = name == "both"


class Site:
    """A registry as clients reach it, perhaps by another address than its own."""

    def __init__(self, w, registry, tls, address=None, authority=None):
        self.w, self.registry, self.tls = w, registry, tls
        self.address = address or registry.address
        self.user, self.password = ("zuul", registry.password) if registry.password else (None, None)
        self.authority = authority or registry.folder / "cert.pem"

    def at(self, address):
        """The same registry by another way."""
        return Site(self.w, self.registry, self.tls, address, self.authority)

    def behind(self, proxy):
        """The same registry behind a proxy that ends TLS."""
        self.w.credentials.add(proxy.address, self.user, self.password, proxy.authority.read_text())
        return Site(self.w, self.registry, True, proxy.address, proxy.authority)

    def holds(self, image, name=None):
        """Has the registry hold an image; gives its name."""
        name = name or f"seed/{image.layout.name}:{TAG}"
        self.w.zreg("copy", f"oci:{image.layout}:x", f"{self.address}/{name}")
        return name

    def shows(self, name):
        """What the registry has under a name: digests of manifest, configuration and first layer."""
        said = self.w.zreg("inspect", f"{self.address}/{name}")
        layers = said.get("layers") or [{}]
        return {"digest": said["digest"], "config": said.get("config", {}).get("digest"),
                "layer": layers[0].get("digest")}

    def children(self, name):
        """The manifests of an index: digest and platform of each."""
        return self.w.zreg("inspect", f"{self.address}/{name}")["platforms"]

    def has(self, name):
        with contextlib.suppress(Failure):
            return bool(self.shows(name))
        return False

    def mounted(self, before, repository):
        """How many blobs came into a repository by a mount, since there were so many requests."""
        return sum(request["method"] == "POST" and request["status"] == 201
                   and request["path"].startswith(f"/v2/{repository}/blobs/uploads")
                   for request in self.registry.requests()[before:])


class Ground:
    """Images, a machine for the clients, and the clients on it, each made when it is first asked for."""

    def __init__(self, w, machine):
        self.w, self.machine, self.clients = w, machine, {}
        folder = w.folder / "images"
        self.one = Image(folder, "one", lambda made: made.image("one"))
        self.both = Image(folder, "both", lambda made: made.index(*PLATFORMS))
        self.big = self.new_big("big")

    def new_big(self, name):
        """A large image that no registry holds any part of, so that none of it can be mounted."""
        return Image(self.w.folder / "images", name, lambda made: made.image(secrets.token_hex(BIG_TEXT // 2)))

    def client(self, kind):
        if kind not in self.clients:
            self.clients[kind] = kind(self.machine, self.w.folder)
        return self.clients[kind]

    def site(self, *options, tls, login):
        return Site(self.w, self.w.start(ZregRegistry, *options, tls=tls, login=login), tls)

    def close(self):
        for client in self.clients.values():
            client.close()


@contextlib.contextmanager
def ground():
    """Everything; tap.Skip where there can be no machine."""
    engines.need_machines()
    with world() as w:
        folder = w.folder.with_name(f"{w.folder.name}-machine")
        try:
            with engines.Machine(folder, keep=[w.folder], network=False) as machine:
                made = Ground(w, machine)
                try:
                    yield made
                finally:
                    made.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
