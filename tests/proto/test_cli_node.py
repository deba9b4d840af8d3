#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The verb use-buildset-registry, on machines that are folders (--root)."""

import base64
import contextlib
import json
import os
import re
import subprocess

from cli_world import tap, world

ALIAS = "zuul-jobs.buildset-registry"
SHADOWED = ("docker.io", "quay.io", "ghcr.io", "gcr.io", "registry.k8s.io")
SITE = {
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost",
    "etc/ssl/certs/ca-certificates.crt": "# the site's bundle\n",
    "usr/local/share/ca-certificates/site.crt": "the site's own",
    "etc/docker/daemon.json": '{"debug": true, "registry-mirrors": ["https://site.example"],\n "z": 1.50, "a": {}}\n',
    "etc/containers/registries.conf": 'unqualified-search-registries = ["docker.io"]\n',
    "etc/containers/registries.conf.d/50-site.conf":
        '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "site.example:5000"\n',
    "etc/containerd/config.toml": 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = ""\n',
    "etc/containerd/certs.d/quay.io/hosts.toml": 'server = "https://quay.io"\n\n[host."https://site.example"]\n',
    "etc/buildkit/buildkitd.toml": '[registry."docker.io"]\n  mirrors = ["site.example"]\n',
    "etc/rancher/k3s/registries.yaml": "mirrors:\n  docker.io:\n    endpoint:\n      - https://site.example\n",
    "var/lib/kubelet/config.yaml": "kind: KubeletConfiguration\n",
    "root/.docker/config.json": '{\n\t"auths": {\n\t\t"quay.io": {\n\t\t\t"auth": "c2l0ZTpzM2NyZXQ="\n\t\t}\n\t}\n}',
}


class Machine:
    """A folder that holds the files of a machine."""

    def __init__(self, w, folder, record):
        self.w, self.root, self.record = w, folder, record
        self.connection = w.file("connection.json", record)

    def write(self, name, text, mode=None):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if mode is not None:
            path.chmod(mode)

    def read(self, name):
        return (self.root / name).read_text()

    def look(self):
        """Everything there is: kind, mode, owner, content."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            info = path.lstat()
            content = path.read_bytes() if path.is_file() else None
            found[str(path.relative_to(self.root))] = (oct(info.st_mode), info.st_uid, info.st_gid, content)
        return found

    def run(self, *options, connection=None):
        done = self.w.run("use-buildset-registry", "--json", "--root", self.root, *options)
        assert self.record["password"] not in done.stdout + done.stderr
        assert done.returncode == 0, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def apply(self, *options):
        return self.run("--connection", self.connection, *options)

    def revert(self, *options):
        return self.run("--revert", *options)

    def fail(self, *options):
        done = self.w.run("use-buildset-registry", "--json", "--root", self.root, *options)
        assert done.returncode == 1, done
        assert self.record["password"] not in done.stdout + done.stderr
        return json.loads(done.stdout)["error"]


@contextlib.contextmanager
def machine(files=SITE, **changes):
    with world() as w:
        buildset = w.buildset()
        folder = w.folder / "machine"
        folder.mkdir()
        made = Machine(w, folder, dict(buildset.record, port=9000, **changes))
        for name, text in files.items():
            made.write(name, text)
        yield made


def test_every_engine_is_told():
    with machine() as m:
        document = m.apply()
        assert list(document) == ["changed", "unchanged", "reload", "restart", "files"], document
        assert document["unchanged"] == [] and document["reload"] == ["docker"], document
        assert document["restart"] == ["containerd", "buildkit", "k3s"], document
        assert m.read("etc/hosts").splitlines()[3] == f"127.0.0.1 {ALIAS}", m.read("etc/hosts")
        assert m.record["cert"] in m.read("etc/ssl/certs/ca-certificates.crt")
        assert m.read("usr/local/share/ca-certificates/zreg-buildset-registry.crt") == m.record["cert"]
        for place in ("docker", "containers", "containerd"):
            assert m.read(f"etc/{place}/certs.d/{ALIAS}:9000/ca.crt") == m.record["cert"], place
        for place in ("docker", "containerd"):
            for registry in SHADOWED:
                text = m.read(f"etc/{place}/certs.d/{registry}/hosts.toml")
                assert f'[host."https://{ALIAS}:9000"]\n  capabilities = ["pull", "resolve"]' in text, text
        assert 'config_path = "/etc/containerd/certs.d"' in m.read("etc/containerd/config.toml")
        assert f'mirrors = ["{ALIAS}:9000", "site.example"]' in m.read("etc/buildkit/buildkitd.toml")
        auth = base64.b64encode(f"zuul:{m.record['password']}".encode()).decode()
        for name in ("root/.docker/config.json", "var/lib/kubelet/config.json"):
            assert json.loads(m.read(name))["auths"][f"{ALIAS}:9000"] == {"auth": auth}, name
            assert (m.root / name).stat().st_mode & 0o777 == 0o600, name


def test_a_second_run_changes_nothing():
    with machine() as m:
        first = m.apply()
        seen = m.look()
        second = m.apply()
        assert second["changed"] == [] and second["reload"] == [] and second["restart"] == [], second
        assert second["unchanged"] == first["changed"]
        assert m.look() == seen


def test_check_tells_and_writes_nothing():
    with machine() as m:
        seen = m.look()
        told = m.apply("--check")
        assert m.look() == seen
        assert m.apply() == told
        seen = m.look()
        assert m.revert("--check")["changed"] == told["changed"]
        assert m.look() == seen


def test_revert_gives_every_byte_mode_and_folder_back():
    with machine() as m:
        m.write("etc/docker/daemon.json", SITE["etc/docker/daemon.json"], 0o640)
        (m.root / "root/.docker/config.json").chmod(0o644)
        os.chown(m.root / "etc/hosts", 12, 34)
        seen = m.look()
        told = m.apply()
        assert (m.root / "etc/docker/daemon.json").stat().st_mode & 0o777 == 0o640
        assert (m.root / "etc/hosts").stat().st_uid == 12
        assert m.look()["var/lib/zreg/node.json"][0] == oct(0o100600)
        assert m.revert()["changed"] == told["changed"]
        assert m.look() == seen
        assert m.revert() == {"changed": [], "unchanged": [], "reload": [], "restart": [], "files": []}


def test_another_registry_replaces_the_first_and_revert_goes_to_the_original():
    with machine() as m:
        seen = m.look()
        m.apply()
        m.connection = m.w.file("other.json", dict(m.record, host="registry.example", port="5000"))
        second = m.apply()
        assert "/etc/hosts" in second["changed"] and m.read("etc/hosts") == SITE["etc/hosts"]
        text = "".join(str(content) for _, _, _, content in m.look().values())
        assert "9000" not in re.sub(r"b'\{\"version\".*", "", text)
        assert json.loads(m.read("etc/docker/daemon.json"))["registry-mirrors"] == [
            "https://registry.example:5000", "https://site.example"]
        assert set(second["unchanged"]) == {"/usr/local/share/ca-certificates/zreg-buildset-registry.crt",
                                            "/etc/ssl/certs/ca-certificates.crt",
                                            "/etc/rancher/k3s/zreg-buildset-registry.crt",
                                            "/etc/buildkit/zreg-buildset-registry.crt",
                                            "/etc/containerd/config.toml"}
        m.revert()
        assert m.look() == seen


def test_daemon_json_keeps_the_sites_mirrors_keys_and_order():
    with machine() as m:
        m.apply()
        settings = json.loads(m.read("etc/docker/daemon.json"))
        assert list(settings) == ["debug", "registry-mirrors", "z", "a"], settings
        assert settings["registry-mirrors"] == [f"https://{ALIAS}:9000", "https://site.example"]
        assert "1.50" in m.read("etc/docker/daemon.json")


def test_a_registry_without_prefix_keeps_its_mirrors():
    with machine() as m:
        m.apply()
        text = m.read("etc/containers/registries.conf.d/zz-zreg-buildset-registry.conf")
        assert text.count("[[registry]]") == len(SHADOWED), text
        assert ('[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "' + ALIAS + ':9000"\n'
                '[[registry.mirror]]\nlocation = "site.example:5000"\n') in text, text
        assert ('[[registry]]\nprefix = "quay.io"\nlocation = "quay.io"\n[[registry.mirror]]\n'
                f'location = "{ALIAS}:9000/quay.io"\n') in text, text
        assert m.read("etc/containers/registries.conf") == SITE["etc/containers/registries.conf"]


def test_only_what_is_installed_is_told():
    with machine({"etc/hosts": "", "etc/containers/policy.json": "{}"}) as m:
        engines = {file["engine"] for file in m.apply()["files"]}
        assert engines == {"hosts", "podman", "credentials"}, engines
        assert not (m.root / "etc/docker").exists()


def test_engines_can_be_named():
    with machine({}) as m:
        document = m.apply("--engine", "docker", "--engine", "kubelet")
        assert {file["engine"] for file in document["files"]} == {"hosts", "docker", "kubelet", "credentials"}
        again = m.apply("--engine", "docker")
        assert again["changed"] == ["/var/lib/kubelet/config.json"], again
        assert not (m.root / "var/lib/kubelet").exists()
        m.revert()
        assert m.look() == {}
        error = m.fail("--connection", m.connection, "--engine", "lxc")
        assert error["code"] == "INVAL" and "lxc" in error["message"], error


def test_further_registries_can_be_named():
    with machine() as m:
        m.apply("--namespace", "mirror.example:5000", "--namespace", "quay.io")
        assert f"{ALIAS}:9000/mirror.example:5000" in m.read(
            "etc/containers/registries.conf.d/zz-zreg-buildset-registry.conf")
        assert ALIAS in m.read("etc/containerd/certs.d/mirror.example:5000/hosts.toml")
        seen = m.look()
        assert m.apply("--namespace", "MIRROR.example:5000", "--namespace", "index.docker.io")["changed"] == []
        for wrong in ("a b", "../x", "..", "word", "quay.io/org", ""):
            error = m.fail("--connection", m.connection, "--namespace", wrong)
            assert error["code"] == "INVAL" and f'"{wrong}"' in error["message"], error
        assert m.look() == seen


def test_names_without_a_registry_can_mean_one():
    drop_in = "etc/containers/registries.conf.d/zz-zreg-buildset-registry.conf"
    with machine() as m:
        before = m.look()
        m.apply()
        assert "unqualified" not in m.read(drop_in)
        m.apply("--unqualified", "index.docker.io", "--unqualified", "mirror.example:5000")
        text = m.read(drop_in)
        assert 'unqualified-search-registries = ["docker.io", "mirror.example:5000"]\n' in text, text
        assert f"{ALIAS}:9000/mirror.example:5000" in text, "a registry that is asked for short names is shadowed"
        again = m.apply("--unqualified", "docker.io", "--unqualified", "mirror.example:5000")
        assert again["changed"] == [], again
        for wrong in ("word", "docker.io/library", ""):
            error = m.fail("--connection", m.connection, "--unqualified", wrong)
            assert error["code"] == "INVAL" and f'"{wrong}"' in error["message"], error
        m.apply()
        assert "unqualified" not in m.read(drop_in)
        m.revert()
        assert m.look() == before


def test_credentials_go_to_the_named_user():
    with machine({}) as m:
        (m.root / "home/zuul").mkdir(parents=True)
        os.chown(m.root / "home/zuul", 1000, 1000)
        m.write("run/user/1000/x", "")
        os.chown(m.root / "run/user/1000", 1000, 1000)
        m.apply("--home", "/home/zuul")
        for name in ("home/zuul/.docker", "home/zuul/.docker/config.json", "run/user/1000/containers/auth.json"):
            info = (m.root / name).stat()
            assert (info.st_uid, info.st_gid, info.st_mode & 0o077) == (1000, 1000, 0), name
        assert not (m.root / "root").exists()


def test_addresses_and_names():
    for host, line, authority in (("::1", f"::1 {ALIAS}", f"{ALIAS}:9000"),
                                  ("[2001:db8::1]", f"2001:db8::1 {ALIAS}", f"{ALIAS}:9000"),
                                  ("192.0.2.1", f"192.0.2.1 {ALIAS}", f"{ALIAS}:9000"),
                                  ("registry.example", None, "registry.example:9000")):
        with machine({"etc/docker/x": ""}, host=host) as m:
            m.apply()
            assert json.loads(m.read("etc/docker/daemon.json"))["registry-mirrors"] == [f"https://{authority}"]
            if line is None:
                assert not (m.root / "etc/hosts").exists()
            else:
                assert line in m.read("etc/hosts").splitlines()


def test_what_others_change_meanwhile_stays():
    with machine() as m:
        m.apply()
        m.write("etc/hosts", m.read("etc/hosts") + "192.0.2.9 new.example\n")
        settings = json.loads(m.read("etc/docker/daemon.json"))
        settings["registry-mirrors"].append("https://second.example")
        settings["log-level"] = "warn"
        m.write("etc/docker/daemon.json", json.dumps(settings))
        login = json.loads(m.read("root/.docker/config.json"))
        login["auths"]["ghcr.io"] = {"auth": "bmV3OnMzY3JldA=="}
        m.write("root/.docker/config.json", json.dumps(login))
        m.apply()
        assert m.apply()["changed"] == []
        m.revert()
        assert m.read("etc/hosts") == SITE["etc/hosts"] + "\n192.0.2.9 new.example\n"
        settings = json.loads(m.read("etc/docker/daemon.json"))
        assert settings == {"debug": True, "registry-mirrors": ["https://site.example", "https://second.example"],
                            "z": 1.5, "a": {}, "log-level": "warn"}, settings
        assert set(json.loads(m.read("root/.docker/config.json"))["auths"]) == {"quay.io", "ghcr.io"}
        assert not (m.root / "var/lib/zreg").exists()


def test_a_change_that_cannot_be_told_apart_is_refused_and_nothing_happens():
    with machine() as m:
        m.apply()
        name = f"etc/docker/certs.d/{ALIAS}:9000/ca.crt"
        m.write(name, "somebody's")
        m.write("etc/hosts", m.read("etc/hosts").replace("# END zreg: buildset registry\n", ""))
        seen = m.look()
        for expected in ("/etc/hosts", "/" + name):
            error = m.fail("--revert")
            assert error["code"] == "CONFLICT" and expected in error["message"], error
            assert m.look() == seen
            m.write("etc/hosts", SITE["etc/hosts"])
            seen = m.look()
        (m.root / name).unlink()
        m.revert()


def test_a_lost_record_leaves_no_second_part():
    with machine() as m:
        m.apply()
        seen = {name: facts for name, facts in m.look().items() if facts[3] and b"# BEGIN zreg" in facts[3]}
        assert len(seen) > 10, seen
        (m.root / "var/lib/zreg/node.json").unlink()
        m.apply()
        after = m.look()
        assert {name: after[name] for name in seen} == seen
        m.revert()
        for name in seen:
            path = m.root / name
            assert (path.read_text() if path.exists() else None) in (SITE.get(name), SITE.get(name, "") + "\n"), name


def test_a_record_that_is_none_is_named():
    with machine() as m:
        m.apply()
        for text in ("", "{", "[]", '{"version": 2}', '{"version": 1, "files": [{"path": "etc/hosts"}]}'):
            m.write("var/lib/zreg/node.json", text)
            for argv in (["--revert"], ["--connection", m.connection]):
                error = m.fail(*argv)
                assert error["code"] == "CORRUPT" and "/var/lib/zreg/node.json" in error["message"], error


def test_files_that_cannot_be_read_are_named_before_anything_is_written():
    for name, text in (("etc/docker/daemon.json", '{"debug": '), ("etc/docker/daemon.json", "[]"),
                       ("etc/docker/daemon.json", '{"registry-mirrors": "x"}'),
                       ("root/.docker/config.json", '{"auths": []}'),
                       ("etc/rancher/k3s/registries.yaml", "mirrors: {docker.io: {endpoint: [x]}}\n")):
        with machine() as m:
            m.write(name, text)
            seen = m.look()
            error = m.fail("--connection", m.connection)
            assert error["code"] in ("INVAL", "CONFLICT") and "/" + name in error["message"], error
            assert m.look() == seen


def test_nothing_leads_out_of_the_root():
    with machine({}) as m:
        outside = m.w.folder / "outside"
        outside.mkdir()
        for name, target in (("etc", "/etc"), ("root", "../outside"), ("var", "..")):
            (m.root / name).symlink_to(target)
            before = set(outside.iterdir())
            error = m.fail("--connection", m.connection, "--engine", "docker")
            assert error["code"] == "CONFLICT" and "symbolic link" in error["message"], error
            assert set(outside.iterdir()) == before and not (m.w.folder / "lib").exists()
            (m.root / name).unlink()
            m.revert()
        (m.root / "etc").mkdir()
        (m.root / "etc/hosts").symlink_to("/etc/hosts")
        assert m.fail("--connection", m.connection)["code"] == "CONFLICT"


def test_a_link_to_a_sibling_is_followed():
    with machine({"var/snap/microk8s/42/args/x": ""}) as m:
        (m.root / "var/snap/microk8s/current").symlink_to("42")
        m.apply()
        assert ALIAS in m.read("var/snap/microk8s/42/args/certs.d/quay.io/hosts.toml")
        m.revert()
        assert not (m.root / "var/snap/microk8s/42/args/certs.d").exists()


def test_wrong_records_are_refused_without_their_secrets():
    with machine() as m:
        for change in ({"host": ""}, {"host": "a b"}, {"host": "x\n127.0.0.1 y"}, {"port": 0}, {"port": "x"},
                       {"cert": "no certificate"}, {"cert": None, "fingerprint": None}, {"password": None}, {"username": "a:b"}):
            m.connection = m.w.file("wrong.json", dict(m.record, **change))
            error = m.fail("--connection", m.connection)
            assert error["code"] == "INVAL" and "connection record" in error["message"], (change, error)
        m.connection = m.w.file("wrong.json", "{")
        assert m.fail("--connection", m.connection)["code"] == "INVAL"


def test_a_file_that_is_a_mount_is_rewritten():
    """As /etc/hosts in a container: nothing can be renamed over it."""
    with machine({"etc/hosts": "::1 localhost\n", "mounted": "::1 localhost\n"}) as m:
        script = ('mount --bind "$0/mounted" "$0/etc/hosts" && shift 0 && '
                  'zreg use-buildset-registry --root "$0" "$@" && cat "$0/etc/hosts"')
        argv = ["unshare", "-m", "bash", "-c", script, m.root]
        if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            raise tap.Skip("no mount namespace can be made here")
        done = subprocess.run([*argv, "--connection", m.connection], env=m.w.environment, text=True,
                              capture_output=True, timeout=60)
        assert done.returncode == 0 and f"127.0.0.1 {ALIAS}\n" in done.stdout, done
        assert ALIAS in m.read("mounted") and ALIAS not in m.read("etc/hosts")
        done = subprocess.run([*argv, "--revert"], env=m.w.environment, text=True, capture_output=True, timeout=60)
        assert done.returncode == 0 and m.read("mounted") == "::1 localhost\n", done


def can_be_killed():
    """Whether strace works here; beneath it a sanitizer's own check for leaks does not."""
    if "ZREG_SANITIZERS" in os.environ:
        raise tap.Skip("strace and the leak check of sanitizers exclude each other")
    try:
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise tap.Skip(f"strace does not work here: {error}")


def test_a_run_that_was_cut_off_is_finished_or_taken_back():
    """The command is killed at each of its renames in turn; strace stands for the fate."""
    can_be_killed()
    for finish in ("apply", "revert"):
        with machine({name: SITE[name] for name in ("etc/hosts", "etc/docker/daemon.json")}) as m:
            (m.root / "var/lib").mkdir(parents=True)
            seen = m.look()
            argv = ["zreg", "use-buildset-registry", "--connection", m.connection, "--root", m.root]
            for number in range(1, 40):
                done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-f", "-e",
                                       f"inject=renameat:signal=KILL:when={number}", *argv],
                                      env=m.w.environment, capture_output=True, timeout=60)
                if done.returncode == 0:
                    break
                if finish == "apply":
                    # whether docker was told already, nobody knows
                    assert m.apply()["reload"] == ["docker"], number
                    assert m.apply()["changed"] == []
                m.revert()
                assert m.look() == seen, (number, set(m.look()) ^ set(seen))
            assert number > 5, number
            m.revert()
            assert m.look() == seen


def test_a_revert_that_was_cut_off_is_finished():
    can_be_killed()
    with machine({name: SITE[name] for name in ("etc/hosts", "etc/docker/daemon.json")}) as m:
        (m.root / "var/lib").mkdir(parents=True)
        seen = m.look()
        for number in range(1, 60):
            m.apply()
            done = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-f", "-e",
                                   f"inject=renameat,unlinkat:signal=KILL:when={number}", "zreg",
                                   "use-buildset-registry", "--revert", "--root", m.root],
                                  env=m.w.environment, capture_output=True, timeout=60)
            m.revert()
            assert m.look() == seen, (number, set(m.look()) ^ set(seen))
            if done.returncode == 0:
                break
        assert number > 5, number


def test_text_for_people():
    with machine({"etc/docker/x": ""}) as m:
        argv = ("use-buildset-registry", "--connection", m.connection, "--root", m.root)
        lines = m.w.run(*argv).stdout.splitlines()
        assert "created   /etc/docker/daemon.json (docker: reload)" in lines, lines
        assert m.w.run(*argv).stdout == "nothing to change\n"
        assert m.w.run("use-buildset-registry", "--root", m.root).returncode == 2


if __name__ == "__main__":
    tap.main(__name__)
