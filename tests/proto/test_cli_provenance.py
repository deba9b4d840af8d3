#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Why did my job get that image: what the access log of a buildset registry says, and the table that
is made of it."""

import base64
import http.client
import json
import ssl

from cli_world import tap, world
from test_cli_gate import BASE, make, publish, two_changes

APP = "example/app"


def answered(registry, repository=BASE):
    """The lines about content that was given out. A line is written after its answer was sent, so the
    registry is stopped first."""
    registry.stop()
    return [line for line in registry.requests() if line["method"] == "GET" and line["status"] == 200
            and line["repository"] == repository and ("/manifests/" in line["path"] or "/blobs/" in line["path"])]


def by_tag(found, tag):
    return [line for line in found if line["reference"] == tag][-1]


def populated(w):
    intermediate, path, digests = two_changes(w)
    target = w.buildset()
    w.json("populate", "--artifacts", path, "--to", target.address)
    return intermediate, path, target, digests


def test_each_answer_names_its_change():
    with world() as w:
        intermediate, _, target, (_, digest2) = populated(w)
        w.json("copy", f"{target.address}/{BASE}:latest", f"oci:{w.folder}/pulled:x")
        url = f"docker://{intermediate.address}/{BASE}:b2_latest"
        found = answered(target)
        assert len(found) == 3, "a manifest, its config and its layer"
        for line in found:
            assert (line["source"], line["change"], line["build"], line["artifact"]) == ("artifact", "2", "b2", url), line
            assert "also" not in line


def test_what_the_job_pushes_is_its_own():
    with world() as w:
        _, _, target, _ = populated(w)
        place, digest = make(w, "mine")
        w.json("copy", place, f"{target.address}/{BASE}:latest")
        w.json("inspect", f"{target.address}/{BASE}:latest")
        line = by_tag(answered(target), "latest")
        assert line["source"] == "local" and "change" not in line and line["digest"] == digest, line


def test_a_digest_that_two_changes_made_names_both():
    with world() as w:
        buildset, intermediate, target = w.buildset(), w.buildset(), w.buildset()
        artifacts, _ = publish(w, buildset, intermediate, "same", "b1", "1", f"{BASE}:latest")
        w.json("copy", f"{buildset.address}/{BASE}:latest", f"{buildset.address}/{BASE}:two")
        document = w.json("publish", "--from", buildset.address, "--to", intermediate.address, "--build", "b2",
                          "--change", "2", "--image", f"{BASE}:two")
        path = w.file("zuul.json", artifacts + document["artifacts"])
        w.json("populate", "--artifacts", path, "--to", target.address)
        for tag in ("latest", "two"):
            w.json("inspect", f"{target.address}/{BASE}:{tag}")
        found = answered(target)
        assert (by_tag(found, "latest")["change"], by_tag(found, "two")["change"]) == ("1", "2"), found
        blobs = [line for line in found if "/blobs/" in line["path"]]
        assert blobs and all(line["change"] == "2" and line["also"] == [artifacts[0]["url"]] for line in blobs), blobs


def test_children_of_an_index_have_its_origin():
    with world() as w:
        buildset, intermediate, target = w.buildset(), w.buildset(), w.buildset()
        layout = w.layout()
        layout.tag(layout.index("linux/amd64", "linux/arm64"), "one")
        w.json("copy", f"oci:{layout.folder}:one", f"{buildset.address}/quay.io/x/y:1.0")
        document = w.json("publish", "--from", buildset.address, "--to", intermediate.address, "--build", "b7",
                          "--change", "7", "--image", "quay.io/x/y:1.0")
        path = w.file("zuul.json", document["artifacts"])
        w.json("populate", "--artifacts", path, "--to", target.address)
        w.json("copy", f"{target.address}/quay.io/x/y:1.0", f"oci:{w.folder}/pulled:x", "--platform", "linux/arm64")
        got = answered(target, "quay.io/x/y")
        assert len(got) == 4 and all(line["change"] == "7" for line in got), got


def put(registry, path, body, origin):
    record = registry.record
    connection = http.client.HTTPSConnection(registry.address, context=ssl.create_default_context(cadata=record["cert"]))
    pair = base64.b64encode(f"{record['username']}:{record['password']}".encode()).decode()
    connection.request("PUT", path, body, {"Content-Type": "application/vnd.oci.image.manifest.v1+json",
                                           "Authorization": f"Basic {pair}", "Zreg-Origin": origin})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_an_origin_that_cannot_be_read_is_refused():
    with world() as w:
        registry = w.buildset()
        layout = w.layout()
        digest = layout.tag(layout.image("one"), "one")
        w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/{BASE}:one")
        body = (layout.folder / "blobs/sha256" / digest[7:]).read_bytes()
        good = {"artifact": "docker://r.example:5000/example/base:b1_x", "change": "1,2", "build": "b1"}
        for origin in ("x", "[]", "{}", '{"artifact": 1}', json.dumps({**good, "change": "a\u001b[2J"}),
                       json.dumps({**good, "change": "9" * 80}), json.dumps({**good, "artifact": "x" * 2000}),
                       json.dumps({**good, "build": "<script>"})):
            status, text = put(registry, f"/v2/{BASE}/manifests/bad", body, origin)
            assert status == 400 and "Zreg-Origin" in text, (origin, status, text)
        assert w.error("inspect", f"{registry.address}/{BASE}:bad")["code"] == "NOTFOUND"
        status, _ = put(registry, f"/v2/{BASE}/manifests/good", body, json.dumps(good))
        assert status == 201
        w.json("inspect", f"{registry.address}/{BASE}:good")
        assert by_tag(answered(registry), "good")["change"] == "1,2"


def asked(w):
    """A job that pulls an image of the change ahead, makes its own and looks for one that is not here."""
    intermediate, path, target, digests = populated(w)
    w.json("copy", f"{target.address}/{BASE}:latest", f"oci:{w.folder}/pulled:x")
    place, own = make(w, "mine")
    w.json("copy", place, f"{target.address}/{APP}:latest")
    w.json("inspect", f"{target.address}/{APP}:latest")
    w.error("inspect", f"{target.address}/library/debian:bookworm")
    target.stop()
    return intermediate, target, digests[1], own


def test_the_record_as_a_document():
    with world() as w:
        intermediate, target, digest2, own = asked(w)
        document = json.loads(w.run("artifacts", "--json", "--access-log", target.log).stdout)
        assert list(document) == ["served", "lost"]
        rows = {row["repository"]: row for row in document["served"]}
        assert len(rows) == len(document["served"]) == 3, document
        base = rows[BASE]
        assert list(base) == ["repository", "tag", "digest", "source", "change", "build", "artifact", "requests", "bytes"]
        assert base["source"] == "change" and base["change"] == "2" and base["build"] == "b2", base
        assert base["artifact"] == f"docker://{intermediate.address}/{BASE}:b2_latest" and base["tag"] == "latest"
        assert base["digest"] == digest2 and base["requests"] >= 3 and base["bytes"] > 0, base
        assert rows[APP]["source"] == "buildset" and rows[APP]["change"] is None and rows[APP]["digest"] == own
        debian = rows["library/debian"]
        assert (debian["source"], debian["tag"], debian["digest"], debian["bytes"]) == ("upstream", "bookworm", None, 0)


def test_the_record_as_a_table():
    with world() as w:
        intermediate, target, digest2, _ = asked(w)
        done = w.run("artifacts", "--access-log", target.log)
        assert done.returncode == 0, done.stderr
        head, *rows = [line.split() for line in done.stdout.splitlines()]
        assert head == ["IMAGE", "FROM", "CHANGE", "DIGEST", "REQUESTS", "BYTES", "ARTIFACT"], done.stdout
        assert rows[0][0] == f"{BASE}:latest" and rows[0][-1] == f"docker://{intermediate.address}/{BASE}:b2_latest"
        assert " a change ahead " in done.stdout and f" {digest2[:19]} " in done.stdout
        assert " this buildset " in done.stdout and " not here: upstream " in done.stdout
        empty = w.file("empty.log", "")
        assert w.run("artifacts", "--access-log", empty).stdout == "nobody asked this registry for an image\n"


def test_logs_that_are_none_are_refused():
    with world() as w:
        line = '{"method": "GET", "path": "/v2/", "status": 200, "bytes": 0}\n'
        for text in ("x\n", "[]\n", "{}\n", '{"method": "GET"\nx\n'):
            done = w.run("artifacts", "--json", "--access-log", w.file("bad.log", text))
            assert done.returncode == 1 and "access log: none of its " in done.stderr, done.stderr
        done = w.run("artifacts", "--json", "--access-log", w.file("cut.log", line + '{"method": "GE'))
        assert json.loads(done.stdout) == {"served": [], "lost": 0}
        assert w.run("artifacts").returncode == 2
        assert w.run("artifacts", "x.json", "--access-log", "y").returncode == 2


def test_lines_that_are_missing_are_counted():
    with world() as w:
        line = ('{"method": "GET", "path": "/v2/a/manifests/1", "repository": "a", "reference": "1", "digest": "sha256:'
                + "0" * 64 + '", "status": 200, "bytes": 7, "source": "local"}\n')
        for text, lost in ((line, 0), (line + '{"dropped":12}\n' + line, 12), ("x\n" + line + "\xff\xfe\n[]\n{}\n", 4),
                           ('{"dropped":3}\n', 3), (line + '{"dropped":-1}\n', 1), (line + line[:-1], 0),
                           (line[:-1], 0), (line + '{"dropped":4}', 4)):
            log = w.file("some.log", text)
            shown = w.json("artifacts", "--access-log", log)
            assert shown["lost"] == lost, shown
            assert [row["requests"] for row in shown["served"]] == [text.count('"GET"')] * ("GET" in text), shown
            told = w.run("artifacts", "--access-log", log).stderr
            assert (f"{lost} lines of the access log are missing or cannot be read" in told) == (lost > 0), told


def log_line(tag, status):
    return json.dumps({"method": "GET", "path": f"/v2/a/manifests/{tag}", "repository": "a", "reference": tag,
                       "digest": "sha256:" + "0" * 64, "status": status, "bytes": 7}) + "\n"


def test_names_asked_for_in_vain_do_not_spoil_the_record():
    with world() as w:
        vain = "".join(log_line(f"vain{number}", 404) for number in range(20000))
        log = w.file("vain.log", vain + log_line("vain7", 404) + log_line("here", 200) + log_line("vain8", 200))
        shown = w.json("artifacts", "--access-log", log)
        assert shown["lost"] == 10000, shown["lost"]
        rows = {row["tag"]: (row["source"], row["requests"]) for row in shown["served"]}
        assert (len(rows), rows["here"]) == (10001, ("buildset", 1)), len(rows)
        assert rows["vain7"] == ("upstream", 2) and rows["vain8"] == ("buildset", 1), (rows["vain7"], rows["vain8"])
        log = w.file("many.log", "".join(log_line(f"here{number}", 200) for number in range(10001)))
        assert "names more than 10000 images" in w.error("artifacts", "--access-log", log)["message"]


def test_resolve_answers_in_words_first():
    with world() as w:
        _, path, target, (digest1, digest2) = populated(w)
        name = f"docker.io/{BASE}:latest"
        done = w.run("resolve", *w.connections(), name, "--artifacts", path)
        answer, digest, empty, head, *rows = done.stdout.splitlines()
        assert answer == f"{name} is the image of change 2, from the intermediate registry", done.stdout + done.stderr
        assert (digest, empty, head.split()) == (digest2, "", ["SOURCE", "CHANGE", "DIGEST", "WHY", "WHERE"])
        assert [row.split()[0] for row in rows] == ["=>", "intermediate", "upstream"], done.stdout
        assert digest2[:19] in rows[0] and "change 2 is the last in the list" in rows[0], rows[0]
        assert digest1[:19] in rows[1] and "superseded by change 2" in rows[1], rows[1]
        starts = {row.index(row.split()[i]) for row, i in zip(rows, (1, 0, 0))}
        assert starts == {head.index("SOURCE")}, "the columns do not stand under their names"
        done = w.run("resolve", *w.connections(), name, "--artifacts", path, "--buildset", target.address)
        assert done.stdout.startswith(f"{name} is the image of change 2, from the buildset registry\n"), done.stdout
        done = w.run("resolve", "docker.io/example/other:1", "--offline")
        assert "is the image that its own registry has: no change ahead made one" in done.stdout, done.stdout


if __name__ == "__main__":
    tap.main(__name__)
