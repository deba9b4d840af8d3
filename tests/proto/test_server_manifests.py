#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Manifests, tags and lists over the wire."""

import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import json_rules  # noqa: E402
import tap  # noqa: E402
from server_tap import INDEX, LAYER, OCI, descriptor, digest_of, equal, run, true, using

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


def get(server, reference="1", repository="x", method="GET", **headers):
    return server.ask(method, f"/v2/{repository}/manifests/{reference}", headers=headers)


def tags(server, repository="x", query=""):
    return server.ask("GET", f"/v2/{repository}/tags/list{query}")


def test_a_manifest_comes_back_byte_for_byte(server):
    body = server.push_image(annotations={"spaces   and": "\u00fcnicode", "z": "1", "a": "2"})
    for reference in ("1", digest_of(body)):
        answer = get(server, reference)
        equal((answer.status, answer.body), (200, body))
        equal(answer.headers["Content-Type"], OCI)
        equal(answer.headers["Docker-Content-Digest"], digest_of(body))


def test_head_has_the_headers_of_get(server):
    server.push_image()
    got, head = get(server), get(server, method="HEAD")
    equal((head.status, head.body), (200, b""))
    changing = ("Date", "X-Request-Id")
    equal(*([(k, v) for k, v in answer.headers.items() if k not in changing] for answer in (head, got)))


def test_a_known_entity_tag_gets_304(server):
    body = server.push_image()
    answer = get(server, **{"If-None-Match": f'"{digest_of(body)}"'})
    equal((answer.status, answer.body), (304, b""))


def test_a_put_answers_with_location_digest_and_subject(server):
    subject = {"mediaType": OCI, "digest": digest_of(b"not here"), "size": 8}
    body = server.image(subject=subject)
    answer = server.push_manifest(body, digest_of(body))
    equal(answer.status, 201)
    equal(answer.headers["Location"], f"/v2/x/manifests/{digest_of(body)}")
    equal(answer.headers["Docker-Content-Digest"], digest_of(body))
    equal(answer.headers["OCI-Subject"], subject["digest"])


def test_a_put_by_digest_may_bring_tags(server):
    body = server.image()
    answer = server.push_manifest(body, f"{digest_of(body)}?tag=a&tag=b")
    equal((answer.status, answer.headers.get_all("OCI-Tag")), (201, ["a", "b"]))
    equal(tags(server).json()["tags"], ["a", "b"])
    equal(get(server, "b").body, body)
    equal(server.push_manifest(body, f"{digest_of(body)}?tag=.no").status, 400)


def test_of_a_put_one_of_whose_tags_is_none_nothing_is_done(server):
    old = server.push_image("1")
    body = server.image(layer=b"other")
    for wrong in ("", "-", ".no", "a" * 129, "a%2Fb", "a:b"):
        for query in (f"?tag={wrong}", f"?tag=good&tag={wrong}", f"?tag={wrong}&tag=good"):
            for reference in ("1", digest_of(body)):
                answer = server.push_manifest(body, reference + query)
                equal((answer.status, answer.code()), (400, "MANIFEST_INVALID"), reference + query)
    equal((get(server).body, tags(server).json()["tags"]), (old, ["1"]))
    equal(get(server, digest_of(body)).status, 404)


def test_a_put_may_bring_many_tags_but_not_any_number(server):
    body = server.image()
    names = [f"t{i}" for i in range(33)]
    answer = server.push_manifest(body, f"{digest_of(body)}?tag=" + "&tag=".join(names[:32]))
    equal((answer.status, answer.headers.get_all("OCI-Tag")), (201, names[:32]))
    equal(answer.headers["Docker-Content-Digest"], digest_of(body))
    equal(server.push_manifest(body, f"{digest_of(body)}?tag=" + "&tag=".join(names)).status, 414)


def test_a_put_under_a_wrong_digest_is_refused(server):
    body = server.image()
    answer = server.push_manifest(body, digest_of(b"other"))
    equal((answer.status, answer.code()), (400, "DIGEST_INVALID"))
    equal(get(server, digest_of(b"other")).status, 404)
    equal(get(server, digest_of(body)).status, 404)


def test_references_that_are_missing_are_named(server):
    body = json.loads(server.image())
    for part in ("config", "layers"):
        broken = json.loads(json.dumps(body))
        missing = descriptor(LAYER, b"missing")
        broken[part] = missing if part == "config" else [missing]
        answer = server.push_manifest(broken)
        equal(answer.code(), "MANIFEST_BLOB_UNKNOWN")
        true(missing["digest"] in answer.json()["errors"][0]["message"], "the digest is named")
        equal(answer.json()["errors"][0]["detail"], {"missing": [missing["digest"]]})
    elsewhere = json.dumps(body).encode()
    everything = [body["config"]["digest"], body["layers"][0]["digest"]]
    equal(server.push_manifest(elsewhere, repository="z").json()["errors"][0]["detail"], {"missing": everything})
    equal(server.push_manifest(elsewhere, repository="y").code(), "MANIFEST_BLOB_UNKNOWN")
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(OCI, b"missing")]}
    equal(server.push_manifest(index, media_type=INDEX).code(), "MANIFEST_BLOB_UNKNOWN")
    equal(get(server).status, 404)


def test_a_size_that_is_not_the_blobs_is_refused(server):
    body = json.loads(server.image())
    body["layers"][0]["size"] += 1
    equal(server.push_manifest(body).code(), "MANIFEST_INVALID")


def test_an_index_holds_its_children(server):
    child = server.push_image("child")
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(OCI, child)]}).encode()
    equal(server.push_manifest(index, "all", media_type=INDEX).status, 201)
    answer = get(server, "all")
    equal((answer.body, answer.headers["Content-Type"]), (index, INDEX))


@using(durability=3, sparse_indexes=1)
def test_a_sparse_index_is_taken_where_the_registry_says_so(server):
    child, absent = server.push_image("child"), descriptor(OCI, b"of another platform")
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(OCI, child), absent]}).encode()
    equal(server.push_manifest(index, "all", media_type=INDEX).status, 201)
    equal(get(server, "all").body, index)
    equal(get(server, digest_of(child)).body, child)
    equal(get(server, absent["digest"]).code(), "MANIFEST_UNKNOWN")
    image = {**json.loads(child), "layers": [descriptor(LAYER, b"missing")]}
    equal(server.push_manifest(image).status, 201)
    image["config"]["size"] += 1
    equal(server.push_manifest(image).code(), "MANIFEST_INVALID", "what is there has to be what it is said to be:")


def test_confused_media_types_are_refused(server):
    body = server.image()
    for media_type in (INDEX, DOCKER, "text/plain", "application/json"):
        equal(server.push_manifest(body, media_type=media_type).status, 400, media_type)
    both = {**json.loads(body), "manifests": []}
    equal(server.push_manifest(both).status, 400)
    for text in (b"", b"{", b"[]", b"null", b'{"schemaVersion":1}', body + b"x", b"\xff" + body):
        equal(server.push_manifest(text).code(), "MANIFEST_INVALID", text[:20])
    equal(get(server).status, 404)


def test_four_mebibytes_fit_and_one_byte_more_gets_413(server):
    body = server.image(annotations={"pad": ""})
    pad = 4 * 1024 * 1024 - len(body)
    fits = body.replace(b'"pad": ""', b'"pad": "' + b"x" * pad + b'"')
    equal(len(fits), 4 * 1024 * 1024)
    equal(server.push_manifest(fits).status, 201)
    equal(get(server).body, fits)
    large = body.replace(b'"pad": ""', b'"pad": "' + b"x" * (pad + 1) + b'"')
    equal(server.push_manifest(large).status, 413)
    chunks = (large[i:i + 65536] for i in range(0, len(large), 65536))
    answer = server.ask("PUT", "/v2/x/manifests/2", chunks, {"Content-Type": OCI})
    equal((answer.status, answer.code()), (413, "SIZE_INVALID"))


def test_a_tag_is_one_digest_whatever_its_type(server):
    server.push_image("t")
    docker = json.loads(server.image())
    docker["mediaType"] = DOCKER
    docker = json.dumps(docker).encode()
    equal(server.push_manifest(docker, "t", media_type=DOCKER).status, 201)
    for accept in (OCI, DOCKER, "*/*"):
        equal(get(server, "t", Accept=accept).body, docker)


def test_deleting_a_tag_leaves_its_siblings(server):
    body = server.push_image("a")
    server.push_manifest(body, "b")
    equal(server.ask("DELETE", "/v2/x/manifests/a").status, 202)
    equal(get(server, "a").status, 404)
    equal(get(server, "b").body, body)
    equal(server.ask("DELETE", "/v2/x/manifests/a").code(), "MANIFEST_UNKNOWN")


def test_deleting_a_digest_takes_its_tags_and_no_others(server):
    first, second = server.push_image("a"), server.push_image("c", layer=b"other")
    server.push_manifest(first, "b")
    equal(server.ask("DELETE", f"/v2/x/manifests/{digest_of(first)}").status, 202)
    for reference in ("a", "b", digest_of(first)):
        equal(get(server, reference).code(), "MANIFEST_UNKNOWN")
    equal(tags(server).json()["tags"], ["c"])
    equal(get(server, "c").body, second)


def test_a_tag_that_begins_another_is_another(server):
    first, second = server.push_image("1"), server.push_image("1.2", layer=b"other")
    equal((get(server, "1").body, get(server, "1.2").body), (first, second))
    server.ask("DELETE", "/v2/x/manifests/1")
    equal(get(server, "1.2").body, second)


def test_tags_come_sorted_and_in_exact_pages(server):
    body = server.push_image("latest")
    names = sorted(["latest"] + [f"v{i}" for i in range(25)] + ["A", "_z", "a.b", "a-b"])
    for name in names:
        server.push_manifest(body, name)
    equal(tags(server).json(), {"name": "x", "tags": names})
    for size in (1, 7, len(names), 1000, 10**18):
        found, path, pages = [], f"/v2/x/tags/list?n={size}", 0
        while path:
            answer = server.ask("GET", path)
            page = answer.json()["tags"]
            true(0 < len(page) <= size, "a page holds at most n")
            found += page
            pages += 1
            link = answer.headers["Link"]
            path = link and link[1:link.index(">")]
        equal((found, pages), (names, -(-len(names) // size)))
    equal(tags(server, query="?n=0").json()["tags"], [])
    equal(tags(server, query="?last=zzz").json()["tags"], [])
    equal(tags(server, query="?n=2&last=a").json()["tags"], [n for n in names if n > "a"][:2])
    for wrong in ("-1", "x", "1.5"):
        equal(tags(server, query=f"?n={wrong}").status, 400)


def test_lists_are_lists_when_they_are_empty(server):
    equal(server.ask("GET", "/v2/_catalog").json(), {"repositories": []})
    equal(tags(server, "nothing").code(), "NAME_UNKNOWN")
    body = server.push_image("only")
    server.ask("DELETE", "/v2/x/manifests/only")
    equal(tags(server).json(), {"name": "x", "tags": []})
    equal(server.ask("GET", f"/v2/x/referrers/{digest_of(body)}").json()["manifests"], [])


def test_the_catalog_is_sorted_and_paged(server):
    names = sorted(["a", "a-b/c", "a/b", "b", "quay.io/x/y", "a/b/c"])
    for name in names:
        server.push_image("1", name)
    wanted = names
    equal(server.ask("GET", "/v2/_catalog").json()["repositories"], wanted)
    first = server.ask("GET", "/v2/_catalog?n=4")
    equal(first.json()["repositories"], wanted[:4])
    link = first.headers["Link"]
    equal(server.ask("GET", link[1:link.index(">")]).json()["repositories"], wanted[4:])


def test_referrers_are_listed_at_once_and_filtered(server):
    subject = server.push_image()
    descriptor_of_subject = descriptor(OCI, subject)
    one = server.image(subject=descriptor_of_subject, artifactType="application/a", annotations={"k": "v"})
    two = server.image(subject=descriptor_of_subject, artifactType="application/b")
    for body in (one, two):
        equal(server.push_manifest(body, digest_of(body)).status, 201)
    answer = server.ask("GET", f"/v2/x/referrers/{digest_of(subject)}")
    equal((answer.status, answer.headers["Content-Type"]), (200, INDEX))
    found = {m["digest"]: m for m in answer.json()["manifests"]}
    equal(set(found), {digest_of(one), digest_of(two)})
    equal(found[digest_of(one)], {**descriptor(OCI, one), "artifactType": "application/a", "annotations": {"k": "v"}})
    answer = server.ask("GET", f"/v2/x/referrers/{digest_of(subject)}?artifactType=application/b")
    equal(answer.headers["OCI-Filters-Applied"], "artifactType")
    equal([m["digest"] for m in answer.json()["manifests"]], [digest_of(two)])
    server.ask("DELETE", f"/v2/x/manifests/{digest_of(two)}")
    equal(len(server.ask("GET", f"/v2/x/referrers/{digest_of(subject)}").json()["manifests"]), 1)
    equal(server.ask("GET", "/v2/x/referrers/sha256:no").status, 400)


def test_a_referrer_that_is_there_and_cannot_be_read_is_not_left_out(server):
    subject = server.push_image()
    bodies = [server.image(subject=descriptor(OCI, subject), annotations={"n": str(i)}) for i in range(2)]
    for body in bodies:
        equal(server.push_manifest(body, digest_of(body)).status, 201)
    path = f"/v2/x/referrers/{digest_of(subject)}"
    folder = f"{server.settings['root']}/v1/repos/x/_manifests/sha256"
    record = f"{folder}/{digest_of(bodies[0])[7:]}"
    equal(len(server.ask("GET", path).json()["manifests"]), 2)
    for broken, what in ((folder, "the manifests are in memory"), (record, "they are not")):
        os.rename(broken, broken + "~")
        os.symlink(broken, broken)  # to itself: nothing opens it
        equal(server.ask("GET", path).status, 500, what)
        os.unlink(broken)
        if broken == record:
            left = server.ask("GET", path).json()["manifests"]
            equal([one["digest"] for one in left], [digest_of(bodies[1])], "what is gone is left out:")
        os.rename(broken + "~", broken)
        equal(len(server.ask("GET", path).json()["manifests"]), 2)
        server.stop()
        server.start()


def test_a_page_of_referrers_is_no_larger_than_what_clients_take(server):
    subject = server.push_image()
    wanted = {"a": 1500000, "b": 1500000, "c": 1500000, "d": 10, "e": 4100000, "f": 10}
    for name, size in wanted.items():
        server.push_image(f"r{name}", subject=descriptor(OCI, subject), annotations={"n": name, "a": "x" * size})
    found, pages, path = [], 0, f"/v2/x/referrers/{digest_of(subject)}"
    while path:
        answer = server.ask("GET", path)
        equal(answer.status, 200)
        true(len(answer.body) <= 4 << 20, f"a page of {len(answer.body)} bytes")
        found += [entry["annotations"]["n"] for entry in answer.json()["manifests"]]
        link = answer.headers["Link"]
        path, pages = link and link[1:link.index(">")], pages + 1
    equal(sorted(found), sorted(wanted))
    true(3 <= pages <= 5, f"{pages} pages")


def resident(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) * 1024


def ask_and_read_no_further(server, target):
    """A connection whose answer has begun to come, into a buffer that holds little of it."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(30)
    plain.connect((server.host, server.port))
    plain.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    true(plain.recv(12) == b"HTTP/1.1 200", target)
    return plain


def test_two_hundred_clients_that_do_not_read_large_answers_cost_no_memory(server):
    if os.environ.get("ZREG_SANITIZERS"):
        raise tap.Skip("a sanitizer build has its own memory")
    subject = server.push_image()
    large = server.push_image("large", subject=descriptor(OCI, subject), annotations={"a": "x" * 1_000_000})
    targets = ("/v2/x/manifests/large", f"/v2/x/referrers/{digest_of(subject)}")
    for target in targets:
        true(len(server.ask("GET", target).body) > 1_000_000, target)
        equal(server.ask("HEAD", target).headers["Content-Length"], str(len(server.ask("GET", target).body)))
    before = resident(server)
    waiting = [ask_and_read_no_further(server, targets[i % 2]) for i in range(200)]
    grown = resident(server) - before
    true(grown < 50 << 20, f"{grown >> 20} MiB for {len(waiting)} answers of 1 MB")
    equal(get(server, "large").body, large, "meanwhile others are served:")
    rest = b""
    waiting[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    while len(rest) < len(large):
        rest += waiting[0].recv(1 << 20)
    true(rest.endswith(large), "what waited is whole")
    for plain in waiting:
        plain.close()


@using(durability=3, shadow=1)
def test_where_engines_ask_for_others_images_all_names_of_a_repository_are_one(server):
    body = server.push_image("1", "docker.io/library/deb")
    for name in ("deb", "library/deb", "docker.io/library/deb", "docker.io/deb", "index.docker.io/library/deb"):
        equal(get(server, repository=name).body, body, name)
    equal(get(server, "1?ns=docker.io", "library/deb").body, body)
    other = server.push_image("1", "quay.io/a/b", layer=b"quay")
    equal(get(server, "1?ns=quay.io", "a/b").body, other)
    equal(get(server, "1", "a/b").status, 404)
    equal(get(server, "1?ns=docker.io", "a/b").status, 404)
    equal(get(server, "1?ns=ghcr.io", "a/b").status, 404)
    equal(server.ask("GET", "/v2/a/b/tags/list?ns=quay.io").json(), {"name": "a/b", "tags": ["1"]})


@using(durability=3, shadow=1)
def test_a_name_of_docker_io_that_looks_like_that_of_another_host_is_none(server):
    server.push_image("1", "quay.io/a/b")
    for name, query in (("quay.io/a/b", "?ns=docker.io"), ("docker.io/quay.io/a/b", ""), ("docker.io/docker.io/b", ""),
                        ("localhost/b", "?ns=docker.io")):
        equal(server.ask("POST", f"/v2/{name}/blobs/uploads/{query}").status, 400, name)
        equal(get(server, f"1{query}", name).code(), "NAME_INVALID", name)


def test_elsewhere_each_name_is_a_repository_of_its_own(server):
    names = ("deb", "library/deb", "docker.io/library/deb", "docker.io/deb", "a" * 255, "quay.io/a/b", "h:5000/a")
    bodies = {name: server.push_image("1", name, annotations={"name": name}) for name in names}
    for name, body in bodies.items():
        equal(get(server, repository=name).body, body, name)
    equal(get(server, "1?ns=docker.io", "deb").body, bodies["deb"], "which registry an engine means is not asked")
    equal(server.ask("GET", "/v2/_catalog").json()["repositories"], sorted(names))
    equal(get(server, repository="a" * 256).status, 400)


def test_names_that_are_none_get_400(server):
    for name in ("X", "a//b", "a/../b", "../b", ".a", "a.", "a/_tags", "a" * 300, "a b", "a:b/c", "a\\b"):
        quoted = name.replace(" ", "%20")
        true(get(server, repository=quoted).status in (400, 404), name)
        true(server.ask("POST", f"/v2/{quoted}/blobs/uploads/").status in (400, 404), name)
    for tag in (".a", "-a", "a" * 129, "a%20b"):
        equal(server.push_manifest(b"{}", tag).status, 400, tag)
    for wrong in ("a%2Fb", "a%00", "%2e%2e%2f", "a%0d%0ab", "a%", "a%zz"):
        equal(get(server, repository=wrong).status, 400, wrong)


def test_an_encoded_colon_is_a_colon(server):
    body = server.push_image()
    equal(get(server, digest_of(body).replace(":", "%3A")).body, body)


def test_a_manifest_that_was_spoiled_is_never_served(server):
    body = server.push_image()
    digest = digest_of(body)
    with open(f"{server.settings['root']}/v1/blobs/sha256/{digest[7:9]}/{digest[7:]}", "r+b") as file:
        file.write(b"[")
    equal(get(server).status, 404)
    equal(server.push_manifest(body).status, 201)
    equal(get(server).body, body)


def test_a_manifest_whose_record_was_spoiled_is_the_registrys_fault_and_can_be_deleted(server):
    path = f"/v2/x/manifests/{digest_of(server.push_image())}"
    record = f"{server.settings['root']}/v1/repos/x/_manifests/sha256/{path[-64:]}"
    for text in ("", "{", "{}", "[]"):
        with open(record, "w") as file:
            file.write(text)
        server.stop()
        server.start()  # nothing is in memory
        equal(server.ask("GET", path).status, 500, text)
        equal(server.ask("DELETE", path).status, 202, text)
        server.push_image()


@using(durability=2)
def test_a_manifest_and_its_tag_survive_kill_9(server):
    body = server.push_image("1")
    server.kill()
    server.start()
    equal(get(server, "1").body, body)
    equal(tags(server).json()["tags"], ["1"])


def test_of_many_pushes_of_one_tag_one_wins_whole(server):
    bodies = [server.image(layer=b"%d" % i) for i in range(8)]
    results, seen = [], set()

    def push(body):
        results.append(server.push_manifest(body, "t").status)

    threads = [threading.Thread(target=push, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        answer = get(server, "t")
        if answer.status == 200:
            seen.add(answer.body)
    for thread in threads:
        thread.join()
    equal(results, [201] * 8)
    true(seen <= set(bodies), "every answer is one of the manifests")
    true(get(server, "t").body in bodies, "the last answer too")


def test_deletes_and_pushes_at_once_leave_no_tag_without_manifest(server):
    body = server.push_image("keep")
    other = server.push_image("t", layer=b"other")
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            server.ask("DELETE", f"/v2/x/manifests/{digest_of(other)}")

    thread = threading.Thread(target=churn)
    thread.start()
    for _ in range(100):
        equal(server.push_manifest(other, "t").status, 201)
    stop.set()
    thread.join()
    for tag in tags(server).json()["tags"]:
        equal(get(server, tag).status, 200, tag)
    equal(get(server, "keep").body, body)


def test_what_counts_as_json_is_the_table(server):
    config, layer = b"{}", b"layer"
    refusals = {b"no": (400, "MANIFEST_INVALID"), b"limit": (413, "SIZE_INVALID")}
    counts = {True: 0, False: 0}
    for blob in (config, layer):
        equal(server.push_blob(blob).status, 201)
    for row, document in json_rules.manifests((digest_of(config), len(config)), (digest_of(layer), len(layer))):
        answer = server.push_manifest(document, "rule")
        counts[row.accepted] += 1
        if row.accepted:
            equal((answer.status, get(server, "rule").body), (201, document), row)
        else:
            equal((answer.status, answer.code()), refusals[row.verdict], row)
            message = answer.json()["errors"][0]["message"]
            true(row.what in message, f"{row}: {message}, not {row.what}")
            equal(get(server, digest_of(document)).status, 404, row)
    true(min(counts.values()) > 50, counts)


if __name__ == "__main__":
    run(sys.modules[__name__])
