#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zstd, where the library was built with libzstd: layers and archives, with the command zstd as the other side."""

import gzip
import json
import random
import shutil
import subprocess
import sys

from cli_world import tap, world
from layout import MANIFEST, digest_of
from test_cli_archives import docker_save, packed, save, tar_of

ZSTD_LAYER = "application/vnd.oci.image.layer.v1.tar+zstd"


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def plain():
    return tar_of([("etc/text", b"hello"), ("noise", random.randbytes(90000)), ("zeros", bytes(1 << 20))])


def test_plain_layers_of_an_archive_are_zstd_in_a_registry_if_asked_for():
    with world() as w:
        registry, layers = w.buildset(), [plain(), plain()]
        path = save(w, "d.tar", docker_save(layers))
        first = w.json("copy", "--layers", "zstd", f"docker-archive:{path}", f"{registry.address}/x:1")
        again = w.json("copy", "--layers", "zstd", f"docker-archive:{path}", f"{registry.address}/x:1")
        assert again["digest"] == first["digest"] and again["bytes"] == 0, again
        w.json("copy", f"{registry.address}/x:1", f"oci:{w.folder}/out:x")
        assert w.json("verify", f"oci:{w.folder}/out:x")["digest"] == first["digest"]
        shown = w.json("inspect", f"oci:{w.folder}/out:x")["layers"]
        assert [layer["media_type"] for layer in shown] == [ZSTD_LAYER] * 2, shown
        for layer, wanted in zip(shown, layers):
            blob = (w.folder / "out/blobs" / layer["digest"].replace(":", "/")).read_bytes()
            assert len(blob) < len(wanted) and zstd(blob, "-d") == wanted
        assert all(layer["media_type"].endswith("gzip") for layer in default(w, registry, path))


def default(w, registry, path):
    w.json("copy", f"docker-archive:{path}", f"{registry.address}/y:1")
    return w.json("inspect", f"{registry.address}/y:1")["layers"]


def test_other_words_are_refused():
    with world() as w:
        for word in ("", "xz", "ZSTD", "none", "zstd:3"):
            assert w.run("copy", "--layers", word, "oci:a:1", "oci:b:1").returncode == 2, word


def test_zstd_layers_of_an_archive_are_compared_with_the_config():
    with world() as w:
        layers = [plain(), plain()]
        for options in (["-1"], ["-19"], ["--no-check"], ["--long=27"]):
            path = save(w, "d.tar", docker_save(layers, pack=lambda layer, o=options: zstd(layer, *o)))
            shown = w.json("inspect", f"docker-archive:{path}")["layers"]
            assert [layer["digest"] for layer in shown] == [digest_of(zstd(layer, *options)) for layer in layers], shown
            assert {layer["media_type"] for layer in shown} == {ZSTD_LAYER}
        for pack in (lambda layer: zstd(layer + b"more"), lambda layer: zstd(layer)[:-9],
                     lambda layer: zstd(layer) + b"x",
                     lambda layer: zstd(b""),
                     lambda layer: zstd(layer)[:40] + b"????" + zstd(layer)[44:]):
            path = save(w, "d.tar", docker_save(layers, pack=pack))
            assert w.error("inspect", f"docker-archive:{path}")["code"] == "CORRUPT"


def test_archives_that_are_packed_with_zstd_are_read():
    with world() as w:
        layout = w.layout()
        digest = layout.tag(layout.image("hello"), "one")
        data, path = packed(layout.folder), w.folder / "a.tar.zst"
        half = len(data) // 2
        skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
        for stream in (zstd(data), zstd(data, "-19"), zstd(data[:half]) + zstd(data[half:]), zstd(data) + skippable):
            path.write_bytes(stream)
            assert w.json("inspect", f"oci-archive:{path}")["digest"] == digest
        with path.open("rb") as pipe:
            assert w.json("inspect", "oci-archive:-:one", stdin=pipe)["digest"] == digest
        for stream in (zstd(data)[:-5], zstd(data)[:6], zstd(data) + b"garbage", zstd(data, "--long=28")):
            path.write_bytes(stream)
            failed = w.error("inspect", f"oci-archive:{path}")
            assert failed["code"] == "CORRUPT" and "zstd" in failed["message"], failed


def test_a_layer_of_zstd_is_appended_as_it_is():
    with world() as w:
        layer = plain()
        path = w.folder / "layer.tar.zst"
        path.write_bytes(zstd(layer))
        w.json("append", "--base", "scratch", "--layer", path, f"oci:{w.folder}/out:x")
        shown = w.json("inspect", f"oci:{w.folder}/out:x")
        assert [entry["digest"] for entry in shown["layers"]] == [digest_of(zstd(layer))], shown
        assert shown["layers"][0]["media_type"] == ZSTD_LAYER
        config = w.folder / "out/blobs" / shown["config"]["digest"].replace(":", "/")
        assert json.loads(config.read_text())["rootfs"]["diff_ids"] == [digest_of(layer)]


def test_docker_s_own_form_takes_none():
    with world() as w:
        layout = w.layout()
        config = layout.document({"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [
            digest_of(b"x")]}}, "application/vnd.docker.container.image.v1+json")
        layer = layout.blob(gzip.compress(b"x"), "application/vnd.docker.image.rootfs.diff.tar.gzip")
        docker = MANIFEST.replace("oci.image.manifest.v1", "docker.distribution.manifest.v2")
        image = {"schemaVersion": 2, "mediaType": docker, "config": config, "layers": [layer]}
        layout.tag(layout.document(image, docker), "d")
        path = w.folder / "layer.tar.zst"
        path.write_bytes(zstd(plain()))
        failed = w.error("append", "--base", f"oci:{layout.folder}:d", "--layer", path, f"oci:{w.folder}/out:x")
        assert failed["code"] == "UNSUPPORTED" and "gzip" in failed["message"], failed


def has_zstd():
    with world() as w:
        path = save(w, "d.tar", docker_save([plain()]))
        done = w.run("copy", "--json", "--layers", "zstd", f"docker-archive:{path}", f"oci:{w.folder}/out:x")
        return "libzstd" not in done.stdout


if __name__ == "__main__":
    if not shutil.which("zstd") or not has_zstd():
        print("1..1\nok 1 - zstd # SKIP",
              "this build has no libzstd" if shutil.which("zstd") else "zstd is not installed")
        sys.exit(0)
    tap.main(__name__)
