# SPDX-License-Identifier: Apache-2.0
"""nginx and haproxy before a registry: they end TLS with a certificate of their own authority."""

import subprocess

from sites import need
from registries import Registry

NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/errors.log;
user root;
events {{}}
http {{
    access_log off;
    client_max_body_size 0;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    server {{
        listen {address} ssl;
        ssl_certificate {folder}/cert.pem;
        ssl_certificate_key {folder}/key.pem;
        location {prefix}/ {{
            proxy_pass http://{upstream}/;
            {settings}
        }}
    }}
}}
"""

# How nginx is when nobody says more: HTTP/1.0 to the registry, bodies kept until they are whole.
NGINX_BUFFERED = "proxy_set_header Host $http_host;"
NGINX_STREAMING = NGINX_BUFFERED + """
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering off;"""
NGINX_FORWARDING = """
            proxy_set_header Host registry.internal;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Prefix "{prefix}";"""

HAPROXY = """
defaults
    mode http
    timeout connect 10s
    timeout client 60s
    timeout server 60s
frontend registry
    bind {address} ssl crt {folder}/both.pem alpn h2,http/1.1
    default_backend registry
backend registry
    http-request replace-path {prefix}/(.*) /\\1
    {settings}
    server registry {upstream} {server}
"""

HAPROXY_BUFFERED = "option http-buffer-request"
HAPROXY_FORWARDING = """http-request set-header Forwarded "for=%[src];proto=https;host=\\"%[req.hdr(host)]\\""
    http-request set-header X-Forwarded-Prefix %[str({prefix})]"""


class Proxy(Registry):
    """The port is known before it starts, for the registry to be told of it."""

    program = None

    def __init__(self, *arguments):
        super().__init__(*arguments)
        need(self.program)
        self.listens_on = self.port()
        self.address = self.name(self.listens_on)
        self.certificate()
        self.authority = self.folder / "cert.pem"

    def start(self):
        """Nothing yet: see `stand_before`."""
        return self

    def stand_before(self, registry, settings, prefix="", server=""):
        config = self.folder / "config"
        config.write_text(self.text.format(
            folder=self.folder, address=self.address, upstream=registry.address, prefix=prefix, server=server,
            settings=settings.replace("{prefix}", prefix)))
        self.process = subprocess.Popen(self.command(config), stdout=subprocess.DEVNULL, stderr=self.errors)
        self.wait_until_open(self.listens_on)


class Nginx(Proxy):
    program, text = "nginx", NGINX

    def command(self, config):
        return ["nginx", "-e", self.folder / "errors.log", "-c", config]


class Haproxy(Proxy):
    program, text = "haproxy", HAPROXY

    def command(self, config):
        both = self.authority.read_text() + (self.folder / "key.pem").read_text()
        (self.folder / "both.pem").write_text(both)
        return ["haproxy", "-db", "-f", config]
