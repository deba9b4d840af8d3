#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The table of rights: who may do what where, in each mode, by password and by token; tags that stay."""

import os
import subprocess
import sys
import tempfile
import threading

from server_tap import OCI, OCTETS, Server, basic, digest_of, equal, run, true

PULL, PUSH, DELETE, CATALOG = 1, 2, 4, 8
EVERYTHING = PULL | PUSH | DELETE | CATALOG
ROOT = "root"
PEOPLE = ("alice", "gina", "stan", "rita")
DATA = b"a blob of each repository"
BLOB = digest_of(DATA)
ABSENT = digest_of(b"none")


def password(name):
    return f"{name}'s secret"


def htpasswd():
    lines = []
    for name in (ROOT, *PEOPLE):
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", "abcdefgh", "-stdin"], input=password(name),
                              text=True, capture_output=True, check=True).stdout.strip()
        lines.append(f"{name}:{made}\n")
    with tempfile.NamedTemporaryFile("w", prefix="zreg-htpasswd-", delete=False) as file:
        file.writelines(lines)
    return file.name


class World:
    """A server with rules, on which `root` may do all."""

    def __init__(self, *rules, **settings):
        self.file = htpasswd()
        mine = [f"user:{ROOT}=**={EVERYTHING}", *(f"{who}={where}={rights}" for who, where, rights in rules)]
        self.server = Server(durability=3, htpasswd=self.file, rule=mine, **settings)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
        os.unlink(self.file)

    def again(self, **settings):
        """The same content, under other settings."""
        self.server.stop()
        self.server.settings.update(settings)
        self.server.start()

    def ask(self, method, path, who=None, body=None, token=None, **headers):
        if who:
            headers["Authorization"] = basic(who, password(who))
        if token:
            headers["Authorization"] = token
        return self.server.ask(method, path, body, {**OCTETS, **headers})

    def token(self, who, *scopes):
        answer = self.server.token(*scopes, user=who and (who, password(who)))
        equal(answer.status, 200, f"the token of {who}")
        return f"Bearer {answer.json()['token']}"

    def audit(self):
        """Ends the server, and gives the changes that its log tells of."""
        return [(line["action"], line["user"], line["repository"], line["reference"], line["digest"], line["outcome"])
                for line in self.server.stop()]

    def fill(self, repository, *tags):
        """Content of root's; the digest of the image."""
        self.server.user = ROOT, password(ROOT)
        equal(self.server.push_blob(DATA, repository).status, 201)
        body = self.server.image(repository)
        for tag in tags:
            equal(self.server.push_manifest(body, tag, repository).status, 201)
        self.server.user = None
        return digest_of(body), body

    def upload(self, repository):
        answer = self.ask("POST", f"/v2/{repository}/blobs/uploads/", ROOT)
        equal(answer.status, 202)
        return answer.headers["Location"]


# --- the matrix. What is granted to whom is said here once, in words; no line of it comes from the server.

RULES = (("anyone", "public/**", PULL | CATALOG),
         ("user:alice", "team/**", EVERYTHING),
         ("group:builders", "team/*", PULL | PUSH),
         ("user:rita", "team/**,docs", PULL | CATALOG))
PUBLIC = {"public/app": {"pull", "catalog"}}
FULL = {"pull", "push", "delete", "catalog"}
GRANTED = {
    None: PUBLIC,
    "stan": PUBLIC,
    "alice": {**PUBLIC, "team/app": FULL, "team/deep/app": FULL},
    "gina": {**PUBLIC, "team/app": {"pull", "push"}},
    "rita": {**PUBLIC, "team/app": {"pull", "catalog"}, "team/deep/app": {"pull", "catalog"}},
}
REPOSITORIES = ("public/app", "team/app", "team/deep/app", "other/app", "nothing/here")
SCOPES = {"pull": "pull", "push": "pull,push", "delete": "pull,delete"}


def expected(who, right, repository, mode):
    """None: granted. Else the status."""
    mine = GRANTED[who].get(repository, set())
    if right in mine:
        if mode == "no_writes" and right in ("push", "delete"):
            return 405 if right == "delete" else 403
        return 405 if mode == "no_deletes" and right == "delete" else None
    return 401 if who is None else 403 if "pull" in mine else 404


class Actions:
    """Each returns method and path, and the status for who may; content is made as it is needed."""

    def __init__(self, world, repository, image):
        self.base = f"/v2/{repository}"
        self.image = image
        self.uploads = [world.upload(repository) for _ in range(24)] if image else []

    def open_upload(self):
        return self.uploads.pop() if self.uploads else f"{self.base}/blobs/uploads/{'0' * 32}"

    def all(self):
        is_there = bool(self.image)
        digest, body = self.image or (ABSENT, b"{}")
        yield "pull", "GET", f"{self.base}/tags/list", None, 200 if is_there else 404
        yield "pull", "GET", f"{self.base}/manifests/1", None, 200 if is_there else 404
        yield "pull", "HEAD", f"{self.base}/manifests/{digest}", None, 200 if is_there else 404
        yield "pull", "GET", f"{self.base}/blobs/{BLOB}", None, 200 if is_there else 404
        yield "pull", "GET", f"{self.base}/referrers/{digest}", None, 200
        yield "push", "POST", f"{self.base}/blobs/uploads/", b"", 202
        yield "push", "POST", f"{self.base}/blobs/uploads/?digest={BLOB}", DATA, 201
        yield "push", "PUT", f"{self.base}/manifests/2", body, 201
        yield "push", "PATCH", self.open_upload(), b"some", 202
        yield "push", "PUT", f"{self.open_upload()}?digest={BLOB}", DATA, 201
        yield "push", "DELETE", self.open_upload(), None, 204
        yield "delete", "DELETE", f"{self.base}/manifests/{ABSENT}", None, 404
        yield "delete", "DELETE", f"{self.base}/blobs/{ABSENT}", None, 404


CODES = {401: "UNAUTHORIZED", 403: "DENIED"}


def check_action(world, who, action, repository, mode, by_token):
    right, method, path, body, status = action
    headers = {"Content-Type": OCI} if "/manifests/" in path else {}
    token = world.token(who, f"repository:{repository}:{SCOPES[right]}") if by_token else None
    answer = world.ask(method, path, None if by_token else who, body, token, **headers)
    refused = expected(who, right, repository, mode)
    what = f"{who} {method} {path} {mode} {'token' if by_token else 'password'}:"
    equal(answer.status, refused or status, what)
    if refused in CODES and method != "HEAD":
        equal(answer.code(), CODES[refused], what)
    equal("WWW-Authenticate" in answer.headers, answer.status == 401, what)


def check_status_of_uploads(world, who, repository, mode, by_token, location):
    """To look at an upload changes nothing, so no mode refuses it."""
    token = world.token(who, f"repository:{repository}:pull,push") if by_token else None
    refused = expected(who, "push", repository, "usual")
    equal(world.ask("GET", location, None if by_token else who, token=token).status, refused or 204,
          f"{who} looks at an upload of {repository} {mode}")


def check_matrix(mode):
    with World(*RULES, group="builders=gina,someone") as world:
        images = {name: world.fill(name, "1") for name in REPOSITORIES if name != "nothing/here"}
        uploads = {name: world.upload(name) for name in images}
        mine = {(who, by_token, name): list(Actions(world, name, images.get(name)).all())
                for who in GRANTED for by_token in (False, True) for name in REPOSITORIES}
        if mode != "usual":
            world.again(**{mode: 1})
        for (who, by_token, name), actions in mine.items():
            for action in actions:
                check_action(world, who, action, name, mode, by_token)
            if name in uploads:
                check_status_of_uploads(world, who, name, mode, by_token, uploads[name])


def test_everybody_gets_what_the_rules_grant_and_nothing_else():
    check_matrix("usual")


def test_a_read_only_server_refuses_all_that_writes_and_says_why():
    check_matrix("no_writes")


def test_a_server_without_deletes_refuses_those_alone():
    check_matrix("no_deletes")


def test_the_catalog_lists_what_its_caller_may_pull():
    with World(*RULES, group="builders=gina") as world:
        for name in REPOSITORIES[:4]:
            world.fill(name, "1")
        for who, granted in GRANTED.items():
            wanted = sorted(name for name, rights in granted.items() if {"pull", "catalog"} <= rights)
            token = world.token(who, "registry:catalog:*")
            for ways in ({"who": who}, {"token": token}):
                equal(world.ask("GET", "/v2/_catalog", **ways).json(), {"repositories": wanted}, who)
                found, path = [], "/v2/_catalog?n=1"
                while path:
                    answer = world.ask("GET", path, **ways)
                    found += answer.json()["repositories"]
                    true(len(found) <= len(wanted), "pages end")
                    path = answer.headers.get("Link", "").partition("<")[2].partition(">")[0]
                equal(found, wanted, f"{who}, page by page")


def test_who_may_list_nothing_is_told_so():
    with World(("user:alice", "**", PULL), ("user:gina", "team/**", CATALOG)) as world:
        world.fill("team/app", "1")
        equal(world.ask("GET", "/v2/_catalog").status, 401)
        equal(world.ask("GET", "/v2/_catalog", "alice").code(), "DENIED")
        equal(world.ask("GET", "/v2/_catalog", "gina").json(), {"repositories": []}, "no right to pull")


def test_a_mount_needs_the_right_to_push_here_and_to_pull_there():
    with World(*RULES, group="builders=gina") as world:
        for name in REPOSITORIES[:4]:
            world.fill(name, "1")
        for who, granted in GRANTED.items():
            for to in ("team/app", "other/app"):
                for source in REPOSITORIES[:4]:
                    check_mount(world, who, to, source, "pull" in granted.get(source, set()))


def check_mount(world, who, to, source, may_pull):
    path = f"/v2/{to}/blobs/uploads/?mount={BLOB}&from={source}"
    wanted = expected(who, "push", to, "usual") or (201 if may_pull else 202)
    token = world.token(who, f"repository:{to}:pull,push", f"repository:{source}:pull")
    equal(world.ask("POST", path, who).status, wanted, f"{who} mounts from {source} to {to}")
    equal(world.ask("POST", path, token=token).status, wanted, f"{who} mounts from {source} to {to} by token")


def test_a_token_is_not_sent_for_another_where_its_owner_may_not_read():
    """Nor does it learn what is there."""
    with World(("user:alice", "team/**", PULL | PUSH)) as world:
        world.fill("other/app", "1")
        world.fill("team/app", "1")
        narrow = world.token("alice", "repository:team/new:pull,push")
        for source, status in (("other/app", 202), ("other/not", 202), ("team/app", 401), ("team/not", 401)):
            answer = world.ask("POST", f"/v2/team/new/blobs/uploads/?mount={BLOB}&from={source}", token=narrow)
            equal(answer.status, status, source)


def test_a_token_grants_no_more_than_its_scope():
    with World(*RULES) as world:
        world.fill("team/app", "1")
        narrow = world.token("alice", "repository:team/app:pull")
        equal(world.ask("GET", "/v2/team/app/manifests/1", token=narrow).status, 200)
        answer = world.ask("POST", "/v2/team/app/blobs/uploads/", token=narrow)
        equal((answer.status, "insufficient_scope" in answer.headers["WWW-Authenticate"]), (401, True))
        answer = world.server.ask("GET", "/v2/_token?scope=repository:team/app:push", headers={"Authorization": narrow})
        wider = f"Bearer {answer.json()['token']}"
        equal(world.ask("POST", "/v2/team/app/blobs/uploads/", token=wider).status, 401, "a token begets none")


def test_a_token_without_that_scope_lists_what_anyone_may():
    with World(*RULES) as world:
        for name in REPOSITORIES[:2]:
            world.fill(name, "1")
        for scope in ("repository:public/app:pull", "repository:team/app:*", ""):
            narrow = world.token("alice", scope)
            equal(world.ask("GET", "/v2/_catalog", token=narrow).json(), {"repositories": ["public/app"]}, scope)


def test_what_a_token_begets_is_nobodys():
    with World(("anyone", "public/**", PULL | PUSH | CATALOG), *RULES[1:], audit=1) as world:
        for name in REPOSITORIES[:2]:
            world.fill(name, "1")
        scopes = "repository:public/app:pull,push", "repository:team/app:pull", "registry:catalog:*"
        bearer = world.token("alice", *scopes)
        asked = "/v2/_token?scope=" + "&scope=".join(scopes)
        heir = f"Bearer {world.ask('GET', asked, token=bearer).json()['token']}"
        equal(world.ask("GET", "/v2/_catalog", token=heir).json(), {"repositories": ["public/app"]})
        for token, data in ((bearer, b"her own"), (heir, b"nobody's")):
            path = f"/v2/public/app/blobs/uploads/?digest={digest_of(data)}"
            equal(world.ask("POST", path, body=data, token=token).status, 201)
        pushed = {line[4]: line[1] for line in world.audit()}
        equal((pushed[digest_of(b"her own")], pushed[digest_of(b"nobody's")]), ("alice", None))


def test_existing_and_absent_cannot_be_told_apart():
    with World(*RULES) as world:
        digest, _ = world.fill("other/app", "1")
        world.fill("team/app", "1")
        for who in ("stan", "rita", None):
            for method, rest in (("GET", "tags/list"), ("GET", "manifests/1"), ("GET", f"manifests/{digest}"),
                                 ("GET", f"blobs/{BLOB}"), ("GET", f"referrers/{digest}"), ("POST", "blobs/uploads/"),
                                 ("PUT", "manifests/1"), ("DELETE", "manifests/1"), ("GET", "blobs/uploads/00")):
                there, absent = (world.ask(method, f"/v2/other/{name}/{rest}", who) for name in ("app", "not"))
                equal((there.status, there.body), (absent.status, absent.body), f"{who} {method} {rest}")


def test_wrong_credentials_may_what_anyone_may():
    with World(*RULES) as world:
        world.fill("public/app", "1")
        world.fill("team/app", "1")
        for header in (basic("alice", "wrong"), basic("hub", "secret"), "Bearer x"):
            equal(world.ask("GET", "/v2/public/app/manifests/1", token=header).status, 200)
            equal(world.ask("GET", "/v2/team/app/manifests/1", token=header).status, 401)


def test_rules_that_say_nothing_clear_are_refused():
    for settings, words in (({"rule": "alice=**=1"}, '"alice" is nobody'),
                            ({"rule": "user:=**=1"}, "nobody"),
                            ({"rule": ["anyone=**=1", "anyone=a//b=1"]}, "rule 2 of the rights"),
                            ({"rule": "anyone=/a=1"}, "empty part"),
                            ({"rule": "anyone=a/***=1"}, "write * or **"),
                            ({"rule": "anyone=Team/*=1"}, "character"),
                            ({"rule": f"anyone={'a' * 257}=1"}, "1 to 256"),
                            ({"rule": "anyone=**=16"}, "right"),
                            ({"rule": "anyone=**=1", "anonymous": 2}, "leave out anonymous"),
                            ({"rule": "anyone=**=1", "read_only": "x"}, "leave out anonymous"),
                            ({"immutable": "a:b c"}, "character"),
                            ({"group": "=x"}, "group 1")):
        arguments = [f"{key}={one}" for key, value in settings.items()
                     for one in (value if isinstance(value, list) else [value])]
        done = subprocess.run(["tests/proto/serve", "root=/tmp/zreg-never-made", *arguments], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        equal(done.returncode, 1, settings)
        true(words in done.stderr, f"{settings}: {done.stderr}")


# --- tags that stay

def keeping(*patterns):
    return World(immutable=list(patterns))


def test_an_immutable_tag_is_neither_moved_nor_deleted():
    with keeping("x:v*") as world:
        first, body = world.fill("x", "v1", "latest")
        world.server.user = ROOT, password(ROOT)
        other = world.server.image("x", b"another layer")
        put = lambda reference, bytes_: world.server.push_manifest(bytes_, reference, "x")  # noqa: E731
        equal(put("v1", body).status, 201, "the same again")
        for answer in (put("v1", other), put(f"{digest_of(other)}?tag=new&tag=v1", other)):
            equal((answer.status, answer.code()), (403, "DENIED"))
        equal(world.ask("GET", "/v2/x/tags/list", ROOT).json()["tags"], ["latest", "v1"], "all of ?tag= or none")
        equal(world.ask("GET", f"/v2/x/manifests/{digest_of(other)}", ROOT).status, 404, "nothing was stored")
        for reference in ("v1", first):
            equal(world.ask("DELETE", f"/v2/x/manifests/{reference}", ROOT).code(), "DENIED")
        equal(put("latest", other).status, 201)
        equal(world.ask("DELETE", "/v2/x/manifests/latest", ROOT).status, 202)
        equal(world.ask("DELETE", f"/v2/x/manifests/{digest_of(other)}", ROOT).status, 202)
        equal(world.ask("GET", "/v2/x/manifests/v1", ROOT).body, body)
        world.fill("y", "v1")
        equal(world.ask("DELETE", "/v2/y/manifests/v1", ROOT).status, 202, "of another repository")


def test_what_an_immutable_tag_consists_of_is_not_deleted():
    with keeping("x") as world:
        image, body = world.fill("x")
        index = ('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":'
                 f'"{OCI}","digest":"{image}","size":{len(body)}}}]}}').encode()
        world.server.user = ROOT, password(ROOT)
        equal(world.server.push_manifest(body, image, "x").status, 201)
        equal(world.server.push_manifest(index, "all", "x", "application/vnd.oci.image.index.v1+json").status, 201)
        equal(world.ask("DELETE", f"/v2/x/manifests/{image}", ROOT).code(), "DENIED")
        equal(world.ask("DELETE", f"/v2/x/blobs/{digest_of(b'layer')}", ROOT).code(), "DENIED")
        equal(world.ask("DELETE", f"/v2/x/blobs/{BLOB}", ROOT).status, 202, "what no tag needs")


def test_of_two_pushes_of_an_immutable_tag_one_wins():
    with keeping("**:*") as world:
        world.server.user = ROOT, password(ROOT)
        bodies = [world.server.image("x", f"layer {i}".encode()) for i in range(8)]
        for round_ in range(10):
            answers = {}

            def push(i):
                answers[i] = world.server.push_manifest(bodies[i], f"r{round_}", "x").status

            threads = [threading.Thread(target=push, args=(i,)) for i in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            equal(sorted(answers.values()), [201] + 7 * [403])
            winner = min(answers, key=answers.get)
            equal(world.ask("GET", f"/v2/x/manifests/r{round_}", ROOT).body, bodies[winner])


# --- uploads

def test_each_user_and_each_address_has_so_many_uploads():
    with World(("anyone,users", "public/**", PULL | PUSH), uploads_per_user=3) as world:
        path = "/v2/public/app/blobs/uploads/"
        for who in (None, "alice", "gina"):
            locations = []
            for _ in range(3):
                answer = world.ask("POST", path, who)
                equal(answer.status, 202, who)
                locations.append(answer.headers["Location"])
            for way in (path, f"{path}?digest={BLOB}"):
                answer = world.ask("POST", way, who, DATA if "digest" in way else None)
                equal((answer.status, answer.code()), (429, "TOOMANYREQUESTS"), who)
                true(int(answer.headers["Retry-After"]) > 0, "when to come back")
            equal(world.ask("PATCH", locations[0], who, b"more").status, 202, "what is open goes on")
            equal(world.ask("PUT", f"{locations[1]}?digest={BLOB}", who, DATA).status, 201)
            equal(world.ask("POST", f"{path}?digest={BLOB}", who, DATA).status, 201, "one has ended")
            equal(world.ask("POST", path, who).status, 202, "and it was over at once")
            equal(world.ask("POST", path, who).status, 429)
            equal(world.ask("DELETE", locations[2], who).status, 204)
            equal(world.ask("POST", path, who).status, 202, "one was cancelled")
        equal(world.ask("POST", path, "stan").status, 202, "nobody pays for another")


def test_a_network_of_ipv6_has_the_uploads_of_one_address():
    with World(("anyone", "**", PUSH), uploads_per_user=2, trusted="127.0.0.0/8") as world:
        for address, status in (("2001:db8::1", 202), ("2001:db8::2", 202), ("2001:db8::3:4", 429), ("2001:db8:0:1::1", 202),
                                ("192.0.2.1", 202), ("192.0.2.2", 202), ("::ffff:192.0.2.2", 202), ("192.0.2.2", 429)):
            answer = world.ask("POST", "/v2/x/blobs/uploads/", **{"X-Forwarded-For": address})
            equal(answer.status, status, address)


def test_of_many_at_once_no_more_get_an_upload():
    with World(("anyone", "**", PUSH), uploads_per_user=5) as world:
        found = []
        threads = [threading.Thread(target=lambda: found.append(world.ask("POST", "/v2/x/blobs/uploads/").status))
                   for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(sorted(found), 5 * [202] + 15 * [429])


if __name__ == "__main__":
    run(sys.modules[__name__])
