# SPDX-License-Identifier: Apache-2.0
"""The conformance program of the OCI distribution specification against `zreg serve`: each version that it knows,
plain to strangers, and by TLS to a user. Each of its cases is a test here; one that failed is shown with what was
sent and what was answered."""

import collections
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from world import serve_has, tap, world  # noqa: E402  first: it says where the libraries of the tests are
from go_programs import need_go_program  # noqa: E402
from registries import ZregRegistry  # noqa: E402

ROOT = "OCI Conformance Test/"
RUN_S = 600
SHOWN = 6000
SPARSE = "--sparse-indexes"

# What a version of the specification does not have, and so its run leaves out.
LEFT_OUT = {
    "1.0": ("referrers", "blob-mount-anonymous", "blob-post-cancel"),
    "1.1": ("blob-post-cancel",),
}
# What the program skips as unsupported, and the specification lets a registry do: "500-0" is no range, so the whole
# blob is the answer.
UNSUPPORTED = ("range 500-0",)

Case = collections.namedtuple("Case", "status errors exchange")


def runs():
    """The version, the options of the server and those of the program of each run."""
    for version in "1.0", "1.1", "dev":
        yield version, (), {"OCI_VERSION": version}
    if serve_has(SPARSE):
        yield "dev sparse", (SPARSE,), {"OCI_VERSION": "dev", "OCI_DATA_SPARSE": "true"}


def conform(title, tls, options, settings):
    """Runs the program; gives its cases by name, and the totals that it counted itself."""
    program = need_go_program("conformance")
    with world() as w:
        registry = w.start(ZregRegistry, *options, tls=tls, login=tls)
        environment = {key: value for key, value in w.environment.items() if not key.startswith("OCI_")}
        environment.update(settings, OCI_REGISTRY=registry.address, OCI_TLS="enabled" if tls else "disabled",
                           OCI_RESULTS_DIR=str(w.folder / "results"), SSL_CERT_FILE=str(w.credentials.bundle))
        if tls:
            environment.update(OCI_USERNAME="zuul", OCI_PASSWORD=registry.password)
        done = subprocess.run([program], env=environment, cwd=w.folder, capture_output=True, text=True,
                              timeout=RUN_S, check=False)
        report = w.folder / "results/junit.xml"
        assert report.exists(), f"{title}: exit {done.returncode}, no report:\n{done.stdout}{done.stderr}"
        suite = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
        assert registry.process.poll() is None, f"{title}: the server ended"
    return cases_of(suite), {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors")}


def cases_of(suite):
    cases = collections.defaultdict(list)
    for case in suite.iter("testcase"):
        cases[case.get("name").removeprefix(ROOT)].append(
            Case(case.get("status"), case.findtext("system-out") or "", case.findtext("system-err") or ""))
    return cases


def judge(name, found, allowed):
    """A test of one case, which the program may have several of by one name."""
    def run():
        for case in found:
            fine = case.status == "passed" or case.status == "skipped" and name.endswith(allowed)
            assert fine, f"{case.status}: {case.errors}\n{case.exchange[:SHOWN]}"
    return run


def tests_of_run(title, tls, options, settings):
    try:
        cases, totals = conform(title, tls, options, settings)
    except Exception as fault:  # whatever it is, the other runs go on
        def failed(fault=fault):
            raise fault
        return [(f"test_{title}_runs", failed)]
    allowed = UNSUPPORTED + LEFT_OUT.get(settings["OCI_VERSION"], ())

    def whole():
        assert len(cases) > 300, f"only {len(cases)} cases"
        assert totals["failures"] == totals["errors"] == 0, f"the program counts {totals}"
        skipped = sum(case.status == "skipped" for found in cases.values() for case in found)
        print(f"# {title}: {totals['tests']} steps, {skipped} of them left out or unsupported")
    return [(f"test_{title}_is_whole", whole),
            *((f"test_{title}: {name}", judge(name, found, allowed)) for name, found in cases.items())]


def all_tests():
    need_go_program("conformance")
    for version, options, settings in runs():
        for tls in False, True:
            yield from tests_of_run(f"{version} {'TLS with a user' if tls else 'plain'}", tls, options, settings)


def main():
    try:
        sys.exit(1 if tap.run(list(all_tests())) else 0)
    except tap.Skip as reason:
        print(f"1..1\nok 1 - the conformance program # SKIP {reason}")


if __name__ == "__main__":
    main()
