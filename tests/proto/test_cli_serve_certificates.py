#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve`: clients that show a certificate."""

import base64
import contextlib
import http.client
import json
import signal
import ssl
import subprocess

from cli_world import tap, world

HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"  # "password"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"user:password").decode()}


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """A CA, and what it signs."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.pem, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-days", "2", "-keyout", self.key, "-out", self.pem)

    def sign(self, name, subject, *extensions):
        """Certificate and key in one file."""
        both, request = self.folder / f"{self.name}-{name}.both", self.folder / f"{name}.csr"
        key, more = self.folder / f"{name}.key", self.folder / f"{name}.ext"
        more.write_text("\n".join(["basicConstraints=CA:FALSE", "subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid",
                                   *extensions]))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject, "-keyout", key,
                "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                "-extfile", more, "-out", both)
        both.write_text(both.read_text() + key.read_text())
        return both


class Site:
    """A registry under TLS with one user, and a CA for its clients."""

    def __init__(self, w, *options):
        self.w = w
        self.ca = Authority(w.folder, "ca")
        own = self.ca.sign("server", "/CN=server", "subjectAltName=IP:127.0.0.1")
        self.trusted = w.folder / "trusted.pem"
        self.trusted.write_text(self.ca.pem.read_text())
        self.registry = w.serve("--root", str(w.folder / "root"), "--durability", "none", "--tls-cert", str(own), "--tls-key",
                                str(own), "--htpasswd", str(w.file("users", f"user:{HASH}\n")), "--tls-client-ca",
                                str(self.trusted), *options)

    def ask(self, certificate=None, headers=None, method="POST", path="/v2/x/blobs/uploads/"):
        """The answer's status; None: there is no connection."""
        context = ssl.create_default_context(cafile=str(self.ca.pem))
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 has it by itself
        if certificate:
            context.load_cert_chain(certificate)
        connection = http.client.HTTPSConnection(self.registry.address, timeout=20, context=context)
        with contextlib.closing(connection):
            try:
                connection.request(method, path, headers=headers or {})
                answer = connection.getresponse()
                self.body = answer.read()
                return answer.status
            except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
                return None

    def reload(self):
        self.registry.process.send_signal(signal.SIGHUP)
        return self.registry.process.stderr.readline()

    def users(self):
        """Ends the registry, so that all lines are there."""
        self.registry.stop()
        return [line["user"] for line in self.registry.requests() if line["status"] == 202]


def test_a_certificate_is_as_good_as_a_password():
    with world() as w:
        site = Site(w)
        alice = site.ca.sign("alice", "/O=site/CN=alice")
        assert site.ask(alice) == 202
        assert site.ask() == 401, "without one a password is wanted"
        assert site.ask(headers=BASIC) == 202
        assert site.ask(alice, BASIC) == 202, "credentials that are right go before the certificate"
        assert site.ask(alice, {"Authorization": "Basic eDp5"}) == 202, "those that are not, behind it"
        assert site.ask(alice, {"Authorization": "Bearer x"}) == 202
        assert site.users() == ["alice", "user", "user", "alice", "alice"]


def test_the_owner_of_a_certificate_gets_tokens():
    with world() as w:
        site = Site(w)
        assert site.ask(site.ca.sign("alice", "/CN=alice"), method="GET",
                        path="/v2/_token?service=zreg&scope=repository:x:push") == 200
        bearer = {"Authorization": "Bearer " + json.loads(site.body)["token"]}
        assert site.ask(headers=bearer) == 202 and site.users() == ["alice"]


def rules(w, name):
    return w.file("registry.yaml", json.dumps({"registry": {"rights": [
        {"who": f"user:{name}", "repositories": "x", "allow": ["pull", "push"]}]}}))


def test_rules_count_for_certificates_and_the_tokens_of_their_owners():
    with world() as w:
        site = Site(w, "--config", rules(w, "alice"))
        alice, bob = site.ca.sign("alice", "/CN=alice"), site.ca.sign("bob", "/CN=bob")
        elsewhere = "/v2/y/blobs/uploads/"
        assert (site.ask(alice), site.ask(alice, path=elsewhere), site.ask(bob)) == (202, 404, 404)
        for owner, status in ((alice, 202), (bob, 404)):
            site.ask(owner, method="GET", path="/v2/_token?service=zreg&scope=repository:x:push&scope=repository:y:push")
            bearer = {"Authorization": "Bearer " + json.loads(site.body)["token"]}
            assert (site.ask(headers=bearer), site.ask(headers=bearer, path=elsewhere)) == (status, 404)
            if owner is alice:
                mine = bearer
        rules(w, "bob")
        assert "read again" in site.reload()
        assert (site.ask(headers=mine), site.ask(alice), site.ask(bob)) == (404, 404, 202)


def test_a_certificate_without_a_common_name_has_its_alternative_name():
    with world() as w:
        site = Site(w)
        assert site.ask(site.ca.sign("mail", "/O=site", "subjectAltName=URI:spiffe://x,email:bob@site")) == 202
        assert site.ask(site.ca.sign("dns", "/O=site", "subjectAltName=DNS:node1.site")) == 202
        assert site.ask(site.ca.sign("nameless", "/O=site")) == 401, "who has no name is nobody"
        assert site.ask(site.ca.sign("long", "/O=site", "subjectAltName=DNS:" + "x" * 200)) == 401
        assert site.users() == ["bob@site", "node1.site"]


def test_certificates_that_are_not_vouched_for_end_the_handshake():
    with world() as w:
        site = Site(w)
        assert site.ask(Authority(w.folder, "other").sign("alice", "/CN=alice")) is None
        assert site.ask(Authority(w.folder, "ca2").sign("alice", "/CN=ca")) is None
        assert site.ask(site.ca.sign("server2", "/CN=alice", "extendedKeyUsage=serverAuth")) is None
        assert site.ask(site.ca.sign("alice", "/CN=alice", "extendedKeyUsage=clientAuth")) == 202


def test_certificates_may_be_required():
    with world() as w:
        site = Site(w, "--tls-client-required")
        assert site.ask(headers=BASIC) is None
        assert site.ask(site.ca.sign("alice", "/CN=alice")) == 202
        assert site.users() == ["alice"]


def test_a_reload_exchanges_the_ca():
    with world() as w:
        site, other = Site(w), Authority(w.folder, "other")
        mine, theirs = site.ca.sign("alice", "/CN=alice"), other.sign("bob", "/CN=bob")
        assert (site.ask(mine), site.ask(theirs)) == (202, None)
        site.trusted.write_text(other.pem.read_text())
        assert "read again" in site.reload()
        assert (site.ask(mine), site.ask(theirs)) == (None, 202)
        site.trusted.write_text("nothing")
        assert "the CA of clients is no certificate" in site.reload()
        assert (site.ask(mine), site.ask(theirs)) == (None, 202)


def test_settings_that_do_not_go_together_are_refused():
    with world() as w:
        ca = Authority(w.folder, "ca")
        for words, what in ((("--tls-client-ca", ca.pem), "under TLS only"), (("--tls-client-required",), "takes the CA")):
            done = w.run("serve", "--root", w.folder / "r", *words)
            assert done.returncode == 1 and what in done.stderr, done.stderr


if __name__ == "__main__":
    tap.main(__name__)
