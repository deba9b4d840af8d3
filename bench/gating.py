# SPDX-License-Identifier: Apache-2.0
"""Rows of Zuul's steps: images are given tags, and populate brings many into a buildset registry. The usual way does
both by loops of a client's copies."""

import json
import os

from copying import FIGURES, MIB, fill
from peers import OURS, clients
from registries import DockerRegistry, command
from world import FastRegistry, measured, need, random_layers

IMAGES = 20
SHARED_LAYERS = 5
OWN_LAYERS = 2


def compare_tags(bench, count):
    need("docker-registry")
    registry = bench.start(DockerRegistry, tls=False, login=False)
    fill(bench, registry, "one", random_layers(5, MIB // 16))
    place = f"{bench.distant(registry, 20)}/bench:one"
    turn = iter(range(10 ** 6))

    def run(client):
        begin = next(turn)
        if count == 1:
            return bench.measure(client.retag(place, f"t{begin}"))
        return bench.measure(*client.retag_all(place, [f"t{begin}-{i}" for i in range(count)]))

    runs = {client.name: lambda client=client: run(client) for client in clients()}
    yield from measured(bench.take_turns(runs), FIGURES[:2])


def row_retag_at_20_ms(bench):
    yield from compare_tags(bench, 1)


def row_promote_100_tags_at_20_ms(bench):
    yield from compare_tags(bench, 100)


class Changes:
    """Images that changes ahead have built, as artifacts of Zuul's."""

    def __init__(self, bench, registry):
        self.registry = registry
        shared = [os.urandom(MIB) for _ in range(SHARED_LAYERS)]
        self.pairs = [self.publish(bench, i, shared) for i in range(IMAGES)]
        self.artifacts = bench.folder / f"{registry.folder.name}.json"
        self.artifacts.write_text(json.dumps([
            {"name": name, "url": f"docker://{place}", "metadata": {
                "type": "container_image", "repository": name.split(":")[0], "tag": "latest"}}
            for place, name in self.pairs]))

    def publish(self, bench, number, shared):
        layout = bench.layout(f"{self.registry.folder.name}-{number}", [*shared, *random_layers(OWN_LAYERS, MIB // 16)])
        place = f"{self.registry.address}/org/image{number}:b1_latest"
        command(*OURS.copy(layout, place), env=bench.environment)
        return place, f"org/image{number}:latest"

    def commands(self, client, to):
        if client is OURS:
            return [["zreg", "populate", "--json", "--artifacts", self.artifacts, "--to", to]]
        return client.copy_all([(place, f"{to}/{name}") for place, name in self.pairs])


def row_populate_20_images_with_shared_layers(bench):
    for kind in (FastRegistry, DockerRegistry):
        need("zreg" if kind is FastRegistry else "docker-registry")
        changes = Changes(bench, bench.start(kind, tls=False, login=False))

        def run(client, kind=kind, changes=changes):
            with bench.passing_all():
                to = bench.start(kind, tls=False, login=False)
                return bench.measure(*changes.commands(client, to.address))

        runs = {client.name: lambda client=client, run=run: run(client) for client in clients()}
        where = "zreg serve" if kind is FastRegistry else "docker-registry"
        yield from measured(bench.take_turns(runs), [(f"{what}, {where}", unit) for what, unit in FIGURES])
