# SPDX-License-Identifier: Apache-2.0
"""A place of its own for Zuul and its site: namespaces in which addresses, ports, files and processes are theirs,
which reach nothing outside and end with them.

    space.enter()       the rest of the program runs there, in the Python that Zuul is installed in
    space.ROOT          a folder for everything, with a path short enough for Zuul's sockets"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(TOP / "tests/lib"))

import engines  # noqa: E402
import tap  # noqa: E402

ZUUL = pathlib.Path(os.environ.get("ZREG_ZUUL", TOP / "build/zuul"))
ROOT = pathlib.Path("/mnt")
INSIDE = "ZREG_TESTS_FOLDER"
PROGRAMS = ("java", "bwrap", "runuser")
# The build that the tests of this tree run against is not what Zuul's playbooks see.
BUILD = ("PYTHONPATH", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH")


def reasons(wanted):
    """Why this cannot be, if it cannot."""
    for path in wanted:
        reason = path.with_name("reason")
        if not path.exists():
            yield reason.read_text().strip() if reason.exists() else f"{path.parent} is not installed by tests/run zuul"
    for program in PROGRAMS:
        if not shutil.which(program):
            yield f"{program} is not installed"
    try:
        engines.need_machines()
    except tap.Skip as skip:
        yield str(skip)


def enter(*wanted):
    """Starts this program again inside, once, and makes the place there. Where that cannot be the program ends with
    one skip that says why; `wanted` are further files that must be there."""
    if INSIDE in os.environ:
        make()
        return
    for reason in reasons([ZUUL / "version", *wanted]):
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)
    folder = tempfile.mkdtemp(prefix="zreg-zuul-")
    foreign = {*engines.FOREIGN, *BUILD}
    environment = {k: v for k, v in os.environ.items() if k not in foreign}
    environment.update({INSIDE: folder, "LC_ALL": "C.UTF-8", "HOME": "/root", "KEEP_TEMPDIRS": "1",
                        "PYTHONPATH": str(ZUUL / "source"),
                        "PATH": f"{ZUUL / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
    argv = ["unshare", "--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc",
            str(ZUUL / "bin/python"), *sys.argv]
    done = subprocess.run(argv, env=environment, check=False)
    if "ZREG_TESTS_KEEP" in os.environ:
        print(f"# kept: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(done.returncode)


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options).stdout


def make():
    # The first process of a namespace ignores what it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    folder = pathlib.Path(os.environ[INSIDE])
    folder.chmod(0o755)  # PostgreSQL is not root
    run("mount", "--bind", str(folder), str(ROOT))
    run("cp", "-a", "/etc", str(ROOT / "etc"))
    run("mount", "--bind", str(ROOT / "etc"), "/etc")
    empty_tmp()
    run("ip", "link", "set", "lo", "up")
    run("hostname", "executor")
    with open("/etc/hosts", "a") as hosts:
        hosts.write("127.0.0.1 executor\n")


def empty_tmp():
    """A /tmp with nothing in it but this tree, if that is where it is."""
    tree = os.open(TOP, os.O_PATH)
    run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmp", "/tmp")
    if TOP.is_relative_to("/tmp"):
        TOP.mkdir(parents=True)
        run("mount", "--no-canonicalize", "--bind", f"/proc/{os.getpid()}/fd/{tree}", str(TOP))
    os.close(tree)
