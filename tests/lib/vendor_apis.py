# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for what Docker Hub and Quay offer beside the registry protocol: logging in, listing
tags with their times, deleting one tag. They speak the documented protocol and nothing else:
pages of at most 100, one place for each call, credentials where they are wanted. Whatever a client
does that the real ones would not take goes to `faults`, which must be empty in the end."""

import collections
import datetime
import email.utils
import json
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAGE_LIMIT = 100

Tag = collections.namedtuple("Tag", "pushed digest")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *_):
        pass

    def handle_any(self):
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, answer = api.answer(self.command, self.path, self.headers, body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if status != 204:
            self.wfile.write(answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any


def as_json(status, document):
    return status, {"Content-Type": "application/json"}, json.dumps(document).encode()


class Api:
    """What both have in common. `tags[repository][name]` is a Tag; `fail_with` holds answers that
    are given before the real ones, one each."""

    def __init__(self):
        self.lock = threading.RLock()
        self.tags, self.log, self.faults, self.fail_with = {}, [], [], []
        self.delete_status = 204
        self.protected = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.api = self
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def push(self, repository, tag, age_s, digest="sha256:" + "a" * 64):
        self.tags.setdefault(repository, {})[tag] = Tag(time.time() - age_s, digest)

    def names(self, repository):
        return sorted(self.tags.get(repository, {}))

    def requests(self, pattern=""):
        return [line for line in self.log if re.search(pattern, line)]

    def answer(self, method, target, headers, body):
        with self.lock:
            self.log.append(f"{method} {target}")
            if not headers.get("User-Agent", "").startswith("zreg/"):
                self.faults.append(f"{method} {target}: User-Agent")
            if self.fail_with:
                return self.fail_with.pop(0)
            parts = urlsplit(target)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            return self.route(method, parts.path, query, headers, body)

    def unknown(self, method, path):
        self.faults.append(f"{method} {path}: there is no such place")
        return as_json(404, {"message": "object not found"})

    def page(self, query, size_key, usual):
        """Number and size of the page that was asked for; None: refused."""
        try:
            number, size = int(query.get("page", 1)), int(query.get(size_key, usual))
        except ValueError:
            return None
        return (number, size) if number >= 1 and 1 <= size <= PAGE_LIMIT else None


class Hub(Api):
    """hub.docker.com. `users` is {name: password}. Repositories that are not `private` may be
    listed by anybody."""

    def __init__(self, users=None):
        super().__init__()
        self.users, self.tokens, self.private = dict(users or {}), set(), False
        self.logins = 0

    def route(self, method, path, query, headers, body):
        if path == "/v2/auth/token":
            return self.log_in(method, headers, body)
        if match := re.fullmatch(r"/v2/repositories/([a-z0-9_-]+/[a-z0-9._-]+)/tags/?", path):
            return self.list(method, match[1], query, headers)
        if match := re.fullmatch(r"/v2/repositories/([a-z0-9_-]+/[a-z0-9._-]+)/tags/([\w.-]+)/", path):
            return self.delete(method, match[1], match[2], headers)
        return self.unknown(method, path)

    def log_in(self, method, headers, body):
        if method != "POST" or headers.get("Content-Type") != "application/json":
            self.faults.append(f"{method} of the login, {headers.get('Content-Type')}")
            return as_json(405, {"message": "method not allowed"})
        document = json.loads(body)
        if set(document) != {"identifier", "secret"}:
            self.faults.append(f"login with {sorted(document)}")
            return as_json(400, {"message": "bad request"})
        if self.users.get(document["identifier"]) != document["secret"]:
            return as_json(401, {"message": "incorrect authentication credentials"})
        token = uuid.uuid4().hex
        self.tokens.add(token)
        self.logins += 1
        return as_json(200, {"access_token": token})

    def authorized(self, headers):
        kind, _, token = headers.get("Authorization", "").partition(" ")
        return kind == "Bearer" and token in self.tokens

    def list(self, method, repository, query, headers):
        if method != "GET":
            return self.unknown(method, repository)
        if "Authorization" in headers and not self.authorized(headers) or \
                self.private and not self.authorized(headers):
            return as_json(401, {"message": "unauthorized"})
        if set(query) - {"page", "page_size"} or (asked := self.page(query, "page_size", 10)) is None:
            self.faults.append(f"list with {query}")
            return as_json(400, {"message": "page_size must be at most 100"})
        if repository not in self.tags:
            return as_json(404, {"message": "object not found", "errinfo": {}})
        number, size = asked
        items = list(self.tags[repository].items())
        part = items[(number - 1) * size:number * size]
        if number > 1 and not part:
            return as_json(404, {"message": "object not found", "errinfo": {}})
        following = f"{self.url}/v2/repositories/{repository}/tags/?page={number + 1}&page_size={size}"
        return as_json(200, {
            "count": len(items), "next": following if number * size < len(items) else None, "previous": None,
            "results": [{"name": name, "last_updated": self.time(tag), "tag_last_pushed": self.time(tag),
                         "digest": tag.digest, "full_size": 1, "images": [], "tag_status": "active"}
                        for name, tag in part]})

    @staticmethod
    def time(tag):
        if tag.pushed is None:
            return None
        moment = datetime.datetime.fromtimestamp(tag.pushed, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def delete(self, method, repository, tag, headers):
        if method != "DELETE":
            return self.unknown(method, f"{repository}:{tag}")
        if not self.authorized(headers):
            return as_json(401, {"detail": "Authentication credentials were not provided."})
        if tag in self.protected:
            return as_json(403, {"message": "tag is immutable"})
        if self.tags.get(repository, {}).pop(tag, None) is None:
            return as_json(404, {"message": "tag not found"})
        return self.delete_status, {}, b""


class Quay(Api):
    """Quay's API, version 1. `tokens` are OAuth tokens; repositories that are not `private` may be
    listed by anybody."""

    def __init__(self, tokens=("quay-token",)):
        super().__init__()
        self.tokens, self.private = set(tokens), False
        self.with_start = True

    def route(self, method, path, query, headers, body):
        if body:
            self.faults.append(f"{method} {path} has a body")
        repository = r"/api/v1/repository/([a-z0-9_.-]+(?:/[a-z0-9_.-]+)+)"
        if match := re.fullmatch(repository + r"/tag/", path):
            return self.list(method, match[1], query, headers)
        if match := re.fullmatch(repository + r"/tag/([\w.-]+)", path):
            return self.delete(method, match[1], match[2], headers)
        return self.unknown(method, path)

    def refusal(self, headers, needed):
        kind, _, token = headers.get("Authorization", "").partition(" ")
        if not kind:
            return as_json(401, {"message": "Requires authentication", "error_type": "invalid_token"}) \
                if needed else None
        if kind != "Bearer" or token not in self.tokens:
            return as_json(401, {"message": "Invalid bearer token format", "error_type": "invalid_token"})
        return None

    def list(self, method, repository, query, headers):
        if method != "GET":
            return self.unknown(method, repository)
        if refused := self.refusal(headers, self.private):
            return refused
        if set(query) - {"page", "limit", "onlyActiveTags"} or query.get("onlyActiveTags") != "true" or \
                (asked := self.page(query, "limit", 50)) is None:
            self.faults.append(f"list with {query}")
            return as_json(400, {"detail": "Invalid request", "status": 400})
        if repository not in self.tags:
            return as_json(404, {"detail": "Not Found", "error_type": "not_found", "status": 404})
        number, size = asked
        items = list(self.tags[repository].items())
        part = items[(number - 1) * size:number * size]
        return as_json(200, {"tags": [self.record(name, tag) for name, tag in part], "page": number,
                             "has_additional": number * size < len(items)})

    def record(self, name, tag):
        record = {"name": name, "reversion": False, "manifest_digest": tag.digest, "is_manifest_list": False,
                  "size": 1, "last_modified": email.utils.formatdate(tag.pushed)}
        return {**record, "start_ts": int(tag.pushed)} if self.with_start else record

    def delete(self, method, repository, tag, headers):
        if method != "DELETE":
            return self.unknown(method, f"{repository}:{tag}")
        if refused := self.refusal(headers, True):
            return refused
        if self.tags.get(repository, {}).pop(tag, None) is None:
            return as_json(404, {"detail": "Not Found", "error_type": "not_found", "status": 404})
        return self.delete_status, {}, b""
