#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Guessing passwords: it ends for who does it, and nobody else notices."""

import base64
import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time

from server_tap import OCTETS, Answer, Server, basic, equal, run, true
from server_wire import LAST, connect, get, read_all, reset, statuses, under_tls, until

USERS = [(f"user{i}", f"password {i}") for i in range(30)]
AT_ONCE = 20


def lines(users, rounds=1000):
    """Lines of htpasswd. Few rounds: it is of no interest here how slow a hash is."""
    for name, password in users:
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", f"rounds={rounds}$abcdefgh", "-stdin"], input=password,
                              text=True, capture_output=True, check=True).stdout.strip()
        yield f"{name}:{made}\n"


@contextlib.contextmanager
def serving(users=USERS[:1], rounds=1000, **settings):
    with tempfile.NamedTemporaryFile("w", prefix="zreg-htpasswd-") as file:
        file.writelines(lines(users, rounds))
        file.flush()
        server = Server(durability=3, htpasswd=file.name, **settings)
        try:
            yield server
        finally:
            server.close()


def login(server, user, path="/v2/", source="127.0.0.1"):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=20, source_address=(source, 0))
    try:
        connection.request("GET", path, headers={"Authorization": basic(*user)})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def guesses(server, count, name="user0", **where):
    """The answers to so many different wrong passwords, and how many seconds they took, rounded up."""
    began = time.monotonic()
    answers = [login(server, (name, f"wrong {name} {i} {where}"), **where) for i in range(count)]
    return answers, int(time.monotonic() - began) + 1


def check_budget(answers, seconds):
    refused = [answer for answer in answers if answer.status == 429]
    equal({answer.status for answer in answers}, {401, 429})
    true(AT_ONCE <= len(answers) - len(refused) <= AT_ONCE + seconds, f"{len(answers) - len(refused)} were checked")
    for answer in refused:
        equal(answer.code(), "TOOMANYREQUESTS")
        true(int(answer.headers["Retry-After"]) >= 1, "Retry-After says when to come back")


def test_an_address_that_guesses_is_refused_after_some_attempts():
    with serving() as server:
        check_budget(*guesses(server, 60))


def test_names_that_nobody_has_are_counted_as_any():
    with serving() as server:
        check_budget(*guesses(server, 60, name="nobody"))


def test_guesses_where_tokens_are_given_are_counted_too():
    with serving() as server:
        check_budget(*guesses(server, 60, path="/v2/_token?service=zreg"))
        answers, seconds = guesses(server, 20, path="/v2/")
        true([answer.status for answer in answers].count(401) <= seconds + 1, "it is one budget")


def test_who_was_right_before_does_not_notice():
    with serving() as server:
        equal(login(server, USERS[0]).status, 200)
        guesses(server, 60)
        equal(login(server, USERS[0]).status, 200)
        equal(login(server, USERS[0], "/v2/_token?service=zreg").status, 200)


def test_who_comes_from_elsewhere_does_not_notice():
    with serving() as server:
        guesses(server, 60)
        equal(login(server, USERS[0], source="127.0.0.2").status, 200)


def test_those_who_are_right_are_not_counted():
    with serving(USERS) as server:
        for user in USERS:
            equal(login(server, user).status, 200)


def test_many_who_are_right_with_the_same_words_at_once_are_one_attempt():
    with serving(rounds=50000) as server:
        begin = threading.Barrier(28)
        statuses = []

        def go():
            begin.wait()
            statuses.append(login(server, USERS[0]).status)

        threads = [threading.Thread(target=go) for _ in range(28)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal(statuses, 28 * [200])
        check_budget(*guesses(server, 60))


def test_one_wrong_password_again_and_again_is_one_attempt():
    with serving() as server:
        for _ in range(60):
            equal(login(server, ("user0", "forgotten")).status, 401)
        equal(login(server, USERS[0]).status, 200)


def test_who_waits_may_try_again():
    with serving() as server:
        answers, _ = guesses(server, 60)
        time.sleep(int(answers[-1].headers["Retry-After"]))
        equal(login(server, USERS[0]).status, 200)


def test_what_anyone_may_do_stays_open_to_who_has_tried_too_often():
    with serving(anonymous=2) as server:
        server.user = USERS[0]
        body = server.push_image("1")
        server.user = None
        guesses(server, 60)
        answer = login(server, ("user0", "another"), "/v2/x/manifests/1")
        equal((answer.status, answer.body), (200, body))
        equal(login(server, ("user0", "another"), "/v2/").status, 429)


def test_a_password_longer_than_any_costs_nothing():
    with serving() as server:
        for i in range(60):
            equal(login(server, ("user0", "x" * 2000 + str(i))).status, 401)
        equal(login(server, USERS[0]).status, 200)


def test_a_refused_push_ends_before_its_body():
    with serving() as server:
        guesses(server, 60)
        answer = server.ask("POST", "/v2/x/blobs/uploads/", b"", {**OCTETS, "Authorization": basic("user0", "no")})
        equal(answer.status, 429)


def test_no_log_names_a_user_whose_password_was_not_checked():
    """Be it that there are too many to check it, or that the client leaves while it waits for that."""
    request = get(b"/v2/", LAST, b"Authorization: " + basic("user0", "forgotten").encode())
    with serving(rounds=1000000) as server, contextlib.ExitStack() as stack:
        several = [stack.enter_context(connect(server, 20)) for _ in range(60)]
        for connection in several:
            connection.sendall(request)
        for connection in several[:10]:
            reset(connection)
        equal({statuses(read_all(connection))[0] for connection in several[10:]}, {401, 503})
        equal(login(server, USERS[0]).status, 200)
        named = [(line["user"], line["status"]) for line in server.stop() if line["user"]]
        equal(named, [("user0", 200)])


def test_a_buildset_registry_lets_its_own_user_in_and_all_others():
    with serving(USERS, buildset=1, plain_http=1, anonymous=1) as server:
        own = server.record["username"], server.record["password"]
        for user in (own, *USERS):
            equal(login(server, user).status, 200, user)
        for name in (own[0], "user0", "nobody"):
            equal(login(server, (name, "wrong")).status, 401, name)


def test_a_buildset_registry_does_not_start_where_its_own_user_is_anothers():
    with tempfile.NamedTemporaryFile("w", prefix="zreg-htpasswd-") as file:
        file.writelines(lines([*USERS[:1], ("zuul", "theirs")]))
        file.flush()
        done = subprocess.run(["tests/proto/serve", "buildset=1", "plain_http=1", f"htpasswd={file.name}"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
    equal((done.returncode, json.loads(done.stdout)["error"]), (1, "INVAL"))
    true('"zuul"' in done.stderr and "another name" in done.stderr, done.stderr)


PASSWORD = "open sesame, said the cave"
LOGIN = b"Authorization: " + basic("user0", PASSWORD).encode()
BEARER = b"Authorization: Bearer " + base64.b64encode(PASSWORD.encode() * 3)
LEFT = (base64.b64encode(f"user0:{PASSWORD}".encode())[8:-4], base64.b64encode(PASSWORD.encode() * 3)[4:-4],
        PASSWORD.encode()[4:])  # where an allocator writes into what is free, the begin is gone
ANONYMOUS = get(b"/healthz")
CHUNKED = get(b"/v2/", b"Transfer-Encoding: chunked")
# What is sent, piece by piece, each of which waits for an answer when it is a whole request.
SENT = (
    [get(b"/v2/", LAST, LOGIN)],
    [get(b"/v2/", LAST, BEARER)],
    [get(b"/v2/", LOGIN), ANONYMOUS],
    [get(b"/v2/", BEARER) + ANONYMOUS, ANONYMOUS],
    [get(b"/v2/", b"X: " + b"x" * 1000, BEARER) + get(b"/v2/", LOGIN) + ANONYMOUS],
    [get(b"/v2/", LOGIN, b"X: " + b"x" * 5000), ANONYMOUS],
    [get(b"/v2/", BEARER, b"X: " + b"x" * 1000)[:-4], b"x" * 4000 + b"\r\n\r\n"],
    [CHUNKED, b"0\r\n\r\n" + get(b"/v2/", LOGIN) + get(b"/v2/", BEARER) + ANONYMOUS],
    [get(b"/v2/", LAST), get(b"/v2/", LOGIN)],
    [get(b"/v2/", LOGIN)[:-4]],
    [b"no method\r\n" + LOGIN + b"\r\n\r\n"],
)


def send(server, pieces):
    with (under_tls if server.tls else connect)(server) as wire, contextlib.suppress(OSError):
        for piece in pieces:
            wire.sendall(piece)
            if piece.endswith(b"\r\n\r\n"):
                wire.recv(65536)


def left_in_memory(server):
    found = []
    with open(f"/proc/{server.process.pid}/maps") as maps, open(f"/proc/{server.process.pid}/mem", "rb", 0) as memory:
        for line in maps:
            begin, end = (int(number, 16) for number in line.split()[0].split("-"))
            if " rw" not in line or end - begin > 1 << 30:  # what a sanitizer keeps of others' memory
                continue
            with contextlib.suppress(OSError):
                memory.seek(begin)
                held = memory.read(end - begin)
                found += [text for text in LEFT if text in held]
    return found


def check_nothing_is_left(server):
    for pieces in SENT:
        send(server, pieces)
        until(lambda: not left_in_memory(server), f"the password of {pieces} is still there", 5)


def test_no_password_is_in_memory_when_its_request_is_over():
    with serving([("user0", PASSWORD)]) as server:
        check_nothing_is_left(server)


def test_under_tls_neither():
    server = Server(buildset=1)
    with contextlib.closing(server):
        check_nothing_is_left(server)


if __name__ == "__main__":
    run(sys.modules[__name__])
