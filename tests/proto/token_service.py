# SPDX-License-Identifier: Apache-2.0
"""A token service as the distribution's token specification describes it, strict, and tokens that such a
service must not make. Keys and signatures are of openssl."""

import base64
import http.server
import json
import pathlib
import subprocess
import threading
import time
import urllib.parse

SERVICE, ISSUER = "registry.example", "tokens.example"


def openssl(*words, data=None):
    return subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=True).stdout


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A private key and its public half as a file."""

    KINDS = {
        "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        "RS1024": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"],
        "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "ES384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        "EdDSA": ["-algorithm", "ED25519"],
    }

    def __init__(self, folder, name, algorithm):
        self.algorithm = algorithm
        self.private = pathlib.Path(folder) / f"{name}.key"
        self.public = pathlib.Path(folder) / f"{name}.pem"
        openssl("genpkey", *self.KINDS[algorithm], "-out", self.private)
        openssl("pkey", "-in", self.private, "-pubout", "-out", self.public)

    def sign(self, text):
        signature = openssl("dgst", "-sha256", "-sign", self.private, data=text)
        return signature if self.algorithm.startswith("RS") else raw_of(signature)

    def certificate(self):
        path = self.private.with_suffix(".crt")
        openssl("req", "-x509", "-key", self.private, "-subj", "/CN=x", "-days", "2", "-out", path)
        return path


def raw_of(der):
    """The two numbers of an ECDSA signature side by side."""
    size = der[3]
    numbers = der[4:4 + size], der[6 + size:]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in numbers)


def token(key, claims, header=None, sign=None):
    """A token; `header` and `sign` make it another than it should be."""
    head = {"typ": "JWT", "alg": key.algorithm, **(header or {})}
    text = f"{encode(json.dumps(head).encode())}.{encode(json.dumps(claims).encode())}"
    return f"{text}.{encode((sign or key.sign)(text.encode()))}"


def access(name, *actions, kind="repository"):
    return {"type": kind, "name": name, "actions": list(actions)}


def claims(*granted, **changes):
    """What a good token says, with changes; None takes a claim away."""
    now = int(time.time())
    all_of_them = {"iss": ISSUER, "sub": "alice", "aud": SERVICE, "exp": now + 300, "nbf": now - 1, "iat": now,
                   "jti": "1", "access": list(granted), **changes}
    return {name: value for name, value in all_of_them.items() if value is not None}


class TokenService:
    """Gives alice, with her password, what she asks for."""

    def __init__(self, key):
        service = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                service.answer(self)

            def log_message(self, *_):
                pass

        self.key = key
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.realm = f"http://127.0.0.1:{self.server.server_address[1]}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        target = urllib.parse.urlsplit(request.path)
        query = urllib.parse.parse_qs(target.query)
        self.asked.append(query)
        wanted = "Basic " + base64.b64encode(b"alice:secret").decode()
        good = target.path == "/token" and query.get("service") == [SERVICE]
        status = 400 if not good else 200 if request.headers["Authorization"] == wanted else 401
        body = json.dumps({"token": self.make(query)} if status == 200 else {"details": "no"}).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def make(self, query):
        granted = []
        for scope in " ".join(query.get("scope", [])).split():
            kind, name, actions = scope.split(":")
            granted.append(access(name, *actions.split(","), kind=kind))
        return token(self.key, claims(*granted))

    def close(self):
        self.server.shutdown()
        self.server.server_close()
