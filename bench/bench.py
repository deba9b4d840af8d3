# SPDX-License-Identifier: Apache-2.0
"""Side-by-side measurements. Ours and the peer take turns; each figure is the median of the runs.

A row is a function called row_* in copying.py or serving.py; it yields (what, ours, peer, unit, peer's
name). The ratio in the table is ours divided by the peer's. A peer that is not installed is a skipped row.
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
import serving
from world import RUNS, TOP, Bench, Skip


def all_rows():
    return [(name[4:].replace("_", " "), row) for module in (copying, serving)
            for name, row in vars(module).items() if name.startswith("row_")]


def version(*argv):
    try:
        text = subprocess.run(argv, capture_output=True, text=True, check=False)
        return (text.stdout + text.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return f"{argv[0]}: not installed"


def main(words):
    lines = ["| what | figure | zreg | peer | ratio | |", "|---|---|---|---|---|---|"]
    print(lines[0], lines[1], sep="\n", flush=True)

    def add(line):
        lines.append(line)
        print(line, flush=True)

    for name, row in all_rows():
        if words and not any(word in name for word in words):
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zreg-bench-"))
        bench = Bench(folder)
        try:
            for what, ours, peer, unit, who in row(bench):
                ratio = ours / peer if peer else float("nan")
                add(f"| {name} | {what} | {ours:,.4g} {unit} | {peer:,.4g} {unit} | {ratio:.2f} "
                    f"| {who} |")
        except Skip as reason:
            add(f"| {name} | skipped: {reason} | | | | |")
        finally:
            bench.stop()
            shutil.rmtree(folder, ignore_errors=True)
    if not words:
        head = [f"Measured by `bench/run` on {datetime.date.today()}: {os.cpu_count()} processors, "
                f"{platform.system()} {platform.release()}.", "",
                "; ".join([version("zreg", "version"), version("skopeo", "--version"),
                           version("docker-registry", "--version"), version("nginx", "-v"),
                           version("curl", "--version").split(" (")[0]]), "",
                f"Each figure is the median of {RUNS} runs, ours and the peer in turn; the ratio "
                "is ours divided by the peer's.", ""]
        (TOP / "bench/RESULTS.md").write_text("\n".join(["# Results", "", *head, *lines, ""]))


if __name__ == "__main__":
    main(sys.argv[1:])
