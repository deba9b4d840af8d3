# SPDX-License-Identifier: Apache-2.0
"""The client's rows: copies, beside skopeo's."""

import time

from world import need
from registries import DockerRegistry, command


def zreg_copy(src, dst):
    return ["zreg", "copy", "--json", src, dst]


def skopeo_copy(src, dst):
    return ["skopeo", "copy", "--all", "--insecure-policy", "--src-tls-verify=false",
            "--dest-tls-verify=false", f"docker://{src}", f"docker://{dst}"]


def compare_copies(bench, layers, size, delay_ms=0):
    """Each copy goes to a registry of its own: skopeo remembers from one process to the next where
    it put a blob, and would mount in place of copying."""
    need("skopeo")
    need("docker-registry")
    src = bench.start(DockerRegistry, tls=False, login=False)
    command(*zreg_copy(bench.layout("layout", layers, size), f"{src.address}/bench:one"))
    place = f"{bench.delayed(src, delay_ms)}/bench:one"

    def run(argv_of):
        with bench.passing(DockerRegistry, tls=False, login=False) as dst:
            return bench.measure(argv_of(place, f"{bench.delayed(dst, delay_ms)}/bench:one"))

    ours, peer = bench.take_turns(lambda: run(zreg_copy), lambda: run(skopeo_copy))
    for k, (what, unit) in enumerate((("wall", "s"), ("client CPU", "s"), ("client RSS", "MB"))):
        yield what, ours[k], peer[k], unit, "skopeo"


def row_copy_8_layers_of_64_MiB(bench):
    yield from compare_copies(bench, 8, 64 << 20)


def row_copy_200_layers_of_32_KiB(bench):
    yield from compare_copies(bench, 200, 32 << 10)


def row_copy_200_layers_of_32_KiB_at_20_ms(bench):
    yield from compare_copies(bench, 200, 32 << 10, 20)


def row_requests_per_operation(bench):
    """Counted by the registries' own access logs, with basic authentication on both."""
    need("skopeo")
    need("docker-registry")
    src, dst = [bench.start(DockerRegistry, tls=True, login=True) for _ in range(2)]
    ours = ["zreg", "copy", "--json", "--authfile", bench.credentials.authfile,
            "--ca", bench.credentials.bundle]
    command(*ours, bench.layout("layout", 5, 1 << 16), f"{src.address}/a:one")

    def count(argv):
        before = len(src.requests()) + len(dst.requests())
        bench.measure(argv)
        time.sleep(0.2)
        return len(src.requests()) + len(dst.requests()) - before

    for what, place, target in (
            ("copy, nothing there", f"{src.address}/a:one", "{}/{}:one"),
            ("copy again, nothing to do", f"{src.address}/a:one", "{}/{}:one"),
            ("retag in one repository", "{}/{}:one", "{}/{}:two")):
        counts = []
        for who, argv in (("zreg", ours), ("skopeo", None)):
            a, b = place.format(dst.address, who), target.format(dst.address, who)
            counts.append(count([*argv, a, b] if argv else skopeo_copy(a, b)))
        yield what, *counts, "requests", "skopeo"
