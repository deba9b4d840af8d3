# SPDX-License-Identifier: Apache-2.0
"""Side-by-side measurements. Ours and the peers take turns; each figure is the median of the runs.

A row is a function called row_* in one of the modules below; it yields (what, unit, ours, {peer: its figure}). The
ratio in the table is ours divided by the best peer's, and by the ceiling's. A peer that is not there is told, and so
is a row that cannot be measured.
"""

import datetime
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

import copying
import gating
import serving
from peers import PEERS, missing
from registries import Failure
from world import CEILING, RUNS, TOP, UNHASHED, Bench, Skip

MORE_IS_BETTER = ("1/s", "MB/s")


def all_rows():
    return [(name[4:].replace("_", " "), row) for module in (copying, gating, serving)
            for name, row in vars(module).items() if name.startswith("row_")]


def version(*argv):
    """The first line of what a program says, or the one that begins so."""
    try:
        text = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    lines = (text.stdout + text.stderr).strip().splitlines() or [""]
    named = [line.split(None, 1)[1].strip() for line in lines if line.startswith(("VCSTag:", "Version:"))]
    return (named or lines)[0]


def processor():
    """What matters of it to who hashes."""
    flags = pathlib.Path("/proc/cpuinfo").read_text().split()
    return "with SHA extensions" if "sha_ni" in flags or "sha2" in flags else "without SHA extensions"


def versions():
    said = {"zreg": version("zreg", "version"), "docker-registry": version("docker-registry", "--version"),
            "nginx": version("nginx", "-v"), "curl": version("curl", "--version").split(" (")[0],
            **{peer.name: version(peer.path(), *peer.version_words) for peer in PEERS}}
    return "; ".join(text if name in text else f"{name} {text}" for name, text in said.items())


def shown(value, unit):
    return f"{value:,.4g} {unit}".strip()


def ratios(unit, ours, peers):
    """Ours by the best peer's, and by the ceiling's."""
    others = {name: value for name, value in peers.items() if name != CEILING and not name.endswith(UNHASHED)}
    best = (max if unit in MORE_IS_BETTER else min)(others, key=others.get, default=None)
    names = [name for name in (best, CEILING) if name in peers and peers[name]]
    return ", ".join(f"{ours / peers[name]:.2f} of {name}" for name in names)


def line_of(name, what, unit, ours, peers):
    told = ", ".join(f"{peer} {shown(value, unit)}" for peer, value in peers.items())
    return f"| {name} | {what} | {shown(ours, unit)} | {told} | {ratios(unit, ours, peers)} |"


def measure(name, row, add):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-bench-"))
    bench = Bench(folder)
    try:
        for figures in row(bench):
            add(line_of(name, *figures))
    except Skip as reason:
        add(f"| {name} | skipped: {reason} | | | |")
    except Failure as reason:
        add(f"| {name} | failed: {' '.join(str(reason).split())[:200]} | | | |")
        return False
    finally:
        bench.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return True


def head(busy):
    """Where, when and of what: `busy` processes were running at the beginning."""
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return [f"Measured by `bench/run` on {datetime.date.today()}: {os.cpu_count()} processors {processor()}, {system}; "
            f"{busy:.1f} processes were running when it began.", "", f"{versions()}.", "",
            f"Each figure is the median of {RUNS} runs, all in turn; the ratio is ours divided by the best peer's "
            f"that does the same. {CEILING.capitalize()} is `bench/receive.c`: it receives, hashes and sends, and does "
            "nothing else."]


def main(words):
    busy = os.getloadavg()[0]
    lines = ["| row | figure | zreg | peers | ratio |", "|---|---|---|---|---|"]
    print(*lines, sep="\n", flush=True)

    def add(line):
        lines.append(line)
        print(line, flush=True)

    for peer in missing():
        add(f"| all of clients | skipped: {peer} is not installed and could not be built | | | |")
    chosen = [(name, row) for name, row in all_rows() if not words or any(word in name for word in words)]
    failed = [name for name, row in chosen if not measure(name, row, add)]
    if not words:
        text = "\n".join(["# Results", "", *head(busy), "", *lines, ""])
        (TOP / "bench/RESULTS.md").write_text(text)
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
