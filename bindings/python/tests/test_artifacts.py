# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json

import pytest

import zreg

DIGEST = zreg.Digest.of(b"image")


def record(change="1", repository="example/base", tag="latest", **metadata):
    return {
        "name": f"{repository}:{tag}", "url": f"docker://registry.example:5000/{repository}:b{change}_{tag}",
        "project": "example", "change": change, "patchset": "2", "job": "build",
        "metadata": {"type": "container_image", "repository": repository, "tag": tag, **metadata},
    }


LIST = [record("1"), {"name": "docs", "url": "https://docs.example", "metadata": {"type": "docs"}},
        record("2", digest=DIGEST)]


@pytest.mark.parametrize("source", [
    LIST, {"artifacts": LIST}, {"zuul": {"artifacts": LIST}}, json.dumps(LIST), json.dumps(LIST).encode()],
    ids=["list", "object", "nested", "text", "bytes"])
def test_each_form_gives_the_container_images_in_order(source):
    artifacts = zreg.Artifacts(source)
    assert len(artifacts) == 2 and [artifact.change for artifact in artifacts] == ["1", "2"]
    assert artifacts[-1].digest == DIGEST and artifacts[0].digest == ""
    assert (artifacts[0].name, artifacts[0].repository, artifacts[0].tag) == \
        ("example/base:latest", "example/base", "latest")
    assert artifacts[0].url == "docker://registry.example:5000/example/base:b1_latest"


def test_it_is_a_sequence():
    artifacts = zreg.Artifacts(LIST)
    assert artifacts[1] in artifacts and list(reversed(artifacts))[0] is artifacts[1]
    assert artifacts[:1] == (artifacts[0],)
    with pytest.raises(IndexError):
        artifacts[2]
    assert artifacts == zreg.Artifacts(LIST) and hash(artifacts) == hash(zreg.Artifacts(artifacts))
    assert not zreg.Artifacts()


def test_to_zuul_reads_back_without_what_zuul_adds():
    artifacts = zreg.Artifacts(LIST)
    zuul = artifacts.to_zuul()
    assert list(zreg.Artifacts(zuul)) == [dataclasses.replace(artifact, project="", job="") for artifact in artifacts]
    first = zuul["artifacts"][0]
    assert first["metadata"]["type"] == "container_image" and first["metadata"]["tag"] == "latest"


@pytest.mark.parametrize("source", ["", "{", "7", [{"metadata": {"type": "container_image"}}]])
def test_what_is_no_list_of_artifacts_is_refused(source):
    with pytest.raises(zreg.InvalidArgument):
        zreg.Artifacts(source)


def test_temporary_tag():
    assert zreg.temporary_tag("latest", change=12) == "change_12_latest"
    assert zreg.temporary_tag("latest", pipeline="release") == "release_latest"
    with pytest.raises(zreg.InvalidArgument):
        zreg.temporary_tag("latest")
