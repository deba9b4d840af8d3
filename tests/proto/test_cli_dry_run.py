#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--dry-run: both ends are looked at, nothing is changed, and what would be done is told."""

from cli_world import tap, world

READS = {"GET", "HEAD"}


def image(w, name="one"):
    layout = w.layout(f"image-{name}")
    return layout.tag(layout.image(name), "one"), f"oci:{layout.folder}:one"


def methods(registry, since=0):
    return {entry["method"] for entry in registry.requests()[since:]}


def files(folder):
    return sorted(str(path) for path in folder.rglob("*"))


def test_a_copy_to_a_registry_is_foreseen():
    with world() as w:
        registry = w.buildset()
        digest, src = image(w)
        dst = f"{registry.address}/a/b:1"
        foreseen = w.json("copy", "--dry-run", src, dst)
        assert foreseen["dry_run"] is True and foreseen["digest"] == digest, foreseen
        assert foreseen["blobs"]["copied"] > 0 and foreseen["bytes"] > 0, foreseen
        assert methods(registry) <= READS, methods(registry)
        assert w.error("inspect", dst)["code"] == "NOTFOUND"
        done = w.json("copy", src, dst)
        assert done["dry_run"] is False
        for key in ("digest", "blobs", "bytes", "media_type"):
            assert foreseen[key] == done[key], (key, foreseen, done)
        again = w.json("copy", "--dry-run", src, dst)
        assert again["blobs"]["copied"] == 0 and again["bytes"] == 0, again


def test_a_part_that_is_there_is_not_counted():
    with world() as w:
        registry = w.buildset()
        _, src = image(w)
        w.json("copy", src, f"{registry.address}/a/b:1")
        digest, other = image(w, "two")
        w.json("copy", other, f"{registry.address}/a/c:1")
        since = len(registry.requests())
        seen = w.json("copy", "--dry-run", other, f"{registry.address}/a/b:2")
        assert seen["digest"] == digest
        mounted = w.json("copy", "--dry-run", f"{registry.address}/a/c:1", f"{registry.address}/a/b:2")
        assert mounted["blobs"]["copied"] == 0 and mounted["bytes"] == 0, mounted
        assert methods(registry, since) <= READS


def test_places_of_this_machine_are_not_made():
    with world() as w:
        registry = w.buildset()
        _, src = image(w)
        w.json("copy", src, f"{registry.address}/a/b:1")
        before = files(w.folder)
        for dst in ("oci:new:1", "oci-archive:new.tar:1", "docker-archive:new.tar:x:1", "oci:new/deep/er"):
            for place in (src, f"{registry.address}/a/b:1"):
                seen = w.json("copy", "--dry-run", place, dst, cwd=w.folder)
                assert seen["blobs"]["copied"] > 0, (dst, seen)
        assert files(w.folder) == before


def test_with_referrers_and_force():
    with world() as w:
        registry, other = w.buildset(), w.buildset()
        layout = w.layout("image")
        digest = layout.tag(layout.image("one"), "one")
        w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/a:1")
        w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/a:{digest.replace(':', '-')}.sig")
        for dst in (f"{other.address}/b:1", f"oci:{w.folder}/new:1"):
            for options in ([], ["--force"]):
                seen = w.json("copy", "--dry-run", "--with-referrers", *options, f"{registry.address}/a:1", dst)
                assert seen["referrers"] == {"copied": 1, "skipped": 0}, seen
        assert methods(other) <= READS and not (w.folder / "new").exists()
        assert w.json("copy", "--with-referrers", f"{registry.address}/a:1", f"{other.address}/b:1")["referrers"] == {
            "copied": 1, "skipped": 0}


def test_what_would_fail_fails():
    with world() as w:
        registry = w.buildset()
        _, src = image(w)
        address = registry.address
        assert w.error("copy", "--dry-run", f"{address}/a:none", f"{address}/b:1")["code"] == "NOTFOUND"
        assert w.error("copy", "--dry-run", "--expect-digest", "sha256:" + "0" * 64, src, f"{address}/b:1")["code"] == "CONFLICT"
        assert w.error("copy", "--dry-run", src, f"{address}/b@sha256:" + "0" * 64)["code"] == "INVAL"
        assert w.error("copy", "--dry-run", "--with-referrers", f"{address}/a:1", "oci-archive:x")["code"] == "UNSUPPORTED"
        assert w.error("upload", "--dry-run", "--tag", "t", "--change", "1", f"{address}/a:none", f"{address}/b")["code"] == "NOTFOUND"


def test_uploads_indexes_and_made_images_are_foreseen():
    with world() as w:
        registry = w.buildset()
        digest, src = image(w)
        address = registry.address
        w.json("copy", src, f"{address}/a:1")
        since = len(registry.requests())
        rows = [["upload", src, f"{address}/b", "--tag", "t", "--change", "1"],
                ["upload", f"{address}/a:1", f"{address}/b", "--tag", "t", "--pipeline", "p"],
                ["index", f"{address}/b:i", f"{address}/a:1"],
                ["mutate", f"{address}/a:1", f"{address}/b:m", "--label", "x=y"],
                ["append", f"{address}/b:s", "--base", "scratch", "--layer", str(w.folder / "image-one")],
                ["append", f"{address}/b:a", "--base", src, "--layer", str(w.folder / "image-one")]]
        foreseen = [w.json(*row, "--dry-run") for row in rows]
        assert methods(registry, since) <= READS, methods(registry, since)
        assert foreseen[0]["tag"] == "change_1_t" and foreseen[0]["digest"] == digest
        for row, seen in zip(rows, foreseen):
            assert seen["dry_run"] is True, row
            done = w.json(*row)
            assert done["digest"] == seen["digest"] and done["dry_run"] is False, (row, seen, done)


def test_an_upload_repairs_by_force():
    with world() as w:
        registry = w.buildset()
        _, src = image(w)
        upload = ["upload", src, f"{registry.address}/a", "--tag", "t", "--change", "1"]
        first = w.json(*upload)
        assert first["blobs"]["copied"] == 2
        assert w.json(*upload, "--dry-run", "--force")["blobs"] == {"copied": 0, "mounted": 0, "skipped": 2}
        since = len(registry.requests())
        assert w.json(*upload)["blobs"]["skipped"] == 2
        without = len(registry.requests()) - since
        assert w.json(*upload, "--force")["blobs"]["skipped"] == 2
        assert len(registry.requests()) - since - without > without


def test_a_tag_that_would_be_deleted():
    with world() as w:
        registry = w.buildset()
        digest, src = image(w)
        tag = f"{registry.address}/a:1"
        w.json("copy", src, tag)
        since = len(registry.requests())
        assert w.json("delete-tag", "--dry-run", tag)["deleted"] is False
        assert w.json("delete", "--dry-run", f"{registry.address}/a@{digest}")["deleted"] is False
        assert methods(registry, since) <= READS
        assert "would be deleted" in w.run("delete-tag", "--dry-run", *w.connections(), tag).stdout
        assert w.error("delete-tag", "--dry-run", f"{registry.address}/a:none")["code"] == "NOTFOUND"
        assert w.json("delete-tag", tag)["deleted"] is True


def test_text_says_that_nothing_was_changed():
    with world() as w:
        registry = w.buildset()
        _, src = image(w)
        dst = f"{registry.address}/a:1"
        for row in (["copy", src, dst], ["index", dst, src], ["mutate", src, dst, "--label", "a=b"],
                    ["upload", src, f"{registry.address}/a", "--tag", "t", "--change", "1"]):
            done = w.run(*row, "--dry-run", *w.connections())
            assert done.returncode == 0 and "nothing was changed" in done.stdout, done


if __name__ == "__main__":
    tap.main(__name__)
