#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""zreg login and logout: what is kept where, and what becomes of the rest of the file."""

import base64
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import termios
import threading

import registry as wire
from cli_world import tap, until, world

HELPER = r"""#!/bin/sh
echo "$1" >>"$0.verbs"
case $1 in
store) cat >"$0.kept" ;;
get) test -e "$0.kept" || { echo credentials not found in native keychain; exit 1; }; cat "$0.kept" ;;
erase) rm -f "$0.kept"; cat >"$0.erased" ;;
esac
"""


def auth(text):
    return base64.b64encode(text.encode()).decode()


def registry_of(net, **options):
    registry = net.registry(auth="basic", users={"ann": "secret"}, **options)
    registry.add_manifest("a/b", "t", wire.manifest())
    return registry


def login(w, registry, *argv, password="secret\n", **environment):
    return w.run("login", registry.name, "--username", "ann", "--password-stdin", *argv, input=password,
                 environment=environment)


def content(path):
    return json.loads(path.read_text())


def usual(w, **more):
    """As for somebody who has set nothing."""
    return {"REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": str(w.folder / "run"), "XDG_CONFIG_HOME": "",
            "DOCKER_CONFIG": "", **more}


def helper(w, name, script=HELPER):
    path = w.folder / f"docker-credential-{name}"
    path.write_text(script)
    path.chmod(0o755)
    return path, {"PATH": f"{w.folder}:{os.environ['PATH']}"}


def test_what_was_kept_is_used_and_then_forgotten():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        path = w.folder / "none.json"
        assert w.run("digest", f"{registry.name}/a/b:t").returncode == 1
        done = login(w, registry)
        assert done.returncode == 0 and done.stdout == f"{registry.name}: kept in {path}\n", done
        assert content(path) == {"auths": {registry.name: {"auth": auth("ann:secret")}}}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert w.run("digest", f"{registry.name}/a/b:t").returncode == 0
        done = w.run("logout", "--json", registry.name)
        assert json.loads(done.stdout) == {"host": registry.name, "removed": str(path)}, done
        assert content(path) == {"auths": {}}
        assert w.run("digest", f"{registry.name}/a/b:t").returncode == 1
        done = w.run("logout", "--json", registry.name)
        assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] == "NOTFOUND", done


def test_what_the_registry_does_not_accept_is_not_kept():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        for password in ("wrong\n", "\n"):
            done = login(w, registry, password=password)
            assert done.returncode == 1 and "wrong" not in done.stderr, done
        registry.on("GET", "/v2/", wire.error(500, "UNKNOWN"), times=9)
        assert login(w, registry, "--retry", "0").returncode == 1
        assert not (w.folder / "none.json").exists()
        before = len(registry.log)
        for argv in (["--username", "an:n", "--password-stdin"], ["--username", "", "--password-stdin"],
                     ["--username", "ann", "--password-stdin", "--password-file", "-"]):
            assert w.run("login", registry.name, *argv, input="secret").returncode != 0
        assert w.run("login", "a b", "--username", "ann", "--password-stdin", input="x").returncode != 0
        assert len(registry.log) == before


def test_the_rest_of_the_file_stays():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        path = w.folder / "none.json"
        before = {"auths": {"other.example": {"auth": auth("o:p"), "email": "x@y"}, f"{registry.name}/a": {"auth": "eDp5"},
                            f"https://{registry.name}/v1/": {"auth": auth("old:old")}},
                  "HttpHeaders": {"X": "\u00e9\n"}, "number": 12345678901234567890, "fraction": 1.50, "nothing": None,
                  "psFormat": "table {{.ID}}\\t", "list": [1, "2", {"a": []}]}
        path.write_text("\ufeff" + json.dumps(before))
        path.chmod(0o644)
        assert login(w, registry).returncode == 0
        after = content(path)
        assert after["auths"].pop(registry.name) == {"auth": auth("ann:secret")}
        del before["auths"][f"https://{registry.name}/v1/"]
        assert after == before, after
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert w.run("logout", registry.name).returncode == 0
        assert content(path) == before
        assert sorted(os.listdir(w.folder)) == ["none.json"]


def test_a_file_that_is_not_understood_is_left():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        path = w.folder / "none.json"
        for text in ("[]", "{", '{"auths": []}', '{"auths": {"a": {"auth": "x", "Auth": "y"}}}'):
            path.write_text(text)
            assert login(w, registry).returncode == 1, text
            assert path.read_text() == text


def test_a_link_to_the_file_stays_one():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        (w.folder / "dotfiles").mkdir()
        (w.folder / "dotfiles/auth.json").write_text("{}")
        (w.folder / "none.json").symlink_to("dotfiles/auth.json")
        assert login(w, registry).returncode == 0
        assert (w.folder / "none.json").is_symlink()
        assert registry.name in content(w.folder / "dotfiles/auth.json")["auths"]


def test_a_link_that_leads_nowhere_yet_stays_one():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        link = w.folder / "none.json"
        (w.folder / "dotfiles").mkdir()
        (w.folder / "by").symlink_to("dotfiles")
        for target, expected in (("dotfiles/a.json", "dotfiles/a.json"), ("new/deep/b.json", "new/deep/b.json"),
                                 ("by/../c.json", "c.json"), (w.folder / "d.json", "d.json")):
            link.symlink_to(target)
            done = login(w, registry)
            assert done.returncode == 0 and link.is_symlink() and str(target) in done.stdout, done
            assert registry.name in content(w.folder / expected)["auths"]
            assert stat.S_IMODE((w.folder / expected).stat().st_mode) == 0o600
            link.unlink()
        link.symlink_to("other.json")
        (w.folder / "other.json").symlink_to("third.json")
        assert login(w, registry).returncode == 0
        assert link.is_symlink() and (w.folder / "other.json").is_symlink()
        assert registry.name in content(w.folder / "third.json")["auths"]
        link.unlink()
        link.symlink_to("none.json")
        done = login(w, registry)
        assert done.returncode == 1 and str(link) in done.stderr and link.is_symlink(), done


def test_what_is_no_file_is_not_made_one():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        path = w.folder / "none.json"

        def device():
            os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))

        kinds = [lambda: os.mkfifo(path), path.mkdir, lambda: socket.socket(socket.AF_UNIX).bind(str(path))]
        for make in kinds + ([device] if os.geteuid() == 0 else []):
            make()
            kind = stat.S_IFMT(path.stat().st_mode)
            for done in (login(w, registry), w.run("logout", registry.name)):
                assert done.returncode == 1 and f"{path} is no regular file" in done.stderr, done
            assert stat.S_IFMT(path.stat().st_mode) == kind and sorted(os.listdir(w.folder)) == ["none.json"]
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()


def test_the_file_stays_its_owners():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        path = w.folder / "none.json"
        path.write_text("{}")
        owner = (12345, 23456) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
        for mode, expected in ((0o640, 0o600), (0o400, 0o400), (0o600, 0o600)):
            os.chown(path, *owner)
            path.chmod(mode)
            for argv in (["login", registry.name, "--username", "ann", "--password-stdin"], ["logout", registry.name]):
                assert w.run(*argv, input="secret").returncode == 0
                now = path.stat()
                assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (*owner, expected), now


def test_the_file_is_where_docker_and_podman_look():
    runtime, lasting, docker = "run/containers/auth.json", ".config/containers/auth.json", ".docker/config.json"
    for there, expected in (([], docker), ([docker, lasting, runtime], runtime), ([docker, lasting], lasting)):
        with world() as w, wire.World() as net:
            registry = registry_of(net)
            for name in there:
                (w.folder / name).parent.mkdir(parents=True)
                (w.folder / name).write_text("{}")
            done = login(w, registry, **usual(w))
            assert done.stdout == f"{registry.name}: kept in {w.folder / expected}\n", done
            assert stat.S_IMODE((w.folder / expected).parent.stat().st_mode) & 0o77 == 0 or there
    for variables, expected in (({"DOCKER_CONFIG": "d"}, "d/config.json"), ({"REGISTRY_AUTH_FILE": "r/f"}, "r/f")):
        with world() as w, wire.World() as net:
            registry = registry_of(net)
            environment = usual(w, **{name: str(w.folder / value) for name, value in variables.items()})
            assert login(w, registry, **environment).returncode == 0
            assert registry.name in content(w.folder / expected)["auths"]
            given = w.folder / "given.json"
            assert login(w, registry, "--authfile", given, **environment).returncode == 0
            assert registry.name in content(given)["auths"]


def test_logout_looks_through_all_files():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        for name in ("run/containers/auth.json", ".docker/config.json"):
            (w.folder / name).parent.mkdir(parents=True)
            (w.folder / name).write_text(json.dumps({"auths": {registry.name: {"auth": auth("ann:secret")}}}))
        assert w.run("logout", registry.name, environment=usual(w)).returncode == 0
        for name in ("run/containers/auth.json", ".docker/config.json"):
            assert content(w.folder / name) == {"auths": {}}


def test_what_fails_at_logout_keeps_nothing_else_from_being_removed():
    names = ("run/containers/auth.json", ".config/containers/auth.json", ".docker/config.json")
    for at in range(3):
        for broken in ('{"credsStore": "gone"}', '{"credsStore": "../x"}', "[", '{"credsStore": "locked"}', None):
            with world() as w, wire.World() as net:
                registry = registry_of(net)
                path = helper(w, "locked", "#!/bin/sh\ncat >/dev/null; echo keychain is locked; exit 1\n")[1]
                for i, name in enumerate(names):
                    (w.folder / name).parent.mkdir(parents=True)
                    if i != at:
                        (w.folder / name).write_text(json.dumps({"auths": {registry.name: {"auth": auth("ann:secret")}}}))
                    elif broken is None:
                        (w.folder / name).mkdir()
                    else:
                        (w.folder / name).write_text(broken)
                done = w.run("logout", registry.name, environment=usual(w, **path))
                assert done.returncode == 1 and not done.stdout, done
                for i, name in enumerate(names):
                    if i != at:
                        assert content(w.folder / name) == {"auths": {}} and str(w.folder / name) in done.stderr, done
                failed = {"[": names[at], None: names[at], '{"credsStore": "../x"}': "../x"}
                assert failed.get(broken, "docker-credential") in done.stderr.split("everywhere")[1], done


def test_a_helper_that_fails_at_logout_keeps_no_entry_from_being_removed():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        file = w.folder / "none.json"
        for store in ("gone", "../x"):
            file.write_text(json.dumps({"credsStore": store, "auths": {registry.name: {"auth": auth("ann:secret")}}}))
            done = w.run("logout", registry.name)
            assert done.returncode == 1 and f"removed in {file}" in done.stderr and store in done.stderr, done
            assert content(file) == {"credsStore": store, "auths": {}}
            done = w.run("logout", registry.name)
            assert done.returncode == 1 and "removed" not in done.stderr, done


def test_where_a_helper_is_responsible_the_file_has_no_password():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        program, path = helper(w, "safe")
        file = w.folder / "none.json"
        for configuration in ({"credsStore": "safe"}, {"credHelpers": {registry.name: "safe"}, "credsStore": "none"}):
            file.write_text(json.dumps({**configuration, "auths": {registry.name: {"auth": auth("old:old")}}}))
            done = login(w, registry, **path)
            assert done.stdout == f"{registry.name}: kept in docker-credential-safe\n", done
            kept = json.loads((w.folder / "docker-credential-safe.kept").read_text())
            assert kept == {"ServerURL": registry.name, "Username": "ann", "Secret": "secret"}
            assert content(file) == {**configuration, "auths": {}}
            assert w.run("digest", f"{registry.name}/a/b:t", environment=path).returncode == 0
            done = w.run("logout", registry.name, environment=path)
            assert done.stdout == f"{registry.name}: removed in docker-credential-safe\n", done
            assert (w.folder / "docker-credential-safe.erased").read_text() == registry.name
            assert w.run("logout", registry.name, environment=path).returncode == 1
        program.write_text("#!/bin/sh\ncat >/dev/null; echo secret; exit 1\n")
        done = login(w, registry, **path)
        assert done.returncode == 1 and "docker-credential-safe" in done.stderr, done
        assert "secret" not in done.stderr.replace("docker-credential", ""), done
        assert content(file)["auths"] == {}


def test_of_many_logins_at_once_none_is_lost():
    with world() as w, wire.World() as net:
        registries = [registry_of(net) for _ in range(8)]
        threads = [threading.Thread(target=login, args=(w, registry)) for registry in registries]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(content(w.folder / "none.json")["auths"]) == sorted(registry.name for registry in registries)


def test_a_helper_that_failed_has_kept_nothing_whoever_started_the_command():
    """SIGCHLD may be ignored when a program starts; then nobody is told how its children end."""
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        path = helper(w, "locked", "#!/bin/sh\ncat >/dev/null; echo keychain is locked; exit 1\n")[1]
        file = w.folder / "none.json"
        before = {"credsStore": "locked", "auths": {registry.name: {"auth": auth("old:old")}}}
        file.write_text(json.dumps(before))
        for argv in (["login", registry.name, "--username", "ann", "--password-stdin"], ["logout", registry.name]):
            done = subprocess.run(["env", "--ignore-signal=CHLD", "zreg", *argv], input="secret\n", text=True, check=False,
                                  env={**w.environment, **path}, capture_output=True)
            assert done.returncode == 1 and "exit code 1" in done.stderr, done
            if argv[0] == "login":
                assert content(file) == before


class Terminal:
    """A command that has a terminal of its own."""

    def __init__(self, w, *argv, **environment):
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe("zreg", ["zreg", *argv], {**w.environment, **environment})

    def wait_for(self, text):
        while text not in self.shown:
            self.shown += os.read(self.fd, 4096).decode()

    def has_echo(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        try:
            while piece := os.read(self.fd, 4096):
                self.shown += piece.decode()
        except OSError:
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_a_person_is_asked_at_the_terminal_without_echo():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        terminal = Terminal(w, "login", registry.name)
        terminal.wait_for("User: ")
        os.write(terminal.fd, b"ann\n")
        terminal.wait_for("Password: ")
        until(lambda: not terminal.has_echo(), "the terminal still shows what is typed")
        os.write(terminal.fd, b"secret\n")
        assert terminal.end() == 0 and "secret" not in terminal.shown and "kept in" in terminal.shown, terminal.shown
        os.close(terminal.fd)
        assert registry.name in content(w.folder / "none.json")["auths"]


def test_ctrl_c_at_the_password_gives_the_echo_back():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        terminal = Terminal(w, "login", registry.name, "--username", "ann")
        terminal.wait_for("Password: ")
        os.write(terminal.fd, b"sec\x03")
        assert terminal.end() == -signal.SIGINT and "sec" not in terminal.shown, terminal.shown
        assert terminal.has_echo()
        os.close(terminal.fd)
        assert not registry.log


ASKER = r"""#!/bin/sh
cat >/dev/null
echo $$ >"$0.pid"
printf 'PIN: ' >/dev/tty; read -r pin </dev/tty
printf '{"Username":"ann","Secret":"%s"}' "$pin"
"""


def test_a_helper_may_ask_the_person_at_the_terminal():
    with world() as w, wire.World() as net:
        registry = registry_of(net)
        path = helper(w, "asks", ASKER)[1]
        (w.folder / "none.json").write_text('{"credsStore": "asks"}')
        terminal = Terminal(w, "digest", f"{registry.name}/a/b:t", **path)
        terminal.wait_for("PIN: ")
        os.write(terminal.fd, b"secret\n")
        assert terminal.end() == 0 and "sha256:" in terminal.shown, terminal.shown
        os.close(terminal.fd)


def test_a_helper_that_asks_at_the_terminal_ends_with_the_command():
    def by_ctrl_c(terminal):
        os.write(terminal.fd, b"\x03")
        return signal.SIGINT

    def by_signal(terminal):
        os.kill(terminal.pid, signal.SIGTERM)
        return signal.SIGTERM

    for ended in (by_ctrl_c, by_signal):
        with world() as w, wire.World() as net:
            registry = registry_of(net)
            path = helper(w, "asks", ASKER)[1]
            (w.folder / "none.json").write_text('{"credsStore": "asks"}')
            terminal = Terminal(w, "digest", f"{registry.name}/a/b:t", **path)
            terminal.wait_for("PIN: ")
            number = ended(terminal)
            assert terminal.end() == -number and "failed to" not in terminal.shown, terminal.shown
            os.close(terminal.fd)
            pid = (w.folder / "docker-credential-asks.pid").read_text().strip()
            until(lambda p=pid: not os.path.exists(f"/proc/{p}"), "the helper still runs")


if __name__ == "__main__":
    tap.main(__name__)
