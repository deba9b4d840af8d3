# SPDX-License-Identifier: Apache-2.0
import json
import threading

import pytest

import zreg

ALIAS = "zuul-jobs.buildset-registry"


@pytest.fixture
def buildset():
    with zreg.BuildsetRegistry() as registry:
        yield registry


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "machine"
    (folder / "etc/docker").mkdir(parents=True)
    (folder / "etc/docker/daemon.json").write_text('{"registry-mirrors": ["https://site.example"]}')
    return folder


def test_apply_and_revert(buildset, root):
    daemon = root / "etc/docker/daemon.json"
    before = daemon.read_text()
    checked = zreg.node_apply(buildset, root=root, check=True)
    assert daemon.read_text() == before and sorted(p.name for p in root.iterdir()) == ["etc"]
    changes = zreg.node_apply(buildset, root=root)
    assert changes == checked
    assert changes.reload == ("docker",) and changes.restart == () and changes.unchanged == ()
    mirrors = json.loads(daemon.read_text())["registry-mirrors"]
    assert mirrors == [f"https://{ALIAS}:{buildset.port}", "https://site.example"]
    file, = (file for file in changes.files if file.path == "/etc/docker/daemon.json")
    assert (file.engine, file.action, file.wants) == ("docker", "modified", "reload")
    assert (file.before, file.after, file.changed) == (before, daemon.read_text(), True)
    again = zreg.node_apply(buildset.connection(), root=str(root))
    assert again.changed == () and again.unchanged == changes.changed
    assert zreg.node_revert(root=root, check=True).changed == changes.changed
    assert zreg.node_revert(root=root).changed == changes.changed
    assert daemon.read_text() == before and sorted(p.name for p in root.iterdir()) == ["etc"]
    assert zreg.node_revert(root=root) == zreg.NodeChanges(())


def test_no_secret_is_told(buildset, root):
    changes = zreg.node_apply(json.dumps(buildset.connection()), root=root, home="/home/zuul", engines=["docker"])
    secret, = (file for file in changes.files if file.secret)
    assert secret.path == "/home/zuul/.docker/config.json"
    assert secret.before is None and secret.after is None
    assert buildset.connection()["password"] not in repr(changes)


def test_engines_and_namespaces(buildset, root):
    changes = zreg.node_apply(buildset, root=root, engines=["buildkit"], namespaces=("mirror.example:5000",))
    assert changes.restart == ("buildkit",)
    assert '[registry."mirror.example:5000"]' in (root / "etc/buildkit/buildkitd.toml").read_text()
    with pytest.raises(zreg.InvalidArgument, match="lxc"):
        zreg.node_apply(buildset, root=root, engines=["lxc"])
    with pytest.raises(TypeError):
        zreg.node_apply(buildset, root=root, engines="docker")


def test_names_without_a_registry(buildset, root):
    zreg.node_apply(buildset, root=root, engines=["podman"], unqualified=["docker.io", "quay.io"])
    drop_in = root / "etc/containers/registries.conf.d/zz-zreg-buildset-registry.conf"
    assert 'unqualified-search-registries = ["docker.io", "quay.io"]\n' in drop_in.read_text()
    with pytest.raises(TypeError):
        zreg.node_apply(buildset, root=root, unqualified="docker.io")


def test_errors(buildset, root):
    with pytest.raises(zreg.InvalidArgument, match="port"):
        zreg.node_apply({"host": "registry.example"}, root=root)
    with pytest.raises(zreg.NotFound):
        zreg.node_revert(root=root / "none")
    (root / "etc/docker/daemon.json").write_text("[]")
    with pytest.raises(zreg.InvalidArgument, match="/etc/docker/daemon.json"):
        zreg.node_apply(buildset, root=root)
    cancel = zreg.Cancel()
    cancel.trigger()
    with pytest.raises(zreg.Cancelled):
        zreg.node_revert(root=root, cancel=cancel)


def test_runs_wait_for_each_other(buildset, root):
    results = []
    threads = [threading.Thread(target=lambda: results.append(zreg.node_apply(buildset, root=root))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bool(result.changed) for result in results) == [False, False, False, True]
