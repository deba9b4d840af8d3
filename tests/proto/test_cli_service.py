#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve` as a service: what a signal does, how it ends, and what it and systemd say to each other."""

import base64
import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time

from cli_world import hang_up, tap, until, world

HTPASSWD = "user:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n"
USER = {"Authorization": "Basic " + base64.b64encode(b"user:password").decode()}
LONG = b"x" * (1 << 20)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def connect(registry):
    return http.client.HTTPConnection(registry.record["host"], registry.record["port"], timeout=30)


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, {**USER, **(headers or {})})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def transfer(registry, data, stop, faults, done):
    """Pushes and pulls over one connection, until told to stop; it must never have to begin another."""
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    connection = connect(registry)
    connection.connect()
    mine = connection.sock
    try:
        while not stop.is_set():
            status, headers, _ = ask(connection, "POST", "/v2/x/blobs/uploads/")
            assert status == 202, status
            place = headers["Location"]
            assert (
                ask(connection, "PATCH", place, (data[at : at + 65536] for at in range(0, len(data), 65536)))[0] == 202
            )
            assert ask(connection, "PUT", f"{place}?digest={digest}")[0] == 201
            assert ask(connection, "GET", f"/v2/x/blobs/{digest}")[2] == data
            assert connection.sock is mine, "the connection ended"
            done.append(1)
    except Exception as fault:  # any is one
        faults.append(repr(fault))
    connection.close()


def test_fifty_reloads_end_no_transfer():
    with world() as w:
        registry = w.serve(
            "--root", w.folder / "store", "--durability", "none", "--htpasswd", w.file("users", HTPASSWD)
        )
        stop, faults, done = threading.Event(), [], []
        threads = [
            threading.Thread(target=transfer, args=(registry, LONG + bytes([n]), stop, faults, done)) for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for number in range(50):
            if number % 5 == 0:
                registry.log.rename(w.folder / f"access.log.{number}")
            registry.process.send_signal(signal.SIGHUP)
            assert "read again" in registry.process.stderr.readline()
        while not done and not faults:
            time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
        assert not faults and done, faults
        registry.stop()
        lines = [json.loads(line) for file in w.folder.glob("access.log*") for line in file.read_text().splitlines()]
        lines += registry.requests()
        assert all(line["status"] for line in lines if line["path"] != "/v2/"), "each was answered"


def yaml(w, **settings):
    lines = ["registry:"] + [f"  {key.replace('_', '-')}: {value}" for key, value in settings.items()]
    return w.file("registry.yaml", "\n".join(lines) + "\n")


WRITER = "{name: user, pass: password, access: write}"


def test_a_reload_says_what_needs_a_restart_and_does_the_rest():
    with world() as w:
        said = {"address": "127.0.0.1", "port": 0, "storage": f"{{driver: filesystem, root: '{w.folder}/store'}}"}
        path = yaml(w, users=f"[{WRITER}, {{name: anonymous, access: read}}]", **said)
        registry = w.serve("--config", path)
        stranger = http.client.HTTPConnection(registry.record["host"], registry.record["port"], timeout=20)
        stranger.request("GET", "/v2/a/tags/list")
        assert stranger.getresponse().read() and "needs a restart" not in hang_up(registry)
        said.update(
            port=5999, public_url="https://r.example", storage=f"{{driver: filesystem, root: '{w.folder}/else'}}"
        )
        yaml(w, users=f"[{WRITER}]", **said)
        told = hang_up(registry)
        for key in ("port", "public-url", "storage: root"):
            assert f"zreg serve: {key} has changed, which needs a restart\n" in told, told
        assert "the files were read again" in told and "address" not in told, told
        stranger.request("GET", "/v2/a/tags/list")
        answer = stranger.getresponse()
        assert answer.read() and answer.status == 401, "reading is no longer open"
        yaml(w, users="[{name: user}]", **said)
        assert "nothing was changed: " in hang_up(registry)
        assert ask(connect(registry), "GET", "/v2/")[0] == 200


def test_a_log_that_cannot_be_opened_changes_nothing():
    with world() as w:
        users = w.file("users", HTPASSWD)
        registry = w.serve("--root", w.folder / "store", "--htpasswd", users)
        users.write_text(HTPASSWD.replace("user:", "other:"))
        registry.log.rename(w.folder / "away")
        registry.log.mkdir()
        told = hang_up(registry)
        assert f"nothing was changed: --access-log {registry.log}: Is a directory" in told, told
        assert ask(connect(registry), "GET", "/v2/")[0] == 200, "the user from before"
        until(lambda: "/v2/" in (w.folder / "away").read_text(), "the log from before")


def test_two_logs_are_changed_or_none_is():
    with world() as w:
        users, audit = w.file("users", HTPASSWD), w.folder / "audit"
        registry = w.serve("--root", w.folder / "store", "--htpasswd", users, "--audit-log", audit)
        registry.log.rename(w.folder / "access.1")
        audit.rename(w.folder / "audit.1")
        audit.mkdir()
        told = hang_up(registry)
        assert f"nothing was changed: --audit-log {audit}: Is a directory" in told, told
        assert ask(connect(registry), "GET", "/v2/")[0] == 200
        until(lambda: "/v2/" in (w.folder / "access.1").read_text(), "both logs from before")
        audit.rmdir()
        for _ in range(2):  # a reload is itself a line, of the log before
            assert "the files were read again" in hang_up(registry)
        assert ask(connect(registry), "GET", "/v2/")[0] == 200
        until(lambda: "/v2/" in registry.log.read_text() and "reload" in audit.read_text(), "both new logs")


def test_a_reload_before_it_serves_is_none():
    with world() as w:
        users = w.folder / "users"
        os.mkfifo(users)
        command = ["zreg", "serve", "--json", "--root", w.folder / "store", "--htpasswd", users]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            with users.open("w") as written:  # it is in the middle of its files
                process.send_signal(signal.SIGHUP)
                time.sleep(0.1)
                written.write(HTPASSWD)
            try:
                assert json.loads(process.stdout.readline() or "{}").get("port"), "it has ended"
                assert "users: this is no plain file" in process.stderr.readline()
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 0
            finally:
                process.kill()


def test_limits_and_rights_at_a_reload():
    with world() as w:
        root = f"{{driver: filesystem, root: '{w.folder}/store'}}"
        path = yaml(w, storage=root, limits="{head-fields: 20}", trusted_proxies="[10.0.0.1]", users=f"[{WRITER}]")
        registry = w.serve("--config", path, "--max-connections", "99")
        assert "needs a restart" not in hang_up(registry)
        said = dict(limits="{head-fields: 30}", trusted_proxies="[10.0.0.1, 10.0.0.2]", metrics="true", no_writes="true")
        yaml(w, storage=root, users=f"[{WRITER}]", **said)
        told = hang_up(registry)
        changed = [line.split()[2] for line in told.splitlines() if line.endswith("which needs a restart")]
        assert changed == ["trusted-proxies", "limits", "metrics"], told
        assert ask(connect(registry), "POST", "/v2/x/blobs/uploads/")[0] in (403, 405), "no_writes counts at once"


@contextlib.contextmanager
def half_an_upload(registry):
    """A request whose body has not come; gives a function that sends the rest and the status it got."""
    place = ask(connect(registry), "POST", "/v2/x/blobs/uploads/")[1]["Location"]
    with socket.create_connection((registry.record["host"], registry.record["port"]), timeout=20) as peer:
        peer.sendall(f"PATCH {place} HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\nhalf".encode())
        time.sleep(0.1)

        def finish():
            peer.sendall(b"rest")
            answer = b""
            while piece := peer.recv(4096):
                answer += piece
            return int(answer.split()[1]), answer

        yield finish


def refused(registry):
    try:
        socket.create_connection((registry.record["host"], registry.record["port"]), timeout=5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # it came as the port was being closed
        pass
    return False


def test_running_requests_end_and_the_port_for_those_who_watch_tells():
    with world() as w:
        port = free_port()
        registry = w.serve("--root", w.folder / "store", "--grace", "60", "--metrics-listen", f"127.0.0.1:{port}")
        with half_an_upload(registry) as finish:
            registry.process.send_signal(signal.SIGTERM)
            until(lambda: refused(registry), "new connections are taken")
            watcher = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            status, _, text = ask(watcher, "GET", "/readyz")
            assert status == 503 and json.loads(text)["reason"] == "the server is ending", text
            assert ask(watcher, "GET", "/healthz")[0] == 200
            assert b"\nzreg_draining 1\n" in ask(watcher, "GET", "/metrics")[2]
            status, answer = finish()
            assert status == 202 and b"Connection: close" in answer, answer
        assert registry.process.wait(10) == 0


def test_after_the_grace_it_ends():
    with world() as w:
        registry = w.serve("--root", w.folder / "store", "--grace", "1")
        with half_an_upload(registry):
            began = time.monotonic()
            registry.process.send_signal(signal.SIGTERM)
            assert registry.process.wait(10) == 0 and time.monotonic() - began >= 0.9


def test_a_second_signal_ends_it_at_once_and_in_good_order():
    with world() as w:
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGTERM)):
            registry = w.buildset("--grace", "600", "--no-tls")
            with socket.create_connection((registry.record["host"], registry.record["port"]), timeout=20) as peer:
                peer.sendall(b"GET /v2/ HTT")
                time.sleep(0.1)
                registry.process.send_signal(first)
                until(lambda: refused(registry), "new connections are taken")
                assert registry.process.poll() is None, "it waits for the request"
                registry.process.send_signal(second)
                assert registry.process.wait(10) == 0, "it ended as it should"


def test_a_grace_that_is_none_is_refused():
    with world() as w:
        said = w.error("serve", "--root", w.folder / "store", "--grace", "soon", code=2)
        assert '--grace: "soon" is no number' in said["message"], said


# --- systemd, by its protocols


@contextlib.contextmanager
def notified(w, abstract=False):
    """A socket such as systemd has, its NOTIFY_SOCKET, and a function that gives the next message as a dict."""
    name = f"@zreg-test-{os.getpid()}-{time.monotonic_ns()}" if abstract else str(w.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind("\0" + name[1:] if abstract else name)
        receiver.settimeout(20)
        yield name, lambda: dict(line.split("=", 1) for line in receiver.recv(4096).decode().splitlines())


def take(fds):
    """In the child: makes them 3 and more, whatever they are."""
    for at, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for fd in fds]):
        os.dup2(fd, 3 + at)


@contextlib.contextmanager
def service(w, *options, environment, fds=()):
    """The command as systemd starts it: passed descriptors are 3 and more, LISTEN_PID is its own."""
    script = 'export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$@"' if fds else 'exec "$@"'
    command = [
        "sh",
        "-c",
        script,
        "sh",
        "zreg",
        "serve",
        "--json",
        "--root",
        str(w.folder / "store"),
        *map(str, options),
    ]
    with subprocess.Popen(
        command,
        env={**w.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        close_fds=False,
        preexec_fn=lambda: take(fds),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_systemd_is_told_of_start_reload_and_end():
    for abstract in (False, True):
        with world() as w, notified(w, abstract) as (name, message):
            with service(w, "--grace", "7", environment={"NOTIFY_SOCKET": name}) as process:
                record = json.loads(process.stdout.readline())
                assert message() == {"READY": "1", "STATUS": f"serving 127.0.0.1:{record['port']}"}
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                process.send_signal(signal.SIGHUP)
                told = message()
                assert told["RELOADING"] == "1" and 0 <= int(told["MONOTONIC_USEC"]) - before < 20_000_000, told
                assert message()["READY"] == "1"
                process.send_signal(signal.SIGTERM)
                told = message()
                assert told["STOPPING"] == "1" and int(told["EXTEND_TIMEOUT_USEC"]) == 12_000_000, told
                assert process.wait(10) == 0


def test_the_watchdog_hears_of_it_twice_in_its_time():
    with world() as w, notified(w) as (name, message):
        with service(w, environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000"}) as process:
            assert message()["READY"] == "1"
            assert [message() for _ in range(5)] == [{"WATCHDOG": "1"}] * 5
            process.send_signal(signal.SIGTERM)
            while "STOPPING" not in message():
                pass


def test_the_watchdog_hears_of_each_user_whose_password_is_hashed_at_a_reload():
    users = ", ".join(f"{{name: user{number}, pass: password, access: write}}" for number in range(6))
    with world() as w, notified(w) as (name, message):
        path = w.file("registry.yaml", f"registry:\n  users: [{users}]\n")
        with service(w, "--config", path, environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "60000000"}) as process:
            assert message()["READY"] == "1", "to start takes no watchdog"
            process.send_signal(signal.SIGHUP)
            assert message()["RELOADING"] == "1"
            assert [message() for _ in range(6)] == [{"WATCHDOG": "1"}] * 6
            assert message()["READY"] == "1"


def test_another_process_watchdog_is_none_of_ours():
    with world() as w, notified(w) as (name, message):
        with service(w, environment={"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"}) as process:
            assert message()["READY"] == "1"
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            assert "STOPPING" in message()


def test_a_notify_socket_that_is_not_there_is_told_and_no_more():
    with world() as w:
        with service(w, environment={"NOTIFY_SOCKET": str(w.folder / "none")}) as process:
            json.loads(process.stdout.readline())
            assert f"NOTIFY_SOCKET {w.folder}/none: No such file" in process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0


def listening():
    socket_of_systemd = socket.socket()
    socket_of_systemd.bind(("127.0.0.1", 0))
    socket_of_systemd.listen(16)
    return socket_of_systemd


def test_a_socket_that_is_passed_outlives_the_server():
    with world() as w, listening() as passed:
        port = passed.getsockname()[1]
        for _ in range(2):
            with service(
                w, "--listen", "127.0.0.1:1", environment={"LISTEN_FDS": "1"}, fds=(passed.fileno(),)
            ) as process:
                record = json.loads(process.stdout.readline())
                assert record["port"] == port
                waiting = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                waiting.request("GET", "/healthz")
                assert waiting.getresponse().status == 200
                process.send_signal(signal.SIGTERM)
                assert process.wait(10) == 0
            socket.create_connection(("127.0.0.1", port), timeout=5).close()  # it waits for the next


def test_a_client_that_came_between_two_runs_is_served_by_the_second():
    with world() as w, listening() as passed:
        early = http.client.HTTPConnection("127.0.0.1", passed.getsockname()[1], timeout=20)
        early.request("GET", "/healthz")
        with service(w, environment={"LISTEN_FDS": "1"}, fds=(passed.fileno(),)):
            assert early.getresponse().status == 200


def test_what_is_passed_has_to_be_one_socket_that_listens():
    with world() as w, listening() as passed, open(os.devnull) as none:
        for fds, count, why in (
            ((none.fileno(),), "1", "descriptor 3 is no TCP socket that listens"),
            ((passed.fileno(), none.fileno()), "2", "2 sockets were passed (LISTEN_FDS)"),
        ):
            with service(w, environment={"LISTEN_FDS": count}, fds=fds) as process:
                said = json.loads(process.stdout.readline())["error"]
                assert said["code"] == "INVAL" and why in said["message"], said
        with service(w, environment={"LISTEN_FDS": "1", "LISTEN_PID": "1"}) as process:
            assert json.loads(process.stdout.readline())["port"] > 0, "those of another process do not count"


if __name__ == "__main__":
    tap.main(__name__)
