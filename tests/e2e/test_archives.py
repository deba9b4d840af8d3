# SPDX-License-Identifier: Apache-2.0
"""Archives between zreg and the tools that people have: what each writes the others read."""

import json
import os
import subprocess

from world import need, tap, world
from registries import ZregRegistry

SKOPEO = ("skopeo", "--insecure-policy")


def digest_by_skopeo(w, place):
    return json.loads(w.run(*SKOPEO, "inspect", place))["Digest"]


def config_by_skopeo(w, place):
    return json.loads(w.run(*SKOPEO, "inspect", "--config", place))["rootfs"]["diff_ids"]


def test_what_we_write_skopeo_reads():
    need("skopeo")
    with world() as w:
        layout = f"oci:{w.folder}/layout:one"
        digest = w.image(layout)
        plain = config_by_skopeo(w, layout)
        for kind, name in (("oci-archive", "quay.io/a/b:1"), ("docker-archive", "quay.io/a/b:1"), ("oci-archive", "1")):
            place = f"{kind}:{w.folder}/{kind}-{len(name)}.tar"
            assert w.zreg("copy", layout, f"{place}:{name}")["digest"] == digest
            for at in (place, f"{place}:{name}"):
                assert config_by_skopeo(w, at) == plain, at
        assert digest_by_skopeo(w, f"oci-archive:{w.folder}/oci-archive-1.tar:1") == digest
        # Either name reads what was written under the other.
        assert digest_by_skopeo(w, f"oci-archive:{w.folder}/docker-archive-13.tar:quay.io/a/b:1") == digest
        assert config_by_skopeo(w, f"docker-archive:{w.folder}/oci-archive-13.tar:quay.io/a/b:1") == plain


def test_what_skopeo_writes_we_read():
    need("skopeo")
    with world() as w:
        registry = w.start(ZregRegistry)
        digest = w.image(f"oci:{w.folder}/layout:one")
        plain = config_by_skopeo(w, f"oci:{w.folder}/layout:one")
        for kind in ("oci-archive", "docker-archive"):
            place = f"{kind}:{w.folder}/{kind}.tar:quay.io/a/b:1"
            w.run(*SKOPEO, "copy", f"oci:{w.folder}/layout:one", place)
            for at in (place, place[:-len(":quay.io/a/b:1")], place[:-len("quay.io/a/b:1")] + "@0"):
                w.zreg("copy", at, f"{registry.address}/{kind}/x:1")
            shown = w.zreg("inspect", f"{registry.address}/{kind}/x:1")
            assert all(layer["media_type"].endswith("gzip") for layer in shown["layers"]), shown
            w.zreg("copy", f"{registry.address}/{kind}/x:1", f"oci:{w.folder}/back:{kind}")
            assert config_by_skopeo(w, f"oci:{w.folder}/back:{kind}") == plain
        assert w.zreg("inspect", f"{registry.address}/oci-archive/x:1")["digest"] == digest


def test_an_index_in_an_archive_is_whole_for_skopeo():
    need("skopeo")
    with world() as w:
        parts = []
        for arch in ("amd64", "arm64"):
            parts.append(f"oci:{w.folder}/parts:{arch}")
            w.image(parts[-1], platform=f"linux/{arch}", name=arch)
        digest = w.zreg("index", f"oci-archive:{w.folder}/i.tar:m", *parts)["digest"]
        w.run(*SKOPEO, "copy", "--all", f"oci-archive:{w.folder}/i.tar:m", f"oci-archive:{w.folder}/theirs.tar:m")
        for name in ("i.tar", "theirs.tar"):
            assert w.zreg("verify", f"oci-archive:{w.folder}/{name}:m")["digest"] == digest, name


def test_podman_loads_what_we_write_and_we_read_what_it_saves():
    need("podman")
    with world() as w:
        w.image(f"oci:{w.folder}/layout:one")
        plain = config_by_skopeo(w, f"oci:{w.folder}/layout:one")
        for kind in ("oci-archive", "docker-archive"):
            name = f"quay.io/{kind}/b:1"
            w.zreg("copy", f"oci:{w.folder}/layout:one", f"{kind}:{w.folder}/{kind}.tar:{name}")
            assert name in w.run("podman", "load", "-i", f"{w.folder}/{kind}.tar")
            for saved in ("oci-archive", "docker-archive"):
                path = f"{w.folder}/{kind}-{saved}.tar"
                w.run("podman", "save", "--format", saved, "-o", path, name)
                w.zreg("copy", f"{saved}:{path}:{name}", f"oci:{w.folder}/back:{kind}-{saved}")
                assert config_by_skopeo(w, f"oci:{w.folder}/back:{kind}-{saved}") == plain, path


def test_buildah_pushes_what_we_read():
    need("buildah")
    with world() as w:
        w.image(f"oci:{w.folder}/layout:one")
        plain = config_by_skopeo(w, f"oci:{w.folder}/layout:one")
        w.run("buildah", "pull", f"oci:{w.folder}/layout:one")
        image = w.run("buildah", "images", "-q").split()[0]
        for kind in ("oci-archive", "docker-archive"):
            w.run("buildah", "push", image, f"{kind}:{w.folder}/{kind}.tar:quay.io/a/b:1")
            w.zreg("copy", f"{kind}:{w.folder}/{kind}.tar", f"oci:{w.folder}/back:{kind}")
            assert config_by_skopeo(w, f"oci:{w.folder}/back:{kind}") == plain


def test_tar_unpacks_an_archive_into_a_layout():
    with world() as w:
        digest = w.image(f"oci-archive:{w.folder}/a.tar:one")
        os.mkdir(f"{w.folder}/unpacked")
        subprocess.run(["tar", "-xf", f"{w.folder}/a.tar", "-C", f"{w.folder}/unpacked"], check=True)
        assert w.zreg("verify", f"oci:{w.folder}/unpacked:one")["digest"] == digest


if __name__ == "__main__":
    tap.main(__name__)
