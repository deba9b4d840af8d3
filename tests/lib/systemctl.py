#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in for systemctl where no systemd runs: starts what a unit's ExecStart says, as its User, waits until it says
that it is ready if its Type is notify, and keeps a list of what was asked. A unit that is no service has no process."""

import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import time

UNITS = pathlib.Path("/etc/systemd/system")
STATE = pathlib.Path("/run/stand-in")
ASKED = pathlib.Path("/var/log/systemctl")


def settings(unit):
    """The unit's lines; of a key that is there twice the last."""
    lines = (UNITS / unit).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] not in "#[")


def pid_of(unit):
    try:
        pid = int((STATE / unit).read_text())
        return pid if pid == 0 or pathlib.Path(f"/proc/{pid}").exists() else None
    except FileNotFoundError:
        return None


def start(unit):
    pid, said = 0, settings(unit)
    if unit.endswith(".service"):
        user = said["User"]
        argv = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *shlex.split(said["ExecStart"])]
        with open(f"/var/log/{unit}", "ab") as log, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            environment = listen(notified, unit) if said.get("Type") == "notify" else {}
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                                       cwd="/", env={**os.environ, **environment})
            if environment:
                wait_until_ready(notified, process, unit)
        pid = process.pid
    (STATE / unit).write_text(str(pid))


def listen(notified, unit):
    path = STATE / f"{unit}.notify"
    path.unlink(missing_ok=True)
    notified.bind(str(path))
    path.chmod(0o666)
    notified.settimeout(0.1)
    return {"NOTIFY_SOCKET": str(path)}


def wait_until_ready(notified, process, unit):
    for _ in range(300):
        try:
            if b"READY=1" in notified.recv(4096).split(b"\n"):
                return
        except TimeoutError:
            if process.poll() is not None:
                break
    process.kill()
    raise SystemExit(f"Job for {unit} failed: it never was ready")


def stop(unit):
    pid = pid_of(unit)
    if pid:
        os.kill(pid, signal.SIGTERM)
        while pid_of(unit):
            time.sleep(0.02)
    (STATE / unit).unlink(missing_ok=True)


def show(unit):
    there = (UNITS / unit).exists()
    print(f"LoadState={'loaded' if there else 'not-found'}")
    print(f"ActiveState={'inactive' if pid_of(unit) is None else 'active'}")
    print("SubState=running")


def main(*words):
    STATE.mkdir(exist_ok=True)
    verb, *units = [word for word in words if not word.startswith("-")]
    marks = [STATE / f"{unit}.enabled" for unit in units]
    if verb == "show":
        show(units[0])
    elif verb in ("is-active", "is-enabled"):
        good = all(mark.exists() for mark in marks) if verb == "is-enabled" else pid_of(units[0]) is not None
        print(("enabled" if good else "disabled") if verb == "is-enabled" else ("active" if good else "inactive"))
        return 0 if good else 1
    else:
        with ASKED.open("a") as asked:
            asked.write(" ".join([verb, *units]) + "\n")
        for unit, mark in zip(units, marks):
            act(verb, unit, mark)
    return 0


def act(verb, unit, mark):
    if verb in ("stop", "restart"):
        stop(unit)
    if verb in ("start", "restart"):
        start(unit)
    if verb == "enable":
        mark.touch()
    if verb == "disable":
        mark.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
