#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who watches `zreg serve`: /healthz, /readyz and /metrics, on its own port and on one of theirs."""

import http.client
import json
import socket
import subprocess
import time

from cli_world import tap, world


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def get(port, path, method="GET", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def parsed(text):
    """{(name, labels): value}, by the parser of Prometheus' own library."""
    try:
        from prometheus_client.parser import text_string_to_metric_families
    except ImportError as reason:
        raise tap.Skip("python3-prometheus-client is not installed") from reason
    families = list(text_string_to_metric_families(text))
    assert all(family.documentation and family.type != "unknown" for family in families), families
    assert len({family.name for family in families}) == len(families), "a family is there twice"
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sorted(sample.labels.items())): sample.value for sample in samples}


def requests(samples, route, status, method="GET"):
    return samples.get(("zreg_requests_total", ("method", method), ("route", route), ("status", str(status))), 0)


def samples_when(port, holds):
    """What is counted, once this holds: a request is counted after its answer, which its client may see before."""
    end = time.monotonic() + 10
    while not holds(samples := parsed(get(port, "/metrics")[2])):
        assert time.monotonic() < end, samples
    return samples


def watched(w, *options):
    port = free_port()
    registry = w.serve("--root", w.folder / "store", "--metrics-listen", f"127.0.0.1:{port}", *options)
    return registry, port


def use(w, registry):
    layout = w.layout()
    layout.tag(layout.image("seen"), "one")
    w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/secret/name:1")
    w.json("inspect", f"{registry.address}/secret/name:1")
    w.error("inspect", f"{registry.address}/secret/other:1")


def test_the_port_for_those_who_watch_tells_of_requests():
    with world() as w:
        registry, port = watched(w)
        use(w, registry)
        status, headers, text = get(port, "/metrics")
        assert (status, headers["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        manifests = "/v2/{name}/manifests/{reference}"
        samples = samples_when(port, lambda found: requests(found, manifests, 201, "PUT") == 1 and
                               requests(found, manifests, 200) >= 1 and requests(found, manifests, 404) >= 1)
        labels = ("method", "PUT"), ("route", manifests)
        assert samples[("zreg_request_duration_seconds_count", *labels)] == 1
        assert samples[("zreg_request_duration_seconds_bucket", ("le", "+Inf"), *labels)] == 1
        assert samples[("zreg_received_bytes_total", *labels)] > 100
        assert samples[("zreg_sent_bytes_total", ("method", "GET"), ("route", manifests))] > 100
        assert samples[("zreg_connections_accepted_total",)] > 0 and samples[("zreg_store_free_bytes",)] > 0
        assert "secret" not in text and "store/" not in text and str(w.folder) not in text


def test_buckets_only_grow_and_end_with_the_count():
    with world() as w:
        registry, port = watched(w)
        for _ in range(20):
            get(registry.record["port"], "/v2/")
        samples = samples_when(port, lambda found: requests(found, "/v2/", 200) == 20)
        buckets = [
            (float(dict(key[1:])["le"]), value)
            for key, value in samples.items()
            if key[0] == "zreg_request_duration_seconds_bucket" and ("route", "/v2/") in key
        ]
        assert len(buckets) == 13 and sorted(buckets) == buckets, buckets
        assert [value for _, value in buckets] == sorted(value for _, value in buckets) and buckets[-1] == (
            float("inf"),
            20,
        )


def test_no_request_can_make_labels_of_its_own():
    with world() as w:
        registry, port = watched(w)
        before = set(parsed(get(port, "/metrics")[2]))
        for number in range(30):
            get(registry.record["port"], f"/v2/name{number}/manifests/{number}", "FETCH")
            get(registry.record["port"], f"/path{number}", "GET")
        new = set(parsed(get(port, "/metrics")[2])) - before
        assert {dict(key[1:]).get("route") for key in new} <= {""}, new
        assert len(new) < 25, new


def test_connections_uploads_and_bad_requests_are_counted():
    with world() as w:
        registry, port = watched(w)
        place = registry.record["port"]
        upload = get(place, "/v2/x/blobs/uploads/", "POST")[1]["Location"]
        get(place, "/v2/y/blobs/uploads/", "POST")
        with socket.create_connection(("127.0.0.1", place)) as idle, socket.create_connection(
            ("127.0.0.1", place)
        ) as half:
            half.sendall(b"PATCH " + upload.encode() + b" HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf")
            with socket.create_connection(("127.0.0.1", place)) as bad:
                bad.sendall(b"GET  / HTTP/1.1\r\n\r\n")
                assert b" 400 " in bad.recv(4096)
            idle.sendall(b"GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b" 200 " in idle.recv(4096)
            samples = samples_when(port, lambda found: found[("zreg_connections", ("stage", "body"))] == 1 and
                                   found[("zreg_connections", ("stage", "idle"))] >= 1)
            assert samples[("zreg_uploads_open",)] == 2
            assert samples[("zreg_bad_requests_total", ("status", "400"))] == 1
        samples_when(port, lambda found: get(place, upload, "DELETE") and found[("zreg_uploads_open",)] == 1)
        registry.stop()
        w.registries.clear()
        again, port = watched(w)
        assert parsed(get(port, "/metrics")[2])[("zreg_uploads_open",)] == 1, "that of the run before"


def test_connections_beyond_the_limit_are_counted():
    with world() as w:
        registry, port = watched(w, "--max-connections-per-address", "1")
        place = ("127.0.0.1", registry.record["port"])
        with socket.create_connection(place) as first:
            first.sendall(b"GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b" 200 " in first.recv(4096)
            with socket.create_connection(place) as second:
                second.sendall(b"GET /v2/ HTTP/1.1\r\nHost: h\r\n\r\n")
                assert b" 503 " in second.recv(4096)
            samples = parsed(get(port, "/metrics")[2])
        assert samples[("zreg_connections_turned_away_total",)] == 1 == samples[("zreg_connections_accepted_total",)]
        assert samples[("zreg_bad_requests_total", ("status", "503"))] == 0, "each is counted once"
        assert samples[("zreg_lane_refused_total", ("lane", "lists"))] == 0 == samples[("zreg_held_bytes",)]


def test_the_file_says_it_as_the_options_do():
    with world() as w:
        port = free_port()
        settings = f"registry:\n  metrics: true\n  metrics-listen: 127.0.0.1:{port}\n  storage: {{root: {w.folder}/store}}\n"
        registry = w.serve("--config", w.file("registry.yaml", settings))
        assert [get(place, "/metrics")[0] for place in (port, registry.record["port"])] == [200, 200]


def test_metrics_are_on_the_main_port_only_if_wanted():
    with world() as w:
        shut, port = watched(w)
        assert get(shut.record["port"], "/metrics")[0] == 404 and get(port, "/metrics")[0] == 200
        shut.stop()
        w.registries.clear()
        users = w.file("users", "user:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n")
        opened = w.serve("--root", w.folder / "store", "--metrics", "--htpasswd", users)
        assert get(opened.record["port"], "/v2/")[0] == 401
        samples_when(opened.record["port"], lambda found: requests(found, "/v2/", 401) == 1)


def test_the_port_for_those_who_watch_serves_nothing_else():
    with world() as w:
        _, port = watched(w)
        for path in ("/v2/", "/", "/v2/_catalog", "/metrics/", "//metrics"):
            assert get(port, path)[0] == 404, path
        assert get(port, "/metrics?x=1")[0] == 200 and get(port, "/metrics", "HEAD")[2] == ""
        status, headers, _ = get(port, "/metrics", "POST", "body")
        assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_an_address_that_is_none_is_refused():
    with world() as w:
        said = w.error("serve", "--root", w.folder / "store", "--metrics-listen", "nowhere")
        assert said["code"] == "INVAL" and '"nowhere" is no address to listen on' in said["message"], said


def test_healthy_and_ready():
    with world() as w:
        registry, port = watched(w)
        for place in (port, registry.record["port"]):
            for path in ("/healthz", "/readyz"):
                status, headers, text = get(place, path)
                assert (status, headers["Content-Type"], json.loads(text)) == (
                    200,
                    "application/json",
                    {"status": "ok"},
                )
        assert (w.folder / "store/v1/probe").is_file(), "the store was tried"


def test_many_who_ask_do_not_ask_the_disk():
    with world() as w:
        registry, _ = watched(w)
        place = registry.record["port"]
        get(place, "/readyz")
        probe = w.folder / "store/v1/probe"
        seen, began = set(), time.monotonic()
        for _ in range(200):
            assert get(place, "/readyz")[0] == 200
            seen.add((probe.stat().st_ino, probe.stat().st_mtime_ns))
        assert len(seen) <= 2 + (time.monotonic() - began), seen


def test_a_store_that_cannot_be_written_is_not_ready_and_alive():
    with world() as w:
        registry, port = watched(w)
        folder = w.folder / "store/v1/tmp"
        folder.rename(w.folder / "store/v1/gone")
        status, _, text = get(port, "/readyz")
        assert (status, json.loads(text)["reason"]) == (503, "the store cannot be written"), text
        assert get(port, "/healthz")[0] == 200 and str(w.folder) not in text
        (w.folder / "store/v1/gone").rename(folder)
        until = time.monotonic() + 10
        while get(registry.record["port"], "/readyz")[0] != 200:
            assert time.monotonic() < until, "it is not ready again"
            time.sleep(0.05)


def mounted(folder, size):
    """A small disk at `folder`, in a namespace of the command's own; None: this machine lets nobody mount."""
    prefix = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        'mount -t tmpfs -o size="$0" tmpfs "$1" && shift && exec "$@"',
        size,
        folder,
    ]
    done = subprocess.run([*map(str, prefix), "true"], capture_output=True)
    return None if done.returncode else list(map(str, prefix))


def test_a_disk_that_is_almost_full_is_not_ready():
    with world() as w:
        (w.folder / "small").mkdir()
        prefix = mounted(w.folder / "small", "32m")
        if prefix is None:
            raise tap.Skip("nothing can be mounted here")
        port = free_port()
        command = [
            *prefix,
            "zreg",
            "serve",
            "--root",
            str(w.folder / "small/store"),
            "--metrics-listen",
            f"127.0.0.1:{port}",
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout.readline().startswith("serving ")
                status, _, text = get(port, "/readyz")
                assert (status, json.loads(text)["reason"]) == (503, "the disk of the store is almost full"), text
                assert parsed(get(port, "/metrics")[2])[("zreg_store_size_bytes",)] == 32 << 20
            finally:
                process.terminate()
                process.wait(10)


if __name__ == "__main__":
    tap.main(__name__)
