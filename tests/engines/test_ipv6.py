# SPDX-License-Identifier: Apache-2.0
"""A buildset registry at an IPv6 address, which most engines cannot even write down."""

from clients import CLIENTS
from test_engines import case, expect, names_for
from world import main


def works(w, class_):
    with w.in_use(), class_(w.machine) as client:
        for name in names_for(client, ("docker.io/acme/app", "quay.io/acme/tool")):
            expect(w, client, name, "speculative")
        assert "acme/app" in w.buildset.manifests(), w.buildset.manifests()
        expect(w, client, "docker.io/acme/plain", "original")
        assert w.buildset.was_asked_for("acme/plain"), "the buildset registry was not asked"


for name_, class_ in CLIENTS.items():
    globals()[f"test_{name_}_with_a_registry_at_an_ipv6_address"] = case(works, class_)

if __name__ == "__main__":
    main(__name__, "[::1]")
