#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service in a Debian that boots: a user, folders and credentials that only a machine's systemd makes."""

import shutil

from release_world import BUILD, SOURCE, call, folder, need, need_root, tap

FILE = BUILD.parent / "static-cli/static-file/zreg"
UNITS = SOURCE / "packaging/systemd"
TREES = SOURCE / "tests/lib/debian_tree.sh"
TREE = SOURCE / "build/debian/bookworm/booted"
CREDENTIALS = "/run/credentials/zreg-registry.service/registry"
CONF = f"""ZREG_SERVE_OPTIONS=--listen=127.0.0.1:5000 --anonymous=pull \\
    --tls-cert={CREDENTIALS}_tls.crt --tls-key={CREDENTIALS}_tls.key --htpasswd={CREDENTIALS}_htpasswd \\
    --access-log=/var/log/zreg/access.json
"""
# Started by the systemd there as any service is; with its end the machine goes off.
STORY_UNIT = """[Unit]
After=network.target
SuccessAction=poweroff
FailureAction=poweroff
[Service]
Type=oneshot
ExecStart=/bin/sh /story/story
StandardOutput=append:/story/said
StandardError=inherit
"""
STORY = r"""
cd /story
image=127.0.0.1:5000/example/base:1
of() { systemctl show --value -p "$1" zreg-registry.service; }
use() {
    zreg append --base scratch --layer root $image --ca tls.crt --creds-file 127.0.0.1:5000=creds --quiet &&
        zreg copy $image oci:$1:1 --ca tls.crt --quiet && echo "$1 was used"
}
systemctl start zreg-registry.service && use service
grep -E '^(Uid|CapBnd|Seccomp):' "/proc/$(of MainPID)/status"
stat -L -c '%n %u %a' /var/lib/zreg /var/log/zreg/access.json
mv /var/log/zreg/access.json /var/log/zreg/before.json && systemctl reload zreg-registry.service
for _ in $(seq 100); do [ -e /var/log/zreg/access.json ] && break; sleep 0.1; done
[ -e /var/log/zreg/access.json ] && echo "a new log"
systemctl restart zreg-registry.service && use restarted
systemctl stop zreg-registry.service; echo "stopped: $(of Result)"
systemctl start zreg-registry.socket; echo "waiting: $(of ActiveState)"; use socket; echo "woken: $(of ActiveState)"
journalctl --no-pager --boot --unit=zreg-registry.service
"""


def lay_out_tree():
    """A Debian with systemd, and our service as packages install it."""
    call(TREES, "keep", "bookworm", TREE.name)
    if not (TREE / "sbin/init").exists():
        call(TREES, "run", TREE, "sh", "-c", "apt-get update -qq &&"
             " apt-get install -qq -y --no-install-recommends systemd-sysv", timeout=1200)
    shutil.copy(FILE, TREE / "usr/bin/zreg")
    for unit in UNITS.glob("zreg-registry.*"):
        shutil.copy(unit, TREE / "usr/lib/systemd/system")
    (TREE / "etc/zreg/registry").mkdir(parents=True, exist_ok=True)
    (TREE / "etc/zreg/registry.conf").write_text(CONF)
    (TREE / "etc/systemd/system/story.service").write_text(STORY_UNIT)


def lay_out_story(top):
    """The folder /story there, and what an administrator puts into /etc/zreg/registry: for root alone."""
    (top / "root").mkdir()
    (top / "root/file").write_text("hello\n")
    (top / "creds").write_text("u:p\n")
    (top / "story").write_text(STORY)
    call("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", top / "tls.key", "-out", top / "tls.crt", "-days", "2")
    call("htpasswd", "-bcB", "-C", "5", top / "htpasswd", "u", "p")
    for name in ("tls.key", "tls.crt", "htpasswd"):
        shutil.copy(top / name, TREE / "etc/zreg/registry")
        (TREE / "etc/zreg/registry" / name).chmod(0o600)


def boot(top):
    """What the story says. Nothing of it stays in the tree."""
    said = call("systemd-nspawn", "--directory", TREE, "--volatile=overlay", "--bind", f"{top}:/story", "--register=no",
                "--keep-unit", "--private-network", "--console=pipe", "--boot", "--", "--unit=story.service",
                expect=None, timeout=120)
    if not (top / "said").exists():
        raise tap.Skip(f"a Debian does not boot here: {said.strip()[-200:]}")
    told = (top / "said").read_text()
    print(*(f"# {line}" for line in told.splitlines()), sep="\n", flush=True)
    return told


def test_the_service_runs_on_a_machine():
    need_root()
    need("systemd-nspawn", "systemd-container")
    need("htpasswd", "apache2-utils")
    need("debootstrap")
    if not FILE.exists():
        raise tap.Skip(f"{FILE} is not built; tests/run release builds it")
    lay_out_tree()
    with folder() as top:
        lay_out_story(top)
        said = boot(top)
    for how in ("service", "restarted", "socket"):
        assert f"{how} was used" in said, said
    user = said.split("Uid:")[1].split()[0]
    assert user != "0" and f"/var/lib/zreg {user} 700" in said and f"/var/log/zreg/access.json {user} 600" in said, said
    assert "CapBnd:\t0000000000000000" in said and "Seccomp:\t2" in said, said
    assert "a new log" in said and "stopped: success" in said, said
    assert "waiting: inactive" in said and "woken: active" in said, said


if __name__ == "__main__":
    tap.main(__name__)
