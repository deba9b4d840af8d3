# SPDX-License-Identifier: Apache-2.0
"""The registries of the site, under the names that they have in the real world: registry.example.org, which is
`zreg serve`, and docker.io, which is Debian's docker-registry behind nginx: anybody may pull, one user may push. The
same nginx stands before Zuul's API."""

import pathlib
import shutil
import ssl
import subprocess
import sys
import threading
import time
from http.server import ThreadingHTTPServer

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path[:0] = [str(TOP / "examples/gate"), str(TOP / "tests/lib")]

import engines  # noqa: E402
import vendor_apis  # noqa: E402
from registries import Credentials, DockerRegistry, Registry, ZregRegistry  # noqa: E402

INTERMEDIATE, PUBLIC, HUB = ADDRESSES = "10.99.0.1", "10.99.0.2", "10.99.0.3"
BEHIND_NGINX = "127.0.0.1:5001"
ZUUL, ZUUL_WEB_PORT = "zuul.example.org", 9000
DOCKER_CONFIG = """
version: 0.1
log: {{accesslog: {{disabled: false}}, level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/store}}, delete: {{enabled: true}}}}
http: {{addr: "{address}", relativeurls: true}}
"""
NGINX_CONFIG = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
user root;
events {{}}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/nginx-bodies;
    server {{
        listen {address}:443 ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        location / {{
            limit_except GET HEAD {{
                auth_basic registry;
                auth_basic_user_file {folder}/htpasswd;
            }}
            proxy_pass http://{behind};
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_request_buffering off;
            proxy_buffering off;
        }}
    }}
    server {{
        listen {zuul_address}:443 ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        location / {{
            proxy_pass http://127.0.0.1:{zuul_port};
        }}
    }}
}}
"""


class SiteRegistry(Registry):
    """A registry of the site: with names, at its own address, with one user."""

    names = ()
    elsewhere = {}
    user_name = ip = None

    def start(self):
        self.certify()
        self.password = self.user(self.user_name)
        self.launch()
        self.trust(pathlib.Path("/etc"))
        return self

    def certify(self):
        names = ",".join(f"DNS:{name}" for name in self.names)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={self.names[0]}",
             "-addext", f"subjectAltName={names}", "-keyout", self.folder / "key.pem",
             "-out", self.folder / "cert.pem"], check=True, capture_output=True)
        self.hash = subprocess.run(["openssl", "x509", "-noout", "-hash", "-in", self.folder / "cert.pem"],
                                   check=True, capture_output=True, text=True).stdout.strip()

    def trust(self, etc):
        """Makes an /etc know this registry, as update-ca-certificates would."""
        with (etc / "hosts").open("a") as hosts:
            for name in self.names:
                hosts.write(f"{self.elsewhere.get(name, self.ip)} {name}\n")
        with (etc / "ssl/certs/ca-certificates.crt").open("a") as bundle:
            bundle.write((self.folder / "cert.pem").read_text())
        shutil.copy(self.folder / "cert.pem", etc / f"ssl/certs/{self.hash}.0")


class Intermediate(SiteRegistry):
    """The site's long-running registry: `zreg serve`."""

    names = ("registry.example.org",)
    user_name = "zuul"
    ip = INTERMEDIATE
    parse = staticmethod(ZregRegistry.parse)

    def launch(self):
        argv = ["zreg", "serve", "--root", self.folder / "store", "--listen", f"{self.ip}:5000",
                "--htpasswd", self.folder / "htpasswd", "--access-log", self.log,
                "--tls-cert", self.folder / "cert.pem", "--tls-key", self.folder / "key.pem"]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=self.errors)
        self.wait_until_open(5000)


class Public(SiteRegistry):
    """docker.io, which knows nothing of zreg."""

    names = ("registry-1.docker.io", "docker.io", "index.docker.io", "hub.docker.com", ZUUL)
    elsewhere = {"hub.docker.com": HUB, ZUUL: INTERMEDIATE}
    user_name = "example"
    ip = PUBLIC
    parse = staticmethod(DockerRegistry.parse)

    def launch(self):
        values = {"folder": self.folder, "address": self.ip, "behind": BEHIND_NGINX, "zuul_address": INTERMEDIATE,
                  "zuul_port": ZUUL_WEB_PORT}
        (self.folder / "config.yml").write_text(DOCKER_CONFIG.format(**{**values, "address": BEHIND_NGINX}))
        (self.folder / "nginx.conf").write_text(NGINX_CONFIG.format(**values))
        with self.log.open("a") as log:
            self.behind = subprocess.Popen(["docker-registry", "serve", self.folder / "config.yml"],
                                           stdout=log, stderr=self.errors)
        self.process = subprocess.Popen(["nginx", "-e", self.folder / "nginx.log", "-c", self.folder / "nginx.conf"],
                                        stdout=subprocess.DEVNULL, stderr=self.errors)
        self.wait_until_open(443)
        host, port = BEHIND_NGINX.split(":")
        engines.wait_for("docker-registry", lambda: engines.is_open(host, int(port)), self.behind,
                         self.folder / "errors.log")

    def stop(self):
        super().stop()
        self.process = self.behind
        super().stop()


class Hub(vendor_apis.Hub):
    """hub.docker.com, where one logs in and deletes tags: of what the public registry holds."""

    def __init__(self, public):
        super().__init__({public.user_name: public.password})
        self.close()
        self.repositories = public.folder / "store/docker/registry/v2/repositories"
        self.server = ThreadingHTTPServer((HUB, 443), vendor_apis.Handler)
        self.server.daemon_threads = True
        self.server.api = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(public.folder / "cert.pem", public.folder / "key.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "https://hub.docker.com"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True,
                         name="Thread-hub").start()

    def route(self, method, path, query, headers, body):
        stored = {(str(tag.parents[2].relative_to(self.repositories)), tag.name): tag
                  for tag in self.repositories.glob("**/_manifests/tags/*")}
        self.tags = {}
        for (repository, name), tag in stored.items():
            self.push(repository, name, time.time() - tag.stat().st_mtime)
        answer = super().route(method, path, query, headers, body)
        for (repository, name), tag in stored.items():
            if name not in self.tags[repository]:
                shutil.rmtree(tag)
        return answer


class Registries:
    """All of them; what stands in the public one is old."""

    def __init__(self, folder):
        folder.mkdir()
        credentials = Credentials(folder)
        self.intermediate = Intermediate(folder, "intermediate", credentials)
        self.public = Public(folder, "public", credentials)

    def __enter__(self):
        self.intermediate.start()
        self.public.start()
        self.hub = Hub(self.public)
        return self

    def __exit__(self, *_):
        self.hub.server.shutdown()
        self.public.stop()
        self.intermediate.stop()
