#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the distribution specification says that a registry must or should do, sentence by sentence, where no other
test of the server says it already."""

import json
import os
import sys
from urllib.parse import unquote

from server_tap import CONFIG, INDEX, OCI, OCTETS, descriptor, digest_of, equal, run, true, using

DATA = os.urandom(10_000)
DIGEST = digest_of(DATA)
UPLOADS = "/v2/x/blobs/uploads/"
CHANGING = ("Date", "X-Request-Id")


def start(server, query=""):
    answer = server.ask("POST", UPLOADS + query)
    equal(answer.status, 202)
    return answer.headers["Location"]


def headers_of(answer):
    return [(name, value) for name, value in answer.headers.items() if name not in CHANGING]


def next_of(answer):
    """The target of the Link to the next page, or None."""
    link = answer.headers["Link"]
    if link is None:
        return None
    true(link.startswith("</") and link.endswith('>; rel="next"'), link)
    return link[1:link.index(">")]


# --- pushing blobs

def test_every_answer_to_an_upload_says_where_it_is_and_how_far(server):
    answer = server.ask("POST", UPLOADS)
    where = answer.headers["Location"]
    identity = answer.headers["Docker-Upload-UUID"]
    true(len(identity) >= 32 and where.endswith(identity), where)
    equal((answer.headers["Content-Length"], answer.headers["OCI-Chunk-Min-Length"]), ("0", None))
    for method, status, sent, body, end in (
            ("PATCH", 202, {"Content-Range": "0-99"}, DATA[:100], 99), ("GET", 204, {}, None, 99),
            ("PATCH", 416, {"Content-Range": "0-99"}, DATA[:100], 99),
            ("PATCH", 202, {"Content-Range": "100-199"}, DATA[100:200], 199),
            ("PUT", 416, {"Content-Range": "300-399"}, DATA[300:400], 199), ("GET", 204, {}, None, 199)):
        target = f"{where}?digest={digest_of(DATA[:300])}" if method == "PUT" else where
        answer = server.ask(method, target, body, {**OCTETS, **sent})
        found = answer.status, answer.headers["Range"], answer.headers["Docker-Upload-UUID"]
        equal(found, (status, f"0-{end}", identity), f"{method} {sent}")
        where = answer.headers["Location"]
    answer = server.ask("PUT", f"{where}?digest={digest_of(DATA[:300])}", DATA[200:300],
                        {**OCTETS, "Content-Range": "200-299"})
    equal(answer.status, 201)
    equal(server.ask("GET", answer.headers["Location"]).body, DATA[:300], "its Location can be pulled:")


def test_a_chunk_has_as_many_bytes_as_its_range(server):
    """With a length this is known before a byte is taken, without it afterwards."""
    most = f"0-{2**64 - 1}"
    for claimed, size in (("0-99", 99), ("0-99", 101), ("0-0", 100), ("0-0", 0), (most, 0), (most, 9)):
        where = start(server)
        answer = server.ask("PATCH", where, DATA[:size], {**OCTETS, "Content-Range": claimed})
        equal(answer.status, 416, f"{size} bytes as {claimed}")
        equal(server.ask("GET", where).headers["Range"], "0-0")
        chunked = server.ask("PATCH", where, iter([DATA[:size]]), {**OCTETS, "Content-Range": claimed})
        equal((chunked.status, chunked.code()), (416, "BLOB_UPLOAD_INVALID"), f"{size} bytes as {claimed} in chunks")


def test_a_cancelled_upload_is_gone_for_every_method(server):
    where = start(server)
    equal(server.ask("PATCH", where, DATA, OCTETS).status, 202)
    answer = server.ask("DELETE", where, headers={"Content-Length": "0"})
    equal((answer.status, answer.body, answer.headers["Content-Length"]), (204, b"", None))
    for method in ("GET", "PATCH", "DELETE", "PUT"):
        target = f"{where}?digest={DIGEST}" if method == "PUT" else where
        answer = server.ask(method, target, DATA if method.startswith("P") else None, OCTETS)
        equal((answer.status, answer.code()), (404, "BLOB_UPLOAD_UNKNOWN"), method)
    equal(server.ask("HEAD", where).status, 404)


def test_an_algorithm_that_is_unknown_gets_400_wherever_it_is_named(server):
    where = start(server)
    for digest in ("md5:" + "0" * 32, "sha384:" + "0" * 96, "sha256:" + "0" * 63, "sha512:" + "0" * 64, "sha256", ":"):
        for method, target in (("GET", f"/v2/x/blobs/{digest}"), ("DELETE", f"/v2/x/blobs/{digest}"),
                               ("GET", f"/v2/x/referrers/{digest}"), ("PUT", f"{where}?digest={digest}"),
                               ("POST", f"{UPLOADS}?digest={digest}")):
            answer = server.ask(method, target, DATA if method.startswith("P") else None, OCTETS)
            equal((answer.status, answer.code()), (400, "DIGEST_INVALID"), f"{method} {target}")
    for algorithm in ("sha256", "sha512"):
        where = start(server, f"?digest-algorithm={algorithm}")
        equal(server.ask("PUT", f"{where}?digest={digest_of(DATA, algorithm)}", DATA, OCTETS).status, 201, algorithm)
    for algorithm in ("md5", "sha384", "SHA256", ""):
        answer = server.ask("POST", f"{UPLOADS}?digest-algorithm={algorithm}")
        equal((answer.status, answer.code()), (400, "DIGEST_INVALID"), f"digest-algorithm={algorithm}")


def test_what_a_mount_answers_can_be_pulled(server):
    server.push_blob(DATA, "a")
    answer = server.ask("POST", f"{UPLOADS}?mount={DIGEST}&from=a")
    equal((answer.status, answer.headers["Docker-Content-Digest"]), (201, DIGEST))
    equal(server.ask("GET", answer.headers["Location"]).body, DATA)


# --- pulling

def test_head_is_get_without_its_body_everywhere(server):
    subject = server.push_image()
    server.push_image("r", subject=descriptor(OCI, subject))
    digest, config = digest_of(subject), json.loads(subject)["config"]["digest"]
    absent = digest_of(b"absent")
    for path in ("/v2/", "/v2/_catalog", "/v2/_catalog?n=1", "/v2/x/tags/list", "/v2/x/tags/list?n=1", "/v2/x/manifests/1",
                 f"/v2/x/manifests/{digest}", f"/v2/x/blobs/{config}", f"/v2/x/referrers/{digest}",
                 f"/v2/x/manifests/{absent}", f"/v2/x/blobs/{absent}", "/v2/y/tags/list", "/v2/x/blobs/no", start(server)):
        got, head = server.ask("GET", path), server.ask("HEAD", path)
        equal((head.status, head.body), (got.status, b""), path)
        equal(headers_of(head), headers_of(got), path)


def test_an_answer_that_says_not_modified_has_the_headers_of_the_content(server):
    body = server.push_image()
    for path in ("/v2/x/manifests/1", f"/v2/x/blobs/{json.loads(body)['config']['digest']}"):
        got = server.ask("GET", path)
        for method in ("GET", "HEAD"):
            answer = server.ask(method, path, headers={"If-None-Match": got.headers["ETag"]})
            equal((answer.status, answer.body), (304, b""), f"{method} {path}")
            for name in ("ETag", "Docker-Content-Digest"):
                equal(answer.headers[name], got.headers[name], name)


def test_a_range_is_one_of_bytes_whatever_the_case(server):
    server.push_blob(DATA)
    server.push_blob(b"")
    for asked, status in (("Bytes=0-0", 206), ("BYTES=5-", 206), ("bytes= 0-3", 206), ("bytes=-0", 416), ("bytes=10000-", 416),
                          ("bytes=99999999999999999999-", 200), ("bytes=-", 200), ("bytes=", 200), ("bytes", 200),
                          ("bytes=0-99999999999999999999", 200), ("bytes=+1-2", 200), ("bytes=0x0-1", 200)):
        answer = server.ask("GET", f"/v2/x/blobs/{DIGEST}", headers={"Range": asked})
        equal(answer.status, status, asked)
    answer = server.ask("GET", f"/v2/x/blobs/{digest_of(b'')}", headers={"Range": "bytes=0-"})
    equal((answer.status, answer.headers["Content-Range"]), (416, "bytes */0"))


def test_the_type_of_a_manifest_is_that_of_its_push_whatever_is_accepted(server):
    body = server.image()
    for sent in (f"{OCI};charset=utf-8", f"{OCI} ; a=\"b;c\"", OCI.upper(), OCI):
        equal(server.push_manifest(body, "typed", media_type=sent).status, 201, sent)
        for accept in (OCI, INDEX, "text/html", "application/vnd.oci.image.manifest.v1+json;q=0", "", "*/*"):
            answer = server.ask("GET", "/v2/x/manifests/typed", headers={"Accept": accept})
            equal((answer.status, answer.headers["Content-Type"], answer.body), (200, OCI, body), f"{sent}, {accept}")


# --- pushing manifests

def test_a_manifest_has_the_digest_that_its_client_gave(server):
    body = server.image()
    for algorithm in ("sha512", "sha256"):
        digest = digest_of(body, algorithm)
        answer = server.push_manifest(body, f"{digest}?tag={algorithm}")
        equal((answer.status, answer.headers["Docker-Content-Digest"]), (201, digest))
        for path in (answer.headers["Location"], f"/v2/x/manifests/{digest}", f"/v2/x/manifests/{algorithm}"):
            for method in ("GET", "HEAD"):
                got = server.ask(method, path)
                equal((got.status, got.headers["Docker-Content-Digest"]), (200, digest), f"{method} {path}")


def test_a_subject_is_confirmed_for_images_and_indexes_and_need_not_be_there(server):
    absent = descriptor(OCI, b"absent")
    child = server.push_image()
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(OCI, child)], "subject": absent,
             "annotations": {"k": "v"}}
    typed = {**index, "artifactType": "application/vnd.example.a+json"}
    image = json.loads(server.image(subject=absent))
    for number, (document, media_type) in enumerate(((index, INDEX), (typed, INDEX), (image, OCI))):
        answer = server.push_manifest(document, f"s{number}", media_type=media_type)
        equal((answer.status, answer.headers["OCI-Subject"]), (201, absent["digest"]))
    equal(server.push_manifest(child, "none").headers["OCI-Subject"], None)
    found = server.ask("GET", f"/v2/x/referrers/{absent['digest']}").json()["manifests"]
    kinds = sorted((entry["mediaType"], entry.get("artifactType", ""), "annotations" in entry) for entry in found)
    equal(kinds, [(INDEX, "", True), (INDEX, typed["artifactType"], True), (OCI, CONFIG, False)])


def test_tags_have_the_grammar_of_the_specification(server):
    body = server.push_image()
    good = ("a", "_", "A.b-c_d", "0", "a" * 128, "a..b", "_-.")
    bad = (".a", "-a", "a" * 129, "a+b", "a%20b", "a@b", "a%2Cb", "%C3%A4", "a~b", "a*")
    for tag in good:
        equal(server.push_manifest(body, tag).status, 201, tag)
        equal(server.ask("HEAD", f"/v2/x/manifests/{tag}").status, 200, tag)
        equal(server.ask("DELETE", f"/v2/x/manifests/{tag}").status, 202, tag)
    for tag in bad:
        equal(server.push_manifest(body, tag).code(), "MANIFEST_INVALID", tag)
        equal(server.push_manifest(body, f"{digest_of(body)}?tag={tag}").status, 400, tag)
        equal(server.ask("GET", f"/v2/x/manifests/{tag}").code(), "MANIFEST_UNKNOWN", tag)
    equal(server.ask("GET", "/v2/x/tags/list").json()["tags"], ["1"])


# --- lists

def test_no_names_at_all_are_an_empty_list_without_a_next_page(server):
    for tag in ("1", "2"):
        server.push_image(tag)
    for path, key in (("/v2/x/tags/list", "tags"), ("/v2/_catalog", "repositories")):
        for query in ("?n=0", "?n=0&last=1", "?last=zzz", "?n=5&last=zzz"):
            answer = server.ask("GET", path + query)
            equal((answer.json()[key], answer.headers["Link"]), ([], None), path + query)
    equal(server.ask("GET", "/v2/x/tags/list?n=2").headers["Link"], None, "all are there:")
    equal(server.ask("GET", "/v2/x/tags/list?last=1").json()["tags"], ["2"], "n may be left out")
    equal(server.ask("GET", "/v2/x/tags/list?n=1&last=0").json()["tags"], ["1"], "last need not be there:")


def test_referrers_are_never_404(server):
    server.push_image()
    for repository in ("x", "nothing/here"):
        for digest in (digest_of(b"absent"), digest_of(b"absent", "sha512")):
            answer = server.ask("GET", f"/v2/{repository}/referrers/{digest}?artifactType=a/b")
            equal((answer.status, answer.headers["Content-Type"]), (200, INDEX), f"{repository} {digest}")
            equal(answer.json(), {"schemaVersion": 2, "mediaType": INDEX, "manifests": []})
            equal(answer.headers["OCI-Filters-Applied"], "artifactType")


@using(durability=3, public_url="https://registry.example/some/path")
def test_pages_stay_filtered_and_below_the_public_path(server):
    subject, wanted = server.push_image(), "application/vnd.example.a+json"
    for name in "abcd":
        for kind in (wanted, "application/b"):
            server.push_image(f"{name}{kind[-1]}", subject=descriptor(OCI, subject), artifactType=kind,
                              annotations={"n": name, "a": "x" * 1_500_000})
    found, path = [], f"/v2/x/referrers/{digest_of(subject)}?artifactType={wanted.replace('+', '%2B')}"
    while path:
        answer = server.ask("GET", path)
        equal((answer.status, answer.headers["OCI-Filters-Applied"]), (200, "artifactType"))
        found += [(entry["artifactType"], entry["annotations"]["n"]) for entry in answer.json()["manifests"]]
        path = next_of(answer)
        if path:
            true(path.startswith("/some/path/v2/x/referrers/"), path)
            true(unquote(path.partition("artifactType=")[2]) == wanted, path)
            path = path.removeprefix("/some/path")
    equal(sorted(found), [(wanted, name) for name in "abcd"])
    for query, prefix in (("/v2/x/tags/list?n=1", "/some/path/v2/x/tags/list?"), ("/v2/_catalog?n=0", None)):
        path = next_of(server.ask("GET", query))
        true((path is None) if prefix is None else path.startswith(prefix), f"{query}: {path}")


@using(durability=3, shadow=1)
def test_where_the_registry_meant_is_looked_at_the_answer_says_so(server):
    body = server.push_image("1", "quay.io/a/b")
    answer = server.ask("GET", "/v2/a/b/manifests/1?ns=quay.io")
    equal((answer.body, answer.headers["OCI-Namespace"]), (body, "quay.io"))
    equal(server.ask("GET", "/v2/a/b/manifests/1?ns=ghcr.io").headers["OCI-Namespace"], "ghcr.io")
    equal(server.ask("GET", "/v2/quay.io/a/b/manifests/1").headers["OCI-Namespace"], None)
    answer = server.ask("GET", "/v2/a/b/tags/list?n=0&ns=a%22b")
    equal((answer.status, answer.headers["OCI-Namespace"]), (400, None))


def test_where_it_is_not_the_answer_does_not(server):
    server.push_image()
    equal(server.ask("GET", "/v2/x/manifests/1?ns=quay.io").headers["OCI-Namespace"], None)


# --- deleting

def test_what_is_not_there_cannot_be_deleted(server):
    body = server.push_image()
    absent = digest_of(b"absent")
    for path, code in ((f"/v2/x/blobs/{absent}", "BLOB_UNKNOWN"), (f"/v2/no/blobs/{absent}", "BLOB_UNKNOWN"),
                       (f"/v2/x/manifests/{absent}", "MANIFEST_UNKNOWN"), ("/v2/x/manifests/no", "MANIFEST_UNKNOWN"),
                       (f"/v2/no/manifests/{absent}", "MANIFEST_UNKNOWN"), ("/v2/no/manifests/1", "MANIFEST_UNKNOWN")):
        answer = server.ask("DELETE", path)
        equal((answer.status, answer.code()), (404, code), path)
    for path in (f"/v2/x/manifests/{digest_of(body)}", f"/v2/x/blobs/{json.loads(body)['config']['digest']}"):
        equal([server.ask("DELETE", path).status for _ in range(2)], [202, 404], path)
        equal(server.ask("HEAD", path).status, 404, path)


# --- queries

def test_a_query_that_cannot_be_read_is_refused_and_not_left_out(server):
    body = server.push_image()
    for wrong in ("%", "%z", "%zz", "%4", "%00", "%0a", "a%7Fb"):
        for method, path in (("GET", f"/v2/x/tags/list?n=1&last={wrong}"), ("GET", f"/v2/_catalog?last={wrong}"),
                             ("GET", f"/v2/x/referrers/{DIGEST}?artifactType={wrong}"),
                             ("PUT", f"/v2/x/manifests/{digest_of(body)}?tag=good&tag={wrong}"),
                             ("POST", f"{UPLOADS}?mount={DIGEST}&from={wrong}"), ("POST", f"{UPLOADS}?digest={wrong}")):
            answer = server.ask(method, path, body if method == "PUT" else None, {"Content-Type": OCI})
            equal((answer.status, answer.code()), (400, "UNSUPPORTED"), f"{method} {path}")
    equal(server.ask("GET", "/v2/x/tags/list").json()["tags"], ["1"])


if __name__ == "__main__":
    run(sys.modules[__name__])
