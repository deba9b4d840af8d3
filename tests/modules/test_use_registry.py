# SPDX-License-Identifier: Apache-2.0
"""zreg_use_registry beneath a folder, and the role use-buildset-registry on a machine of its own."""

import hashlib
import json
import os
import tempfile

from ansible_world import BuildsetRegistry, ansible, need, tap
from engines import Machine, need_machines

MIRRORS = '{"registry-mirrors": ["https://mirror.example.org"]}\n'


def contents(root):
    """What stands beneath a folder, the records of the library itself left out."""
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*")
            if path.is_file() and "zreg" not in path.parts}


# Stands for the service of an engine that runs; the real ones want an init system.
SERVICE = """#!/bin/sh
case $1 in
status) echo "engine is running" ;;
*) echo "$1" >> /var/log/engine ;;
esac
"""


def make_root(w):
    root = w.folder / "root"
    for name, text in {"etc/hosts": "127.0.0.1 localhost\n", "etc/docker/daemon.json": MIRRORS,
                       "etc/containers/registries.conf": "", "root/.docker/config.json": "{}\n"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_machine_is_told_once_and_put_back():
    with ansible() as w:
        root, record = make_root(w), w.record(BuildsetRegistry)
        before = contents(root)
        options = dict(connection=record, root=str(root), home="/root", engines=["docker", "podman"],
                       namespaces=["registry.example.org"], unqualified=["docker.io"])
        foreseen = w.module("zreg_use_registry", check=True, **options)
        assert foreseen["changed"] and contents(root) == before, foreseen
        told = w.module("zreg_use_registry", **options)
        for key in ("changed_files", "diff", "reload", "restart"):
            assert told[key] == foreseen[key], (key, told[key], foreseen[key])
        assert "/etc/docker/daemon.json" in told["changed_files"] and "docker" in told["reload"], told
        drop_in = root / "etc/containers/registries.conf.d/zz-zreg-buildset-registry.conf"
        assert 'unqualified-search-registries = ["docker.io"]\n' in drop_in.read_text()
        shown = {part["before_header"]: part for part in told["diff"]}
        assert set(shown) == set(told["changed_files"]), told
        assert "mirror.example.org" in shown["/etc/docker/daemon.json"]["after"], shown
        assert shown["/root/.docker/config.json"]["after"] == "(holds credentials)\n", shown
        mirrors = json.loads((root / "etc/docker/daemon.json").read_text())["registry-mirrors"]
        assert len(mirrors) == 2 and mirrors[1] == "https://mirror.example.org", mirrors

        for check in (True, False):
            again = w.module("zreg_use_registry", check=check, **options)
            assert not again["changed"] and not again["reload"] + again["restart"] + again["diff"], again
            assert set(again["unchanged_files"]) >= set(told["changed_files"]), again

        back = dict(state="absent", root=str(root))
        foreseen = w.module("zreg_use_registry", check=True, **back)
        assert foreseen["changed"] and contents(root) != before, foreseen
        gone = w.module("zreg_use_registry", **back)
        assert gone["changed"] and contents(root) == before, gone
        again = w.module("zreg_use_registry", **back)
        assert not again["changed"], again


def test_what_is_missing_or_wrong_is_told():
    with ansible() as w:
        root = make_root(w)
        missing = w.module("zreg_use_registry", fails=True, root=str(root))
        assert "connection" in missing["msg"], missing
        (root / "etc/docker/daemon.json").write_text("{ this is no JSON")
        record = w.record(BuildsetRegistry)
        refused = w.module("zreg_use_registry", fails=True, root=str(root), connection=record, engines=["docker"])
        assert "/etc/docker/daemon.json" in refused["msg"], refused
        unknown = w.module("zreg_use_registry", fails=True, root=str(root), connection=record, engines=["rocket"])
        assert unknown["code"] == "INVAL" and "rocket" in unknown["msg"], unknown


def test_the_role_tells_a_machine_whose_engine_then_pulls():
    need_machines()
    need("skopeo")
    need("podman")
    with ansible() as w, tempfile.TemporaryDirectory(prefix="zreg-machine-") as folder:
        record = w.record(BuildsetRegistry)
        names = ("docker.io/example/app", "quay.io/example/base", "registry.example.org/example/more")
        images = {name: w.image(f"{record['host']}:{record['port']}/{name}:latest", name=name.split("/")[2])
                  for name in names}
        with Machine(folder, keep=[w.folder], network=False) as machine:
            w.wrap = lambda argv: machine.argv(*argv)
            (machine.etc / "init.d/engine").write_text(SERVICE)
            (machine.etc / "init.d/engine").chmod(0o755)
            options = dict(roles=["use-buildset-registry"], gather=True, buildset_registry=record,
                           buildset_registry_engines=["podman", "docker"],
                           buildset_registry_services={"docker": "engine"},
                           buildset_registry_namespaces=["docker.io", ["registry.example.org", "https://there"]],
                           buildset_registry_docker_user="root")
            told = w.play(**options)
            assert told.of("Tell the engines")[0]["changed"], told
            assert "reload" in (machine.folder / "var/log/engine").read_text().split(), told.output[-8000:]
            short = machine.run("podman", "pull", "--quiet", "example/app")
            assert machine.run("podman", "image", "inspect", "--format", "{{.Digest}}", short.strip()).strip() == images[
                "docker.io/example/app"]
            for name, digest in images.items():
                manifest = machine.run("skopeo", "inspect", "--raw", f"docker://{name}:latest")
                assert f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}" == digest, name
            login = json.loads((machine.home / ".docker/config.json").read_text())["auths"]
            assert any(address.endswith(f":{record['port']}") for address in login), list(login)
            again = w.play(**options)
            assert not any(result.get("changed") for result in again), again
            back = w.play(**{**options, "buildset_registry_state": "absent"})
            assert back.of("Tell the engines")[0]["changed"], back
            assert not os.path.exists(machine.home / ".docker/config.json")


if __name__ == "__main__":
    tap.main(__name__)
