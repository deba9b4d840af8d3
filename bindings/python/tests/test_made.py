# SPDX-License-Identifier: Apache-2.0
"""Images that are made of others, what would be made, and what is in them."""
import io
import json
import tarfile

import pytest

import zreg


def layer(tmp_path, *names):
    folder = tmp_path / "-".join(names)
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    return str(folder)


def names(archive):
    return sorted(made.name for made in tarfile.open(fileobj=io.BytesIO(archive)) if made.isfile())


def test_dry_runs_tell_and_change_nothing(client, server, push, tmp_path):
    push("app:1", b"text")
    src, dst = f"{server.address}/app:1", f"{server.address}/other"
    foreseen = client.copy(src, f"{dst}:1", dry_run=True)
    made = client.append("scratch", [layer(tmp_path, "a")], f"{dst}:2", dry_run=True)
    index = client.index([src], f"{dst}:3", dry_run=True)
    assert foreseen.digest == client.head(src) and foreseen.blobs_mounted > 0
    assert client.upload(src, dst, "latest", change=1, dry_run=True).digest == foreseen.digest
    with pytest.raises(zreg.NotFound):
        client.tags(dst)
    assert client.append("scratch", [str(tmp_path / "a")], f"{dst}:2") == made
    assert client.index([src], f"{dst}:3") == index


def test_another_base(client, server, tmp_path):
    place = f"{server.address}/app"
    client.append("scratch", [layer(tmp_path, "old")], f"{place}:old")
    client.append("scratch", [layer(tmp_path, "new")], f"{place}:new")
    client.append(f"{place}:old", [layer(tmp_path, "own")], f"{place}:1")
    client.append(f"{place}:1", [], f"{place}:2", rebase=True, old_base=f"{place}:old", new_base=f"{place}:new")
    with open(tmp_path / "out", "wb") as file:
        client.export(f"{place}:2", file)
    assert names((tmp_path / "out").read_bytes()) == ["new", "own"]
    with pytest.raises(zreg.Conflict):
        client.append(f"{place}:2", [], f"{place}:3", rebase=True, old_base=f"{place}:old", new_base=f"{place}:new")
    with pytest.raises(zreg.InvalidArgument):
        client.append(f"{place}:1", [], f"{place}:3", old_base=f"{place}:old")


def test_all_images_of_an_index(client, server):
    place = f"{server.address}/app"
    for arch in ("amd64", "arm64"):
        client.append("scratch", [], f"{place}:{arch}", platform=f"linux/{arch}")
    client.index([f"{place}:amd64", f"{place}:arm64"], f"{place}:both")
    client.append(f"{place}:both", [], f"{place}:both", labels={"a": "b"}, all_platforms=True)
    children = client.manifest(f"{place}:both").children
    assert [child.platform.architecture for child in children] == ["amd64", "arm64"]
    assert all(client.inspect(f"{place}@{child.digest}")["labels"] == {"a": "b"} for child in children)


def test_export_to_a_descriptor(client, server, tmp_path):
    place = f"{server.address}/app:1"
    digest = client.append("scratch", [layer(tmp_path, "a", "b")], place)
    with open(tmp_path / "out", "wb") as file:
        assert client.export(place, file.fileno(), platform="linux/amd64", src_server=server) == digest
    assert names((tmp_path / "out").read_bytes()) == ["a", "b"]
    with open(tmp_path / "out") as file, pytest.raises(zreg.FileError):
        client.export(place, file.fileno())


def test_sync_from_a_layout_and_by_force(client, server, push, tmp_path):
    push("app:1", b"text")
    src, folder = f"{server.address}/app", f"oci:{tmp_path}/layout"
    assert [tag.state for tag in client.sync(src, folder)] == ["copied"]
    assert [tag.state for tag in client.sync(folder, f"{server.address}/back")] == ["copied"]
    layout = json.loads((tmp_path / "layout/index.json").read_text())["manifests"][0]["digest"][7:]
    for path in (tmp_path / "layout/blobs/sha256").iterdir():
        if path.name != layout:
            path.unlink()
    assert [tag.state for tag in client.sync(src, folder)] == ["present"]
    assert [tag.state for tag in client.sync(src, folder, force=True)] == ["copied"]


def test_a_record_that_is_none(client):
    for record in ({}, {"host": "a"}, {"host": "", "port": 1}, {"host": "a b", "port": 1}, {"host": "a", "port": 70000}):
        with pytest.raises(zreg.InvalidArgument):
            client.use(record)
    assert client.use({"host": "::1", "port": "5000"}) == "[::1]:5000"
