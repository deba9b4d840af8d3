# SPDX-License-Identifier: Apache-2.0
import os
import sys

import pytest

import zreg

sys.path.insert(0, os.path.join(os.environ["ZREG_SRCDIR"], "tests/lib"))

from zuul_api import ZuulApi  # noqa: E402


def artifact(build, tag="latest"):
    return {"name": f"example/base:{tag}", "url": f"docker://registry.example:5000/example/base:{build}_{tag}",
            "metadata": {"type": "container_image", "repository": "example/base", "tag": tag}}


@pytest.fixture
def zuul():
    with ZuulApi() as api:
        yield api


def test_the_newest_successful_build_wins(client, zuul):
    for result in ("SUCCESS", "SUCCESS", "FAILURE", None):
        buildset = zuul.add_buildset("gate", "org/base", 12, 3)
        build = zuul.add_build(buildset, "build-image", result, build=f"{len(zuul.builds):032x}")
        zuul.builds[-1]["artifacts"] = [artifact(build), {"name": "logs", "url": "https://logs.example"}]
    found = client.zuul_builds(zuul.api, change=12, patchset=3, pipeline="gate", job="build-image",
                               project="org/base", branch="master")
    assert [build.uuid for build in found.builds] == [f"{i:032x}" for i in (1, 0)]
    newest = found.builds[0]
    assert (newest.job, newest.pipeline, newest.change, newest.patchset) == ("build-image", "gate", "12", "3")
    assert [a.build for a in found.artifacts] == [f"{i:032x}" for i in (0, 1)]
    winner = client.resolve("example/base:latest", found.artifacts, offline=True).winner
    assert winner.build == newest.uuid
    assert client.zuul_builds(zuul.url + "/api", tenant="example", change=13).builds == ()
    assert len(client.zuul_builds(zuul.api, limit=3).builds) == 2
    with pytest.raises(zreg.NotFound):
        client.zuul_builds(zuul.url + "/api", tenant="other")
    with pytest.raises(zreg.InvalidArgument):
        client.zuul_builds("example")


def test_populate_brings_in_what_has_merged(client, server, zuul, tmp_path):
    url = f"{server.address}/example/base:b7_latest"
    digest = client.append("scratch", [tmp_path], url)
    merged = zuul.add_buildset("gate", "org/base", 7, 1, result="SUCCESS")
    zuul.add_build(merged, "build-image", artifacts=[dict(artifact("b7"), url=f"docker://{url}")])
    with zreg.BuildsetRegistry() as next_one:
        client.use(next_one)
        populated = client.populate({"zuul": {"change": "8", "items": []}}, next_one, zuul_api=zuul.url + "/api",
                                    zuul_tenant="example", zuul_project="org/base", zuul_pipeline="gate",
                                    zuul_job="build-image", zuul_promote_pipeline="promote")
        assert [(i.digest, i.change) for i in populated] == [(digest, "7")]
        assert populated.items == (zreg.PopulatedItem("org/base", "7", "1", "", ("example/base:latest",), "", True),)
        zuul.add_buildset("promote", "org/base", 7, 1, result="SUCCESS")
        assert client.populate([], next_one, zuul_api=zuul.api) == ()


def test_the_order_is_that_of_the_merge_however_often_it_is_promoted(client, zuul):
    for change in (21, 9):
        zuul.add_buildset("promote", "org/base", change, 1)  # within one second
    first, second = (client.zuul_order(zuul.api, change=change, patchset=1) for change in (21, 9))
    assert first < second
    zuul.tick(3600)
    zuul.add_buildset("promote", "org/base", 21, 1)  # promoted again, later
    assert client.zuul_order(zuul.api, change=21, project="org/base") == first
    with pytest.raises(zreg.NotFound):
        client.zuul_order(zuul.api, change=21, pipeline="post")


def test_promotion_from_the_intermediate_registry_in_the_order_of_merging(client, server, zuul, tmp_path):
    repository = f"{server.address}/example/base"
    digests = {}
    for change in (21, 9):
        folder = tmp_path / str(change)
        folder.mkdir()
        (folder / "file").write_text(str(change))
        url = f"{server.address}/intermediate/base:b{change}_latest"
        digests[change] = client.append("scratch", [folder], url)
        buildset = zuul.add_buildset("gate", "org/base", change, 1, result="SUCCESS")
        zuul.add_build(buildset, "build-image", artifacts=[
            {"name": f"{repository}:latest", "url": f"docker://{url}",
             "metadata": {"type": "container_image", "repository": repository, "tag": "latest"}}])
        zuul.add_buildset("promote", "org/base", change, 1)

    def promote(change, tags, order):
        built = client.zuul_builds(zuul.api, change=change, patchset=1, pipeline="gate", project="org/base").artifacts
        return client.promote_from_intermediate(built, repository, tags, change=change, order=order)

    order = {change: client.zuul_order(zuul.api, change=change) for change in (9, 21)}
    newer = promote(9, ["latest", "stable"], order[9])
    assert (newer.digest, newer.promoted, newer.tags) == (digests[9], True, 2)
    assert newer.order == order[9] and [tag.set for tag in newer.by_tag] == [True, True]
    late = promote(21, ["latest"], order[21])
    assert (late.promoted, late.superseded, late.superseded_by) == (False, ("latest",), "9")
    back = promote(21, ["latest"], None)
    assert (back.digest, back.promoted, back.order) == (digests[21], True, 0)
    with pytest.raises(zreg.NotFound, match="none of the artifacts"):
        client.promote_from_intermediate([], repository, ["latest"])
