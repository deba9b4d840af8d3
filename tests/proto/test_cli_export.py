#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""export: the file system that the layers of an image make, as one tar archive."""

import gzip
import io
import json
import os
import signal
import subprocess
import tarfile
import time

from cli_world import tap, world
from layout import INDEX, MANIFEST, digest_of

TAR = "application/vnd.oci.image.layer.v1.tar"


def entry(name, text=None, kind=None, target="", **more):
    """A file, or with a kind a folder (d), a symbolic link (l), a hard link (h), a pipe (p), a device (c)."""
    made = tarfile.TarInfo(name)
    made.type = {None: tarfile.REGTYPE, "d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE,
                 "p": tarfile.FIFOTYPE, "c": tarfile.CHRTYPE}[kind]
    made.linkname, made.size = target, len(text or "")
    for key, value in more.items():
        setattr(made, key, value)
    return made, (text or "").encode()


def layer(*entries, form=tarfile.PAX_FORMAT):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=form) as tar:
        for made, text in entries:
            tar.addfile(made, io.BytesIO(text))
    return plain.getvalue()


class Image:
    """An image of these layers, in a layout."""

    def __init__(self, w, *layers, packed=True, diff_ids=None, platform="amd64", types=None):
        self.layout = w.layout(f"image-{len(list(w.folder.iterdir()))}")
        self.layers = [self.layout.blob(gzip.compress(plain, mtime=0) if packed else plain, TAR + ("+gzip" if packed else ""))
                       for plain in layers]
        config = self.layout.document({"os": "linux", "architecture": platform, "rootfs": {
            "type": "layers", "diff_ids": diff_ids or [digest_of(plain) for plain in layers]}},
            "application/vnd.oci.image.config.v1+json")
        self.manifest = self.layout.document({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                                              "layers": self.layers}, MANIFEST)
        self.layout.tag(self.manifest, "x")
        self.place = f"oci:{self.layout.folder}:x"


def export(w, place, *options):
    done = subprocess.run(["zreg", "export", place, *options, *w.connections()], env=w.environment, capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(archive):
    """{name: content, or kind}, in order; a further name of a file is '=NAME'."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for made in tar:
            assert made.name not in found, made.name
            found[made.name] = ("d" if made.isdir() else f"->{made.linkname}" if made.issym() else f"={made.linkname}"
                                if made.islnk() else tar.extractfile(made).read().decode() if made.isfile() else "special")
    return found


def files(w, *layers, **options):
    return read(export(w, Image(w, *layers, **options).place))


def refused(w, *layers, **options):
    done = w.run("export", "--json", Image(w, *layers, **options).place, w.folder / "out.tar")
    assert done.returncode == 1 and not (w.folder / "out.tar").exists(), done
    return json.loads(done.stdout)["error"]


def test_the_upper_layer_counts():
    with world() as w:
        low = layer(entry("etc", kind="d"), entry("etc/a", "low"), entry("etc/b", "b"))
        high = layer(entry("etc/a", "high"), entry("./new/deep/file", "n"))
        for packed in (True, False):
            assert files(w, low, high, packed=packed) == {"etc": "d", "etc/a": "high", "etc/b": "b", "new/deep/file": "n"}
        assert files(w, low) == {"etc": "d", "etc/a": "low", "etc/b": "b"}
        assert files(w, layer()) == {} and files(w) == {}


def test_whiteouts():
    with world() as w:
        low = layer(entry("a", kind="d"), entry("a/1", "1"), entry("a/2", "2"), entry("a/d", kind="d"), entry("a/d/x", "x"),
                    entry("b", "b"))
        for high, left in (
                ((entry("a/.wh.1", ""),), {"a": "d", "a/2": "2", "a/d": "d", "a/d/x": "x", "b": "b"}),
                ((entry("a/.wh.d", ""),), {"a": "d", "a/1": "1", "a/2": "2", "b": "b"}),
                ((entry(".wh.a", ""),), {"b": "b"}),
                ((entry(".wh.a", ""), entry("a/new", "n")), {"b": "b", "a/new": "n"}),
                ((entry("a/new", "n"), entry(".wh.a", "")), {"a": "d", "b": "b", "a/new": "n"}),
                ((entry("a/.wh..wh..opq", ""), entry("a/new", "n")), {"a": "d", "b": "b", "a/new": "n"}),
                ((entry("a/new", "n"), entry("a/.wh..wh..opq", "")), {"a": "d", "b": "b", "a/new": "n"}),
                ((entry("a/d/new", "n"), entry("a/.wh..wh..opq", "")), {"a": "d", "a/d": "d", "b": "b", "a/d/new": "n"}),
                ((entry(".wh..wh..opq", ""),), {}),
                ((entry(".wh.none", ""), entry("none/.wh.x", ""), entry(".wh..wh.plnk", kind="d"), entry(".wh..wh.plnk/1.2", "x")),
                 {"a": "d", "a/1": "1", "a/2": "2", "a/d": "d", "a/d/x": "x", "b": "b"}),
                ((entry("b", "new"), entry(".wh.b", "")),
                 {"a": "d", "a/1": "1", "a/2": "2", "a/d": "d", "a/d/x": "x", "b": "new"})):
            assert files(w, low, layer(*high)) == left, [made.name for made, _ in high]
        back = files(w, low, layer(entry(".wh.a", "")), layer(entry("a", kind="d"), entry("a/3", "3")))
        assert back == {"b": "b", "a": "d", "a/3": "3"}


def test_folders_files_and_links_in_each_others_place():
    with world() as w:
        low = layer(entry("a", kind="d"), entry("a/1", "1"), entry("f", "f"), entry("l", kind="l", target="a"))
        assert files(w, low, layer(entry("a", "file"))) == {"f": "f", "l": "->a", "a": "file"}
        assert files(w, low, layer(entry("f", kind="d"), entry("f/x", "x"))) == {
            "a": "d", "a/1": "1", "l": "->a", "f": "d", "f/x": "x"}
        assert files(w, low, layer(entry("l", kind="d"), entry("l/x", "x"))) == {
            "a": "d", "a/1": "1", "f": "f", "l": "d", "l/x": "x"}
        assert files(w, low, layer(entry("a", kind="d", mode=0o700))) == {"a/1": "1", "f": "f", "l": "->a", "a": "d"}


def test_a_name_through_a_link_is_where_the_link_leads():
    with world() as w:
        low = layer(entry("usr/lib", kind="d"), entry("lib", kind="l", target="usr/lib"), entry("abs", kind="l", target="/usr/lib"),
                    entry("up", kind="l", target="../../usr"))
        assert files(w, low, layer(entry("lib/x", "x"), entry("abs/y", "y"), entry("up/lib/z", "z"), entry("lib/.wh.none", ""))) == {
            "usr/lib": "d", "lib": "->usr/lib", "abs": "->/usr/lib", "up": "->../../usr",
            "usr/lib/x": "x", "usr/lib/y": "y", "usr/lib/z": "z"}
        gone = files(w, low, layer(entry("usr/lib/x", "x")), layer(entry("lib/.wh.x", "")))
        assert "usr/lib/x" not in gone, gone
        loop = layer(entry("a", kind="l", target="b"), entry("b", kind="l", target="a"))
        assert files(w, loop) == {"a": "->b", "b": "->a"}
        assert refused(w, loop, layer(entry("a/x", "x")))["code"] == "CORRUPT"
        assert refused(w, layer(entry("a", "file"), entry("a/x", "x")))["code"] == "CORRUPT"


def test_hard_links():
    with world() as w:
        low = layer(entry("a", "text"), entry("b", kind="h", target="a"), entry("c", kind="h", target="./b"))
        assert files(w, low) == {"a": "text", "b": "=a", "c": "=a"}
        assert files(w, low, layer(entry(".wh.a", ""))) == {"b": "text", "c": "=b"}
        assert files(w, low, layer(entry("a", "new"))) == {"b": "text", "c": "=b", "a": "new"}
        assert files(w, low, layer(entry("d", kind="h", target="c"))) == {"a": "text", "b": "=a", "c": "=a", "d": "=a"}
        assert files(w, low, layer(entry("d", kind="h", target="a"), entry(".wh.a", ""), entry(".wh.b", ""))) == {
            "c": "text", "d": "=c"}
        for target in ("none", "none/x", ".", "../x"):
            assert refused(w, layer(entry("x", kind="h", target=target)))["code"] == "CORRUPT", target


def test_what_files_are_besides_their_content():
    with world() as w:
        made = [entry("s", "x", mode=0o4755, uid=5, gid=6, uname="u", gname="g", mtime=1234567890),
                entry("dev", kind="c", devmajor=1, devminor=3, mode=0o666), entry("pipe", kind="p"),
                entry("x", "y", pax_headers={"SCHILY.xattr.security.capability": "\x01abc", "mtime": "1.5"}),
                entry("big", "z", uid=3000000, pax_headers={"comment": "c"}),
                entry("d" * 90 + "/" + "n" * 150, "long"), entry("l", kind="l", target="t" * 300)]
        for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            image = Image(w, layer(*made, form=form))
            archive = export(w, image.place)
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                found = {each.name: each for each in tar}
                for wanted, text in made:
                    got = found[wanted.name]
                    for key in ("type", "mode", "uid", "gid", "uname", "gname", "linkname", "size", "devmajor", "devminor"):
                        assert getattr(got, key) == getattr(wanted, key), (form, wanted.name, key)
            if form == tarfile.PAX_FORMAT:
                assert found["x"].pax_headers["SCHILY.xattr.security.capability"] == "\x01abc" and found["x"].mtime == 1.5
            assert found["s"].mtime == 1234567890
            listed = subprocess.run(["tar", "-tvf", "-"], input=archive, capture_output=True)
            assert listed.returncode == 0 and listed.stderr == b"", listed
            assert export(w, image.place) == archive


def test_hostile_names():
    with world() as w:
        for name in ("../x", "a/../../x", "a/..", "..", "/../x"):
            error = refused(w, layer(entry(name, "x")))
            assert error["code"] == "CORRUPT" and "leads out" in error["message"], (name, error)
        for name in (".wh.", "a/.wh..", ".wh...", ".wh.x/y", "a/.wh.b/.wh.c"):
            error = refused(w, layer(entry("a", kind="d"), entry(name, "x")))
            assert error["code"] == "CORRUPT", (name, error)
        assert files(w, layer(entry("/abs", "x"), entry("./", kind="d"), entry("a//b/./c", "y"))) == {
            "abs": "x", ".": "d", "a/b/c": "y"}
        assert refused(w, layer(entry(".", "file")))["code"] == "CORRUPT"
        assert refused(w, layer(entry("a/" * 2100 + "x", "x")))["code"] == "LIMIT"
        assert list(files(w, layer(entry("new\nline\x1b[31m", "x")))) == ["new\nline\x1b[31m"]


def test_layers_that_are_not_what_they_say():
    with world() as w:
        good = layer(entry("a", "x" * 2000))
        for bad in (good[:700], good[:512], b"no tar" * 200, good[:512] + b"\xff" * 1024 + b"x" * 512):
            image = Image(w, bad, packed=False)
            if bad == good[:512]:
                image = Image(w, good[:700])
            done = w.run("export", "--json", image.place, w.folder / "out.tar")
            assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] == "CORRUPT", done
        assert refused(w, good, diff_ids=["sha256:" + "0" * 64])["code"] == "CORRUPT"
        image = Image(w, good)
        path = image.layout.folder / "blobs/sha256" / image.layers[0]["digest"][7:]
        for spoiled in (path.read_bytes()[:-9], path.read_bytes() + b"x", bytes(len(path.read_bytes()))):
            path.write_bytes(spoiled)
            done = w.run("export", "--json", image.place, w.folder / "out.tar")
            error = json.loads(done.stdout)["error"]
            assert done.returncode == 1 and error["code"] == "CORRUPT" and "layer 1" in error["message"], done
        path.unlink()
        assert json.loads(w.run("export", "--json", image.place, w.folder / "out.tar").stdout)["error"]["code"] == "NOTFOUND"
        zstd = Image(w, b"\x28\xb5\x2f\xfd" + bytes(100), packed=False)
        assert "zstd" in w.run("export", zstd.place, w.folder / "out.tar").stderr
        assert not (w.folder / "out.tar").exists()


def test_of_a_registry_an_archive_and_an_index():
    with world() as w:
        registry = w.buildset()
        image = Image(w, layer(entry("a", "amd")))
        arm = Image(w, layer(entry("a", "arm")), platform="arm64")
        place = f"{registry.address}/x/y"
        w.json("copy", image.place, f"{place}:1")
        w.json("copy", image.place, f"docker-archive:{w.folder}/x.tar:x:1")
        w.json("copy", arm.place, f"{place}:2")
        w.json("index", f"{place}:both", f"{place}:1", f"{place}:2")
        assert export(w, f"{place}:1") == export(w, f"docker-archive:{w.folder}/x.tar") == export(w, image.place)
        assert read(export(w, f"{place}:both", "--platform", "linux/arm64")) == {"a": "arm"}
        assert w.error("export", "--platform", "linux/s390x", f"{place}:both", w.folder / "o")["code"] == "NOTFOUND"
        told = w.json("export", "--platform", "linux/arm64", f"{place}:both", w.folder / "o.tar")
        assert told == {"digest": arm.manifest["digest"], "file": str(w.folder / "o.tar")}
        assert (w.folder / "o.tar").read_bytes() == export(w, arm.place)
        artifact = image.layout.document({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}, INDEX)
        image.layout.tag(artifact, "none")
        assert w.error("export", f"oci:{image.layout.folder}:none", w.folder / "o2")["code"] == "NOTFOUND"


def test_wrong_use():
    with world() as w:
        for row in ([], ["x", "y", "z"], ["localhost:5000", "f"], ["x", "--platform", "linux"], ["--json", "oci:x"],
                    ["--json", "oci:x", "-"]):
            assert w.run("export", *row).returncode == 2, row
        done = w.run("export", "oci:none", "/nowhere/x.tar", cwd=w.folder)
        assert done.returncode == 1 and "/nowhere/x.tar" in done.stderr, done


def test_a_file_behind_a_link():
    with world() as w:
        image = Image(w, layer(entry("a", "text")))
        folder = w.folder / "out"
        (folder / "below").mkdir(parents=True)
        (folder / "old.tar").write_text("old")
        (folder / "old.tar").chmod(0o640)
        for name, target in (("one", "old.tar"), ("two", "one"), ("new", "below/new.tar"),
                             ("full", folder / "below" / "full.tar")):
            (folder / name).symlink_to(target)
            export(w, image.place, folder / name)
            assert (folder / name).is_symlink() and read((folder / name).read_bytes()) == {"a": "text"}, name
            assert w.run("export", "oci:none", folder / name).returncode == 1
            assert read((folder / name).read_bytes()) == {"a": "text"}, name
        assert (folder / "old.tar").stat().st_mode & 0o777 == 0o640
        assert {path.name for path in folder.rglob("*")} == {
            "one", "two", "new", "full", "old.tar", "below", "new.tar", "full.tar"}
        (folder / "loop").symlink_to("loop")
        assert w.run("export", image.place, folder / "loop").returncode == 1 and (folder / "loop").is_symlink()


def test_standard_output_by_name_and_what_is_no_file():
    with world() as w:
        image = Image(w, layer(entry("a", "text")))
        whole = export(w, image.place)
        with open(w.folder / "redirected", "wb") as out:
            out.write(b"before")
            out.flush()
            done = subprocess.run(["zreg", "export", image.place, "/dev/stdout"], env=w.environment, stdout=out,
                                  timeout=60)
        assert done.returncode == 0 and (w.folder / "redirected").read_bytes() == b"before" + whole
        assert w.run("export", "--json", image.place, "/dev/stdout").returncode == 2
        os.mkfifo(w.folder / "fifo")
        (w.folder / "link").symlink_to("fifo")
        process = subprocess.Popen(["zreg", "export", image.place, w.folder / "link"], env=w.environment)
        assert (w.folder / "fifo").read_bytes() == whole and process.wait(20) == 0
        assert (w.folder / "fifo").is_fifo() and (w.folder / "link").is_symlink()
        assert export(w, image.place, "/dev/null") == b"" and not os.path.isfile("/dev/null")


def test_a_reader_that_goes_away_and_a_signal():
    with world() as w:
        image = Image(w, layer(*(entry(f"f{i}", "x" * 100000) for i in range(20))), packed=False)
        process = subprocess.Popen(["zreg", "export", image.place], env=w.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        assert b"Broken pipe" in process.stderr.read() and process.wait(20) == 1
        process.stderr.close()
        read_end, write_end = os.pipe()
        process = subprocess.Popen(["zreg", "export", image.place], env=w.environment, stdout=write_end, stderr=subprocess.DEVNULL)
        os.close(write_end)
        os.read(read_end, 10)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT and time.monotonic() - started < 10
        os.close(read_end)


def test_a_signal_ends_a_walk_through_hostile_links():
    """Each entry leads through forty thousand names, and some kilobytes hold many of them."""
    with world() as w:
        deep = "/".join(["a"] * 1000)
        entries = [entry("/".join(["a"] * 2000) + "/f", "")]
        for i in range(19):
            entries += [entry(f"s{i}", kind="l", target=f"{deep}/t{i}"),
                        entry(f"{deep}/t{i}", kind="l", target=f"/s{i + 1}")]
        entries += [entry("s19", kind="d")] + [entry("s0/.wh.z", "")] * 20000
        image = Image(w, layer(*entries))
        process = subprocess.Popen(["zreg", "export", image.place, w.folder / "x.tar"], env=w.environment,
                                   stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()
        assert time.monotonic() - started < 2 and not list(w.folder.glob("x.tar*"))


if __name__ == "__main__":
    tap.main(__name__)
