#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists of repositories and of referrers, page by page, from registries that have them and that lie."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, error  # noqa: E402


def catalog(names, after=None):
    headers = {"Content-Type": "application/json"}
    if after:
        headers["Link"] = f'</v2/_catalog?last={after}&n=2>; rel="next"'
    return Answer(200, json.dumps({"repositories": names}).encode(), headers)


def test_a_catalog_is_collected_over_its_pages():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/v2/_catalog", catalog(["a", "b/c"], "b%2Fc"), catalog(["d/e"]))
        assert client.do("catalog", registry.name) == ["3", "a", "d/e"]
        assert [request.query.get("last") for request in registry.log] == [None, ["b/c"]]


def test_a_catalog_is_asked_for_without_a_number_where_that_is_refused():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/v2/_catalog", error(400, "PAGINATION_NUMBER_INVALID"), catalog(["a"]))
        assert client.do("catalog", registry.name) == ["1", "a", "a"]
        assert [request.query for request in registry.log] == [{"n": ["1000"]}, {}]


def test_a_catalog_of_nothing_is_empty():
    for body in (b'{"repositories": []}', b'{"repositories": null}', b"{}"):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("GET", "/v2/_catalog", Answer(200, body))
            assert client.do("catalog", registry.name) == ["0", "-", "-"]


def test_no_catalog_is_told_from_one_that_may_not_be_seen():
    for status, wanted in ((404, "UNSUPPORTED"), (405, "UNSUPPORTED"), (501, "UNSUPPORTED"), (403, "DENIED"),
                           (401, "DENIED")):
        with World() as world:
            registry, client = world.registry(), world.client(attempts=1)
            registry.on("GET", "/v2/_catalog", error(status, "DENIED"), times=3)
            failure = client.fails(wanted, "catalog", registry.name)
            assert registry.name in failure.text, failure.text


def test_a_catalog_holds_repositories_only():
    for names in (["../etc"], ["A"], [""], [1], [None], ["a"] * 2 + [{}]):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("GET", "/v2/_catalog", catalog(names))
            assert "no repository" in client.fails("PROTO", "catalog", registry.name).text


def test_a_catalog_without_end_ends():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/v2/_catalog", catalog(["a"], "a"), times=3)
        assert "circle" in client.fails("LIMIT", "catalog", registry.name).text
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/v2/_catalog", catalog(["a"] * 60000, "a"), catalog(["b"] * 60000))
        assert "more than 100000" in client.fails("LIMIT", "catalog", registry.name).text


def test_the_next_page_of_a_catalog_is_on_the_same_host():
    with World() as world:
        registry, other, client = world.registry(), world.registry(), world.client()
        answer = catalog(["a"])
        answer.headers["Link"] = f'<{other.url}/v2/_catalog?last=a>; rel="next"'
        registry.on("GET", "/v2/_catalog", answer)
        client.fails("PROTO", "catalog", registry.name)
        assert not other.log


if __name__ == "__main__":
    tap.main(__name__)
