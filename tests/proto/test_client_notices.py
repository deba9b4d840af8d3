#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a registry says beside its answer: Warning 299, and how many requests it still allows."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import OCI_MANIFEST, Answer, World, error, manifest  # noqa: E402

HUB = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "76;w=21600"}


def look(w, *answers, options=(), code=0, verb="inspect", retry="0"):
    """What zreg says on standard error of a registry that answers so."""
    registry = w.registry()
    registry.add_blob("a/b", b"{}")
    registry.add_manifest("a/b", "1", manifest())
    for answer in answers:
        registry.on("GET", "/manifests/", answer)
    done = subprocess.run(["zreg", verb, "--retry", retry, *options, f"{registry.name}/a/b:1"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return done.stderr


def saying(*warnings, **headers):
    return Answer(200, manifest(), {"Content-Type": OCI_MANIFEST, "Warning": list(warnings), **headers})


def test_39_a_warning_is_told():
    with World() as w:
        assert look(w, saying('299 - "this repository goes away"')) == "zreg: 127.0.0.1: this repository goes away\n"
        assert not look(w, saying('299 - "this repository goes away"'), options=["--quiet"])


def test_39_warnings_are_told_once_and_all_of_them():
    with World() as w:
        said = look(w, saying('299 - "one, \\"two\\""', '299 - "three", 299 host:1 "four"', '299 - "three"'))
        assert said == "".join(f"zreg: 127.0.0.1: {text}\n" for text in ('one, "two"', "three", "four")), said
    with World() as w:
        registry = w.registry()
        registry.add_manifest("a/b", "1", manifest())
        registry.add_blob("a/b", b"{}")
        registry.on("GET", "/manifests/", saying('299 - "again"'))
        registry.on("GET", "/blobs/", Answer(200, b"{}", {"Warning": '299 - "again"'}))
        done = subprocess.run(["zreg", "config", f"{registry.name}/a/b:1"], capture_output=True, text=True, timeout=60)
        assert done.stderr.count("again") == 1, done.stderr


def test_39_what_is_no_warning_of_a_registry_is_passed_over():
    with World() as w:
        for header in ('199 - "no"', "299", "299 -", '299 - "open', "299 - bare", "", ",,,", '"299 - no"', "299 - \"\"",
                       '2990 - "no"'):
            said = look(w, saying(header))
            assert "no" not in said and "open" not in said and "bare" not in said, (header, said)


def test_39_control_characters_and_length_are_bounded():
    with World() as w:
        said = look(w, saying('299 - "a\x1b[31mb"', '299 - "' + "x" * 9000 + '"'))
        assert "\x1b" not in said and len(said) < 6000, said[:300]


def test_39_what_is_left_is_in_the_log():
    with World() as w:
        said = look(w, saying(**HUB), options=["--verbose"])
        assert "127.0.0.1: 76 of 100 requests are left within 21600 s" in said, said
        assert "requests are left" not in look(w, saying(**HUB))
        assert "0 of 5 requests are left" in look(w, saying(**{"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0"}))
        for limit, left in (("", "1"), ("x", "1"), ("1", ""), ("1", "-1"), ("9" * 20, "1"), ("1;w=", "x;w=1")):
            said = look(w, saying(**{"RateLimit-Limit": limit, "RateLimit-Remaining": left}), options=["--verbose"])
            assert "are left" not in said, (limit, left, said)


def test_39_a_429_that_fails_says_what_is_allowed():
    with World() as w:
        answer = error(429, "TOOMANYREQUESTS", "you have reached your limit", RateLimit_Limit="100;w=21600",
                       RateLimit_Remaining="0;w=21600")
        said = look(w, answer, code=1)
        assert "you have reached your limit" in said and "0 of 100 requests are left within 21600 s" in said, said
        assert "are left" not in look(w, error(429, "TOOMANYREQUESTS"), code=1)
        assert "are left" not in look(w, error(403, "DENIED", RateLimit_Limit="1", RateLimit_Remaining="1"), code=1)


def test_39_docker_hub_is_looked_at_before_it_is_pulled_from():
    with World() as w:
        hub, to = w.registry(), w.registry()
        w.file("hosts.toml", f'server = "http://{hub.name}"\n')
        os.makedirs(f"{w.folder}/certs.d/docker.io")
        os.rename(f"{w.folder}/hosts.toml", f"{w.folder}/certs.d/docker.io/hosts.toml")
        hub.add_blob("library/x", b"{}")
        hub.add_manifest("library/x", "1", manifest())

        def copy(*options, src="docker.io/library/x:1"):
            for registry in hub, to:
                registry.clear()
            subprocess.run(["zreg", "copy", "--hosts-dir", f"{w.folder}/certs.d", *options, src, f"{to.name}/c/d:1"],
                           check=True, capture_output=True, timeout=60)

        copy()
        assert hub.requests("manifests") == ["HEAD /v2/library/x/manifests/1", "GET /v2/library/x/manifests/1"], hub.log
        copy()
        assert hub.requests() == ["HEAD /v2/library/x/manifests/1"], hub.log
        assert not to.requests("^(PUT|POST|PATCH)"), to.log
        copy("--force")
        assert "GET /v2/library/x/manifests/1" in hub.requests(), hub.log
        copy(src=f"{hub.name}/library/x:1")
        assert hub.requests() == ["GET /v2/library/x/manifests/1"], "who does not count is asked at once"


if __name__ == "__main__":
    tap.main(__name__)
