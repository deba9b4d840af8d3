# SPDX-License-Identifier: Apache-2.0
"""A strict stand-in for Zuul's REST API, for what the gate asks of it.

    with ZuulApi(tenant="example") as zuul:
        merged = zuul.add_buildset("gate", "org/base", change=12, patchset="3")
        zuul.add_build(merged, "build-image", artifacts=[{"name": ..., "url": ..., "metadata": {...}}])
        zuul.finish(merged, "SUCCESS")
        run("zreg", "resolve", ref, "--zuul-api", zuul.api)

It speaks what zuul-web documents:

    GET /api/tenant/TENANT/builds        newest first; parameters: see BUILDS
    GET /api/tenant/TENANT/buildsets     newest first; parameters: see BUILDSETS
    GET /api/tenant/TENANT/build/UUID
    GET /api/tenant/TENANT/buildset/UUID with its builds

A parameter that zuul-web does not know is answered 404, as there. A build or buildset that still
runs has the result null. `old_shape` gives change, project and the rest beside the build, as Zuul
did before it had circular dependencies; today they stand in `ref` and `refs`. Whatever a client
does that it should not is noted in `faults`, which leaving the context checks.
"""

import datetime
import json
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

_COMMON = {"project", "pipeline", "change", "branch", "patchset", "ref", "newrev", "uuid", "result", "complete",
           "limit", "skip", "idx_min", "idx_max", "exclude_result"}
BUILDS = _COMMON | {"job_name", "voting", "nodeset", "final", "held"}
BUILDSETS = _COMMON
REF_KEYS = ("project", "branch", "change", "patchset", "ref", "oldrev", "newrev", "ref_url")


def _is_true(text):
    return text.lower() == "true"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        status, body, headers = self.server.zuul.answer(self)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_other(self):
        self.server.zuul.faults.append(f"{self.command} {self.path}: only GET is spoken here")
        self.send_error(405)
        self.close_connection = True

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_other


class ZuulApi:
    """One tenant of one Zuul. All methods may be called while it serves."""

    def __init__(self, tenant="example", old_shape=False, agents=("zreg/", "python-requests/", "ansible-httpget")):
        self.tenant, self.old_shape, self.agents = tenant, old_shape, agents
        self.buildsets, self.builds = [], []  # oldest first, by number
        self.faults, self.log, self.script = [], [], []
        self.lock = threading.RLock()
        self.now = datetime.datetime(2026, 1, 1)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.server.daemon_threads = True
        self.server.zuul = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.api = f"{self.url}/api/tenant/{tenant}"

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close()
        if kind is None:
            assert not self.faults, "\n".join(self.faults)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # --- what happened in Zuul

    def tick(self, seconds=1):
        """Time goes on; it stands still otherwise, so that tests can have ties."""
        with self.lock:
            self.now += datetime.timedelta(seconds=seconds)

    def _time(self):
        return self.now.strftime("%Y-%m-%dT%H:%M:%S")

    def add_buildset(self, pipeline, project, change=None, patchset=None, *, branch="master", ref=None, newrev=None,
                     oldrev=None, result=None, buildset=None):
        """A buildset that starts now; gives its UUID. Without `result` it runs until finish()."""
        with self.lock:
            number = None if change is None else int(change)
            if ref is None:
                ref = f"refs/heads/{branch}" if number is None else f"refs/changes/{number % 100:02}/{number}/{patchset}"
            made = {"_id": len(self.buildsets) + 1, "uuid": buildset or uuid.uuid4().hex, "result": result,
                    "message": "", "pipeline": pipeline, "event_id": uuid.uuid4().hex,
                    "event_timestamp": self._time(), "first_build_start_time": None, "last_build_end_time": None,
                    "ref": {"project": project, "branch": branch, "change": number,
                            "patchset": None if patchset is None else str(patchset), "ref": ref, "oldrev": oldrev,
                            "newrev": newrev, "ref_url": f"https://review.example.org/{number or ref}"}}
            self.buildsets.append(made)
            return made["uuid"]

    def add_build(self, buildset, job_name, result="SUCCESS", artifacts=(), *, provides=(), voting=True, final=True,
                  held=False, nodeset="ubuntu", build=None):
        """A build that starts now, and ends now unless `result` is None; gives its UUID."""
        with self.lock:
            parent = self._find(self.buildsets, buildset)
            made = {"_id": len(self.builds) + 1, "uuid": build or uuid.uuid4().hex, "job_name": job_name,
                    "result": result, "held": held, "start_time": self._time(),
                    "end_time": None if result is None else self._time(), "voting": voting, "log_url": None,
                    "nodeset": nodeset, "error_detail": None, "final": final, "artifacts": list(artifacts),
                    "provides": [{"name": name} for name in provides], "buildset": parent}
            self.builds.append(made)
            parent["first_build_start_time"] = parent["first_build_start_time"] or self._time()
            parent["last_build_end_time"] = made["end_time"] or parent["last_build_end_time"]
            return made["uuid"]

    def finish(self, uuid_, result="SUCCESS", artifacts=None):
        """Ends a buildset or a build."""
        with self.lock:
            ended = self._find(self.buildsets + self.builds, uuid_)
            ended["result"] = result
            if "job_name" in ended:
                ended["end_time"] = ended["buildset"]["last_build_end_time"] = self._time()
                ended["artifacts"] = ended["artifacts"] if artifacts is None else list(artifacts)

    @staticmethod
    def _find(things, uuid_):
        return next(thing for thing in things if thing["uuid"] == uuid_)

    # --- what tests look at, and how they disturb it

    def requests(self, pattern=""):
        """The targets that were asked for, in order."""
        with self.lock:
            return [target for target in self.log if re.search(pattern, target)]

    def answer_next(self, status=200, body=b"[]", headers=None, times=1, pattern=""):
        """Answers the next requests whose target matches with this instead."""
        with self.lock:
            self.script.append([pattern, times, (status, body, {"Content-Type": "application/json", **(headers or {})})])

    # --- answering

    def answer(self, handler):
        with self.lock:
            self.log.append(handler.path)
            self._check(handler)
            for entry in self.script:
                if entry[1] > 0 and re.search(entry[0], handler.path):
                    entry[1] -= 1
                    return entry[2]
            found = self._route(handler)
        if isinstance(found, int):
            return found, b"<html>%d</html>" % found, {"Content-Type": "text/html;charset=utf-8"}
        return 200, json.dumps(found).encode(), {"Content-Type": "application/json; charset=utf-8"}

    def _check(self, handler):
        headers = handler.headers
        if headers.get_all("Host") != [self.url[7:]]:
            self.faults.append(f"GET {handler.path}: Host is {headers.get_all('Host')}")
        for name in ("Authorization", "Cookie", "Referer", "Content-Length", "Transfer-Encoding"):
            if name in headers:
                self.faults.append(f"GET {handler.path}: sends {name}")
        if not headers.get("User-Agent", "").startswith(tuple(self.agents)):
            self.faults.append(f"GET {handler.path}: User-Agent is {headers.get('User-Agent')}")

    def _route(self, handler):
        parts = urlsplit(handler.path)
        path = re.match(r"/api/tenant/([^/]+)/(builds|buildsets|build|buildset)(?:/([^/]+))?$", unquote(parts.path))
        if not path or unquote(path.group(1)) != self.tenant:
            return 404
        _, kind, name = path.groups()
        query = parse_qs(parts.query, keep_blank_values=True)
        if kind in ("builds", "buildsets"):
            return 404 if name else self._list(kind, query)
        things = self.builds if kind == "build" else self.buildsets
        found = [thing for thing in things if thing["uuid"] == name]
        if query or not found:
            return 404
        return self._build(found[0]) if kind == "build" else self._buildset(found[0], with_builds=True)

    def _list(self, kind, query):
        if not set(query) <= (BUILDS if kind == "builds" else BUILDSETS):
            self.faults.append(f"{kind}: unknown parameters {sorted(query)}")
            return 404
        try:
            limit, skip = (int(query.get(name, [usual])[0]) for name, usual in (("limit", 50), ("skip", 0)))
        except ValueError:
            return 400
        if limit < 1 or skip < 0:
            return 400
        things = self.builds if kind == "builds" else self.buildsets
        found = [thing for thing in reversed(things) if self._matches(thing, query)]
        show = self._build if kind == "builds" else self._buildset
        return [show(thing) for thing in found[skip:skip + limit]]

    def _matches(self, thing, query):
        buildset = thing.get("buildset", thing)
        facts = {**buildset["ref"], "pipeline": buildset["pipeline"],
                 **{key: thing.get(key) for key in ("uuid", "result", "job_name", "nodeset", "voting", "final", "held")}}
        for key, values in query.items():
            if key in ("limit", "skip"):
                continue
            if key == "complete":
                matches = (thing["result"] is not None) == _is_true(values[0])
            elif key in ("voting", "final", "held"):
                matches = facts[key] == _is_true(values[0])
            elif key == "exclude_result":
                matches = facts["result"] not in values
            elif key in ("idx_min", "idx_max"):
                number = int(values[0])
                matches = thing["_id"] >= number if key == "idx_min" else thing["_id"] <= number
            else:
                matches = (None if facts[key] is None else str(facts[key])) in values
            if not matches:
                return False
        return True

    def _refs(self, ref, plural):
        if self.old_shape:
            return {key: ref[key] for key in REF_KEYS if key != "oldrev"}
        return {"refs": [dict(ref)]} if plural else {"ref": dict(ref)}

    def _build(self, build, with_buildset=True):
        shown = {key: value for key, value in build.items() if key != "buildset"}
        shown["duration"] = None if build["end_time"] is None else 0.0
        shown.update(self._refs(build["buildset"]["ref"], plural=False))
        if with_buildset:
            buildset = build["buildset"]
            shown.update({key: buildset[key] for key in ("pipeline", "event_id", "event_timestamp")})
            shown["buildset"] = {"uuid": buildset["uuid"]}
        return shown

    def _buildset(self, buildset, with_builds=False):
        shown = {key: value for key, value in buildset.items() if key != "ref"}
        shown.update(self._refs(buildset["ref"], plural=True))
        if with_builds:
            shown["builds"] = [self._build(build, with_buildset=False) for build in self.builds
                               if build["buildset"] is buildset]
        return shown
