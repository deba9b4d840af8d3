#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""copy, append, index, inspect, catalog, tags and delete-tag on a real registry."""

import json
import stat
import subprocess

from cli_world import tap, world
from layout import INDEX, MANIFEST, digest_of

COPY_KEYS = ["digest", "media_type", "bytes", "blobs", "referrers", "requests", "seconds", "dry_run"]


def pushed(w, registry, text="hello", tag="one", repository="a/b"):
    layout = w.layout(f"layout-{text}-{tag}")
    digest = layout.tag(layout.image(text), tag)
    w.json("copy", f"oci:{layout.folder}:{tag}", f"{registry.address}/{repository}:{tag}")
    return digest


def test_copy_tells_what_moved():
    with world() as w:
        registry = w.buildset()
        layout = w.layout()
        digest = layout.tag(layout.image("hello"), "one")
        first = w.json("copy", f"oci:{layout.folder}:one", f"docker://{registry.address}/a/b:1")
        assert list(first) == COPY_KEYS, first
        assert first["digest"] == digest and first["media_type"] == MANIFEST
        assert first["blobs"] == {"copied": 2, "mounted": 0, "skipped": 0}, first
        assert first["bytes"] > 0 and first["requests"]["dst"] > 0
        again = w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/a/b:1")
        assert again["bytes"] == 0 and again["blobs"]["copied"] == 0, again


def test_32_copy_takes_whole_indexes_and_single_platforms():
    with world() as w:
        registry = w.buildset()
        layout = w.layout()
        digest = layout.tag(layout.index("linux/amd64", "linux/arm64"), "multi")
        whole = w.json("copy", f"oci:{layout.folder}:multi", f"{registry.address}/a/b:all")
        assert whole["digest"] == digest and whole["media_type"] == INDEX
        one = w.json("copy", "--platform", "linux/arm64", f"{registry.address}/a/b:all",
                     f"{registry.address}/a/c:arm")
        assert one["digest"] != digest
        assert w.json("inspect", f"{registry.address}/a/b:all")["digest"] == digest


def test_copy_refuses_another_digest():
    with world() as w:
        registry = w.buildset()
        pushed(w, registry)
        error = w.error("copy", "--expect-digest", "sha256:" + 64 * "0",
                        f"{registry.address}/a/b:one", f"oci:{w.folder}/out:one")
        assert error["code"] == "CONFLICT", error


def test_append_makes_images():
    with world() as w:
        registry = w.buildset()
        tree = w.folder / "tree"
        tree.mkdir()
        (tree / "file").write_text("content")
        place = f"{registry.address}/a/app"
        argv = ("--base", "scratch", "--layer", tree, "--label", "k=v", "--cmd", "/file")
        made = w.json("append", *argv, f"{place}:1")
        assert list(made) == ["digest", "dry_run"], made
        assert w.json("append", *argv, f"{place}:2") == made
        on_top = w.json("append", "--base", f"{place}:1", "--layer", tree, f"{place}:3")
        assert on_top != made
        assert w.json("inspect", f"{place}:1")["digest"] == made["digest"]


def test_index_joins_platforms():
    with world() as w:
        registry = w.buildset()
        place = f"{registry.address}/a/b"
        layout = w.layout()
        for platform in ("amd64", "arm64"):
            layout.tag(layout.image(platform, f"linux/{platform}"), platform)
            w.json("copy", f"oci:{layout.folder}:{platform}", f"{place}:{platform}")
        made = w.json("index", f"{place}:all", f"{place}:amd64", f"{place}:arm64")
        assert list(made) == ["digest", "dry_run"]
        seen = w.json("inspect", f"{place}:all")
        assert seen["digest"] == made["digest"] and len(seen["platforms"]) == 2, seen
        w.json("index", "--platform", "linux/arm64", f"{place}:arm", f"{place}:all")
        only, = w.json("inspect", f"{place}:arm")["platforms"]
        assert "arm64" in str(only), only


def test_inspect_for_people_and_for_machines():
    with world() as w:
        registry = w.buildset()
        digest = pushed(w, registry)
        document = w.json("inspect", f"{registry.address}/a/b:one")
        assert document["digest"] == digest and document["media_type"] == MANIFEST, document
        plain = w.run("inspect", *w.connections(), f"{registry.address}/a/b:one").stdout
        assert f"digest: {digest}\n" in plain, plain
        assert w.error("inspect", f"{registry.address}/a/b:two")["code"] == "NOTFOUND"


def test_what_an_image_says_does_not_drive_the_terminal():
    with world() as w:
        place = f"{w.buildset().address}/a/b:x"
        w.json("append", "--base", "scratch", "--label", "k\x1b[2J=v\x1b[2J", place)
        plain = w.run("inspect", *w.connections(), place).stdout
        assert "k?[2J: v?[2J\n" in plain and "\x1b" not in plain, plain


def test_keys_that_others_take_for_one_are_refused_in_all_documents_of_an_image():
    with world() as w:
        layout = w.layout()
        image = layout.image("hello")
        manifest = json.loads((layout.folder / "blobs/sha256" / image["digest"][7:]).read_bytes())
        for more in ({"OS": "windows"}, {"rootfs": {"type": "layers", "diff_ids": [], "Diff_IDs": []}},
                     {"config": {"Labels": {"a": "1", "A": "2"}, "labels": {}}}):
            config = layout.document({"os": "linux", "architecture": "amd64", **more}, manifest["config"]["mediaType"])
            layout.tag(layout.document({**manifest, "config": config}, MANIFEST), next(iter(more)))
            message = w.error("inspect", f"oci:{layout.folder}:{next(iter(more))}")["message"]
            assert "image config: a key is written" in message, message
        for more in ({"Manifests": []}, {"manifests": [{**image, "Digest": digest_of(b"other")}]}):
            (layout.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [image], **more}))
            message = w.error("inspect", f"oci:{layout.folder}")["message"]
            assert "index.json: a key is written" in message, message
        (w.folder / "manifest.json").write_text('[{"Config": "c.json", "RepoTags": [], "Layers": [], "layers": ["x"]}]')
        subprocess.run(["tar", "-cf", w.folder / "image.tar", "-C", w.folder, "manifest.json"], check=True)
        message = w.error("inspect", f"docker-archive:{w.folder}/image.tar")["message"]
        assert 'manifest.json: a key is written "Layers" and "layers"' in message, message


def test_labels_are_any_text_that_is_utf8():
    with world() as w:
        place = f"{w.buildset().address}/a/b:x"
        w.json("append", "--base", "scratch", "--label", "maintainer=J\u00f6rg \U0001f433", place)
        assert w.json("inspect", place)["labels"] == {"maintainer": "J\u00f6rg \U0001f433"}
        assert "maintainer: J\u00f6rg \U0001f433\n" in w.run("inspect", *w.connections(), place).stdout
        for label in ("maintainer=J\udcf6rg", "J\udcf6rg=x"):
            error = w.error("append", "--base", "scratch", "--label", label, place)
            assert error["code"] == "INVAL" and "is not UTF-8" in error["message"], error


def test_errors_are_text_whatever_was_given():
    with world() as w:
        for word in ("J\udcf6rg", "oci:J\udcf6rg:1", "docker-archive:J\udcf6rg", "h.example/\udced\udca0\udc80:1"):
            message = w.error("inspect", word)["message"]
            assert "?" in message and message.isprintable(), message
        assert "?" in w.error("inspect", "--J\udcf6rg", "x", code=2)["message"]


def test_repositories_are_listed():
    with world() as w:
        registry = w.buildset()
        assert w.json("catalog", registry.address) == {"host": registry.address, "repositories": []}
        for repository in ("b/c", "a/b"):
            pushed(w, registry, tag=repository[0], repository=repository)
        assert w.json("catalog", registry.address)["repositories"] == ["a/b", "b/c"]
        assert w.run("catalog", *w.connections(), registry.address).stdout == "a/b\nb/c\n"
        assert w.error("catalog", "a/b/c", code=2)["code"] == "INVAL"


def test_tags_are_listed():
    with world() as w:
        registry = w.buildset()
        for tag in ("one", "two", "three"):
            pushed(w, registry, tag=tag)
        document = w.json("tags", f"{registry.address}/a/b")
        assert list(document) == ["repository", "tags"], document
        assert sorted(document["tags"]) == ["one", "three", "two"]
        plain = w.run("tags", *w.connections(), f"{registry.address}/a/b").stdout
        assert sorted(plain.split()) == ["one", "three", "two"]


def test_delete_tag_leaves_its_siblings():
    with world() as w:
        registry = w.buildset()
        digest = pushed(w, registry)
        place = f"{registry.address}/a/b"
        w.json("copy", f"{place}:one", f"{place}:two")
        assert w.json("delete-tag", f"{place}:one")["deleted"] is True
        assert w.json("tags", place)["tags"] == ["two"]
        assert w.json("inspect", f"{place}:two")["digest"] == digest
        assert w.error("delete-tag", f"{place}:one")["code"] == "NOTFOUND"


def credentials(registry):
    return registry.record["username"], registry.record["password"]


def test_each_way_to_give_credentials():
    with world() as w:
        registry = w.buildset("--no-tls", "--anonymous", "none")
        user, password = credentials(registry)
        place = f"{registry.address}/a/b"
        secret = w.file("secret", password + "\n")
        creds = w.file("creds", f"{user}:{password}\n")
        registries, w.registries = w.registries, []
        assert w.error("tags", place)["code"] == "DENIED"
        rows = [
            (["--username", user, "--password-file", secret], {}),
            (["--username", user, "--password-file", "-"], {"input": password + "\n"}),
            (["--username", user], {"environment": {"ZREG_PASSWORD": password}}),
            ([], {"environment": {"ZREG_USERNAME": user, "ZREG_PASSWORD": password}}),
            (["--creds-file", f"{registry.address}={creds}"], {}),
            (["--connection", registry.record_file], {}),
        ]
        for argv, options in rows:
            assert w.error("tags", place, *argv, **options)["code"] == "NOTFOUND", argv
        wrong = w.error("tags", place, "--username", user, "--password-file", creds)
        assert wrong["code"] == "DENIED" and password not in wrong["message"], wrong
        w.registries = registries


def test_what_is_no_connection_record_is_refused():
    with world() as w:
        for record in ("", "[1]", "no JSON", "{} x", "{'host': 'a', 'port': 1}", '{"host": "a", "host": "b", "port": 1}',
                       '{"Host": "a", "port": 1}', '{"host": "a", "port": 01}', '{"host": "a", "port": 1} // comment',
                       '{"host": "a", "port": 1, "password": 7}', '{"host": "a b", "port": 1}', '{"host": "a", "port": 0}',
                       '{"port": 1}', '{"host": {"a": 1}, "port": 1}', '{"host": "a", "port": [5000]}', '{"port": "1", "host": ""}'):
            error = w.error("tags", "localhost:1/a", "--connection", w.file("record.json", record))
            assert error["code"] == "INVAL" and "no connection record" in error["message"], (record, error)


def test_secrets_do_not_show_up_in_the_log():
    with world() as w:
        registry = w.buildset()
        pushed(w, registry)
        done = w.run("tags", "--verbose", *w.connections(), f"{registry.address}/a/b")
        assert done.returncode == 0, done
        assert registry.record["password"] not in done.stdout + done.stderr
        registry.stop()
        assert registry.record["password"] not in registry.log.read_text()
        assert stat.S_IMODE(registry.record_file.stat().st_mode) == 0o600


def test_an_unknown_certificate_is_an_error():
    with world() as w:
        registry = w.buildset()
        record = w.folder / "hidden.json"
        registry.record_file.rename(record)
        registries, w.registries = w.registries, []
        place = f"{registry.address}/a/b"
        assert w.error("tags", place)["code"] == "TLS"
        ca = w.file("ca.pem", registry.record["cert"])
        assert w.error("tags", place, "--ca", ca)["code"] == "NOTFOUND"
        assert w.error("tags", place, "--insecure", registry.address)["code"] == "NOTFOUND"
        w.registries = registries


if __name__ == "__main__":
    tap.main(__name__)
