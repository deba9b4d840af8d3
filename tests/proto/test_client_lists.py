#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists of repositories and of referrers, page by page, from registries that have them and that lie."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import OCI_INDEX, OCI_MANIFEST, Answer, World, error, manifest, sha256  # noqa: E402


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


SUBJECT = manifest()
SBOM, SIGNATURE = "application/spdx+json", "application/vnd.dev.cosign.artifact.sig.v1+json"


def referrer(text, artifact_type, **more):
    return {"mediaType": OCI_MANIFEST, "digest": sha256(text), "size": len(text), "artifactType": artifact_type, **more}


ONE, TWO = referrer(b"one", SBOM, annotations={"k": "v"}), referrer(b"two", SIGNATURE)


def listed(*entries, after=None, **headers):
    headers = {"Content-Type": OCI_INDEX, **{key.replace("_", "-"): value for key, value in headers.items()}}
    if after:
        headers["Link"] = f'<?artifactType=x&last={after}>; rel="next"'
    return Answer(200, json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode(), headers)


def test_referrers_of_a_digest_are_collected_over_their_pages():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/referrers/", listed(ONE, after="x"), listed(TWO))
        assert client.do("referrers", f"{registry.name}/a/b@{sha256(SUBJECT)}") == [
            "2", ONE["digest"], SBOM, "v", TWO["digest"], SIGNATURE, "-"]
        assert registry.requests() == [f"GET /v2/a/b/referrers/{sha256(SUBJECT)}"] + registry.requests()[1:]
        assert registry.log[1].query == {"artifactType": ["x"], "last": ["x"]}


def test_referrers_of_a_tag_are_those_of_its_digest():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "t", SUBJECT)
        registry.on("GET", "/referrers/", listed())
        assert client.do("referrers", f"{registry.name}/a/b:t") == ["0"]
        assert registry.requests() == ["HEAD /v2/a/b/manifests/t", f"GET /v2/a/b/referrers/{sha256(SUBJECT)}"]
        client.fails("NOTFOUND", "referrers", f"{registry.name}/a/b:none")


def test_a_type_is_asked_for_and_looked_at_again():
    for headers in ({}, {"OCI_Filters_Applied": "artifactType"}):
        with World() as world:
            registry, client = world.registry(), world.client()
            registry.on("GET", "/referrers/", listed(ONE, TWO, **headers))
            assert client.do("referrers", f"{registry.name}/a/b@{sha256(SUBJECT)}", SBOM) == [
                "1", ONE["digest"], SBOM, "v"]
            assert registry.log[0].query == {"artifactType": [SBOM]} and "%2B" in registry.log[0].target


def test_the_tag_stands_in_for_a_list_that_is_not_kept():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/referrers/", Answer(404, b"404 page not found"), times=9)
        place = f"{registry.name}/a/b@{sha256(SUBJECT)}"
        assert client.do("referrers", place) == ["0"]
        tag = sha256(SUBJECT).replace(":", "-")
        registry.add_manifest("a/b", tag, listed(ONE, TWO).body, OCI_INDEX)
        assert client.do("referrers", place)[0] == "2"
        assert client.do("referrers", place, SIGNATURE) == ["1", TWO["digest"], SIGNATURE, "-"]
        registry.add_manifest("a/b", tag, SUBJECT)
        client.fails("CONFLICT", "referrers", place)


def test_lists_of_referrers_are_bounded_and_checked():
    many = [referrer(b"%d" % i, SBOM) for i in range(1001)]
    for answers, wanted in (([listed(*many)], "LIMIT"), ([listed(*many[:600], after="x"), listed(*many[:600])], "LIMIT"),
                            ([listed(ONE, after="x")] * 3, "LIMIT"), ([listed({"digest": "x"})], "INVAL"),
                            ([listed(dict(ONE, annotations={"k": 1}))], "INVAL"), ([error(403, "DENIED")], "DENIED")):
        with World() as world:
            registry, client = world.registry(), world.client(attempts=1)
            registry.on("GET", "/referrers/", *answers)
            client.fails(wanted, "referrers", f"{registry.name}/a/b@{sha256(SUBJECT)}")


if __name__ == "__main__":
    tap.main(__name__)
