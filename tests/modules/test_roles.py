# SPDX-License-Identifier: Apache-2.0
"""The roles of the registries, as two jobs of two changes use them."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys

from ansible_world import DockerRegistry, ansible, tap
from zuul_api import ZuulApi


class Job:
    """One build: what Zuul tells its playbooks and what they return."""

    def __init__(self, w, name, host="127.0.0.1", artifacts=(), **item):
        self.w = w
        self.folder = w.folder / name
        (self.folder / "logs").mkdir(parents=True)
        self.returned = self.folder / "returned.json"
        self.variables = {
            "zuul": {"build": name, "pipeline": "check", "artifacts": list(artifacts), **item, "executor": {
                "log_root": str(self.folder / "logs"), "result_data_file": str(self.returned)}},
            "buildset_registry_root": str(self.folder / "registry"), "buildset_registry_port": 0,
            "buildset_registry_host": host}

    def run(self, *roles, **variables):
        self.w.environment["ZREG_TEST_ZUUL_RETURN"] = str(self.returned)
        return self.w.play(roles=roles, gather=True, **{**self.variables, **variables})

    def result(self):
        return json.loads(self.returned.read_text())

    def start(self):
        """Runs the registry, and gives its record. Its password must not have been shown."""
        results = self.run("run-buildset-registry")
        record = self.result()["secret_data"]["buildset_registry"]
        self.w.secrets.add(record["password"])
        self.w.no_secret_in(results.output + json.dumps(results))
        host = f"[{record['host']}]" if ":" in record["host"] else record["host"]
        self.address = f"{host}:{record['port']}"
        self.w.credentials.add(self.address, record["username"], record["password"], record["cert"])
        return record

    def stop(self):
        self.w.play({"include_role": {"name": "run-buildset-registry", "tasks_from": "stop.yml"}}, **self.variables)
        assert not (self.folder / "registry/images").exists()


@contextlib.contextmanager
def job(w, name, **options):
    made = Job(w, name, **options)
    try:
        yield made
    finally:
        made.stop()


def test_images_travel_from_change_to_change():
    with ansible() as w, job(w, "first", change=1, patchset="2") as first:
        intermediate = w.record(DockerRegistry)
        record = first.start()
        assert set(record) >= {"host", "port", "username", "password", "cert"} and record["username"] == "zuul", record
        assert "buildset_registry" not in first.result()["data"], "the password would reach logs"

        images = {name: w.image(f"{first.address}/{name}", name=name.replace("/", "-").replace(":", "-"))
                  for name in ("example/app:latest", "example/app:1.0", "quay.io/example/base:latest")}
        lists = dict(docker_images=[{"repository": "example/app", "tags": ["latest", "1.0"]}],
                     container_images=[{"repository": "quay.io/example/base"}])
        failed = first.run("push-to-intermediate-registry", intermediate_registry=intermediate, zuul_success=False,
                           **lists)
        assert not failed.of("Copy the images to the intermediate registry"), failed
        first.run("push-to-intermediate-registry", intermediate_registry=intermediate, **lists)
        artifacts = first.result()["data"]["zuul"]["artifacts"]
        assert {artifact["name"]: artifact["metadata"]["digest"] for artifact in artifacts} == images, artifacts
        there = f"docker://127.0.0.1:{intermediate['port']}"
        assert [artifact["url"] for artifact in artifacts] == [
            f"{there}/example/app:first_latest", f"{there}/example/app:first_1.0",
            f"{there}/quay.io/example/base:first_latest"], artifacts

        with job(w, "second", host="::1", artifacts=artifacts, change=2) as second:
            second.start()
            assert second.address.startswith("[::1]:")
            pulled = second.run("pull-from-intermediate-registry", intermediate_registry=intermediate)
            assert pulled.of("Bring in the images of the changes ahead")[0]["changed"], pulled
            for name, digest in images.items():
                assert w.zreg("inspect", f"{second.address}/{name}")["digest"] == digest, name
            again = second.run("pull-from-intermediate-registry", intermediate_registry=intermediate)
            assert not any(result.get("changed") for result in again), again

            second.run("collect-buildset-registry-logs")
            logs = second.folder / "logs/buildset-registry"
            document = json.loads((logs / "populated.json").read_text())
            assert document["items"] is None, document
            assert pulled.of("Tell what came from each change ahead")[0]["msg"] == [
                "Zuul does not tell which changes are ahead (zuul.items is missing)"], pulled
            told = document["images"]
            assert {f"{image['repository']}:{image['tag']}": image["digest"] for image in told} == images, told
            assert {image["change"] for image in told} == {"1"}, told
            served = (logs / "served.txt").read_text()
            assert "quay.io/example/base" in served and artifacts[2]["url"] in served, served
            lines = [json.loads(line) for line in (logs / "access.jsonl").read_text().splitlines()]
            assert {line["digest"] for line in lines} >= set(images.values()), lines
            for path in logs.iterdir():
                w.no_secret_in(path.read_text())


def test_the_log_tells_what_came_from_each_change_ahead():
    def item(change, name):
        return {"project": {"name": f"example/{name}"}, "change": change, "patchset": "2", "change_url": "https://r/1"}
    with ansible() as w, job(w, "ahead", change="1", patchset="2", project={"name": "example/base"}) as ahead:
        intermediate = w.record(DockerRegistry)
        ahead.start()
        w.image(f"{ahead.address}/example/base:latest", name="base")
        ahead.run("push-to-intermediate-registry", intermediate_registry=intermediate,
                  docker_images=[{"repository": "example/base"}])
        artifacts = [{**artifact, "project": "example/base", "change": "1", "patchset": "2", "job": "build"}
                     for artifact in ahead.result()["data"]["zuul"]["artifacts"]]
        items = [item("1", "base"), item("2", "tools"), item("3", "app")]
        with job(w, "behind", change="3", artifacts=artifacts, items=items) as behind:
            behind.start()
            pulled = behind.run("pull-from-intermediate-registry", intermediate_registry=intermediate)
            first, second = pulled.of("Tell what came from each change ahead")[0]["msg"]
            assert first == "change 1,2 of example/base: example/base:latest", first
            assert second.startswith("change 2,2 of example/tools: NO IMAGE: Zuul gave this job no image of it"), second
            document = json.loads((behind.folder / "logs/buildset-registry/populated.json").read_text())
            assert [(entry["change"], entry["images"]) for entry in document["items"]] == [
                ("1", ["example/base:latest"]), ("2", [])], document
            assert document["images"][0]["project"] == "example/base", document
            alone = Job(w, "alone", change="3", items=[item("3", "app")])
            alone.returned.write_text(behind.returned.read_text())
            told = alone.run("pull-from-intermediate-registry", intermediate_registry=intermediate)
            assert told.of("Tell what came from each change ahead")[0]["msg"] == ["no change is ahead"], told

            starved = Job(w, "starved", change="3", items=items)
            starved.returned.write_text(behind.returned.read_text())
            told = starved.run("pull-from-intermediate-registry", intermediate_registry=intermediate)
            first, second = told.of("Tell what came from each change ahead")[0]["msg"]
            assert first.startswith("change 1,2 of example/base: NO IMAGE: it has published example/base:latest"), first
            assert "Zuul gave this job no image of it" in second, second
            assert "[WARNING]: no image of change 1,2 of example/base" in " ".join(told.output.split()), told.output

            with ZuulApi() as zuul:  # meanwhile the change ahead has merged, and nothing has promoted it
                buildset = zuul.add_buildset("gate", "example/base", 1, 2, result="SUCCESS")
                zuul.add_build(buildset, "build", artifacts=ahead.result()["data"]["zuul"]["artifacts"])
                told = alone.run("pull-from-intermediate-registry", intermediate_registry=intermediate,
                                 pull_from_intermediate_registry_api=zuul.api)
                assert told.of("Tell what came from each change ahead")[0]["msg"] == [
                    "change 1,2 (merged, not promoted yet) of example/base: example/base:latest"], told
                document = json.loads((alone.folder / "logs/buildset-registry/populated.json").read_text())
                assert document["items"][0]["merged"] is True, document


def test_the_registry_runs_once_and_has_its_names():
    with ansible() as w, job(w, "only") as only:
        before = only.start()
        results = only.run("run-buildset-registry", buildset_registry_names=[])
        assert not results.of("Run the buildset registry")[0]["changed"], results
        assert only.result()["secret_data"]["buildset_registry"] == before
        shown = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=before["cert"], text=True,
                               stdout=subprocess.PIPE, check=True).stdout
        for name in ("DNS:zuul-jobs.buildset-registry", "DNS:127.0.0.1", "IP Address:127.0.0.1"):
            assert name in shown, shown


def test_only_the_job_that_runs_the_registry_pauses():
    with ansible() as w:
        record = {"host": "127.0.0.1", "port": 5000}
        child, parent = Job(w, "child"), Job(w, "parent")
        child.run("pause-buildset-registry", buildset_registry=record)
        assert not child.returned.exists()
        parent.returned.write_text(json.dumps({"data": {}, "secret_data": {"buildset_registry": record}}))
        parent.run("pause-buildset-registry")
        assert parent.result()["data"]["zuul"]["pause"] is True


def test_a_node_without_registry_has_no_logs():
    with ansible() as w:
        node = Job(w, "node")
        node.run("collect-buildset-registry-logs")
        assert not (node.folder / "logs/buildset-registry").exists() and not node.returned.exists()


def test_ensure_zreg_installs_a_build_once():
    """This build is taken as it is; its prefix is one that the test may write to."""
    build = os.environ["ZREG_BUILDDIR"]
    prefix = re.search(r"(?m)^prefix = (.*)$", pathlib.Path(build, "Makefile").read_text())[1]
    if not prefix.startswith(build.rpartition("/")[0]):
        raise tap.Skip(f"this build would be installed to {prefix}; configure it with --prefix in {build}")
    if os.path.exists(f"{prefix}/bin/zreg"):
        subprocess.run(["make", "-s", "-C", build, "uninstall"], check=True, stdout=subprocess.DEVNULL)
    with ansible() as w:
        version = w.run("zreg", "version").strip()
        packages = f"{prefix}/lib/python{sys.version_info.major}.{sys.version_info.minor}"
        w.environment.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", LD_LIBRARY_PATH="", PYTHONPATH=":".join(
            f"{packages}/{kind}" for kind in ("dist-packages", "site-packages")))
        options = dict(zreg_source=os.environ["ZREG_SRCDIR"], zreg_build_dir=build, zreg_prefix=prefix,
                       zreg_build_packages=[], zreg_become=False)
        done = w.play(roles=["ensure-zreg"], gather=True, **options)
        assert done.of("Install")[0]["changed"], done
        assert w.run(f"{prefix}/bin/zreg", "version").strip() == version
        again = w.play(roles=["ensure-zreg"], gather=True, **options)
        assert not any(result.get("changed") for result in again), again


if __name__ == "__main__":
    tap.main(__name__)
