# SPDX-License-Identifier: Apache-2.0
import json
import os
import subprocess
import sys

import pytest

import zreg

BUILD = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def buildset(client):
    with zreg.BuildsetRegistry() as registry:
        client.use(registry)
        yield registry


@pytest.fixture
def image(client, buildset, tmp_path):
    """Pushes an image of one file into the buildset registry."""

    def push(name, text):
        folder = tmp_path / f"files-{text}"
        folder.mkdir()
        (folder / "file").write_text(text)
        return client.append("scratch", [folder], f"{buildset.address}/{name}")

    return push


def test_publish_gives_artifacts_in_zuuls_shape(client, server, buildset, image):
    digest = image("example/base:latest", "one")
    artifacts = client.publish(buildset.address, server.address, ["example/base:latest"], build=BUILD, change=1,
                               patchset=2)
    assert artifacts[0].url == f"docker://{server.address}/example/base:{BUILD}_latest"
    record, = artifacts.to_zuul()["artifacts"]
    assert record["name"] == "example/base:latest"
    metadata = record["metadata"]
    assert (metadata["type"], metadata["repository"], metadata["tag"]) == \
        ("container_image", "example/base", "latest")
    assert (metadata["digest"], metadata["change"], metadata["build"]) == (digest, "1", BUILD)
    assert client.head(f"{server.address}/example/base:{BUILD}_latest") == digest


def test_populate_takes_the_last_change_only(client, server, buildset, image):
    lists = []
    for change in (1, 2):
        image("example/base:latest", f"change {change}")
        lists += client.publish(buildset, server.address, ["example/base:latest"], build=f"{change:032x}",
                                change=change).to_zuul()["artifacts"]
    with zreg.BuildsetRegistry() as next_one:
        populated, = client.populate(lists, next_one)
        assert populated.digest == lists[1]["metadata"]["digest"] and populated.change == "2"
        assert populated.superseded == (lists[0]["url"],)
        client.use(next_one)
        assert client.head(f"{next_one.address}/example/base:latest") == populated.digest
        resolution = client.resolve("docker.io/example/base:latest", lists, buildset=next_one.address)
        assert resolution.winner.source == "buildset" and resolution.winner.digest == populated.digest
        assert len(resolution.candidates) > 1 and all(candidate.reason for candidate in resolution.candidates)
    assert client.populate([], buildset) == ()


def test_populate_tells_of_each_item_ahead(client, server, buildset, image):
    image("example/base:latest", "ahead")
    published = client.publish(buildset, server.address, ["example/base:latest"], build=BUILD, change=1,
                               patchset=7, project="example/base", pipeline="gate").to_zuul()
    made = {"project": "example/base", "change": 1, "patchset": "7", "job": "build"}
    items = [{"project": {"name": "example/base"}, "change": change, "patchset": "7", "change_url": f"https://r/{change}"}
             for change in ("1", "2", "3")]
    variables = {"change": "3", "items": items, "artifacts": [{**published["artifacts"][0], **made}]}
    with zreg.BuildsetRegistry() as next_one:
        populated = client.populate({"zuul": variables}, next_one)
        assert client.populate(variables["artifacts"], next_one).items is None
        starved = client.populate({"zuul": {**variables, "artifacts": [], "pipeline": "gate"}}, next_one,
                                  records=server.address)
    assert [item.missed for item in starved.items] == [True, False]
    assert f"example/base:latest (build {BUILD})" in starved.items[0].reason
    assert isinstance(populated, zreg.Populated) and (len(populated), len(populated.items)) == (1, 2)
    assert populated.items[0] == zreg.PopulatedItem("example/base", "1", "7", "https://r/1", ("example/base:latest",), "")
    assert populated.items[1].change == "2" and populated.items[1].images == ()
    assert "Zuul gave this job no image of it" in populated.items[1].reason
    assert populated[0].project == "example/base" and populated[0].reason


def test_provenance_tells_which_change_was_served(client, server, buildset, image):
    digest = image("example/base:latest", "one")
    artifacts = client.publish(buildset, server.address, ["example/base:latest"], build=BUILD, change=4)
    lines = []
    with zreg.BuildsetRegistry(access=lines.append) as next_one:
        client.populate(artifacts, next_one)  # without a request to it
        client.use(next_one)
        client.manifest(f"{next_one.address}/example/base:latest")
        with pytest.raises(zreg.NotFound):
            client.head(f"{next_one.address}/example/none:1")
    line, = [line for line in lines if line["status"] == 200 and "/manifests/" in line["path"]]
    assert (line["source"], line["change"], line["artifact"]) == ("artifact", "4", artifacts[0].url)
    log = "".join(json.dumps(line) + "\n" for line in lines)
    base, none = zreg.provenance(log)
    assert base == zreg.ServedImage("example/base", "latest", digest, "change", "4", BUILD, artifacts[0].url, 1,
                                    base.bytes) and base.bytes > 0
    assert (none.repository, none.source, none.digest) == ("example/none", "upstream", "")
    assert zreg.provenance(log).lost == 0 and zreg.provenance(log + 'x\n{"dropped":3}\n').lost == 4
    with pytest.raises(zreg.InvalidArgument):
        zreg.provenance("no log\n")


def test_resolve_without_a_registry(client):
    artifact = {"name": "example/base:latest", "url": f"docker://registry.example/example/base:{BUILD}_latest",
                "change": "7", "metadata": {"type": "container_image", "repository": "example/base", "tag": "latest"}}
    winner = client.resolve("example/base", [artifact], offline=True).winner
    assert (winner.source, winner.change) == ("intermediate", "7")


def test_upload_and_promote(client, server, buildset, image):
    digest = image("example/base:latest", "one")
    repository = f"{server.address}/example/base"
    uploaded = client.upload(f"{buildset.address}/example/base:latest", repository, "latest", change=7)
    assert uploaded.digest == digest and client.tags(repository) == ["change_7_latest"]
    with pytest.raises(zreg.Conflict):
        client.promote(repository, ["latest"], change=7, expect_digest=zreg.Digest.of(b""))
    promoted = client.promote(repository, ["latest", "v1"], change=7, expect_digest=digest, if_current="absent")
    assert (promoted.digest, promoted.tags, promoted.blob_requests) == (digest, 2, 0)
    assert promoted.temporary_deleted is True and promoted.cleanup_error == ""
    assert sorted(client.tags(repository)) == ["latest", "v1"]
    with pytest.raises(zreg.NotFound):
        client.promote(repository, ["latest"], change=8)


def test_what_is_not_whole_is_not_promoted(client, server, buildset, image):
    image("example/base:latest", "broken")
    repository = f"{server.address}/example/broken"
    client.upload(f"{buildset.address}/example/base:latest", repository, "latest", change=7)
    layer = client.manifest(f"{repository}:change_7_latest").layers[0].digest
    assert client.promote(repository, ["v1"], from_tag="change_7_latest", verify=False).verify_requests == 0
    client.delete_blob(repository, layer)
    with pytest.raises(zreg.NotFound, match=f"{layer} is missing; nothing was changed"):
        client.promote(repository, ["latest"], change=7)
    assert client.tags(repository) == ["change_7_latest", "v1"]


def test_a_temporary_tag_that_stays_is_told(client, server, buildset, image):
    image("example/base:latest", "left")
    repository = f"{server.address}/example/left"
    client.upload(f"{buildset.address}/example/base:latest", repository, "latest", change=7)
    client.set_tag_api(server.address, "quay", url="http://127.0.0.1:9")
    promoted = client.promote(repository, ["latest"], change=7)
    assert promoted.promoted and not promoted.temporary_deleted
    assert promoted.cleanup_error.startswith("the temporary tag stays: "), promoted
    assert client.tags(repository) == ["change_7_latest", "latest"]


def test_a_promotion_counts_what_belongs_to_the_image(client, server, buildset, image):
    digest = image("example/base:latest", "one")
    signature = image(f"example/base:{digest.replace(':', '-')}.sig", "signature")
    repository = f"{server.address}/example/base"
    client.upload(f"{buildset.address}/example/base:latest", repository, "latest", change=7, with_referrers=True)
    promoted = client.promote(repository, ["latest"], change=7, with_referrers=True)
    assert (promoted.referrers, promoted.blob_requests) == (1, 0)
    assert client.head(f"{repository}:{digest.replace(':', '-')}.sig") == signature
    artifacts = client.publish(buildset.address, server.address, ["example/base:latest"], build=BUILD, with_referrers=True)
    assert f"{digest.replace(':', '-')}.sig" in client.tags(repository) and len(artifacts) == 1


def test_promotion_in_order(client, server, buildset, image):
    image("example/base:latest", "ordered")
    repository = f"{server.address}/example/ordered"
    for change in (7, 8):
        client.upload(f"{buildset.address}/example/base:latest", repository, "latest", change=change)
    newer = client.promote(repository, ["latest"], change=8, order=20)
    assert (newer.promoted, newer.superseded, newer.superseded_by) == (True, (), "")
    late = client.promote(repository, ["latest", "v1"], change=7, order=10)
    assert (late.promoted, late.superseded, late.superseded_by) == (True, ("latest",), "8")
    client.upload(f"{buildset.address}/example/base:latest", repository, "latest", change=7)
    late = client.promote(repository, ["latest"], change=7, order=10)
    assert late.promoted is False and late.digest == newer.digest and late.temporary_deleted is True
    with pytest.raises(ValueError):
        client.promote(repository, ["latest"], change=7, order=0)


def test_the_whole_story():
    story = os.path.join(os.environ["ZREG_SRCDIR"], "examples/gate/gate.py")
    done = subprocess.run([sys.executable, story, "--json"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["ok"] and [image["blob_requests"] for image in report["promoted"]] == [0, 0]
