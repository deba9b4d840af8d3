# SPDX-License-Identifier: Apache-2.0
"""The client's rows: copies, beside other clients and the least that one can cost."""

import json

from peers import OURS, clients
from registries import DockerRegistry, command
from world import CEILING, MANIFEST, TOP, FastRegistry, measured, need, random_layers

MIB = 1 << 20
FIGURES = (("wall", "s"), ("client CPU", "s"), ("client RSS", "MB"))


def fill(bench, registry, name, *images):
    """Puts an image, or an index of several, into a registry."""
    place = f"{registry.address}/bench:{name}"
    command(*OURS.copy(bench.layout(name, *images), place), env=bench.environment)
    return place


def receive(bench, name, src, dst):
    """The words of the ceiling program for the blobs of an image."""
    blobs = bench.folder / name / "blobs/sha256"
    manifests = [json.loads(path.read_bytes()) for path in blobs.iterdir() if path.stat().st_size < MIB // 4 and
                 path.read_bytes().startswith(b'{"schemaVersion"')]
    parts = [part for manifest in manifests if manifest["mediaType"] == MANIFEST
             for part in (*manifest["layers"], manifest["config"])]
    return [TOP / "build/bench/receive", src.rsplit(":")[1], "bench", dst.rsplit(":")[1], "bench",
            *[f"{part['digest']}={part['size']}" for part in parts]]


def compare_copies(bench, layers, size, delay_ms=0, bytes_per_s=0):
    """Each copy goes to a registry of its own: some clients remember from one process to the next where they put a
    blob, and would mount in place of copying."""
    need("docker-registry")
    src = bench.start(DockerRegistry, tls=False, login=False)
    fill(bench, src, "one", random_layers(layers, size))
    host = bench.distant(src, delay_ms, bytes_per_s)

    def run(words_of):
        with bench.passing_all():
            dst = bench.start(DockerRegistry, tls=False, login=False)
            return bench.measure(words_of(host, bench.distant(dst, delay_ms)))

    def copy(client):
        return lambda: run(lambda a, b: client.copy(f"{a}/bench:one", f"{b}/bench:one"))

    runs = {client.copies_as: copy(client) for client in clients()}
    if not bytes_per_s:
        runs[CEILING] = lambda: run(lambda a, b: receive(bench, "one", a, b))
    yield from measured(bench.take_turns(runs), FIGURES)


def row_copy_8_layers_of_64_MiB(bench):
    yield from compare_copies(bench, 8, 64 * MIB)


def row_copy_200_layers_of_32_KiB(bench):
    yield from compare_copies(bench, 200, MIB // 32)


def row_copy_200_layers_of_32_KiB_at_20_ms(bench):
    yield from compare_copies(bench, 200, MIB // 32, delay_ms=20)


def row_copy_a_layer_of_200_MB_at_14_MB_a_second_and_stream(bench):
    yield from compare_copies(bench, 1, 200 * 10 ** 6, bytes_per_s=14 * 10 ** 6)


def row_growth_of_a_copy(bench):
    """What a layer costs when there are four times, and a quarter, as many: as much, if all is well."""
    need("docker-registry")
    src = bench.start(DockerRegistry, tls=False, login=False)
    runs = {}
    for count, size in ((50, MIB // 32), (200, MIB // 32), (800, MIB // 32), (2, 16 * MIB), (8, 16 * MIB),
                        (32, 16 * MIB)):
        name = f"{count}-{size}"
        fill(bench, src, name, random_layers(count, size))

        def run(name=name, count=count):
            with bench.passing_all():
                dst = bench.start(DockerRegistry, tls=False, login=False)
                wall, cpu, _ = bench.measure(OURS.copy(f"{src.address}/bench:{name}", f"{dst.address}/bench:{name}"))
                return wall / count * 1000, cpu / count * 1000
        runs[name] = run
    medians = bench.take_turns(runs)
    for size, base, others in ((MIB // 32, 200, (50, 800)), (16 * MIB, 8, (2, 32))):
        for other in others:
            for k, figure in enumerate(("wall", "client CPU")):
                yield (f"{figure} a layer of {size // 1024} KiB, of {other}", "ms", medians[f"{other}-{size}"][k],
                       {f"zreg, of {base}": medians[f"{base}-{size}"][k]})


def row_start_of_the_command(bench):
    """What it costs to say a version."""
    def run(client):
        times = 20
        figures = bench.measure(*[[client.path(), *client.version_words]] * times)
        return figures[0] / times * 1000, figures[1] / times * 1000

    runs = {client.name: lambda client=client: run(client) for client in clients()}
    yield from measured(bench.take_turns(runs), (("wall", "ms"), ("CPU", "ms")))


# --- requests, counted by proxies before both registries

WAYS = (("nobody is asked", DockerRegistry, False), ("basic", DockerRegistry, True), ("bearer", FastRegistry, True))


class Counted:
    """Two registries, images in the first, and how many requests come to both."""

    def __init__(self, bench, registry_class, login):
        self.bench = bench
        self.notes = bench.folder / "notes"
        registries = [bench.start(registry_class, tls=False, login=login) for _ in range(2)]
        for name, images in (("a", [5]), ("b", [3, 3])):
            layout = bench.layout(f"{name}-{registry_class.__name__}-{login}",
                                  *[random_layers(count, MIB // 16) for count in images])
            command(*OURS.copy(layout, f"{registries[0].address}/{name}:one"), env=bench.environment)
        self.src, self.dst = [bench.distant(registry, notes=self.notes) for registry in registries]

    def count(self, words):
        self.notes.write_text("")
        self.bench.measure(words)
        return len(self.notes.read_text().splitlines())


def row_requests_per_operation(bench):
    need("docker-registry")
    operations = (("copy, nothing there", "{src}/a:one", "{dst}/{who}/a:one"),
                  ("copy again, nothing to do", "{src}/a:one", "{dst}/{who}/a:one"),
                  ("copy two platforms", "{src}/b:one", "{dst}/{who}/b:one"),
                  ("copy within the registry", "{dst}/{who}/a:one", "{dst}/{who}/c:one"),
                  ("retag", "{dst}/{who}/a:one", "two"))
    for way, registry_class, login in WAYS:
        with bench.passing_all():
            counted = Counted(bench, registry_class, login)
            for what, place, target in operations:
                counts = {}
                for client in clients():
                    a, b = [text.format(src=counted.src, dst=counted.dst, who=client.name)
                            for text in (place, target)]
                    counts[client.name] = (counted.count(client.retag(a, b) if what == "retag"
                                                         else client.copy(a, b)),)
                yield from measured(counts, ((f"{what}, {way}", "requests"),))
