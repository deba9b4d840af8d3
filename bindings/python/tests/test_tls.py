# SPDX-License-Identifier: Apache-2.0
"""What a host's TLS settings do, against a TLS server of Python's own."""

import contextlib
import http.server
import ssl
import subprocess
import threading

import pytest

import zreg


@pytest.fixture
def certificate(tmp_path):
    """certificate("name") makes a key and a certificate for the loopback address, two PEM files."""

    def make(name):
        key, cert = tmp_path / f"{name}.key", tmp_path / f"{name}.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        return key, cert

    return make


class Base(http.server.BaseHTTPRequestHandler):
    """The base of a registry's API, which is all that a ping wants."""

    def do_GET(self):
        self.send_response(200 if self.path == "/v2/" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A handshake that fails is what some tests are about."""


@contextlib.contextmanager
def serving(context):
    with Server(("127.0.0.1", 0), Base) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def context_of(certificate, name="server"):
    key, cert = certificate(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert.read_text()


def test_a_client_certificate_is_shown(client, certificate):
    context, ca = context_of(certificate)
    key, cert = certificate("client")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cert)
    with serving(context) as host:
        client.set_host(host, ca_pem=ca, client_cert_pem=cert.read_text(), client_key_pem=key.read_text())
        client.ping(host)


def test_another_client_certificate_or_none_is_no_use(client, certificate):
    context, ca = context_of(certificate)
    _, cert = certificate("client")
    key, other = certificate("other")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cert)
    with serving(context) as host:
        for pems in ({}, {"client_cert_pem": other.read_text(), "client_key_pem": key.read_text()}):
            client.set_host(host, ca_pem=ca, **pems)
            with pytest.raises(zreg.NetError):
                client.ping(host)


def test_a_client_certificate_with_the_key_of_another_is_refused(client, certificate):
    context, ca = context_of(certificate)
    key, _ = certificate("client")
    _, other = certificate("other")
    with serving(context) as host:
        client.set_host(host, ca_pem=ca, client_cert_pem=other.read_text(), client_key_pem=key.read_text())
        with pytest.raises(zreg.NetError, match="client certificate"):
            client.ping(host)


def test_http2_is_offered_when_asked_for(client, certificate):
    chosen = []

    class Greeting(ssl.SSLSocket):
        """Tells which protocol was agreed on; nobody here speaks HTTP/2 itself."""

        def do_handshake(self, *args, **kwargs):
            super().do_handshake(*args, **kwargs)
            chosen.append(self.selected_alpn_protocol())

    context, ca = context_of(certificate)
    context.sslsocket_class = Greeting
    context.set_alpn_protocols(["h2"])
    with serving(context) as host:
        client.set_host(host, ca_pem=ca, http2=True)
        with pytest.raises(zreg.Error):
            client.ping(host)
    assert chosen == ["h2"]
