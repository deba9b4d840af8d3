#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The units: systemd takes them, finds them tight, runs them, and the command serves."""

import re

from release_world import BUILD, SOURCE, call, folder, free_port, need, need_root, serving, tap

UNIT = SOURCE / "packaging/systemd/zreg-registry.service"
SOCKET = SOURCE / "packaging/systemd/zreg-registry.socket"
CONF = SOURCE / "packaging/systemd/registry.conf"
# systemd's own scale, of tenths: 0 is nothing exposed, 20 the limit of what it calls OK.
EXPOSED = 15


def test_systemd_finds_no_fault_in_it():
    need("systemd-analyze", "systemd")
    with folder() as top:
        unit = top / UNIT.name
        unit.write_text(UNIT.read_text().replace("/usr/bin/zreg", "/bin/true"))
        port = top / SOCKET.name
        port.write_text(SOCKET.read_text())
        said = call("systemd-analyze", "verify", "--man=no", unit, port)
        assert said.strip() == "", said


def test_debian_has_the_same():
    for file in (UNIT, SOCKET):
        assert (SOURCE / f"debian/zreg.{file.name}").read_text() == file.read_text(), file.name


def test_it_is_exposed_as_little_as_a_registry_can_be():
    need("systemd-analyze", "systemd")
    said = call("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSED}", "--no-pager", UNIT)
    print("#", said.strip().split("\n")[-1])


def test_what_the_configuration_says_serves():
    start = re.search(r"^ExecStart=(.*)$", UNIT.read_text(), re.M).group(1)
    options = re.search(r"^ZREG_SERVE_OPTIONS=(.*)$", CONF.read_text(), re.M).group(1).replace(":5000", ":0").split()
    assert start == "/usr/bin/zreg serve --root=${STATE_DIRECTORY} $ZREG_SERVE_OPTIONS"
    with folder() as top, serving([BUILD / "run", "zreg"], f"--root={top}", *options) as record:
        assert record["host"] == "127.0.0.1" and record["port"] > 0


def test_every_option_that_the_configuration_names_exists():
    known = call(BUILD / "run", "zreg", "serve", "--help")
    for option in re.findall(r"--[a-z-]+(?==)", CONF.read_text()):
        assert f"  {option} " in known, option


# What a systemd that is not the machine's can do too: among it all that seccomp does.
KEPT = """Type ExecReload WatchdogSec Restart RestartSec TimeoutStopSec LimitNOFILE UMask NoNewPrivileges LockPersonality
    RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID MemoryDenyWriteExecute
    SystemCallArchitectures SystemCallFilter SystemCallErrorNumber""".split()

# A systemd of its own, as a user has one, where it sees no other: it asks whether the machine runs one.
ALONE = """
mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system /run/user
export XDG_RUNTIME_DIR=/run/user XDG_CONFIG_HOME="$1" SYSTEMD_LOG_TARGET=console SYSTEMD_PAGER=
/usr/lib/systemd/systemd --user >"$1/log" 2>&1 &
manager=$!
for _ in $(seq 100); do [ -S /run/user/systemd/private ] && break; sleep 0.1; done
[ -S /run/user/systemd/private ] || { echo "no systemd: $(head -n 3 "$1/log")"; exit 9; }
of() { systemctl --user show --value -p "$1" zreg-registry.service; }
show() { echo "$1: $(of ActiveState) $(of SubState) $(of StatusText)"; }
pid() { of MainPID; }
port() { of StatusText | sed 's/.*://'; }
"""


def write_units(top, options, changes):
    kept = [
        line for line in UNIT.read_text().splitlines() if line.startswith("[Service]") or line.split("=")[0] in KEPT
    ]
    kept.append(f"ExecStart={BUILD}/run zreg serve --root={top}/store --listen=127.0.0.1:0 {options}")
    kept += [f"{name}={value}" for name, value in changes.items()]
    units = top / "systemd/user"
    units.mkdir(parents=True)
    (units / UNIT.name).write_text("\n".join(kept) + "\n")
    (units / SOCKET.name).write_text(SOCKET.read_text().replace(":5000", f":{free_port()}"))


def alone(script, options="", **changes):
    """What a script says, with our units in a systemd that may not do what only the machine's may. Script and options
    may work in the folder $1."""
    need("systemctl", "systemd")
    need_root()
    with folder() as top:
        write_units(top, options.replace("$1", str(top)), changes)
        said = call(
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            "sh",
            "-c",
            ALONE + script,
            "sh",
            top,
            expect=None,
            timeout=90,
        )
        if "no systemd: " in said or "unshare: " in said:
            raise tap.Skip(f"a systemd of its own does not run here: {said.strip()[:200]}")
        print(*(f"# {line}" for line in said.splitlines()), sep="\n", flush=True)
        return said


def test_a_systemd_starts_reloads_and_stops_it():
    said = alone(
        """
systemctl --user start zreg-registry.service && show started
systemctl --user reload zreg-registry.service && show reloaded
first=$(pid); systemctl --user stop zreg-registry.service && show stopped
[ ! -e /proc/$first ] && echo gone
"""
    )
    assert re.search(r"started: active running serving 127.0.0.1:\d+", said), said
    assert re.search(r"reloaded: (active running|reloading reload\S*) serving 127.0.0.1:\d+", said), said
    assert "stopped: inactive dead" in said and "gone" in said, said


def test_the_calls_that_it_may_make_are_all_that_it_makes():
    need("htpasswd", "apache2-utils")
    said = alone(
        f"""
cd "$1" && mkdir root out && head -c 9000000 /dev/urandom >root/blob
htpasswd -bcB -C 5 users u p 2>/dev/null; echo u:p >creds
systemctl --user start zreg-registry.service; first=$(pid); at=127.0.0.1:$(port)
sed -n 's/^Seccomp:[[:space:]]*/seccomp /p' "/proc/$first/status"
zreg() {{ "{BUILD}/run" zreg "$@" --quiet --plain-http "$at" --creds-file "$at=creds"; }}
zreg append --base scratch --layer root "$at/example/base:1" && echo pushed
zreg copy "$at/example/base:1" oci:out:1 && echo pulled
zreg tags "$at/example/base" && zreg delete-tag "$at/example/base:1" && echo deleted
mv access.json before.json && systemctl --user reload zreg-registry.service
for _ in $(seq 100); do [ -e access.json ] && break; sleep 0.1; done
[ -e access.json ] && echo a new log
systemctl --user stop zreg-registry.service; show stopped
""",
        "--htpasswd=$1/users --access-log=$1/access.json --audit-log=$1/audit.json --metrics-listen=127.0.0.1:0",
    )
    assert "seccomp 2" in said, said
    for word in ("pushed", "pulled", "deleted", "a new log", "stopped: inactive dead"):
        assert word in said, said


def test_a_registry_that_is_stuck_is_started_anew():
    said = alone(
        """
systemctl --user start zreg-registry.service; first=$(pid); kill -STOP "$first"
for _ in $(seq 200); do second=$(pid); [ "$second" != "$first" ] && [ "$(of ActiveState)" = active ] && break; sleep 0.1; done
show again; [ "$second" != "$first" ] && echo anew
""",
        WatchdogSec="2",
        TimeoutAbortSec="2",
    )
    assert "anew" in said and "again: active running" in said, said


def test_a_socket_starts_it_and_stays():
    said = alone(
        """
systemctl --user start zreg-registry.socket && show before
at=$(systemctl --user show --value -p Listen zreg-registry.socket | sed 's/.*:\\([0-9]*\\).*/\\1/')
ask() { python3 -c "import urllib.request as r; print('$1', r.urlopen('http://127.0.0.1:$at/healthz', timeout=20).read().decode())"; }
ask one; show after; first=$(pid)
systemctl --user stop zreg-registry.service; ask two; [ "$(pid)" != "$first" ] && echo another
[ "$(port)" = "$at" ] && echo same port
"""
    )
    assert "before: inactive dead" in said and "after: active running" in said, said
    assert 'one {"status":"ok"}' in said and 'two {"status":"ok"}' in said, said
    assert "another" in said and "same port" in said, said


if __name__ == "__main__":
    tap.main(__name__)
