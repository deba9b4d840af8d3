#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An operator follows docs/registry.md from its top to its bottom: its files are written, its commands run, and nginx
and haproxy started with what it shows. Started by ./run it uses the build; without it, what is installed."""

import json
import pathlib
import re
import shutil
import sys
import tempfile

import blocks

sys.path[:0] = [str(blocks.TOP / "tests/lib")]

import tap  # noqa: E402

REGISTRY = blocks.TOP / "docs/registry.md"
MAN = blocks.TOP / "docs/man/verbs/serve.in"
NGINX = """daemon off;
master_process off;
pid nginx.pid;
events {{}}
http {{
access_log off;
client_body_temp_path bodies;
proxy_temp_path answers;
{}}}
"""
STARTS = {"nginx": 'nginx -e errors.log -p "$PWD" -c "$PWD/nginx.conf" &\n',
          "haproxy": "cat cert.pem key.pem > both.pem\nhaproxy -db -f haproxy.conf &\n"}
# What the page promises of its proxies: the client that they tell of is the client.
CHECKS = """
seen() { tail -n 1 "$1" | grep -q "\\"remote\\":\\"$2[:\\"]"; }
for port in 443 8443; do
    curl -s --retry 20 --retry-connrefused --retry-delay 1 --resolve "registry.example.org:$port:127.0.0.1" \\
        --cacert cert.pem --interface "127.0.0.$((port / 443))" -H 'X-Forwarded-For: 10.9.9.9' -H 'Forwarded: for=10.9.9.9' \\
        -D - -o answer.json "https://registry.example.org:$port/v2/" | grep -i www-authenticate
done
for i in $(seq 50); do seen access-2.jsonl 127.0.0.1 && seen access-3.jsonl 127.0.0.19 && break; sleep 0.1; done
seen access-2.jsonl 127.0.0.1 && seen access-3.jsonl 127.0.0.19
"""


def pieces():
    for block in blocks.blocks_of(REGISTRY):
        if block.language == "yaml":
            yield block.where, blocks.heredoc(re.match(r"# (\S+\.yaml)\n", block.text)[1], block.text)
        elif block.language in STARTS:
            text = NGINX.format(block.text) if block.language == "nginx" else block.text
            yield block.where, blocks.heredoc(f"{block.language}.conf", text) + STARTS[block.language]
        else:
            assert block.language == "sh", block.where
            yield block.where, block.text
        if block.language == "haproxy":
            yield "checks", CHECKS


def test_an_operator_follows_it_from_top_to_bottom():
    missing = [name for name in ("nginx", "haproxy", "curl") if not shutil.which(name)]
    if missing:
        raise tap.Skip(f"not installed: {', '.join(missing)}")
    if not blocks.without_network():
        raise tap.Skip("no network of its own (unshare --net), and it wants certain ports")
    with tempfile.TemporaryDirectory() as work:
        said = blocks.run(work, blocks.script_of(pieces()))
        for wanted in ('"status":"ok"', "an immutable tag stays", "a reader may pull alone", "nothing is written now",
                       'realm="https://registry.example.org/v2/_token"', 'realm="https://registry.example.org:8443/v2/_token"',
                       'realm="https://tokens.example.org/token"', "zreg_store_free_bytes"):
            assert wanted in said, (wanted, said)
        lines = [json.loads(line) for line in (pathlib.Path(work) / "audit.jsonl").read_text().splitlines()]
        for action, outcome in (("push-manifest", "done"), ("delete-tag", "denied"), ("reload", "done")):
            assert any((line["action"], line["outcome"]) == (action, outcome) for line in lines), (action, lines)


def test_what_it_names_is_there():
    """Keys, metrics, options and links of the page are those of the program."""
    page, man = REGISTRY.read_text(), MAN.read_text()
    server = "".join(path.read_text() for path in (blocks.TOP / "libzreg/server").glob("*.c"))
    for metric in set(re.findall(r"`(zreg_\w+)`", page)):
        assert f'"{metric}"' in server or metric in server, metric
    keys = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", page)) - {"zreg-serve"}
    for key in keys:
        if not (blocks.TOP / "roles" / key).is_dir():
            assert key in man, f"{key} is no key of registry.yaml"
    for target in re.findall(r"\]\(([^)#]+)\)", page):
        assert (REGISTRY.parent / target).exists(), target
    headings = {re.sub(r"[^a-z ]", "", line[3:].lower()).replace(" ", "-") for line in page.splitlines() if line[:3] == "## "}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) == headings


if __name__ == "__main__":
    tap.main(__name__)
