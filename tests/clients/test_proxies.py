# SPDX-License-Identifier: Apache-2.0
"""`zreg serve` behind nginx and haproxy, which end TLS: clients log in, push and pull, by the public URL that it was
told or by what the proxy says of it, in bodies that the proxy keeps or hands on at once; and below a path, which no
engine asks for, each address that the registry gives leads back to it."""

import functools

from sites import serve_has
import clients
import proxies
from trials import main
from walk import walk

KINDS = (clients.Docker, clients.Podman, clients.Skopeo, clients.Crane, clients.Regctl, clients.Oras)
VERBS = ("login", "push", "pull", "push big", "pull big")
PREFIX = "/registry"
FORWARDED = ("--trusted-proxy", "127.0.0.1/32")
PROXY_PROTOCOL = ("--proxy-protocol", *FORWARDED)

# What stands before the registry, its settings, and the options of the server where it is not told its public URL.
FRONTS = {
    "nginx, HTTP/1.0, buffered": (proxies.Nginx, proxies.NGINX_BUFFERED, None),
    "nginx, HTTP/1.1, streaming": (proxies.Nginx, proxies.NGINX_STREAMING, None),
    "nginx, forwarding": (proxies.Nginx, proxies.NGINX_FORWARDING, FORWARDED),
    "haproxy": (proxies.Haproxy, "", None),
    "haproxy, buffered": (proxies.Haproxy, proxies.HAPROXY_BUFFERED, None),
    "haproxy, forwarding": (proxies.Haproxy, proxies.HAPROXY_FORWARDING, FORWARDED),
    "haproxy, PROXY protocol": (proxies.Haproxy, proxies.HAPROXY_FORWARDING, PROXY_PROTOCOL),
}


def site_behind(made, front, prefix=""):
    kind, settings, options = FRONTS[front]
    proxy = made.w.start(kind)
    site = made.site(*(options or ("--public-url", f"https://{proxy.address}{prefix}")), tls=False, login=True)
    proxy.stand_before(site.registry, settings, prefix, "send-proxy-v2" if options == PROXY_PROTOCOL else "")
    return site.behind(proxy)


def add_trials(made, table):
    for front, (_, _, options) in FRONTS.items():
        if options and not serve_has(options[0]):
            continue
        table.add(front, functools.cache(functools.partial(site_behind, made, front)), KINDS, VERBS)
        table.tests.append((f"test_{front}: below {PREFIX}",
                            lambda front=front: walk(site_behind(made, front, PREFIX), PREFIX)))


if __name__ == "__main__":
    main(add_trials)
