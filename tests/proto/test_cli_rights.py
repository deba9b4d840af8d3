#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve`: rights of registry.yaml, their options, the audit log."""

import base64
import json
import pathlib

from cli_world import ask, hang_up, tap, world

USERS = """
  users:
  - {name: alice, pass: apass}
  - {name: stan, pass: spass}
"""
RIGHTS = """
  groups:
    builders: [alice, gina]
  rights:
  - {who: anyone, repositories: 'public/**', allow: [pull, catalog]}
  - who: ['group:builders']
    repositories: ['team/*', 'public/*']
    allow: [pull, push, delete]
"""


def config(w, text, users=USERS):
    head = f"registry:\n  storage: {{driver: filesystem, root: '{w.folder}/store'}}\n"
    return pathlib.Path(w.file("registry.yaml", f"{head}{users}{text}"))


def basic(user):
    return "Basic " + base64.b64encode(f"{user}:{user[0]}pass".encode()).decode()


def test_rights_of_registry_yaml_are_heeded():
    with world() as w:
        registry = w.serve("--config", config(w, RIGHTS))
        rows = ((None, "GET", "/v2/_catalog", 200), (None, "GET", "/v2/team/x/tags/list", 401),
                (None, "GET", "/v2/public/x/tags/list", 404), ("alice", "POST", "/v2/team/x/blobs/uploads/", 202),
                ("alice", "POST", "/v2/team/deep/x/blobs/uploads/", 404),
                ("stan", "POST", "/v2/team/x/blobs/uploads/", 404),
                ("stan", "POST", "/v2/public/x/blobs/uploads/", 403))
        for user, method, path, wanted in rows:
            assert ask(registry, method, path, user and basic(user)) == wanted, (user, method, path)


def test_hangup_reads_the_rights_again_and_a_wrong_file_changes_nothing():
    with world() as w:
        path = config(w, RIGHTS)
        audit = w.folder / "audit.log"
        registry = w.serve("--config", path, "--audit-log", audit)
        begin = ("POST", "/v2/team/x/blobs/uploads/")
        assert ask(registry, *begin, basic("alice")) == 202
        config(w, RIGHTS + "  no-writes: true\n")
        audit.rename(w.folder / "audit.log.1")
        assert "the files were read again" in hang_up(registry)
        assert ask(registry, *begin, basic("alice")) == 403
        config(w, RIGHTS.replace("builders: [alice", "builders: [stan"))
        assert "the files were read again" in hang_up(registry)
        assert [ask(registry, *begin, basic(user)) for user in ("alice", "stan")] == [404, 202]
        config(w, RIGHTS.replace("team/*", "team//x"))
        assert "nothing was changed: rule 2 of the rights: the pattern \"team//x\"" in hang_up(registry)
        config(w, "", USERS.replace("apass", "apass, access: write").replace("spass", "spass, access: read"))
        assert "nothing was changed: a server with rules of rights keeps some" in hang_up(registry)
        assert [ask(registry, *begin, basic(user)) for user in ("alice", "stan")] == [404, 202]
        lines = [json.loads(line) for line in audit.read_text().splitlines()]
        assert [(line["action"], line["user"], line["outcome"]) for line in lines] == [
            ("push-blob", "alice", "denied"), ("reload", None, "done"), ("push-blob", "alice", "denied"),
            ("reload", None, "failed"), ("reload", None, "failed"), ("push-blob", "alice", "denied")], lines
        assert "reload" in (w.folder / "audit.log.1").read_text()


def test_options_go_before_the_file():
    with world() as w:
        text = RIGHTS + "  immutable-tags: ['team/*:v*']\n  uploads-per-user: 1\n  no-deletes: false\n"
        registry = w.serve("--config", config(w, text), "--uploads-per-user", "2", "--no-deletes")
        begin = ("POST", "/v2/team/x/blobs/uploads/", basic("alice"))
        assert [ask(registry, *begin) for _ in range(3)] == [202, 202, 429]
        assert ask(registry, "DELETE", "/v2/team/x/manifests/1", basic("alice")) == 405
        registry.stop()
        registry = w.serve("--root", w.folder / "other", "--immutable-tags", "x:v*", "--no-writes")
        assert ask(registry, *begin[:2]) == 403
        assert ask(registry, "GET", "/v2/x/tags/list") == 404


def test_an_immutable_tag_is_told_to_a_pusher():
    with world() as w:
        registry = w.serve("--root", w.folder / "store", "--immutable-tags", "team/**:v*")
        layout = w.layout()
        for name in ("one", "two"):
            layout.tag(layout.image(name), name)
        place = f"{registry.address}/team/x:v1"
        w.json("copy", f"oci:{layout.folder}:one", place, "--plain-http", registry.address)
        w.json("copy", f"oci:{layout.folder}:one", place, "--plain-http", registry.address)
        error = w.error("copy", f"oci:{layout.folder}:two", place, "--plain-http", registry.address)
        assert error["code"] == "DENIED" and "immutable" in error["message"], error


def test_rights_that_say_nothing_clear_are_refused_with_their_line():
    one = "  rights: [{who: anyone, repositories: '**', allow: [pull]}]\n"
    rows = [
        ("  rights: x\n", ":3: one list of rules"),
        ("  rights: [{who: anyone, repositories: x}]\n", ":3: a rule has who, repositories and allow"),
        ("  rights: [{who: anyone, repositories: x, allow: [read]}]\n", ":3: allow is a list of pull"),
        ("  rights: [{who: anyone, repositories: x, deny: pull}]\n", ":3: the key \"deny\""),
        ("  rights: [{who: [[x]], repositories: x, allow: pull}]\n", "a text, or a list of texts"),
        ("  rights: [{who: alice, repositories: x, allow: pull}]\n", "rule 1 of the rights: \"alice\" is nobody"),
        (one + "  groups: [x]\n", "names of groups"),
        (one + "  groups: {a: [b], a: [c]}\n", "twice"),
        (one + "  no-writes: perhaps\n", "no-writes is true or false"),
        (one + "  uploads-per-user: many\n", "a number"),
        (one + "  users: [{name: a, pass: s3cret, access: write}]\n", "leave out access"),
        ("  users: [{name: a, pass: s3cret}]\n", "access is read or write"),
        ("  immutable-tags: ['a//b']\n", "empty part"),
    ]
    with world() as w:
        for text, expected in rows:
            done = w.run("serve", "--config", config(w, text, users=""))
            assert done.returncode == 1 and expected in done.stderr, f"{text}: {done.stderr}"
            assert "s3cret" not in done.stderr
        done = w.run("serve", "--config", config(w, one, users=""), "--anonymous", "pull")
        assert done.returncode == 1 and "leave out anonymous" in done.stderr, done.stderr


if __name__ == "__main__":
    tap.main(__name__)
