# SPDX-License-Identifier: Apache-2.0
"""remove-registry-tag, over the registry's own protocol and the interfaces of Docker Hub and Quay."""

import contextlib

from roles_world import PublicZreg, roles_world, tap
from vendor_apis import Hub, Quay

HOUR = 3600
AGES = {"latest": 900 * HOUR, "change_1_latest": 49 * HOUR, "change_2_latest": 23 * HOUR, "gate_latest": 25 * HOUR}


@contextlib.contextmanager
def vendor(api):
    """A vendor's interface with tags of several ages."""
    try:
        for name, age_s in AGES.items():
            api.push("example/app", name, age_s)
        yield api
        assert not api.faults, api.faults
    finally:
        api.close()


def remove(w, repository, secret, run=None, **variables):
    return (run or w.works)("remove-registry-tag", remove_registry_tag_repository=repository,
                            container_registry_credentials=secret, **variables)


def test_one_tag_is_removed_and_its_siblings_stay():
    """Deleting by digest removes every tag of the image."""
    with roles_world() as w:
        public, secret = w.public(PublicZreg)
        repository = f"{public.address}/example/app"
        digest = w.image(f"{repository}:latest")
        w.zreg("copy", f"{repository}:latest", f"{repository}:change_7_latest")
        done = remove(w, repository, secret, remove_registry_tag_tag="change_7_latest").result("Remove one tag")
        assert done["changed"] and done["deleted"] == ["change_7_latest"]
        assert w.tags(repository) == ["latest"] and w.inspect(f"{repository}:latest")["digest"] == digest
        again = remove(w, repository, secret, remove_registry_tag_tag="change_7_latest").result("Remove one tag")
        assert again["changed"] is False


def test_a_registry_that_cannot_delete_tags_is_no_silent_success():
    with roles_world() as w:
        public, secret = w.public()
        w.image(f"{public.address}/example/app:change_7_latest")
        said = remove(w, f"{public.address}/example/app", secret, run=w.refused,
                      remove_registry_tag_tag="change_7_latest")
        assert public.address in said, said
        assert w.tags(f"{public.address}/example/app") == ["change_7_latest"]


def test_old_temporary_tags_are_removed_over_the_protocol():
    with roles_world() as w:
        public, secret = w.public(PublicZreg)
        repository = f"{public.address}/example/app"
        for name in ("latest", "change_1_latest", "gate_latest", "other_latest"):
            w.image(f"{repository}:{name}")
        done = remove(w, repository, secret, remove_registry_tag_age=0).result("Remove old temporary tags")
        assert sorted(done["deleted"]) == ["change_1_latest", "gate_latest"], done
        assert w.tags(repository) == ["latest", "other_latest"]


def test_ages_are_whole_durations_at_docker_hub():
    """`seconds` of a duration is never more than a day, so nothing was ever old enough."""
    with roles_world() as w, vendor(Hub({"ann": "hub-secret"})) as hub:
        secret = {"docker.io": {"username": "ann", "password": "hub-secret"}}
        arguments = dict(remove_registry_tag_api_url=f"{hub.url}/v2")
        foreseen = remove(w, "docker.io/example/app", secret, options=["--check"], **arguments)
        assert foreseen.result("Remove old temporary tags")["changed"]
        assert hub.names("example/app") == sorted(AGES)
        told = remove(w, "docker.io/example/app", secret, options=["-vvv"], callback="default", **arguments).text
        assert hub.names("example/app") == ["change_2_latest", "latest"]
        assert "hub-secret" not in told and "pushed only 23 h 0 min ago" in told, told


def test_quay_wants_a_token():
    with roles_world() as w, vendor(Quay()) as quay:
        secret = {"quay.io": {"type": "quay", "api_token": "quay-token", "api_url": quay.url}}
        told = remove(w, "quay.io/example/app", secret, options=["-vvv"], callback="default").text
        assert quay.names("example/app") == ["change_2_latest", "latest"]
        assert "quay-token" not in told


def test_what_is_missing_is_told():
    with roles_world() as w:
        assert "must name its registry" in remove(w, "app", {}, run=w.refused)
        assert "no credentials for quay.io" in remove(w, "quay.io/example/app", {}, run=w.refused)


if __name__ == "__main__":
    tap.main(__name__)
