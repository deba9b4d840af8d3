# SPDX-License-Identifier: Apache-2.0
"""The module zreg_registry: a registry that outlives Ansible's run, once."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import time

from ansible_world import ansible, tap


@contextlib.contextmanager
def state(w, name="state"):
    """A state folder; whatever runs for it is stopped at the end."""
    folder = w.folder / name
    try:
        yield folder
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.kill(json.loads((folder / "registry.json").read_text())["pid"], signal.SIGKILL)


def alive(pid):
    """A child of nobody is no zombie, so it is gone or it runs."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid):
    deadline = time.monotonic() + 5
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def learn(w, folder):
    """The whole record, whose password may from now on be in no output."""
    record = json.loads((folder / "connection.json").read_text())
    w.secrets.add(record["password"])
    return record


def test_a_buildset_registry_outlives_the_run_and_starts_once():
    with ansible() as w, state(w) as folder:
        options = dict(state_dir=str(folder), buildset=True, host="127.0.0.1", names=["registry.example.org"])
        foreseen = w.module("zreg_registry", check=True, **options)
        assert foreseen["changed"] and "pid" not in foreseen and not folder.exists(), foreseen
        started = w.module("zreg_registry", **options)
        record = learn(w, folder)
        w.no_secret_in(json.dumps(started))
        assert started["changed"] and started["diff"] == foreseen["diff"] == {
            "before": "stopped\n", "after": "started\n"}, started
        assert started["connection"] == {key: record[key] for key in record if key != "password"}, started
        assert started["address"] == f"127.0.0.1:{record['port']}" and alive(started["pid"]), started
        for name in ("connection.json", "registry.json"):
            assert (folder / name).stat().st_mode & 0o777 == 0o600, name
        assert folder.stat().st_mode & 0o777 == 0o700

        again = w.module("zreg_registry", **options)
        assert not again["changed"] and again["pid"] == started["pid"], again
        assert again["connection"] == started["connection"], again
        assert again["diff"]["before"] == again["diff"]["after"] == "started\n", again

        w.credentials.add(started["address"], record["username"], record["password"], record["cert"])
        digest = w.image(f"{started['address']}/some/image:one")
        listed = w.module("zreg_tags", repository=f"{started['address']}/some/image", registries=[record])
        assert listed["tags"] == ["one"], listed
        log = [json.loads(line) for line in pathlib.Path(started["access_log"]).read_text().splitlines()]
        assert any(line["digest"] == digest for line in log), log

        for path in (pathlib.Path(f"/proc/{started['pid']}/cmdline"), *folder.iterdir()):
            if path.name != "connection.json":
                w.no_secret_in(path.read_text())

        foreseen = w.module("zreg_registry", check=True, state="stopped", state_dir=str(folder))
        assert foreseen["changed"] and alive(started["pid"]), foreseen
        stopped = w.module("zreg_registry", state="stopped", state_dir=str(folder))
        assert stopped["changed"] and gone(started["pid"]), stopped
        assert not (folder / "connection.json").exists() and (folder / "access.jsonl").exists()
        again = w.module("zreg_registry", state="stopped", state_dir=str(folder))
        assert not again["changed"], again


def test_the_record_is_of_the_host_by_which_others_reach_it():
    with ansible() as w, state(w) as folder:
        started = w.module("zreg_registry", state_dir=str(folder), buildset=True, listen="::1", host="::1")
        record = learn(w, folder)
        assert record["host"] == "::1" and started["address"] == f"[::1]:{record['port']}", started
        listed = w.module("zreg_tags", fails=True, repository=f"{started['address']}/none", registries=[record])
        assert listed["code"] == "NOTFOUND", listed


def test_another_process_with_its_number_is_not_stopped():
    with ansible() as w, state(w) as folder:
        options = dict(state_dir=str(folder), root=str(w.folder / "images"))
        first = w.module("zreg_registry", **options)
        os.kill(first["pid"], signal.SIGKILL)
        assert gone(first["pid"])
        written = json.loads((folder / "registry.json").read_text())
        (folder / "registry.json").write_text(json.dumps({**written, "pid": os.getpid()}))
        stopped = w.module("zreg_registry", state="stopped", state_dir=str(folder))
        assert not stopped["changed"], stopped
        second = w.module("zreg_registry", **options)
        assert second["changed"] and second["pid"] != first["pid"] and alive(second["pid"]), second


def test_a_registry_that_died_is_started_again():
    with ansible() as w, state(w) as folder:
        options = dict(state_dir=str(folder), root=str(w.folder / "images"))
        first = w.module("zreg_registry", **options)
        os.kill(first["pid"], signal.SIGKILL)
        assert gone(first["pid"])
        assert w.module("zreg_registry", **options)["changed"]


def test_other_options_do_not_end_a_running_registry():
    with ansible() as w, state(w) as folder:
        running = w.module("zreg_registry", state_dir=str(folder), root=str(w.folder / "images"))
        refused = w.module("zreg_registry", fails=True, state_dir=str(folder), root=str(w.folder / "others"))
        assert "stop it" in refused["msg"] and str(running["pid"]) in refused["msg"], refused
        assert alive(running["pid"])


def test_what_another_owner_left_is_neither_used_nor_in_the_way():
    with ansible() as w, state(w) as folder:
        options = dict(state_dir=str(folder), root=str(folder / "images"), buildset=True)
        first = w.module("zreg_registry", owner="first", **options)
        assert first["changed"] and not first["taken_over"], first
        port = learn(w, folder)["port"]
        again = w.module("zreg_registry", owner="first", **options)
        assert not again["changed"] and not again["taken_over"] and again["pid"] == first["pid"], again
        (folder / "images/left").write_text("an image")

        end = dict(state="stopped", state_dir=str(folder), root=str(folder / "images"))
        for check in (True, False):
            alone = w.module("zreg_registry", check=check, owner="second", **end)
            assert not alone["changed"] and alive(first["pid"]) and (folder / "images/left").exists(), alone

        foreseen = w.module("zreg_registry", check=True, owner="second", port=port, **options)
        assert foreseen["taken_over"] and "pid" not in foreseen and alive(first["pid"]), foreseen
        second = w.module("zreg_registry", owner="second", port=port, **options)
        learn(w, folder)
        assert second["changed"] and second["taken_over"] and str(first["pid"]) in second["warnings"][0], second
        assert gone(first["pid"]) and alive(second["pid"]) and not (folder / "images/left").exists(), second

        os.kill(second["pid"], signal.SIGKILL)
        assert gone(second["pid"]) and (folder / "images").exists()
        for check in (True, False):
            assert w.module("zreg_registry", check=check, owner="second", **end)["changed"], check
        assert not (folder / "images").exists() and (folder / "access.jsonl").exists()


def test_a_start_that_was_cut_off_is_found_again():
    """The run ended after the process was there and before the registry answered."""
    with ansible() as w, state(w) as folder:
        options = dict(state_dir=str(folder), root=str(folder / "images"), owner="first")
        first = w.module("zreg_registry", **options)
        record = json.loads((folder / "registry.json").read_text())
        (folder / "registry.json").write_text(json.dumps({**record, "ready": False}))
        again = w.module("zreg_registry", **options)
        assert again["changed"] and gone(first["pid"]) and alive(again["pid"]), again
        record = json.loads((folder / "registry.json").read_text())
        (folder / "registry.json").write_text(json.dumps({**record, "ready": False}))
        stopped = w.module("zreg_registry", state="stopped", state_dir=str(folder), owner="first")
        assert stopped["changed"] and gone(again["pid"]), stopped


def test_a_folder_that_never_had_a_registry_is_not_made():
    with ansible() as w, state(w) as folder:
        assert not w.module("zreg_registry", state="stopped", state_dir=str(folder), owner="first")["changed"]
        assert not folder.exists()


def test_what_keeps_it_from_starting_is_told():
    with ansible() as w, state(w) as folder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = w.module("zreg_registry", fails=True, state_dir=str(folder), buildset=True, port=port)
        assert str(port) in refused["msg"] and "another state_dir" in refused["msg"], refused
        assert not (folder / "connection.json").exists() and not (folder / "registry.json").exists()
        refused = w.module("zreg_registry", fails=True, state_dir=str(folder), buildset=True, command="zreg-none")
        assert "ensure-zreg" in refused["msg"], refused
        refused = w.module("zreg_registry", fails=True, state_dir=str(folder))
        assert "root" in refused["msg"] and "buildset" in refused["msg"], refused
        refused = w.module("zreg_registry", fails=True, state_dir=str(folder), owner="first", root=str(w.folder / "else"))
        assert str(w.folder / "else") in refused["msg"] and "removed" in refused["msg"], refused


if __name__ == "__main__":
    tap.main(__name__)
