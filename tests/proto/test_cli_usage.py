#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line itself: verbs, options, help and exit codes."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import time

from cli_world import tap, world

VERBS = ("serve copy sync append mutate index inspect digest manifest config blob export verify catalog tags referrers delete"
         " delete-tag artifacts resolve populate publish upload promote cleanup-tags use-buildset-registry login logout"
         " version help").split()


def verbs(w):
    return re.findall(r"(?m)^  ([a-z][a-z-]*)  +\S", w.run("--help").stdout)


def options(w, verb):
    return re.findall(r"(?m)^  (--[a-z0-9-]+)", w.run(verb, "--help").stdout)


def test_help_lists_the_verbs():
    with world() as w:
        assert verbs(w) == VERBS, verbs(w)


def test_each_verb_has_help_with_an_example():
    with world() as w:
        for verb in VERBS:
            for flag in ("--help", "-h"):
                done = w.run(verb, flag)
                assert done.returncode == 0 and done.stderr == "", done
                assert done.stdout.startswith(f"usage: zreg {verb} "), done.stdout
                assert f"\nExample:\n  zreg {verb}" in done.stdout, done.stdout


def test_help_needs_no_words():
    with world() as w:
        assert w.run("copy", "--help").returncode == 0
        assert w.run("promote", "x", "y", "z", "--help").returncode == 0


def test_wrong_use_is_exit_2():
    rows = [
        [], ["frobnicate"], ["copy"], ["copy", "a"], ["copy", "a", "b", "c"], ["copy", "--nothing"],
        ["copy", "-x", "a", "b"], ["copy", "a", "b", "--jobs"], ["copy", "a", "b", "--jobs", "x"],
        ["copy", "a", "b", "--jobs=-1"], ["copy", "a", "b", "--quiet=1"],
        ["copy", "--jobs", "1", "--jobs", "2", "a", "b"], ["append", "oci:x"],
        ["populate", "--to", "h:1"], ["populate", "--artifacts", "f"],
        ["publish", "--from", "h:1", "--to", "h:2", "--build", "b"],
        ["upload", "a", "h:1/b", "--tag", "t"], ["upload", "a", "h:1/b", "--change", "1"],
        ["promote", "h:1/b", "--change", "1"], ["promote", "h:1/b", "--tag", "t"], ["serve"],
        ["serve", "--name", "x", "--root", "r"], ["serve", "--buildset", "--anonymous", "all"],
        ["serve", "--root", "r", "--tls-cert", "/dev/null"], ["version", "x"],
        ["cleanup-tags"], ["cleanup-tags", "h:1/b", "--older-than", "soon"], ["cleanup-tags", "h:1/b", "--api", "x"],
        ["cleanup-tags", "h:1/b", "--older-than", "-1h"], ["cleanup-tags", "h:1/b", "--older-than", "24hours"],
        ["delete-tag", "h:1/b"], ["tags", "h:1/b", "--username", "u"],
        ["tags", "h:1/b", "--password-file", "f"], ["tags", "h:1/b", "--creds-file", "f"],
    ]
    with world() as w:
        for row in rows:
            done = w.run(*row, cwd=w.folder)
            assert done.returncode == 2, f"{row}: exit {done.returncode}: {done.stderr}"
            assert done.stdout == "" and done.stderr != "", f"{row}: {done}"


def test_help_is_a_verb():
    with world() as w:
        assert w.run("help").stdout == w.run("--help").stdout == w.run("-h").stdout
        for verb in VERBS:
            told = w.run("help", verb)
            assert told.returncode == 0 and told.stdout == w.run(verb, "--help").stdout, told
            assert told.stdout == w.run("--help", verb).stdout
        assert w.run("help", "copy", "tags").returncode == 2


def test_help_as_a_document_holds_the_whole_table():
    with world() as w:
        table = json.loads(w.run("help", "--json").stdout)
        assert [verb["name"] for verb in table["verbs"]] == VERBS
        for verb in table["verbs"]:
            assert json.loads(w.run("--json", "help", verb["name"]).stdout) == verb
            names = [option["name"] for option in verb["options"] + table["common_options"]
                     + (table["registry_options"] if verb["uses_registries"] else [])]
            assert sorted("--" + name for name in names) == sorted(options(w, verb["name"])), verb["name"]


def test_options_of_all_verbs_may_stand_before_the_verb():
    with world() as w:
        place = "localhost:1/a/b"
        for before, row in ((["--json"], ["version"]), (["--json", "--quiet"], ["resolve", "--offline", place]),
                            (["--authfile", "x", "--insecure=h:1"], ["resolve", "--json", "--offline", place])):
            first, last = w.run(*before, *row), w.run(row[0], *before, *row[1:])
            assert first.returncode == 0 and first.stdout == last.stdout, (before, row, first)
        assert w.run("--json", "--version").stdout == w.run("version", "--json").stdout
        error = json.loads(w.run("--json", "inspect", "oci:/nonexistent/layout:1").stdout)["error"]
        assert error["code"] in ("NOTFOUND", "IO"), error


def test_what_was_meant_is_asked():
    rows = [
        (["coyp"], '"copy"'), (["inspct", "x"], '"inspect"'), (["cleanup"], '"cleanup-tags"'), (["help", "tgas"], '"tags"'),
        (["copy", "--jbos", "3", "a", "b"], "--jobs"), (["promote", "--tga=s3cret", "x"], "--tag"),
        (["tags", "--autfile", "f", "x"], "--authfile"), (["--jsn", "version"], "--json"),
    ]
    with world() as w:
        for row, meant in rows:
            done = w.run(*row)
            assert done.returncode == 2 and done.stdout == "", done
            assert f"did you mean {meant}?" in done.stderr and "s3cret" not in done.stderr, done
        for row in (["frobnicate"], ["xyzzy"], ["--platform", "x", "copy"], ["copy", "--nothing"], ["x" * 5000], ["-"],
                    ["--" + "x" * 5000], ["copy", "-"], ["--upstrea", "version"], ["serve", "--upstrea", "x"]):
            done = w.run(*row)
            assert done.returncode == 2 and "did you mean" not in done.stderr, (row, done)
        error = json.loads(w.run("--json", "coyp").stdout)["error"]
        assert error["code"] == "INVAL" and '"copy"' in error["message"], error


def test_wrong_use_has_its_document_too():
    with world() as w:
        for row in (["frobnicate"], ["copy", "a"], ["copy", "--nothing"]):
            done = w.run(*row, "--json")
            assert done.returncode == 2
            assert json.loads(done.stdout)["error"]["code"] == "INVAL", done.stdout


def test_both_spellings_of_an_option_and_the_end_of_options():
    with world() as w:
        place = "localhost:1/a/b"
        for row in (["--authfile=x", place], ["--authfile", "x", place], [place, "--authfile", "x"],
                    ["--authfile", "x", "--", place]):
            assert w.run("resolve", "--offline", *row).returncode == 0, row
        assert w.run("resolve", "--offline", "--", "--authfile").returncode == 1


def test_version():
    with world() as w:
        plain = w.run("version").stdout
        assert "libcurl" in w.run("version", "--json").stdout
        assert w.run("--version").stdout == plain
        assert plain == f"zreg {json.loads(w.run('version', '--json').stdout)['version']}\n"


def test_a_failure_is_exit_1_with_a_document():
    with world() as w:
        error = w.error("inspect", "oci:/nonexistent/layout:1")
        assert error["code"] in ("NOTFOUND", "IO") and error["http_status"] is None, error
        assert error["registry_code"] is None, error
        assert w.error("tags", "127.0.0.1:1/a/b")["code"] == "NET"
        assert w.error("tags", "a//b")["code"] == "INVAL"


def test_a_secret_on_the_command_line_is_not_repeated():
    with world() as w:
        for row in (["tags", "h:1/a", "--password=s3cret"], ["tags", "h:1/a", "--quiet=s3cret"],
                    ["tags", "h:1/a", "--username=u", "--username=s3cret"]):
            done = w.run(*row)
            assert done.returncode == 2 and "s3cret" not in done.stdout + done.stderr, done


def test_no_option_takes_a_password():
    with world() as w:
        for verb in VERBS:
            found = {name for name in options(w, verb) if "password" in name or "creds" in name}
            assert found <= {"--password-file", "--password-stdin", "--creds-file"}, (verb, found)


def test_a_signal_ends_the_work():
    with world() as w, socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}/a/b"
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen(["zreg", "tags", "--json", place], env=w.environment, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                connection = silent.accept()[0]
                started = time.monotonic()
                process.send_signal(number)
                document = json.loads(process.communicate(timeout=10)[0])
            connection.close()
            assert process.returncode == -number and document["error"]["code"] == "CANCELLED", document
            assert time.monotonic() - started < 2


def on_terminal(w, *argv):
    """What a verb writes to a terminal that is its standard error, and its standard output."""
    ours, theirs = pty.openpty()
    done = subprocess.run(["zreg", *map(str, argv)], env=w.environment, text=True, check=True,
                          stdout=subprocess.PIPE, stderr=theirs)
    os.write(theirs, b"end")
    seen = ""
    while not seen.endswith("end"):
        seen += os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    return seen, done.stdout


def test_progress_is_shown_on_a_terminal_only():
    with world() as w:
        layout = w.layout()
        layout.tag(layout.image("text"), "one")
        source = f"oci:{layout.folder}:one"
        seen, output = on_terminal(w, "copy", "--json", source, f"oci:{w.folder}/a:one")
        assert seen.startswith("\r\x1b[Kcopy [") and seen.endswith("\r\x1b[Kend"), repr(seen)
        assert json.loads(output)["blobs"]["copied"] == 2
        assert on_terminal(w, "copy", "--quiet", source, f"oci:{w.folder}/b:one")[0] == "end"
        assert w.run("copy", source, f"oci:{w.folder}/c:one").stderr == ""


if __name__ == "__main__":
    tap.main(__name__)
