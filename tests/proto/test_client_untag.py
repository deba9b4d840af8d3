#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One tag is deleted where a registry deletes manifests only, by their digests."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import DOCKER_MANIFEST, OCI_INDEX, Answer, World, error, manifest  # noqa: E402

TAG = "DELETE", "/manifests/one$"
DIGEST = "DELETE", "/manifests/sha256:"


def old(world, *refusals, media_type=None, **options):
    """A registry that deletes no tag, and a repository in which one image has two."""
    registry = world.registry(**options)
    image = manifest(media_type=media_type) if media_type else manifest()
    for tag in ("one", "two"):
        digest = registry.add_manifest("a/b", tag, image, *([media_type] if media_type else []))
    registry.on(*TAG, *(refusals or (error(405, "UNSUPPORTED"),)))
    return registry, digest


def tags(registry):
    return {name for name in registry.manifests["a/b"] if ":" not in name}


def forget_tags(registry):
    """Makes the registry drop the tags of what is deleted by its digest, as the specification has it."""
    def delete(request):
        digest = request.path.rpartition("/")[2]
        found = registry.manifests["a/b"].get(digest)
        if found is None:
            return error(404, "MANIFEST_UNKNOWN")
        for name in [name for name, value in registry.manifests["a/b"].items() if value == found]:
            del registry.manifests["a/b"][name]
        return Answer(202)
    registry.on(*DIGEST, delete, times=9)


def test_30_the_tag_goes_and_its_siblings_stay():
    refusals = (error(405, "UNSUPPORTED"), error(400, "DIGEST_INVALID"), error(501, "UNSUPPORTED"), Answer(405, b"<html>"))
    for refusal in refusals:
        for media_type in (None, DOCKER_MANIFEST):
            with World() as world:
                registry, digest = old(world, refusal, media_type=media_type)
                forget_tags(registry)
                world.client().do("delete-tag", f"{registry.name}/a/b:one")
                assert tags(registry) == {"two"} and digest in registry.manifests["a/b"]
                assert not registry.faults, registry.faults


def test_a_tag_of_an_index_too():
    with World() as world:
        registry = world.registry()
        registry.add_manifest("a/b", "one", b'{"schemaVersion": 2, "manifests": []}', OCI_INDEX)
        registry.on(*TAG, error(405, "UNSUPPORTED"))
        forget_tags(registry)
        world.client().do("delete-tag", f"{registry.name}/a/b:one")
        assert tags(registry) == set()


def test_nothing_is_touched_where_nothing_can_be_deleted():
    for status in (400, 405, 501):
        with World() as world:
            registry, digest = old(world)
            registry.on(*DIGEST, error(status, "UNSUPPORTED"))
            said = world.client().fails("UNSUPPORTED", "delete-tag", f"{registry.name}/a/b:one").text
            assert registry.name in said and "manifests" in said, said
            assert registry.manifests["a/b"]["one"] == registry.manifests["a/b"]["two"]
            assert not registry.requests("PUT|POST"), registry.requests()


def test_who_may_not_delete_is_told_so():
    with World() as world:
        registry, digest = old(world)
        registry.on(*DIGEST, error(403, "DENIED"))
        world.client().fails("DENIED", "delete-tag", f"{registry.name}/a/b:one")
        assert not registry.requests("PUT|POST"), registry.requests()


def test_a_tag_that_is_not_there():
    with World() as world:
        registry, _ = old(world)
        del registry.manifests["a/b"]["one"]
        world.client().fails("NOTFOUND", "delete-tag", f"{registry.name}/a/b:one")
        assert not registry.requests("PUT|POST"), registry.requests()


def test_it_is_given_back_when_the_registry_refuses_in_the_end():
    with World() as world:
        registry, digest = old(world)
        registry.on(*DIGEST, error(404, "MANIFEST_UNKNOWN"), error(405, "UNSUPPORTED"))
        said = world.client().fails("UNSUPPORTED", "delete-tag", f"{registry.name}/a/b:one").text
        assert digest in said, said
        assert registry.manifests["a/b"]["one"] == registry.manifests["a/b"]["two"]


def test_who_sets_it_meanwhile_wins():
    with World() as world:
        registry, _ = old(world)

        def overtaken(_request):
            registry.add_manifest("a/b", "one", manifest(b"newer"))
            return error(404, "MANIFEST_UNKNOWN")

        registry.on(*DIGEST, overtaken)
        world.client().fails("CONFLICT", "delete-tag", f"{registry.name}/a/b:one")
        assert registry.manifests["a/b"]["one"][1] == manifest(b"newer")


def test_a_lost_answer_to_the_last_step_is_no_failure():
    with World() as world:
        registry, _ = old(world)

        def lost(request):
            for name in ("one", request.path.rpartition("/")[2]):
                del registry.manifests["a/b"][name]
            return Answer(drop=True)

        registry.on(*DIGEST, error(404, "MANIFEST_UNKNOWN"), lost, error(404, "MANIFEST_UNKNOWN"))
        world.client().do("delete-tag", f"{registry.name}/a/b:one")
        assert tags(registry) == {"two"}


def test_behind_tokens():
    with World() as world:
        registry, _ = old(world, auth="bearer", users={"u": "p"})
        client = world.client()
        client.do("credentials", registry.name, "u", "p")
        registry.script.clear()
        registry.on(*TAG, lambda request: registry.refusal(request) or error(405, "UNSUPPORTED"), times=3)
        client.do("delete-tag", f"{registry.name}/a/b:one")
        assert not registry.faults, registry.faults


if __name__ == "__main__":
    tap.main(__name__)
