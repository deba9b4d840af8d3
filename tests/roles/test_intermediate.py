# SPDX-License-Identifier: Apache-2.0
"""run-intermediate-registry on a machine of its own: the service that it writes is run, as its user and with its
command line. There is no systemd; tests/lib/systemctl.py stands in for its command."""

import contextlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import urllib.error
import urllib.request

from roles_world import TOP, need, roles_world, tap  # first: it says where the libraries of the tests are
from registries import Failure, command, free_port

NAME = "zreg-registry"
USERS = [{"name": "zuul", "password": "writers-secret"}, {"name": "reader", "password": "readers-secret", "read_only": True}]
SECRETS = [user["password"] for user in USERS]
TAG = "0123456789abcdef0123456789abcdef_latest"


class Host:
    """The machine that the registry runs on, where zreg is installed for everybody."""

    def __init__(self, w, host="127.0.0.1"):
        self.w, self.machine = w, w.machine
        self.etc = self.machine.etc
        programs = self.machine.folder / "var/cache/zreg/bin"
        programs.mkdir(parents=True)
        self.install(programs)
        shutil.copy(TOP / "tests/lib/systemctl.py", programs / "systemctl")
        (programs / "systemctl").chmod(0o755)
        w.environment["PATH"] = f"/var/cache/zreg/bin:{os.environ['PATH']}"
        self.given = dict(intermediate_registry_host=host, intermediate_registry_port=free_port(),
                          intermediate_registry_users=USERS, intermediate_registry_managed=True)
        self.address = f"{f'[{host}]' if ':' in host else host}:{self.given['intermediate_registry_port']}"

    def install(self, folder):
        """The program with its library, at a place that every user can read."""
        library = pathlib.Path(os.environ["ZREG_BUILDDIR"]) / "libzreg/.libs"
        for path in library.glob("libzreg.so*"):
            shutil.copy(path, folder)
        shutil.copy(shutil.which("zreg"), folder / "zreg.real")
        (folder / "zreg").write_text("#!/bin/sh\nLD_LIBRARY_PATH=/var/cache/zreg/bin exec /var/cache/zreg/bin/zreg.real \"$@\"\n")
        (folder / "zreg").chmod(0o755)

    def play(self, run=None, options=("-vvv",), **variables):
        done = (run or self.w.works)("run-intermediate-registry", options=options, callback="default",
                                     **{**self.given, **variables})
        text = done if isinstance(done, str) else done.text
        for secret in SECRETS:
            assert secret not in text
        return text

    def changes(self, **variables):
        """How many tasks changed something, and what systemctl was asked then."""
        asked = self.machine.folder / "var/log/systemctl"
        asked.unlink(missing_ok=True)
        recap = self.play(**variables).rpartition("PLAY RECAP")[2]
        told = asked.read_text().splitlines() if asked.exists() else []
        return int(recap.partition("changed=")[2].split()[0]), [line for line in told if line != "daemon-reload"]

    def unit(self, kind="service", name=NAME):
        return self.etc / f"systemd/system/{name}.{kind}"

    def record(self):
        """What a site would put into its secret, and the certificate that was made."""
        settings = (self.etc / NAME / "registry.yaml").read_text()
        pem, = [path for path in (self.etc / NAME).glob("*.cert.pem") if path.name in settings]
        return pem.read_text()

    def zreg(self, verb, *argv, user=USERS[0], ca=None):
        """A verb of a client elsewhere; None when it was denied."""
        (self.w.folder / "ca.pem").write_text(ca or self.record())
        (self.w.folder / "password").write_text(user["password"])
        try:
            return json.loads(command("zreg", verb, "--json", "--ca", self.w.folder / "ca.pem", "--username", user["name"],
                                      "--password-file", self.w.folder / "password", *argv, env=self.w.environment))
        except Failure as error:
            assert "DENIED" in str(error) or "UNAUTHORIZED" in str(error), error
            return None

    def push(self, name, user=USERS[0]):
        layer = self.w.tree("layer", {"word": name})
        return self.zreg("append", "--base", "scratch", "--platform", "linux/amd64", "--layer", layer,
                         f"{self.address}/{name}", user=user)

    def verify(self, *units):
        """systemd itself reads them; it wants the programs to be there, so on the machine."""
        need("systemd-analyze")
        done = self.machine.call("systemd-analyze", "verify", "--man=no", *(f"/etc/systemd/system/{unit}" for unit in units))
        told = [line for line in (done.stdout + done.stderr).splitlines() if NAME in line]
        assert done.returncode == 0 and not told, done.stderr


@contextlib.contextmanager
def host(**options):
    with roles_world(own_machine=True) as w:
        w.environment["PYTHONPATH"] = ""
        yield Host(w, **options)


def owner_and_mode(machine, path):
    return machine.run("stat", "--format", "%U:%G %a", path).strip()


def test_a_registry_is_set_up_and_left_alone_when_nothing_changes():
    with host() as h:
        foreseen, asked = h.changes(options=["--check"])
        assert foreseen > 0 and not asked and not (h.etc / NAME).exists() and not h.unit().exists()
        changed, asked = h.changes()
        assert changed > 0 and f"enable {NAME}.service" in asked, asked
        assert h.changes() == (0, []), "a second run changed something"
        assert h.changes(options=["--check"]) == (0, [])

        digest = h.push("example/app:latest")["digest"]
        assert h.zreg("inspect", f"{h.address}/example/app:latest", user=USERS[1])["digest"] == digest
        assert h.push("example/app:other", user=USERS[1]) is None, "a reader could write"
        assert h.zreg("inspect", f"{h.address}/example/app:latest", user=dict(name="zuul", password="wrong")) is None

        pid = h.machine.run("cat", f"/run/stand-in/{NAME}.service").strip()
        assert h.machine.run("stat", "--format", "%U", f"/proc/{pid}").strip() == NAME
        for path, wanted in ((f"/etc/{NAME}", f"root:{NAME} 750"), (f"/etc/{NAME}/htpasswd", f"root:{NAME} 640"),
                             (f"/var/lib/{NAME}", f"{NAME}:{NAME} 750")):
            assert owner_and_mode(h.machine, path) == wanted, path
        for path in (*(h.etc / NAME).iterdir(), h.unit()):
            assert not [secret for secret in SECRETS if secret in path.read_text()], path
            assert "key.pem" not in path.name or owner_and_mode(h.machine, f"/etc/{NAME}/{path.name}") == f"root:{NAME} 640"


def test_what_changes_restarts_it_and_its_images_stay():
    with host() as h:
        h.play()
        digest, certificate = h.push("example/app:latest")["digest"], h.record()
        restarted = [f"restart {NAME}.service"]
        one, asked = h.changes(intermediate_registry_users=USERS[:1])
        assert asked == restarted, asked
        assert h.zreg("inspect", f"{h.address}/example/app:latest", user=USERS[1]) is None
        _, asked = h.changes(intermediate_registry_names=["registry.example.org", "::1"])
        assert asked == restarted and h.record() != certificate
        shown = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=h.record(), text=True,
                               stdout=subprocess.PIPE, check=True).stdout
        for name in ("IP Address:127.0.0.1", "DNS:registry.example.org", "IP Address:0:0:0:0:0:0:0:1"):
            assert name in shown, shown
        assert h.zreg("inspect", f"{h.address}/example/app:latest")["digest"] == digest


RIGHTS = dict(intermediate_registry_users=[{"name": user["name"], "password": user["password"]} for user in USERS],
              intermediate_registry_groups={"builders": ["zuul"]},
              intermediate_registry_rights=[
                  {"who": "users", "repositories": "**", "allow": ["pull", "catalog"]},
                  {"who": ["group:builders"], "repositories": "example/**", "allow": ["push", "delete"]}],
              intermediate_registry_immutable_tags=["example/*:v*"], intermediate_registry_limits={"head-fields": 20})


def get(url, **headers):
    """Status, fields and body of a plain request."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def test_rights_and_limits_are_those_that_were_given():
    with host() as h:
        h.play()
        mine = dict(RIGHTS, intermediate_registry_metrics_listen=f"127.0.0.1:{free_port()}")
        _, asked = h.changes(**mine)
        assert asked == [f"restart {NAME}.service"], asked
        assert h.changes(**mine) == (0, []), "a second run changed something"
        assert owner_and_mode(h.machine, f"/etc/{NAME}/registry.yaml") == f"root:{NAME} 640"
        digest = h.push("example/app:v1")["digest"]
        assert h.zreg("inspect", f"{h.address}/example/app:v1", user=USERS[1])["digest"] == digest
        for name, user in (("example/app:v2", USERS[1]), ("other/app:v1", USERS[0])):
            assert h.push(name, user=user) is None, name
        layer = h.w.tree("another", {"word": "another"})
        assert h.zreg("append", "--base", "scratch", "--layer", layer, f"{h.address}/example/app:v1") is None, "it moved"

        watched = f"http://{mine['intermediate_registry_metrics_listen']}"
        assert get(f"{watched}/readyz")[0] == 200 and "zreg_requests_total{" in get(f"{watched}/metrics")[2]
        many = {f"x{i}": "y" for i in range(20)}
        assert get(f"{watched}/healthz", **many)[0] == 200, "the limit is the registry's"
        told = command("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", h.w.folder / "ca.pem",
                       *(word for name, text in many.items() for word in ("-H", f"{name}: {text}")),
                       f"https://{h.address}/v2/")
        assert told == "431", told


def test_it_knows_the_proxy_before_it_and_tokens_outlive_a_restart():
    with host() as h:
        url = "https://registry.example.org/images"
        proxied = dict(intermediate_registry_public_url=url, intermediate_registry_trusted_proxies=["127.0.0.1"],
                       intermediate_registry_settings={"shadow": True, "access-log": f"/var/lib/{NAME}/access.jsonl"})
        h.play(**proxied)
        (h.w.folder / "ca.pem").write_text(h.record())
        curl = ("curl", "-s", "--cacert", h.w.folder / "ca.pem")
        told = command(*curl, "-D", "-", "-H", "X-Forwarded-For: 192.0.2.7", f"https://{h.address}/v2/")
        assert f'realm="{url}/v2/_token"' in told, told
        (h.w.folder / "login").write_text(f'user = "zuul:{SECRETS[0]}"\n')
        given = command(*curl, "-K", h.w.folder / "login",
                        f"https://{h.address}/v2/_token?service=zreg&scope=repository:app:pull,push")
        _, asked = h.changes(**proxied, intermediate_registry_limits={"idle-ms": 60000})
        assert asked == [f"restart {NAME}.service"], asked
        bearer = f"Authorization: Bearer {json.loads(given)['token']}"
        for name, status in (("app", "404"), ("library/app", "404"), ("other", "401")):  # it shadows: the same to the token
            assert command(*curl, "-H", bearer, "-o", "/dev/null", "-w", "%{http_code}",
                           f"https://{h.address}/v2/{name}/tags/list") == status, name
        assert '"remote":"192.0.2.7' in (h.machine.folder / f"var/lib/{NAME}/access.jsonl").read_text()


def test_a_registry_that_does_not_start_fails_the_play():
    with host() as h:
        wrong = dict(h.given, intermediate_registry_limits={"wishes": 3})
        told = h.w.play("run-intermediate-registry", callback="default", **wrong)
        assert told.code == 2 and "never was ready" in told.text, told.text[-2000:]
        said = h.machine.run("cat", f"/var/log/{NAME}.service")
        assert "registry.yaml:" in said and 'no limit "wishes"' in said, said


def test_a_certificate_and_hashes_can_be_given():
    with host(host="::1") as h:
        folder = h.w.folder / "given"
        folder.mkdir()
        command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=given", "-addext", "subjectAltName=IP:::1", "-keyout", folder / "key", "-out", folder / "cert")
        hashed = command("htpasswd", "-niB", "zuul", input=SECRETS[0]).strip().partition(":")[2]
        key = (folder / "key").read_text()
        told = h.play(intermediate_registry_cert=(folder / "cert").read_text(), intermediate_registry_key=key,
                      intermediate_registry_users=[{"name": "zuul", "hash": hashed, "password": ""}])
        assert (h.etc / NAME / "htpasswd").read_text() == f"zuul:{hashed}\n"
        assert key.splitlines()[1] not in told and h.record() == (folder / "cert").read_text()
        assert h.push("example/app:latest"), "nothing could be pushed"


def test_systemd_takes_what_is_written():
    with host() as h:
        h.play(intermediate_registry_retention="30d", intermediate_registry_retention_user="zuul")
        h.verify(f"{NAME}.service", f"{NAME}-retention.service", f"{NAME}-retention.timer")
        assert h.changes(intermediate_registry_retention="30d", intermediate_registry_retention_user="zuul") == (0, [])


def test_old_tags_are_removed():
    """Old is what was built long ago, and the tag of a build. The timer's command is run as it is written."""
    need("buildah")
    with host() as h:
        retention = dict(intermediate_registry_retention="1d", intermediate_registry_retention_user="zuul")
        _, asked = h.changes(**retention)
        assert f"enable {NAME}-retention.timer" in asked, asked
        (h.w.folder / "context").mkdir()
        (h.w.folder / "context/word").write_text("old")
        (h.w.folder / "context/Dockerfile").write_text("FROM scratch\nCOPY word /word\n")
        certs = h.w.folder / "certs"
        certs.mkdir()
        (certs / "ca.crt").write_text(h.record())
        for name, built in (("old", ["--timestamp", "1600000000"]), ("young", [])):
            h.w.run("buildah", "bud", "--quiet", *built, "-t", name, h.w.folder / "context")
            for repository in ("example/app", "quay.io/example/base"):
                for tag in (f"{'0' * 31}{len(name)}_latest", name):
                    h.w.run("buildah", "push", "--cert-dir", certs, "--creds", f"zuul:{SECRETS[0]}", name,
                            f"docker://{h.address}/{repository}:{tag}")
        line, = [line for line in h.unit("service", f"{NAME}-retention").read_text().splitlines()
                 if line.startswith("ExecStart=")]
        credentials = pathlib.Path(f"/etc/{NAME}")
        shutil.copy(h.etc / NAME / "retention-password", h.etc / NAME / "password")
        assert owner_and_mode(h.machine, f"/etc/{NAME}/retention-password") == "root:root 600"
        assert SECRETS[0] not in line
        argv = shlex.split(line.partition("=")[2].replace("${CREDENTIALS_DIRECTORY}", str(credentials)))
        told = h.machine.run(*argv)
        for repository in ("example/app", "quay.io/example/base"):
            left = h.zreg("tags", f"{h.address}/{repository}")["tags"]
            assert sorted(left) == sorted(["old", "young", f"{'0' * 31}5_latest"]), (left, told)

        _, asked = h.changes()
        assert f"stop {NAME}-retention.timer" in asked and not h.unit("timer", f"{NAME}-retention").exists(), asked
        assert not (h.etc / NAME / "retention-password").exists()


def test_what_is_wrong_is_told_before_anything_is_written():
    with host() as h:
        for wrong, said in (
                (dict(intermediate_registry_users=[]), "nobody who may write"),
                (dict(intermediate_registry_users=USERS[1:]), "nobody who may write"),
                (dict(intermediate_registry_users=[{"name": "a b", "password": "x"}]), "a b"),
                (dict(intermediate_registry_root="/home/registry"), "/home/registry"),
                (dict(intermediate_registry_names=["x y"]), "x y"),
                (dict(intermediate_registry_cert="PEM"), "go together"),
                (dict(intermediate_registry_rights="all"), "has to be a list of rules"),
                (dict(intermediate_registry_limits=["x"]), "has to be a list of rules"),
                (dict(intermediate_registry_metrics_listen="9100"), "ADDRESS:PORT"),
                (dict(RIGHTS, intermediate_registry_users=USERS), "leave out read_only"),
                (dict(RIGHTS, intermediate_registry_anonymous="pull"), "leave out read_only"),
                (dict(intermediate_registry_settings={"secret": "x"}), "secret cannot be given there"),
                (dict(intermediate_registry_settings={"rights": []}), "rights cannot be given there"),
                (dict(intermediate_registry_retention="1d", intermediate_registry_public_url="https://r.example"),
                 "logs in at the registry itself")):
            told = h.w.play("run-intermediate-registry", callback="default", **{**h.given, **wrong})
            assert told.code == 2 and said in told.text, (wrong, told.text[-2000:])
        assert not (h.etc / NAME).exists() and not h.unit().exists()


if __name__ == "__main__":
    tap.main(__name__)
