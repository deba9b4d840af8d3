#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command at a terminal: its line of progress fits, and it dies of the signal that ends it."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios

from cli_world import tap, until, world


@contextlib.contextmanager
def silence():
    """A registry that takes connections and says nothing, and how it is named."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        yield silent, f"127.0.0.1:{silent.getsockname()[1]}/a/b"


def resize(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def read_all(terminal):
    seen = b""
    while select.select([terminal], [], [], 20)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    return seen.decode()


def lines(w, columns, *argv, **environment):
    """The lines of progress that a verb draws on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    resize(theirs, columns)
    surroundings = {key: value for key, value in w.environment.items() if key not in ("COLUMNS", "TERM", "LC_ALL")}
    done = subprocess.run(["zreg", *map(str, argv)], env=dict(surroundings, **environment), stdout=subprocess.PIPE,
                          stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    seen = read_all(ours)
    os.close(ours)
    assert done.stdout
    return [line for line in seen.split("\r\x1b[K") if line]


def test_progress_fits_whatever_the_width():
    with world() as w:
        layout = w.layout("a-folder-" + "x" * 100)
        layout.tag(layout.image("text"), "one")
        for number, columns in enumerate((1, 2, 10, 20, 40, 60, 79, 80, 81, 200, 1000)):
            drawn = lines(w, columns, "copy", f"oci:{layout.folder}:one", f"oci:{w.folder}/{number}:one")
            assert all(len(line) < columns for line in drawn), (columns, drawn)
            assert drawn or columns < 2
            if columns >= 40:
                assert "[" in drawn[-1] and " of " in drawn[-1], (columns, drawn)
                assert "2 of 2" in drawn[-1], (columns, drawn)


def test_the_width_is_80_where_nobody_tells_and_never_more_than_columns():
    with world() as w:
        layout = w.layout()
        layout.tag(layout.image("text"), "one")
        for number, (told, columns, widest) in enumerate((("", 0, 79), ("33", 0, 32), ("33", 80, 32), ("500", 50, 49),
                                                          ("x", 60, 59), ("-5", 60, 59), ("0", 0, 79))):
            drawn = lines(w, columns, "copy", f"oci:{layout.folder}:one", f"oci:{w.folder}/{number}:one", COLUMNS=told)
            assert drawn and all(len(line) <= widest for line in drawn), (told, columns, drawn)


def test_no_line_where_it_cannot_be_wiped():
    with world() as w:
        layout = w.layout()
        layout.tag(layout.image("text"), "one")
        assert lines(w, 80, "copy", f"oci:{layout.folder}:one", f"oci:{w.folder}/a:one", TERM="dumb") == []


def test_it_dies_of_the_signal_after_its_message():
    with world() as w, silence() as (silent, place):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for verb in (["tags"], ["inspect"], ["copy", "oci:/nonexistent"]):
                with subprocess.Popen(["zreg", *verb[:1], place, *verb[1:]], env=w.environment, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                    connection = silent.accept()[0]
                    process.send_signal(number)
                    said = process.communicate(timeout=20)[1]
                connection.close()
                assert process.returncode == -number and "cancelled" in said, (verb, process.returncode, said)


def test_what_was_ignored_at_the_start_stays_ignored():
    with world() as w, silence() as (silent, place):
        for number in (signal.SIGINT, signal.SIGHUP):
            with subprocess.Popen(["zreg", "tags", place], env=w.environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(number, signal.SIG_IGN)) as process:
                connection = silent.accept()[0]
                process.send_signal(number)
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=20)
            connection.close()
            assert process.returncode == -signal.SIGTERM, (number, process.returncode)


def test_a_loop_of_a_shell_ends():
    with world() as w, silence() as (silent, place):
        child, terminal = pty.fork()
        if child == 0:
            os.environ.update(w.environment)
            os.execvp("bash", ["bash", "-c", f"for i in 1 2 3; do echo turn $i; zreg tags {place}; done; echo on"])
        connection = silent.accept()[0]
        os.write(terminal, b"\x03")
        seen = read_all(terminal)
        connection.close()
        status = os.waitpid(child, 0)[1]
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status
        assert "turn 1" in seen and "cancelled" in seen and "turn 2" not in seen and "\non" not in seen, seen


def test_a_second_signal_of_another_kind_ends_it_at_once():
    """The clean-up, held up here by a reader that does not read, is not waited for."""
    with world() as w, silence() as (silent, place):
        read_end, write_end = os.pipe()
        fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
        os.write(write_end, b"x" * 4096)
        process = subprocess.Popen(["zreg", "tags", place], env=w.environment, stdout=subprocess.PIPE, stderr=write_end)
        connection = silent.accept()[0]
        process.send_signal(signal.SIGINT)

        def writes():
            with open(f"/proc/{process.pid}/wchan", encoding="ascii") as file:
                return re.search("pipe", file.read()) or process.poll() is not None

        until(writes, "it does not write")
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == -signal.SIGTERM
        for end in (read_end, write_end):
            os.close(end)
        process.stdout.close()
        connection.close()


if __name__ == "__main__":
    tap.main(__name__)
