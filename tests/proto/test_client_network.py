#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Retries, silence, TLS, pages of tags, and cancels."""

import email.utils
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, content, error, manifest, sha256  # noqa: E402


def image(world, **options):
    registry = world.registry(**options)
    registry.add_manifest("a/b", "t", manifest())
    return registry


def test_15_retry_after_in_seconds_and_as_a_date():
    for value_of in (lambda: "1", lambda: email.utils.formatdate(time.time() + 3, usegmt=True)):
        with World() as world:
            registry, client = image(world), world.client()
            value = value_of()
            registry.on("GET", "/manifests/", error(429, "TOOMANYREQUESTS", Retry_After=value))
            began = time.monotonic()
            client.do("get", f"{registry.name}/a/b:t")
            assert 0.9 < time.monotonic() - began < 4, value


def test_15_retry_after_counts_for_the_whole_host():
    with World() as world:
        registry, client = image(world), world.client()
        client.do("get", f"{registry.name}/a/b:t")
        registry.on("GET", "/manifests/", error(429, "TOOMANYREQUESTS", Retry_After="1"))
        began = time.monotonic()
        client.do("parallel", 6, "get", f"{registry.name}/a/b:t")
        assert 0.9 < time.monotonic() - began < 4
        assert len(registry.log) == 8


def test_16_what_may_get_better_is_tried_again():
    for status in (408, 429, 500, 502, 503, 504):
        with World() as world:
            registry, client = image(world), world.client()
            registry.on("GET", "/manifests/", error(status, "UNKNOWN"))
            client.do("get", f"{registry.name}/a/b:t")
            assert len(registry.log) == 2, status


def test_16_what_will_not_get_better_is_not():
    for status in (400, 403, 404, 405, 409, 410, 412, 416, 418, 501, 505):
        with World() as world:
            registry, client = image(world), world.client()
            registry.on("GET", "/manifests/", error(status, "UNKNOWN"), times=9)
            try:
                client.do("get", f"{registry.name}/a/b:t")
                raise AssertionError(status)
            except Exception as failure:
                assert failure.http_status == str(status), failure
            assert len(registry.log) == 1, status


def test_16_five_times_and_no_more():
    with World() as world:
        registry, client = image(world), world.client()
        registry.on("GET", "/manifests/", error(503, "UNAVAILABLE"), times=99)
        client.fails("BUSY", "get", f"{registry.name}/a/b:t")
        assert len(registry.log) == 5
        registry.clear()
        client = world.client(attempts=1)
        client.fails("BUSY", "get", f"{registry.name}/a/b:t")
        assert len(registry.log) == 1


def test_a_failure_says_whose_it_is_and_whether_to_try_again():
    with World() as world:
        registry, client = image(world), world.client(attempts=1)
        for status, kind, retryable in ((400, "INVAL", False), (408, "TIMEOUT", True), (413, "LIMIT", False),
                                        (429, "BUSY", True), (500, "PEER", True), (501, "UNSUPPORTED", False),
                                        (502, "PEER", True), (503, "BUSY", True), (504, "PEER", True),
                                        (505, "PEER", False), (507, "PEER", False)):
            registry.on("GET", "/manifests/", Answer(status, b"", {"Retry-After": "7"}))
            failure = client.fails(kind, "get", f"{registry.name}/a/b:t")
            assert (failure.retryable, failure.retry_after_ms) == (retryable, 7000), (status, failure)
            assert failure.about == registry.name, failure
            client = world.client(attempts=1)
        failure = client.fails("LOOKUP", "get", "registry.invalid:1/a/b:t")
        assert failure.retryable and failure.about == "registry.invalid:1", failure
        failure = client.fails("NET", "get", "127.0.0.1:1/a/b:t")
        assert failure.retryable and failure.about == "127.0.0.1:1", failure


def test_16_dropped_connections_are_tried_again():
    with World() as world:
        registry, client = image(world), world.client()
        client.do("get", f"{registry.name}/a/b:t")
        registry.clear()
        broken = Answer(200, manifest(), cut=10)
        registry.on("GET", "/manifests/", Answer(drop=True), broken)
        assert client.do("get", f"{registry.name}/a/b:t")[0] == sha256(manifest())
        assert len(registry.log) == 3, registry.log
        registry.clear()
        registry.on("GET", "/manifests/", broken, times=5)
        client.fails("NET", "get", f"{registry.name}/a/b:t")
        assert len(registry.log) == 5, registry.log
        registry.on("PUT", "/manifests/", Answer(drop=True))
        client.do("put", f"{registry.name}/a/b:u", world.file("m", manifest()))
        assert registry.manifests["a/b"]["u"][1] == manifest()


def test_16_a_closed_port_is_named():
    with World() as world:
        registry, client = image(world), world.client(attempts=2)
        registry.close()
        world.things.remove(registry)
        failure = client.fails("NET", "get", f"{registry.name}/a/b:t")
        assert registry.name in failure.text and "connect" in failure.text, failure


def test_a_silent_peer_is_a_timeout():
    with World() as world:
        registry, client = image(world), world.client(attempts=1, idle_ms=300)
        registry.on("GET", "/manifests/", Answer(200, manifest(), wait=20))
        began = time.monotonic()
        client.fails("TIMEOUT", "get", f"{registry.name}/a/b:t")
        assert time.monotonic() - began < 15


def test_a_slow_peer_is_not_silent():
    with World() as world:
        registry, client = image(world), world.client(attempts=1, idle_ms=2000)
        digest = registry.add_blob("a/b", content(100000))
        registry.on("GET", "/blobs/", Answer(200, content(100000), pace=(10000, 0.25)))
        assert client.do("blob-get", f"{registry.name}/a/b", digest) == ["100000"]


def test_tls_is_verified():
    with World() as world:
        pem = world.certificate()
        registry = image(world, tls=pem)
        failure = world.client().fails("TLS", "get", f"{registry.name}/a/b:t")
        assert "not trusted" in failure.text and registry.name in failure.text and not registry.log, failure
        for options in (("-", "-", pem + ".crt"), ("-", "insecure", "-")):
            client = world.client()
            client.do("host", registry.name, *options)
            client.do("get", f"{registry.name}/a/b:t")
        world.client(ca=pem + ".crt").do("get", f"{registry.name}/a/b:t")
        other = world.file("other.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        client = world.client()
        client.do("host", registry.name, "-", "-", other)
        client.fails("INVAL", "get", f"{registry.name}/a/b:t")


def test_no_session_of_tls_is_taken_up_under_other_authorities():
    """What is taken up again shows no certificate."""
    with World() as world:
        pem = world.certificate()
        registry, client = image(world, tls=pem), world.client()
        with open(pem + ".crt", encoding="ascii") as own:
            right = world.file("right.crt", own.read())
        other = world.certificate() + ".crt"
        client.do("host", registry.name, "-", "-", right)
        client.do("get", f"{registry.name}/a/b:t")
        client.do("host", registry.name, "-", "-", other)
        client.fails("TLS", "get", f"{registry.name}/a/b:t")


def test_a_registry_that_answers_a_ping_with_text_is_no_page():
    """Quay does."""
    with World() as world:
        registry = world.registry()
        registry.on("GET", "/v2/", Answer(200, b"true", {"Content-Type": "text/html; charset=utf-8",
                                                         "Docker-Distribution-API-Version": "registry/2.0"}))
        world.client().do("ping", registry.name)
        assert len(registry.log) == 1


def test_the_authorities_of_the_system_are_trusted():
    with World() as world:
        crt = world.certificate() + ".crt"
        registry = image(world, tls=crt.removesuffix(".crt"))
        folder = os.path.join(world.folder, "hashed")
        os.mkdir(folder)
        shutil.copy(crt, folder)
        subprocess.run(["openssl", "rehash", folder], check=True)
        for file, where, trusted in ((crt, "/nowhere", True), ("", folder, True), ("/dev/null", folder, True),
                                     ("/dev/null", "/nowhere", False), ("/nowhere", "/nowhere", False)):
            client = world.client(env={"SSL_CERT_FILE": file, "SSL_CERT_DIR": where})
            if trusted:
                client.do("get", f"{registry.name}/a/b:t")
                client.do("parallel", 8, "get", f"{registry.name}/a/b:t")
            else:
                client.fails("TLS", "get", f"{registry.name}/a/b:t")


def test_a_proxy_is_gone_through():
    with World() as world:
        registry = image(world, tls=world.certificate(), auth="bearer")
        registry.name = "registry.example.test"
        registry.realm = f"https://{registry.name}/token"
        proxy = world.proxy(registry)
        client = world.client(env={"https_proxy": proxy.url, "no_proxy": "", "NO_PROXY": ""})
        client.do("host", registry.name, "-", "insecure", "-")
        client.do("get", f"{registry.name}/a/b:t")
        client.fails("NOTFOUND", "get", f"{registry.name}/a/b:u")
        assert set(proxy.tunnels) == {f"{registry.name}:443"}
        assert registry.requests()[:3] == ["GET /v2/a/b/manifests/t", "GET /token", "GET /v2/a/b/manifests/t"]


def test_a_proxy_that_refuses_is_no_answer():
    with World() as world:
        registry = world.registry()
        proxy = world.proxy(registry, refuse=403)
        client = world.client(attempts=1, env={"https_proxy": proxy.url, "no_proxy": "", "NO_PROXY": ""})
        failure = client.fails("NET", "get", "registry.example.test/a/b:t")
        assert failure.http_status == "0" and "403" in failure.text and not registry.log, failure


def test_loopback_is_tried_with_tls_then_without_and_remembered():
    with World() as world:
        registry, client = image(world), world.client()
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.connections == 2
        client.do("parallel", 8, "get", f"{registry.name}/a/b:t")
        assert registry.connections <= 2 + 8 and client.counters()["requests"] == 9
        client = world.client()
        client.do("host", registry.name, "plain")
        before = registry.connections
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.connections == before + 1


def pages(registry, *links):
    """Answers page after page, each with one tag and this Link."""
    for i, link in enumerate(links):
        headers = {"Content-Type": "application/json"} | ({"Link": link} if link else {})
        registry.on("GET", "/tags/list", Answer(200, json.dumps({"name": "a/b", "tags": [f"t{i}"]}).encode(), headers))


def test_29_pages_are_followed():
    with World() as world:
        registry, client = world.registry(), world.client()
        pages(registry, '</v2/a/b/tags/list?n=1&last=t0>; rel="next"',
              f'<{registry.url}/v2/a/b/tags/list?next_page=%3D%3Dopaque%2f>; rel="next"',
              '<list?n=1&last=t2>; rel=next', None)
        assert client.do("tags", f"{registry.name}/a/b") == ["4", "t0", "t3"]
        assert registry.log[2].target == "/v2/a/b/tags/list?next_page=%3D%3Dopaque%2f"


def test_29_pages_stay_on_their_host_and_do_not_circle():
    with World() as world:
        other, registry, client = world.registry(), world.registry(), world.client()
        pages(registry, f'<{other.url}/v2/a/b/tags/list?last=x>; rel="next"')
        client.fails("PROTO", "tags", f"{registry.name}/a/b")
        assert not other.log
        registry.clear()
        pages(registry, *['</v2/a/b/tags/list?last=x>; rel="next"'] * 20)
        client.fails("LIMIT", "tags", f"{registry.name}/a/b")
        assert len(registry.log) == 2


def test_29_a_page_size_that_is_refused_is_dropped():
    for status in (400, 413, 422):
        with World() as world:
            registry, client = image(world), world.client()
            registry.on("GET", "n=", error(status, "UNSUPPORTED"))
            assert client.do("tags", f"{registry.name}/a/b") == ["1", "t", "t"]
            assert [request.target for request in registry.log] == ["/v2/a/b/tags/list?n=1000", "/v2/a/b/tags/list"]


def test_29_no_tags_at_all():
    with World() as world:
        registry, client = world.registry(), world.client()
        for body in (b'{"name": "a/b", "tags": null}', b'{"name": "a/b", "tags": []}', b'{"name": "a/b"}'):
            registry.on("GET", "/tags/list", Answer(200, body))
            assert client.do("tags", f"{registry.name}/a/b") == ["0", "-", "-"]
        client.fails("NOTFOUND", "tags", f"{registry.name}/a/b")


def test_28_tags_without_end_or_sense_are_refused():
    with World() as world:
        registry, client = world.registry(), world.client(attempts=2)
        for body, status, tries in ((b" " * (5 << 20), "LIMIT", 1), (b"[", "PROTO", 2),
                                    (b'{"tags": ["a b"]}', "PROTO", 1), (b'{"tags": ["../x"]}', "PROTO", 1)):
            registry.clear()
            registry.on("GET", "/tags/list", Answer(200, body), times=tries)
            client.fails(status, "tags", f"{registry.name}/a/b")
            assert len(registry.log) == tries, (body[:20], registry.log)


def test_a_page_of_tags_that_is_cut_short_is_asked_for_again():
    with World() as world:
        registry, client = image(world), world.client()
        whole = json.dumps({"name": "a/b", "tags": ["t"]}).encode()
        for answer in (Answer(200, whole, cut=9), Answer(200, whole[:-1]), Answer(200, b"")):
            registry.clear()
            registry.on("GET", "/tags/list", answer)
            assert client.do("tags", f"{registry.name}/a/b") == ["1", "t", "t"]
            assert len(registry.log) == 2, registry.log


def cancelled(client, *words):
    client.do("cancel-after", 150)
    failure = client.fails("CANCELLED", *words)
    late = int(failure.text.rpartition("ms=")[2])
    assert 0 <= late < 100 + SLACK_MS, f"{words}: {late} ms after the cancel"


SLACK_MS = 1000 if os.environ.get("ZREG_SANITIZERS") else 150  # for a loaded machine


def test_40_a_cancel_ends_every_wait():
    with World() as world:
        registry, client = image(world), world.client()
        digest = registry.add_blob("a/b", content(100000))
        client.do("get", f"{registry.name}/a/b:t")
        registry.on("GET", "/manifests/", Answer(200, manifest(), wait=3))
        cancelled(client, "get", f"{registry.name}/a/b:t")
        registry.on("GET", "/blobs/", Answer(200, content(100000), pace=(10000, 1)))
        cancelled(client, "blob-get", f"{registry.name}/a/b", digest)
        registry.on("GET", "/manifests/", error(429, "TOOMANYREQUESTS", Retry_After="30"))
        cancelled(client, "get", f"{registry.name}/a/b:t")


def test_40_a_cancel_ends_an_upload_and_its_session():
    with World() as world:
        registry, client = image(world), world.client()
        client.do("get", f"{registry.name}/a/b:t")
        registry.on("PUT", "/uploads/", Answer(201, wait=3))
        cancelled(client, "blob-put", f"{registry.name}/a/b", 1 << 20, sha256(content(1 << 20)), 1 << 20, 4096)
        registry.on("PATCH", "/uploads/", Answer(202, wait=3))
        cancelled(client, "blob-put", f"{registry.name}/a/b", 1 << 20, "-", "-")
        assert len(registry.requests("^DELETE")) == 2, registry.log


def test_40_a_cancel_reaches_all_threads():
    with World() as world:
        registry, client = image(world, auth="bearer"), world.client()
        registry.on("GET", "/token", Answer(200, wait=3))
        cancelled(client, "parallel", 8, "get", f"{registry.name}/a/b:t")


def test_40_no_thread_and_no_descriptor_is_left():
    with World() as world:
        registry, client = image(world), world.client()
        client.do("parallel", 2, "counters")  # a sanitizer may begin a thread of its own at the first
        before = client.do("process")
        client.do("parallel", 8, "get", f"{registry.name}/a/b:t")
        assert client.do("process")[0] == before[0]
        client.do("free")
        assert client.do("process") == before


if __name__ == "__main__":
    tap.main(__name__)
