# SPDX-License-Identifier: Apache-2.0
import pytest

import zreg


def test_sync_copies_what_differs(client, server, push):
    for tag in ("1.0", "1.1", "2.0"):
        push(f"app:{tag}", tag.encode())
    src, dst = f"{server.address}/app", f"{server.address}/mirror"
    planned = client.sync(src, dst, tags=["1.*"], exclude=["*.1"], dry_run=True)
    assert [(tag.tag, tag.state) for tag in planned] == [("1.0", "copied")]
    assert [tag.state for tag in client.sync(src, dst)] == ["copied"] * 3
    assert {tag.state for tag in client.sync(src, dst)} == {"present"}
    push("mirror:own", b"own")
    assert [tag.tag for tag in client.sync(src, dst, delete_others=True) if tag.state == "deleted"] == ["own"]
    assert sorted(client.tags(dst)) == ["1.0", "1.1", "2.0"]


def test_sync_of_nothing(client, server):
    with pytest.raises(zreg.NotFound) as caught:
        client.sync(f"{server.address}/none", f"{server.address}/mirror")
    assert caught.value.done == ()
    with pytest.raises(zreg.InvalidArgument):
        client.sync(f"{server.address}/x:tag", f"{server.address}/y")


def test_verify_tells_of_each_part(client, server, push):
    push("app:latest", b"text")
    parts = client.verify(f"{server.address}/app:latest")
    assert parts[0].is_manifest and parts[0].digest == client.head(f"{server.address}/app:latest")
    assert all(part.good and part.code == "OK" for part in parts) and len(parts) > 1
    assert client.verify(f"{server.address}/app:latest", quick=True) == parts
    layer = next(part for part in parts if not part.is_manifest)
    client.delete_blob(f"{server.address}/app", layer.digest)
    with pytest.raises(zreg.NotFound) as caught:
        client.verify(f"{server.address}/app:latest")
    assert [part.digest for part in caught.value.done if not part.good] == [layer.digest]


def test_annotations_of_a_manifest(client, server):
    client.append("scratch", [], f"{server.address}/app:latest")
    client.append(f"{server.address}/app:latest", [], f"{server.address}/app:new", annotations={"a": "b"})
    assert client.manifest(f"{server.address}/app:new").annotations == {"a": "b"}
