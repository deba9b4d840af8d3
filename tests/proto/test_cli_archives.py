#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Archives: oci-archive: and docker-archive:, read and written, as files, pipes and gzip streams."""

import gzip
import io
import json
import os
import signal
import socket
import subprocess
import tarfile

from cli_world import tap, until, world
from layout import MANIFEST, digest_of

LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def packed(folder, prefix=""):
    """The tar of a folder's files."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return tar_of([(prefix + str(path.relative_to(folder)), path.read_bytes()) for path in paths])


def names_in(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return [entry.name for entry in tar if entry.isfile()]


def read_in(data, name):
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.extractfile(name).read()


def one_image(w, name="layout", tag="one"):
    layout = w.layout(name)
    return layout, layout.tag(layout.image("hello"), tag)


def docker_save(layers, tags=("a/b:1",), pack=bytes, number=0):
    """The files of one image as `docker save` has them; `pack` makes of a layer what stands in the archive."""
    config = json.dumps({"os": "linux", "architecture": "amd64", "n": number, "rootfs": {
        "type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}}).encode()
    files = [(f"c{number}.json", config)] + [(f"l{number}-{i}.tar", pack(layer)) for i, layer in enumerate(layers)]
    entry = {"Config": files[0][0], "RepoTags": list(tags), "Layers": [name for name, _ in files[1:]]}
    return files, entry


def save(w, name, *images, after=()):
    files = [file for part, _ in images for file in part]
    files.append(("manifest.json", json.dumps([entry for _, entry in images]).encode()))
    path = w.folder / name
    path.write_bytes(tar_of(files + list(after)))
    return path


def layers_at(w, place):
    return w.json("inspect", place)["layers"]


# --- reading


def test_an_oci_archive_is_read_like_the_layout_in_it():
    with world() as w:
        layout, digest = one_image(w)
        for prefix in ("", "./"):
            path = w.folder / "a.tar"
            path.write_bytes(packed(layout.folder, prefix))
            for place in (f"oci-archive:{path}", f"oci-archive:{path}:one", f"oci-archive:{path}:@0",
                          f"oci-archive:{path}@{digest}"):
                assert w.json("inspect", place)["digest"] == digest, place
                assert w.json("copy", place, f"oci:{w.folder}/out:x")["digest"] == digest, place
        assert w.json("verify", f"oci-archive:{path}:one")["digest"] == digest


def test_several_images_are_told_apart_by_name_and_by_number():
    with world() as w:
        layout = w.layout()
        first, second = (layout.tag(layout.image(text), name)
                         for text, name in (("a", "quay.io/x/y:1"), ("b", "quay.io/x/y:2")))
        path = w.folder / "a.tar"
        path.write_bytes(packed(layout.folder))
        for name, digest in (("quay.io/x/y:1", first), ("2", second), ("@0", first), ("@1", second)):
            assert w.json("inspect", f"oci-archive:{path}:{name}")["digest"] == digest, name
        assert w.error("inspect", f"oci-archive:{path}")["code"] == "INVAL"
        assert w.error("inspect", f"oci-archive:{path}:@2")["code"] == "NOTFOUND"
        missing = w.error("inspect", f"oci-archive:{path}:3")
        assert missing["code"] == "NOTFOUND" and "quay.io/x/y:1" in missing["message"], missing


def test_images_of_docker_save_are_told_apart_too():
    with world() as w:
        one, two, bare = (docker_save([tar_of([("f", text)])], tags, number=i) for i, (text, tags) in enumerate(
            ((b"1", ["a/b:1", "a/b:latest"]), (b"2", ["localhost:5000/c:2"]), (b"3", []))))
        path = save(w, "d.tar", one, two, bare)
        seen = [w.json("inspect", f"docker-archive:{path}:{name}")["digest"]
                for name in ("a/b:1", "docker.io/a/b", "@0", "localhost:5000/c:2", "@1", "@2")]
        assert seen[0] == seen[1] == seen[2] and seen[3] == seen[4] and len(set(seen)) == 3, seen
        for name, code in (("", "INVAL"), (":a/b:2", "NOTFOUND"), (":@3", "NOTFOUND")):
            failed = w.error("inspect", f"docker-archive:{path}{name}")
            assert failed["code"] == code and "localhost:5000/c:2" in failed["message"], failed


def test_layers_are_what_their_bytes_say():
    with world() as w:
        layers = [tar_of([("f", bytes(100000))]), tar_of([("g", b"g")])]
        for pack, media_type in ((bytes, LAYER), (lambda data: gzip.compress(data, mtime=0), LAYER + "+gzip")):
            path = save(w, "d.tar", docker_save(layers, pack=pack))
            found = layers_at(w, f"docker-archive:{path}")
            assert [layer["media_type"] for layer in found] == 2 * [media_type], found
            assert [layer["digest"] for layer in found] == [digest_of(pack(layer)) for layer in layers]
            w.json("copy", f"docker-archive:{path}", f"oci:{w.folder}/out-{len(media_type)}:x")


def test_a_layer_that_is_not_what_the_config_tells_is_refused():
    with world() as w:
        layers = [tar_of([("f", b"right")])]
        other = gzip.compress(tar_of([("f", b"wrong")]))
        cut = gzip.compress(layers[0])[:-9]
        for pack in (lambda _: other, lambda _: cut, lambda _: tar_of([("f", b"wrong")])):
            path = save(w, "d.tar", docker_save(layers, pack=pack))
            failed = w.error("copy", f"docker-archive:{path}", f"oci:{w.folder}/out:x")
            assert failed["code"] == "CORRUPT", failed


def test_plain_layers_are_compressed_for_a_registry_and_always_to_the_same_bytes():
    with world() as w:
        registry = w.buildset()
        path = save(w, "d.tar", docker_save([tar_of([("f", bytes(1 << 20))]), tar_of([("g", b"g")])]))
        digests = [w.json("copy", f"docker-archive:{path}", f"{registry.address}/{name}:1")["digest"]
                   for name in ("a", "b")]
        assert digests[0] == digests[1]
        found = layers_at(w, f"{registry.address}/a:1")
        assert all(layer["media_type"] == LAYER + "+gzip" for layer in found), found
        assert found[0]["size"] < 10000, found
        w.json("copy", "--layers", "as-is", f"docker-archive:{path}", f"{registry.address}/plain:1")
        assert [layer["media_type"] for layer in layers_at(w, f"{registry.address}/plain:1")] == 2 * [LAYER]
        assert w.run("copy", "--layers", "zip", f"docker-archive:{path}", f"{registry.address}/c:1").returncode == 2


def test_what_is_made_of_an_archive_has_compressed_layers_too():
    with world() as w:
        registry = w.buildset()
        path = save(w, "d.tar", docker_save([tar_of([("f", bytes(1 << 20))])] * 2))
        (w.folder / "tree").mkdir()
        (w.folder / "tree/f").write_text("text")
        w.json("append", "--base", f"docker-archive:{path}", "--layer", w.folder / "tree", f"{registry.address}/a:1")
        w.json("index", f"{registry.address}/i:1", f"docker-archive:{path}")
        child = w.json("inspect", f"{registry.address}/i:1")["platforms"][0]["digest"]
        for place, count in ((f"{registry.address}/a:1", 3), (f"{registry.address}/i@{child}", 2)):
            found = layers_at(w, place)
            assert [layer["media_type"] for layer in found] == count * [LAYER + "+gzip"], found
            w.json("verify", place)


def test_archives_come_by_pipes_and_packed():
    with world() as w:
        layout, digest = one_image(w)
        data = packed(layout.folder)
        for body in (data, gzip.compress(data)):
            done = subprocess.run(["zreg", "copy", "oci-archive:-:one", f"oci:{w.folder}/p{len(body)}:x"], input=body,
                                  capture_output=True, timeout=60, check=True)
            assert digest.encode() in done.stdout
            fifo = w.folder / f"fifo{len(body)}"
            os.mkfifo(fifo)
            with subprocess.Popen(["zreg", "inspect", "--json", f"oci-archive:{fifo}"],
                                  stdout=subprocess.PIPE) as reading:
                with open(fifo, "wb") as pipe:
                    pipe.write(body)
                out, _ = reading.communicate(timeout=60)
            assert reading.returncode == 0 and digest.encode() in out, out
        path = w.folder / "a.tar.gz"
        path.write_bytes(gzip.compress(data))
        assert w.json("inspect", f"oci-archive:{path}")["digest"] == digest


def test_who_waits_for_a_pipe_can_be_stopped():
    with world():
        waiting = subprocess.Popen(["zreg", "inspect", "oci-archive:-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        until(lambda: "poll" in open(f"/proc/{waiting.pid}/wchan").read() or
              open(f"/proc/{waiting.pid}/stat").read().split()[2] == "S", "it never waits")
        waiting.send_signal(signal.SIGTERM)
        waiting.communicate(timeout=20)
        assert waiting.returncode == -signal.SIGTERM


def test_what_is_no_archive_is_said_to_be_none():
    with world() as w:
        layout, _ = one_image(w)
        data = packed(layout.folder)
        def try_one(body, word, place="oci-archive"):
            path = w.folder / "x.tar"
            path.write_bytes(body)
            failed = w.error("inspect", f"{place}:{path}")
            assert word in failed["message"] and "x.tar" in failed["message"], failed
        try_one(b"", "")
        try_one(b"text" * 500, "tar")
        try_one(data[:520], "cut off")
        try_one(b"\x28\xb5\x2f\xfd" + data, "zstd")
        try_one(b"\xfd7zXZ\0" + data, "xz")
        try_one(gzip.compress(data)[:-12], "")
        try_one(tar_of([("a", b"a")]), "oci-layout")
        try_one(tar_of([("a", b"a")]), "manifest.json", "docker-archive")
        failed = w.error("inspect", f"oci-archive:{layout.folder}")
        assert "oci:" in failed["message"], failed
        assert w.error("inspect", f"oci-archive:{w.folder}/none.tar")["code"] == "NOTFOUND"


def test_links_stay_in_the_archive():
    with world() as w:
        layout, _ = one_image(w)
        (w.folder / "secret").write_text("secret")
        out = io.BytesIO(packed(layout.folder))
        with tarfile.open(fileobj=out, mode="a") as tar:
            entry = tarfile.TarInfo("index.json")
            entry.type, entry.linkname = tarfile.SYMTYPE, f"{w.folder}/secret"
            tar.addfile(entry)
        path = w.folder / "a.tar"
        path.write_bytes(out.getvalue())
        failed = w.error("inspect", f"oci-archive:{path}")
        assert "secret" not in failed["message"].replace(str(w.folder), ""), failed


# --- writing


def test_what_is_written_is_read_under_both_names():
    with world() as w:
        registry = w.buildset()
        layout, digest = one_image(w)
        w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/a/b:1")
        for src in (f"oci:{layout.folder}:one", f"{registry.address}/a/b:1"):
            for kind in ("oci-archive", "docker-archive"):
                path = w.folder / f"{kind}.tar"
                done = w.json("copy", src, f"{kind}:{path}:quay.io/x/y:1")
                assert done["digest"] == digest and done["blobs"]["copied"] == 2, done
                for back in ("oci-archive", "docker-archive"):
                    shown = w.json("inspect", f"{back}:{path}:quay.io/x/y:1")
                    assert len(shown["layers"]) == 1, shown
                assert w.json("verify", f"oci-archive:{path}")["digest"] == digest
                assert w.json("copy", f"oci-archive:{path}", f"{registry.address}/{kind}:1")["digest"] == digest
        listed = json.loads(read_in((w.folder / "docker-archive.tar").read_bytes(), "manifest.json"))
        assert [entry["RepoTags"] for entry in listed] == [["quay.io/x/y:1"]], listed


def test_each_blob_is_written_once_and_the_same_input_gives_the_same_archive():
    with world() as w:
        layout = w.layout()
        layout.tag(layout.index("linux/amd64", "linux/arm64"), "multi")
        archives = []
        for name in ("a", "b"):
            w.json("copy", "--jobs", "1", f"oci:{layout.folder}:multi", f"oci-archive:{w.folder}/{name}.tar:m")
            archives.append((w.folder / f"{name}.tar").read_bytes())
        names = names_in(archives[0])
        assert archives[0] == archives[1] and len(names) == len(set(names)) == 2 + 1 + 2 + 4, names
        index = json.loads(read_in(archives[0], "index.json"))
        assert [entry["annotations"] for entry in index["manifests"]] == [{"org.opencontainers.image.ref.name": "m"}]
        assert len(archives[0]) % 512 == 0


def test_a_docker_archive_holds_one_image():
    with world() as w:
        layout = w.layout()
        layout.tag(layout.index("linux/amd64", "linux/arm64"), "multi")
        path = w.folder / "d.tar"
        failed = w.error("copy", f"oci:{layout.folder}:multi", f"docker-archive:{path}:a/b:1")
        assert failed["code"] == "INVAL" and "linux/arm64" in failed["message"] and not path.exists(), failed
        w.json("copy", "--platform", "linux/arm64", f"oci:{layout.folder}:multi", f"docker-archive:{path}:a/b:1")
        assert w.json("inspect", f"docker-archive:{path}:a/b:1")["config"]["platform"] == "linux/arm64"
        failed = w.error("index", f"docker-archive:{path}:a/b:2", f"oci:{layout.folder}:multi")
        assert failed["code"] == "UNSUPPORTED" and "oci-archive" in failed["message"], failed


def test_what_is_no_image_goes_into_an_oci_archive_alone():
    with world() as w:
        layout = w.layout()
        config, part = layout.blob(b"{}", "application/vnd.oci.empty.v1+json"), layout.blob(b"chart", "text/plain")
        digest = layout.tag(layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "a/b",
                                             "config": config, "layers": [part]}, MANIFEST), "chart")
        failed = w.error("copy", f"oci:{layout.folder}:chart", f"docker-archive:{w.folder}/d.tar")
        assert failed["code"] == "UNSUPPORTED" and not list(w.folder.glob("d.tar*")), failed
        w.json("copy", f"oci:{layout.folder}:chart", f"oci-archive:{w.folder}/o.tar")
        data = (w.folder / "o.tar").read_bytes()
        assert "manifest.json" not in names_in(data) and digest in read_in(data, "index.json").decode()


def test_a_failed_copy_leaves_the_archive_that_was_there():
    with world() as w:
        layout, digest = one_image(w)
        path = w.folder / "a.tar"
        w.json("copy", f"oci:{layout.folder}:one", f"oci-archive:{path}:one")
        before = path.read_bytes()
        layer = max((layout.folder / "blobs/sha256").iterdir(), key=lambda blob: blob.read_bytes()[:2] == b"\x1f\x8b")
        layer.write_bytes(layer.read_bytes()[:-1] + b"x")
        failed = w.error("copy", f"oci:{layout.folder}:one", f"oci-archive:{path}:two")
        assert failed["code"] == "CORRUPT", failed
        assert path.read_bytes() == before and [p.name for p in w.folder.glob("a.tar*")] == ["a.tar"]
        assert w.json("inspect", f"oci-archive:{path}:one")["digest"] == digest


def test_a_link_to_an_archive_stays_a_link():
    with world() as w:
        layout, digest = one_image(w)
        (w.folder / "real").mkdir()
        (w.folder / "real/a.tar").write_bytes(b"old")
        (w.folder / "a.tar").symlink_to("real/a.tar")
        w.json("copy", f"oci:{layout.folder}:one", f"oci-archive:{w.folder}/a.tar")
        assert (w.folder / "a.tar").is_symlink()
        assert w.json("inspect", f"oci-archive:{w.folder}/real/a.tar")["digest"] == digest


def test_a_link_to_what_is_not_there_yet_stays_a_link_too():
    with world() as w:
        layout, digest = one_image(w)
        (w.folder / "real").mkdir()
        for i, target in enumerate(("real/a.tar", f"{w.folder}/real/b.tar", "step", "real/../real/c.tar")):
            (w.folder / "step").unlink(missing_ok=True)
            (w.folder / "step").symlink_to("real/d.tar")
            link = w.folder / f"link{i}.tar"
            link.symlink_to(target)
            w.json("copy", f"oci:{layout.folder}:one", f"oci-archive:{link}")
            assert link.is_symlink() and (w.folder / "step").is_symlink(), target
            assert w.json("inspect", f"oci-archive:{link}")["digest"] == digest
        assert sorted(path.name for path in (w.folder / "real").iterdir()) == ["a.tar", "b.tar", "c.tar", "d.tar"]
        (w.folder / "circle").symlink_to("circle")
        (w.folder / "lost").symlink_to("nowhere/a.tar")
        for name in ("circle", "lost"):
            failed = w.error("copy", f"oci:{layout.folder}:one", f"oci-archive:{w.folder}/{name}")
            assert name in failed["message"] and (w.folder / name).is_symlink(), failed


def test_who_may_read_an_archive_stays_so():
    with world() as w:
        layout, _ = one_image(w)
        path = w.folder / "a.tar"
        for mode in (0o600, 0o640, 0o666, 0o755):
            path.write_bytes(b"old")
            path.chmod(mode)
            w.json("copy", f"oci:{layout.folder}:one", f"docker-archive:{path}:a/b:1")
            assert path.stat().st_mode & 0o7777 == mode, oct(path.stat().st_mode)
        mask = os.umask(0o077)
        os.umask(mask)
        w.json("copy", f"oci:{layout.folder}:one", f"docker-archive:{w.folder}/new.tar:a/b:1")
        assert (w.folder / "new.tar").stat().st_mode & 0o7777 == 0o644 & ~mask


def test_a_socket_is_not_waited_for():
    with world() as w, socket.socket(socket.AF_UNIX) as listening:
        layout, _ = one_image(w)
        listening.bind(f"{w.folder}/s")
        for kind in ("oci-archive", "docker-archive"):
            failed = w.error("copy", f"oci:{layout.folder}:one", f"{kind}:{w.folder}/s")
            assert failed["code"] == "INVAL" and "socket" in failed["message"], failed


def test_zeros_may_follow_a_packed_archive():
    with world() as w:
        layout, digest = one_image(w)
        path, data = w.folder / "a.tar.gz", packed(layout.folder)
        halves = gzip.compress(data[:700]) + gzip.compress(data[700:])
        for body in (gzip.compress(data) + b"\0", gzip.compress(data) + bytes(200000), halves + bytes(10)):
            path.write_bytes(body)
            assert w.json("inspect", f"oci-archive:{path}")["digest"] == digest
        for body in (gzip.compress(data) + b"\0x", gzip.compress(data) + b"x", bytes(3) + gzip.compress(data),
                     gzip.compress(data[:700]) + bytes(10) + gzip.compress(data[700:]), gzip.compress(data)[:-9]):
            path.write_bytes(body)
            w.error("inspect", f"oci-archive:{path}")
        layer = tar_of([("f", b"f")])
        saved = save(w, "d.tar", docker_save([layer], pack=lambda plain: gzip.compress(plain) + bytes(10)))
        assert w.error("inspect", f"docker-archive:{saved}")["code"] == "CORRUPT", "engines take no such layer"


def test_a_digest_pins_what_is_written_and_read():
    with world() as w:
        layout, digest = one_image(w)
        src, other = f"oci:{layout.folder}:one", "sha256:" + 64 * "0"
        path = w.folder / "d.tar"
        for kind, name in (("docker-archive", ":a/b:1"), ("docker-archive", ":a/b"), ("oci-archive", ":a/b:1"),
                           ("oci-archive", "")):
            failed = w.error("copy", src, f"{kind}:{path}{name}@{other}")
            assert failed["code"] == "INVAL" and digest in failed["message"] and not path.exists(), failed
            w.error("index", f"{kind}:{path}{name}@{other}", src)
            assert not list(w.folder.glob("d.tar*"))
            w.json("copy", src, f"{kind}:{path}{name}@{digest}")
            data = path.read_bytes()
            names = [["docker.io/a/b:1"]] if name.endswith(":1") else [[]]
            assert [entry["RepoTags"] for entry in json.loads(read_in(data, "manifest.json"))] == names
            (entry,) = json.loads(read_in(data, "index.json"))["manifests"]
            assert "@" not in json.dumps(entry.get("annotations", {})), entry
            path.unlink()
        saved = save(w, "s.tar", docker_save([tar_of([("f", b"f")])]), docker_save([tar_of([("g", b"g")])], ["c:1"],
                                                                                 number=1))
        made = w.json("inspect", f"docker-archive:{saved}:a/b:1")["digest"]
        assert w.json("inspect", f"docker-archive:{saved}:a/b:1@{made}")["digest"] == made
        for name, code in ((f"a/b:1@{other}", "NOTFOUND"), (f"c:1@{made}", "NOTFOUND"), (f"d:1@{made}", "NOTFOUND"),
                           (f"a/b@{made}", "INVAL")):
            assert w.error("inspect", f"docker-archive:{saved}:{name}")["code"] == code, name


def test_archives_go_out_by_pipes():
    with world() as w:
        layout, digest = one_image(w)
        done = subprocess.run(["zreg", "copy", f"oci:{layout.folder}:one", "docker-archive:-:a/b:1"],
                              capture_output=True, timeout=60, check=True)
        assert "manifest.json" in names_in(done.stdout) and digest.encode() in done.stderr
        (w.folder / "o.tar").write_bytes(done.stdout)
        assert w.json("inspect", f"oci-archive:{w.folder}/o.tar:a/b:1")["digest"] == digest
        done = w.run("copy", "--json", f"oci:{layout.folder}:one", "oci-archive:-")
        assert done.returncode == 2 and "standard output" in done.stderr, done
        fifo = w.folder / "fifo"
        os.mkfifo(fifo)
        with subprocess.Popen(["zreg", "copy", f"oci:{layout.folder}:one", f"oci-archive:{fifo}"],
                              stdout=subprocess.PIPE) as writing:
            with open(fifo, "rb") as pipe:
                assert "index.json" in names_in(pipe.read())
            assert digest.encode() in writing.communicate(timeout=60)[0]


def test_who_waits_for_a_reader_can_be_stopped_and_a_reader_that_leaves_is_told():
    with world() as w:
        layout, _ = one_image(w)
        fifo = w.folder / "fifo"
        os.mkfifo(fifo)
        waiting = subprocess.Popen(["zreg", "copy", f"oci:{layout.folder}:one", f"oci-archive:{fifo}"],
                                   stderr=subprocess.PIPE)
        until(lambda: open(f"/proc/{waiting.pid}/stat").read().split()[2] == "S", "it never waits")
        waiting.send_signal(signal.SIGTERM)
        waiting.communicate(timeout=20)
        assert waiting.returncode == -signal.SIGTERM
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(["zreg", "copy", f"oci:{layout.folder}:one", "oci-archive:-"], stdout=writer,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        os.close(writer)
        assert done.returncode == 1 and "send the archive" in done.stderr, done


def test_places_that_cannot_be_written_say_why():
    with world() as w:
        layout, _ = one_image(w)
        src = f"oci:{layout.folder}:one"
        for dst, code, word in ((f"oci-archive:{w.folder}", "INVAL", "oci:DIR"),
                                (f"oci-archive:{w.folder}/no/a.tar", "NOTFOUND", "no/a.tar"),
                                (f"oci-archive:{w.folder}/a.tar:@0", "INVAL", "number"),
                                (f"oci:{w.folder}/out:@0", "INVAL", "number"),
                                (f"docker-archive:{w.folder}/a.tar:A", "INVAL", "")):
            failed = w.error("copy", src, dst)
            assert failed["code"] == code and word in failed["message"], failed
        failed = w.error("copy", "--with-referrers", src, f"oci-archive:{w.folder}/a.tar")
        assert failed["code"] == "UNSUPPORTED" and not (w.folder / "a.tar").exists(), failed
        done = w.run("mutate", "--label", "a=b", f"oci-archive:{w.folder}/a.tar")
        assert done.returncode == 2 and "DST" in done.stderr, done


def test_images_are_made_in_archives():
    with world() as w:
        (w.folder / "tree").mkdir()
        (w.folder / "tree/f").write_bytes(os.urandom(300000))
        made = w.json("append", "--base", "scratch", "--layer", w.folder / "tree",
                      f"docker-archive:{w.folder}/d.tar:a/b:1")
        assert w.json("verify", f"oci-archive:{w.folder}/d.tar")["digest"] == made["digest"]
        more = w.json("append", "--base", f"oci-archive:{w.folder}/d.tar", "--layer", w.folder / "tree",
                      "--label", "a=b", f"oci-archive:{w.folder}/e.tar:x")
        shown = w.json("inspect", f"oci-archive:{w.folder}/e.tar:x")
        assert shown["digest"] == more["digest"] and len(shown["layers"]) == 2 and shown["labels"] == {"a": "b"}
        joined = w.json("index", f"oci-archive:{w.folder}/i.tar:m", f"oci-archive:{w.folder}/d.tar")
        assert w.json("verify", f"oci-archive:{w.folder}/i.tar:m")["digest"] == joined["digest"]


def test_names_of_other_tools_are_told_what_to_do():
    with world() as w:
        for place, word in (("containers-storage:a:1", "podman save"),
                            ("dir:/tmp/x", "oci:DIR"), ("https://quay.io/a/b", "without a scheme"),
                            ("http://quay.io/a/b", "without a scheme"), ("ocidir:///x", "oci:DIR")):
            for words in ((place, f"oci:{w.folder}/x:1"), (f"oci:{w.folder}/x:1", place)):
                failed = w.error("copy", *words)
                assert failed["code"] == "UNSUPPORTED" and word in failed["message"], failed


if __name__ == "__main__":
    tap.main(__name__)
