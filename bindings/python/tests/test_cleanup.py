# SPDX-License-Identifier: Apache-2.0
import os
import sys
from datetime import timedelta

import pytest

import zreg

sys.path.insert(0, os.path.join(os.environ["ZREG_SRCDIR"], "tests/lib"))
from vendor_apis import Hub, Quay  # noqa: E402

DAY = 86400


@pytest.fixture
def hub():
    api = Hub({"ann": "secret"})
    for tag, age in (("latest", 90 * DAY), ("change_1_latest", 25 * 3600), ("change_2_latest", 23 * 3600)):
        api.push("example/app", tag, age)
    yield api
    api.close()
    assert not api.faults


def test_cleanup_tells_what_it_deleted_and_why_it_kept(client, hub):
    client.set_credentials("docker.io", "ann", "secret")
    planned = client.cleanup_tags("docker.io/example/app", api="hub", api_url=hub.url, dry_run=True)
    assert planned.dry_run and len(hub.names("example/app")) == 3
    result = client.cleanup_tags("docker.io/example/app")
    assert result == zreg.CleanupResult(result.deleted, result.kept, False)
    deleted, = result.deleted
    assert deleted.tag == "change_1_latest" and timedelta(hours=25) <= deleted.age < timedelta(hours=26)
    assert {tag.tag: tag.reason for tag in result.kept} == {
        "latest": "is not a temporary tag", "change_2_latest": "pushed only 23 h 0 min ago"}
    assert hub.names("example/app") == ["change_2_latest", "latest"]
    assert [tag.tag for tag in client.cleanup_tags("docker.io/example/app", older_than=timedelta(hours=22)).deleted] \
        == ["change_2_latest"]


def test_cleanup_on_quay_takes_a_token(client):
    api = Quay(tokens={"token"})
    api.push("example/app", "periodic_latest", 60)
    try:
        with pytest.raises(zreg.Denied):
            client.cleanup_tags("quay.io/example/app", match="periodic_.+", older_than=0, api="quay", api_url=api.url)
        result = client.cleanup_tags("quay.io/example/app", match="periodic_.+", older_than=0, api="quay",
                                     api_url=api.url, api_token="token\n")
        assert [tag.tag for tag in result.deleted] == ["periodic_latest"]
        assert not api.faults
    finally:
        api.close()


def test_cleanup_of_a_registry(client, server, push):
    push("app:change_1_latest", b"one")
    push("app:latest", b"one")
    result = client.cleanup_tags(f"{server.address}/app", older_than=0)
    assert [tag.tag for tag in result.deleted] == ["change_1_latest"] and result.deleted[0].age is None
    assert client.tags(f"{server.address}/app") == ["latest"]


def test_cleanup_refuses_what_it_does_not_understand(client, server):
    with pytest.raises(zreg.InvalidArgument):
        client.cleanup_tags(f"{server.address}/app", match=".*")
    with pytest.raises(ValueError):
        client.cleanup_tags(f"{server.address}/app", api="gitlab")
    with pytest.raises(ValueError):
        client.cleanup_tags(f"{server.address}/app", older_than=-1)
