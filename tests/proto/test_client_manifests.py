#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manifests: what is sent, what is believed."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import json_rules  # noqa: E402
import tap  # noqa: E402
from registry import (DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Answer, World, manifest, sha256,  # noqa: E402
                      sha512)


def test_01_a_retag_is_one_get_and_one_put():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_manifest("a/b", "old", manifest())
        client.do("retag", f"{registry.name}/a/b:old", "new")
        assert registry.requests() == ["GET /v2/a/b/manifests/old", "PUT /v2/a/b/manifests/new"], registry.log
        assert registry.manifests["a/b"]["new"] == (OCI_MANIFEST, manifest())
        counters = client.counters()
        assert counters["requests"] == 2 and counters["auth"] == 0 and counters["blobs"] == 0, counters
        assert client.do("head", f"{registry.name}/a/b:new") == [digest]


def test_18_the_digest_is_checked_before_anything_is_parsed():
    with World() as world:
        registry, client = world.registry(), world.client(attempts=3)
        digest = registry.add_manifest("a/b", "t", manifest())
        wrong = Answer(200, b"not JSON", {"Content-Type": OCI_MANIFEST})
        registry.on("GET", "/manifests/", wrong, times=3)
        client.fails("CORRUPT", "get", f"{registry.name}/a/b@{digest}")
        assert len(registry.log) == 3
        registry.on("GET", "/manifests/", wrong)
        assert client.do("get", f"{registry.name}/a/b@{digest}")[0] == digest
        assert len(registry.log) == 5


def test_18_a_digest_header_that_lies_is_an_error():
    with World() as world:
        registry, client = world.registry(), world.client(attempts=2)
        for bad, status in ((sha256(b"other"), "CORRUPT"), (sha512(b"other"), "CORRUPT"), ("sha256:../x", "PROTO")):
            registry.clear()
            registry.on("GET", "/manifests/", Answer(200, manifest(), {"Content-Type": OCI_MANIFEST,
                                                                       "Docker-Content-Digest": bad}), times=2)
            client.fails(status, "get", f"{registry.name}/a/b:t")
            assert len(registry.log) == 2, registry.log


def test_18_a_registry_that_stored_something_else_is_an_error():
    with World() as world:
        registry, client = world.registry(), world.client()
        path = world.file("m", manifest())
        registry.on("PUT", "/manifests/", Answer(201, b"", {"Docker-Content-Digest": sha256(b"other")}))
        client.fails("CORRUPT", "put", f"{registry.name}/a/b:t", path)


def test_20_the_bytes_are_sent_as_they_are():
    with World() as world:
        registry, client = world.registry(), world.client()
        odd = b'{ "schemaVersion" : 2,\n\t' + manifest()[1:].replace(b'"schemaVersion": 2, ', b"") + b"\n \n"
        client.do("put", f"{registry.name}/a/b:t", world.file("m", odd))
        assert registry.manifests["a/b"]["t"] == (OCI_MANIFEST, odd)
        assert client.do("get", f"{registry.name}/a/b:t") == [sha256(odd), str(len(odd)), OCI_MANIFEST]


def test_21_a_content_type_with_parameters_or_none_is_read_from_the_body():
    with World() as world:
        registry, client = world.registry(), world.client()
        for headers in ({}, {"Content-Type": OCI_MANIFEST + "; charset=utf-8"}, {"Content-Type": "text/plain"},
                        {"Content-Type": "application/octet-stream"}):
            registry.on("GET", "/manifests/", Answer(200, manifest(), headers))
            assert client.do("get", f"{registry.name}/a/b:t")[2] == OCI_MANIFEST, headers


def test_22_ambiguous_documents_are_refused():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "both", manifest(manifests=[]))
        registry.add_manifest("a/b", "type", manifest(), OCI_INDEX)
        registry.add_manifest("a/b", "docker", manifest(), DOCKER_MANIFEST)
        for tag in ("both", "type", "docker"):
            client.fails("INVAL", "get", f"{registry.name}/a/b:{tag}")


def test_23_sha512_is_a_digest_like_any_other():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "t", manifest())
        name = f"{registry.name}/a/b@{sha512(manifest())}"
        assert client.do("get", name)[0] == sha256(manifest())
        assert client.do("head", name) == [sha512(manifest())]


def test_24_absurd_sizes_are_refused():
    with World() as world:
        registry, client = world.registry(), world.client()
        for size, status in ((-1, "INVAL"), (1 << 62, "LIMIT"), (1 << 70, "INVAL"), (1.5, "INVAL"), ("7", "INVAL")):
            document = json.loads(manifest())
            document["config"]["size"] = size
            registry.add_manifest("a/b", "t", json.dumps(document).encode())
            client.fails(status, "get", f"{registry.name}/a/b:t")


def test_28_a_manifest_without_end_is_cut_off():
    with World() as world:
        registry, client = world.registry(), world.client()
        big = b" " * (5 << 20)
        for answer in (Answer(200, big, {"Content-Type": OCI_MANIFEST}),
                       Answer(200, big, {"Content-Type": OCI_MANIFEST}, chunked=True)):
            registry.on("GET", "/manifests/", answer)
            client.fails("LIMIT", "get", f"{registry.name}/a/b:t")
        assert client.counters()["bytes_in"] < 2 * (4 << 20) + (1 << 20)


def test_28_an_error_without_end_is_still_an_error():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/manifests/", Answer(403, b"x" * (1 << 20)))
        failure = client.fails("DENIED", "get", f"{registry.name}/a/b:t")
        assert failure.http_status == "403"


def test_28_headers_without_end_are_refused():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/manifests/", Answer(200, b"", {"X-Many": ["v" * 90000] * 4}),
                    Answer(200, b"", {"X-Many": ["v"] * 5000}))
        client.fails("LIMIT", "get", f"{registry.name}/a/b:t")
        client.fails("LIMIT", "get", f"{registry.name}/a/b:t")


def test_30_a_tag_is_deleted_by_its_name():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_manifest("a/b", "one", manifest())
        registry.add_manifest("a/b", "two", manifest())
        client.do("delete-tag", f"{registry.name}/a/b:one")
        assert registry.requests() == ["DELETE /v2/a/b/manifests/one"]
        assert set(registry.manifests["a/b"]) == {"two", digest, sha512(manifest())}
        client.fails("INVAL", "delete-tag", f"{registry.name}/a/b:two@{digest}")
        client.fails("INVAL", "delete", f"{registry.name}/a/b:two")
        client.fails("NOTFOUND", "delete-tag", f"{registry.name}/a/b:one")


def test_34_head_without_digest_or_refused_becomes_get():
    with World() as world:
        registry, client = world.registry(), world.client()
        digest = registry.add_manifest("a/b", "t", manifest())
        for answer in (Answer(200), Answer(405), Answer(403)):
            registry.clear()
            registry.on("HEAD", "/manifests/", answer)
            assert client.do("head", f"{registry.name}/a/b:t") == [digest]
            assert registry.requests() == ["HEAD /v2/a/b/manifests/t", "GET /v2/a/b/manifests/t"]
        registry.clear()
        client.fails("NOTFOUND", "head", f"{registry.name}/a/b:absent")
        assert registry.requests() == ["HEAD /v2/a/b/manifests/absent"]


def test_35_schema_1_is_refused_by_name():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "t", b'{"schemaVersion": 1, "fsLayers": [], "history": []}',
                              "application/vnd.docker.distribution.manifest.v1+prettyjws")
        assert "schema 1" in client.fails("UNSUPPORTED", "get", f"{registry.name}/a/b:t").text


def test_an_error_names_the_image_and_carries_the_registrys_code():
    with World() as world:
        registry, client = world.registry(), world.client()
        failure = client.fails("NOTFOUND", "get", f"{registry.name}/a/b:t")
        assert failure.code == "MANIFEST_UNKNOWN" and f"{registry.name}/a/b:t" in failure.text, failure


def test_a_content_coding_is_refused():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.on("GET", "/manifests/", Answer(200, manifest(), {"Content-Encoding": "gzip"}))
        client.fails("PROTO", "get", f"{registry.name}/a/b:t")


def test_what_counts_as_json_is_the_table():
    with World() as world:
        registry, client = world.registry(), world.client(attempts=1)
        counts = {True: 0, False: 0}
        for row, document in json_rules.manifests((sha256(b"{}"), 2), (sha256(b"layer"), 5)):
            counts[row.accepted] += 1
            digest = registry.add_manifest("a/b", "t", document)
            if row.accepted:
                assert client.do("get", f"{registry.name}/a/b:t") == [digest, str(len(document)), OCI_MANIFEST], row
            elif document:
                failure = client.fails("LIMIT" if row.verdict == b"limit" else "INVAL", "get", f"{registry.name}/a/b:t")
                assert row.what in failure.text, f"{row}: {failure.text}, not {row.what}"
        assert min(counts.values()) > 50, counts


if __name__ == "__main__":
    tap.main(__name__)
