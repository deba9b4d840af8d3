# SPDX-License-Identifier: Apache-2.0
"""What the site configured itself is kept and still works; the verb repeats, checks and reverts."""

import base64
import json

from clients import Cri, Ctr, Docker, Podman, Skopeo
from engines import Failure
from test_engines import expect
from world import MIRROR, assert_same, main

# A registry without `prefix`, one that is shadowed too, and a mirror for it.
REGISTRIES_CONF = f"""unqualified-search-registries = ["docker.io"]

[[registry]]
location = "registry.site.example"
insecure = true

[[registry]]
location = "docker.io"

[[registry.mirror]]
location = "{MIRROR}"
"""
HOSTS_TOML = f"""# The site's cache.
server = "https://registry-1.docker.io"

[host."https://{MIRROR}"]
  capabilities = ["pull", "resolve"]
"""
DEFAULT_TOML = f"""[host."https://{MIRROR}"]
  capabilities = ["pull", "resolve"]
"""
CONFIG_TOML = """version = 2

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/site"
"""


def expect_all(w, client):
    """The buildset registry is asked first, the site's mirror second, docker.io last."""
    expect(w, client, "docker.io/acme/app", "speculative")
    expect(w, client, "docker.io/acme/sitewide", "mirror")
    expect(w, client, "docker.io/acme/plain", "original")


def test_docker_keeps_the_mirrors_of_the_site(shared):
    """Ours first, the site's second, docker.io last; other settings and the mode stay."""
    w = shared.world()
    file = w.etc / "docker/daemon.json"
    before = json.loads(file.read_text())
    with w.in_use(), Docker(w.machine) as docker:
        after = json.loads(file.read_text())
        assert after.pop("registry-mirrors")[1:] == before.pop("registry-mirrors"), file.read_text()
        assert after == before and file.stat().st_mode & 0o777 == 0o640
        expect_all(w, docker)


def test_podman_and_skopeo_keep_the_mirrors_of_the_site(shared):
    w = shared.world()
    with w.site_file("containers/registries.conf", 0o600, REGISTRIES_CONF):
        for class_ in (Podman, Skopeo):
            with w.in_use(), class_(w.machine) as client:
                expect_all(w, client)


def test_containerd_keeps_the_mirrors_of_the_site(shared):
    w = shared.world()
    with w.site_file("containerd/certs.d/docker.io/hosts.toml", 0o644, HOSTS_TOML):
        with w.in_use(), Ctr(w.machine) as ctr:
            expect_all(w, ctr)


def test_containerd_keeps_the_default_of_the_site(shared):
    """A mirror for every registry that has no folder of its own, until we make one."""
    w = shared.world()
    with w.site_file("containerd/certs.d/_default/hosts.toml", 0o644, DEFAULT_TOML):
        with w.in_use(), Ctr(w.machine) as ctr:
            expect_all(w, ctr)


def test_containerd_keeps_the_folder_that_the_site_chose(shared):
    """Then nothing in config.toml changes, and nothing is to be restarted."""
    w = shared.world()
    with w.site_file("containerd/config.toml", 0o644, CONFIG_TOML) as config, \
            w.site_file("containerd/site/docker.io/hosts.toml", 0o644, HOSTS_TOML), \
            Cri(w.machine) as cri, w.in_use():
        assert config.read_text() == CONFIG_TOML
        expect_all(w, cri)


def test_a_further_registry_is_shadowed_by_name(shared):
    w = shared.world()
    for class_ in (Skopeo, Ctr):
        with w.in_use("--namespace", MIRROR), class_(w.machine) as client:
            expect(w, client, f"{MIRROR}/acme/sitewide", "speculative")
        with w.in_use(), class_(w.machine) as client:
            expect(w, client, f"{MIRROR}/acme/sitewide", "mirror")


def test_a_name_without_a_registry_is_looked_for_where_it_is_said(shared):
    """Also where the site wants somebody at a terminal to choose; without our option the site's own list counts."""
    w = shared.world()
    conf = 'unqualified-search-registries = ["quay.io"]\nshort-name-mode = "enforcing"\n'
    said = ("--unqualified", "docker.io", "--unqualified", MIRROR)
    with w.site_file("containers/registries.conf", 0o600, conf):
        before = w.snapshot()
        with w.in_use(*said[:2]), Podman(w.machine) as podman:
            expect(w, podman, "acme/app", "speculative")
        with w.in_use(*said), Podman(w.machine) as podman:
            expect(w, podman, "acme/app", "speculative")
            expect(w, podman, "acme/plain", "original")
            w.machine.run("buildah", "from", "--name", "short", "acme/app")
            word = w.machine.run("buildah", "run", "short", "cat", "/etc/word")
            w.machine.run("buildah", "rm", "short")
            assert word.strip() == "speculative", word
        with w.in_use(), Podman(w.machine) as podman:
            try:
                podman.pull("acme/app")
            except Failure:
                pass  # quay.io, the site's choice, has none
            else:
                raise AssertionError("a name without a registry was looked for at docker.io")
        assert_same(before, w.snapshot())


def test_docker_with_a_login_at_docker_hub(shared):
    """docker sends it to mirrors too, where it is wrong, even with a user of that name; it is kept."""
    w = shared.world()
    user = w.buildset.record["username"]
    login = base64.b64encode(f"{user}:at docker hub".encode()).decode()
    config = w.machine.home / ".docker/config.json"
    config.parent.mkdir(mode=0o700)
    config.touch(0o600)
    config.write_text(json.dumps({"auths": {"https://index.docker.io/v1/": {"auth": login}}}))
    with w.in_use(), Docker(w.machine) as docker:
        assert json.loads(config.read_text())["auths"]["https://index.docker.io/v1/"]["auth"] == login
        expect(w, docker, "docker.io/acme/app", "speculative")


def test_a_second_run_changes_nothing(shared):
    w = shared.world()
    first = w.verb()
    try:
        assert first["changed"], first
        before = w.snapshot()
        second = w.verb()
        assert second["changed"] == [], second
        assert second["reload"] == second["restart"] == [], second
        assert_same(before, w.snapshot())
    finally:
        w.verb("--revert")


def test_a_check_tells_and_writes_nothing(shared):
    w = shared.world()
    before = w.snapshot()
    told = w.verb("--check")
    assert_same(before, w.snapshot())
    done = w.verb()
    try:
        assert sorted(told["changed"]) == sorted(done["changed"]), (told, done)
    finally:
        w.verb("--revert")


def test_a_revert_can_be_repeated(shared):
    w = shared.world()
    before = w.snapshot()
    w.verb()
    assert w.verb("--revert")["changed"]
    assert w.verb("--revert")["changed"] == []
    assert_same(before, w.snapshot())


def test_a_changed_registry_replaces_the_one_before(shared):
    """The next job on the same machine: another port, certificate and password; one revert."""
    w = shared.world()
    before = w.snapshot()
    w.verb()
    after_one = w.snapshot()
    w.replace_buildset()
    w.verb()
    try:
        with Skopeo(w.machine) as skopeo:
            expect(w, skopeo, "docker.io/acme/app", "speculative")
        assert w.snapshot() != after_one
    finally:
        w.verb("--revert")
    assert_same(before, w.snapshot())


def test_an_engine_that_finds_no_registry_says_so(shared):
    """The control of all these tests: a name that is nowhere is pulled from nowhere."""
    w = shared.world()
    with w.in_use(), Skopeo(w.machine) as skopeo:
        try:
            skopeo.pull("docker.io/acme/nowhere")
        except Failure:
            return
    raise AssertionError("an image that exists nowhere was pulled")


if __name__ == "__main__":
    main(__name__)
