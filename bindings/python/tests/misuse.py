# SPDX-License-Identifier: Apache-2.0
"""Uses one public object of zreg wrongly in one way, in each of its methods; test_misuse.py starts it.

    misuse.py OBJECT MISUSE      prints each case before it is tried, and "cases N" at the end

Objects, methods and parameters are those of the package itself, so that a new one is tried at once; how an
object is made, and what a good argument of a name is, stands in the tables below. What they lack is an error.
An exception is right; a signal, a hang, or an answer to what is no argument at all is wrong.
"""
import atexit
import inspect
import math
import os
import pathlib
import sys
import tempfile
import threading
import time
import traceback

import zreg

HERE = tempfile.mkdtemp()
BLOB = zreg.Digest.of(b"blob")
IMAGE = "application/vnd.oci.image.manifest.v1+json"
INDEX = b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
MISUSES = ("never made", "closed", "closed twice", "another thread meanwhile", "after fork", "inside a callback",
           "wrong type", "at interpreter exit")

world = {}  # what several objects are made with
cases = 0


class Wrong(Exception):
    """A call that gave an answer and should not have."""


def set_up():
    """A registry with one image, and a client of it. Whatever else is asked meets a port where nobody is."""
    world["server"] = zreg.BuildsetRegistry(plain_http=True)
    world["client"] = zreg.Client(authfile="", attempts=1, connect_timeout=1)
    address = world["client"].use(world["server"])
    world["at"] = f"{address}/a/b"
    with world["client"].create_blob(world["at"]) as writer:
        writer.write(b"blob")
        writer.commit()
    world["client"].append("scratch", [], world["at"] + ":1")


MAKERS = {
    "Client": lambda: _used(zreg.Client(authfile="", attempts=1, connect_timeout=1)),
    "Server": lambda: zreg.Server(tempfile.mkdtemp(dir=HERE)),
    "BuildsetRegistry": lambda: zreg.BuildsetRegistry(plain_http=True),
    "BlobReader": lambda: world["client"].open_blob(world["at"], BLOB),
    "BlobWriter": lambda: world["client"].create_blob(world["at"]),
    "Cancel": zreg.Cancel,
    "Ref": lambda: zreg.Ref("a"),
    "Digest": lambda: zreg.Digest.of(b""),
    "Manifest": lambda: zreg.Manifest(INDEX),
    "Artifacts": lambda: zreg.Artifacts([]),
    "functions": lambda: zreg,
}
#: Classes that need no maker: results, which are records or tuples, and exceptions. One process tries all of them.
PLAIN = [name for name in zreg.__all__ if inspect.isclass(getattr(zreg, name))
         and (issubclass(getattr(zreg, name), (BaseException, tuple)) or hasattr(getattr(zreg, name), "__dataclass_fields__"))]
MAKERS.update((name, lambda name=name: record(name)) for name in PLAIN)
#: How an object ends; others are values, and are let go.
ENDS = {"Client": "close", "Server": "stop", "BuildsetRegistry": "stop", "BlobReader": "close", "BlobWriter": "close",
        "Cancel": "trigger"}

GOOD = {
    "root": lambda: tempfile.mkdtemp(dir=HERE), "listen": lambda: "127.0.0.1:0", "host": lambda: world["server"].address,
    "api": lambda: "http://127.0.0.1:9/api", "connection": lambda: world["server"], "place": lambda: world["at"] + ":1",
    "ref": lambda: world["at"] + ":1", "repository": lambda: world["at"], "digest": lambda: BLOB, "manifest":
    lambda: zreg.Manifest(INDEX), "from_repository": lambda: "c/d", "src": lambda: world["at"] + ":1", "dst": lambda:
    f"oci:{tempfile.mkdtemp(dir=HERE)}/x:1", "base": lambda: "scratch", "layers": list, "sources": list, "artifacts": list,
    "to": lambda: world["server"], "source": lambda: world["server"], "images": list, "build": lambda: "0" * 32, "tag":
    lambda: "1", "tags": lambda: ["1"], "change": lambda: 1, "username": lambda: None, "password": lambda: "p", "text": lambda: "a", "data":
    lambda: INDEX, "buffer": lambda: bytearray(5), "index": lambda: 0, "key": lambda: "a", "value": lambda: "a",
    "access_log": lambda: "", "check": lambda: True, "authfile": lambda: "", "plain_http": lambda: True, "attempts": lambda: 1,
    "grace": lambda: 0.0, "dry_run": lambda: True, "offset": lambda: 0, "size": lambda: None, "pos": lambda: 0, "lines":
    list, "durability": lambda: "none", "other": lambda: 1, "client": lambda: world["client"], "cancel": lambda: None, "timeout": lambda: 60,
    "file": lambda: open(os.devnull, "wb"), "session": lambda: world["client"]._open(), "message": lambda: "text", "iterable": list,
}
#: What a field of a record is, by its type; others are None.
GOOD_FIELD = {"str": "a", "int": 1, "bool": True, "Digest": BLOB, "Optional[Digest]": BLOB, "Tuple[str, ...]": ("a",)}
#: Given to every parameter in turn. The sign says whether it can ever be a text.
WRONG = [None, 42, -1, 2**70, 1.5, math.nan, math.inf, True, b"bytes", pathlib.Path("path"), object(), "a\0b", "a\nb",
         {"set"}, ["list", 1], {1: 2}, lambda: None, zreg]
NO_TEXT = (int, float, bytes, pathlib.Path, set, type(zreg))


def _used(client):
    client.use(world["server"])
    return client


def objects():
    """Names of what can be misused; fails for a public class that is neither known nor plain."""
    for name in zreg.__all__:
        if inspect.isclass(getattr(zreg, name)) and name not in MAKERS:
            raise Wrong(f"misuse.py does not know how to make a zreg.{name}: add it to MAKERS")
    return [name for name in MAKERS if name not in PLAIN] + ["results and exceptions"]


def record(name):
    positional, named = good(getattr(zreg, name))
    return getattr(zreg, name)(*positional, **named)


def methods(name):
    """Public methods and properties of an object, and the special ones that anybody calls."""
    if name == "functions":
        return [known for known in zreg.__all__ if inspect.isfunction(getattr(zreg, known))]
    kind = getattr(zreg, name)
    special = ("__enter__", "__exit__", "__iter__", "__next__", "__len__", "__str__", "__repr__", "__hash__", "__eq__",
               "__getitem__", "__reduce__", "__del__")
    return [known for known in dir(kind) if not known.startswith("_") or (known in special and hasattr(kind, known))]


def parameters(function):
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [one for one in found if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]


def good(function, leave_out=None):
    """Arguments with which the call would be right."""
    positional, named = [], {}
    for one in parameters(function):
        needed = one.default is one.empty
        if needed and getattr(function, "__name__", "") in PLAIN and one.kind is not one.POSITIONAL_ONLY:
            named[one.name] = GOOD.get(one.name, lambda: GOOD_FIELD.get(str(one.annotation)))()
            continue
        if needed and one.name not in GOOD and one.kind is not one.POSITIONAL_ONLY:
            raise Wrong(f"misuse.py does not know a good {one.name!r}: add it to GOOD")
        if one.kind is one.POSITIONAL_ONLY:
            positional.append(GOOD.get(one.name, lambda: 1)() if one.name != leave_out else WRONG[0])
        elif one.name in GOOD or needed:
            named[one.name] = GOOD[one.name]()
    return positional, named


def call(thing, method, change=None):
    """One case: with good arguments, or with one that is changed. Exceptions are what is hoped for."""
    global cases
    cases += 1
    try:
        value = getattr(thing, method)
        if not callable(value):
            return value
        if method == "__exit__":
            return value(None, None, None)
        if isinstance(change, list):
            return value(*change)
        positional, named = good(value)
        return value(*positional, **{**named, **(change or {})})
    except (Wrong, SystemExit):
        raise
    except BaseException as error:
        return error


def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def every(name, thing, skip=()):
    for method in methods(name):
        if method not in skip:
            say("case", name, method)
            call(thing, method)


def never_made(name):
    if name == "functions":
        return
    try:
        thing = getattr(zreg, name).__new__(getattr(zreg, name))
    except TypeError:
        return
    every(name, thing)


def ended(name, times):
    for method in methods(name):
        thing = MAKERS[name]()
        for _ in range(times):
            if name in ENDS:
                call(thing, ENDS[name])
        say("case", name, method)
        call(thing, method)


def meanwhile(name):
    """Two threads call each method while a third ends the object."""
    for method in methods(name):
        say("case", name, method)
        thing = MAKERS[name]()
        threads = [threading.Thread(target=lambda: [call(thing, method) for _ in range(3)]) for _ in range(2)]
        threads.append(threading.Thread(target=lambda: name in ENDS and call(thing, ENDS[name])))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def after_fork(name):
    global cases
    things = {method: MAKERS[name]() for method in methods(name)}
    for method, thing in things.items():
        say("case", name, method)
        cases += 1
        child = os.fork()
        if child == 0:
            call(thing, method)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if status:
            raise Wrong(f"{name}.{method} in a forked child: status {status}")
    assert world["client"].tags(world["at"]) == ["1"], "the parent's registry"


def inside_callback(name):
    """In the callback of the server that is being asked, and in that of progress. What has no end needs no
    server for each method."""
    for tried in [methods(name)] if name in PLAIN else [[method] for method in methods(name)]:
        say("case", name, *tried)
        box = []

        def seen(*_):
            for thing in box[:1]:
                box.clear()
                for method in tried:
                    call(thing, method)

        with zreg.Server(tempfile.mkdtemp(dir=HERE), access=seen) as server, zreg.Client(authfile="", attempts=1) as client:
            box.append(server if name == "Server" else MAKERS[name]())
            call(client, "ping", {"host": server.address})
    thing = MAKERS[name]()
    for tried in [methods(name)] if name in PLAIN else [[method] for method in methods(name)]:
        def progress(_):
            for method in tried:
                call(thing, method)
            raise LookupError

        call(world["client"], "append", {"layers": [HERE], "progress": progress})


def takes_text_only(one):
    text = str(one.annotation)
    return text in ("str", "AnyRef", "Optional[str]", "Optional[AnyRef]")


def wrong_type(name):
    if name != "functions":
        change_all(name, zreg, name)
    for field in getattr(getattr(zreg, name, None), "__dataclass_fields__", ()):
        say("case", name, field, "set")
        if not isinstance(call(MAKERS[name](), "__setattr__", [field, 1]), AttributeError):
            raise Wrong(f"{name}.{field} was set")
    for method in methods(name):
        change_all(name, MAKERS[name](), method)


def change_all(name, thing, method):
    """Each parameter in turn is each of the wrong values; a text that is none has to be refused."""
    function = None if isinstance(getattr(type(thing), method, None), property) else getattr(thing, method, None)
    if not callable(function) or method.startswith("__") or (name in ENDS and method == ENDS[name] != "stop"):
        return
    for one in parameters(function):
        if one.kind is one.POSITIONAL_ONLY:
            continue
        for value in WRONG:
            say("case", name, method, one.name, repr(value)[:40])
            answer = call(thing, method, {one.name: value})
            if hasattr(answer, "stop"):
                answer.stop()
            if name not in PLAIN and takes_text_only(one) and isinstance(value, NO_TEXT) and not isinstance(answer, (TypeError, ValueError)):
                raise Wrong(f"{method}({one.name}={value!r}) gave {answer!r}")
        if name in ENDS and method == "stop":
            thing = MAKERS[name]()


def at_exit(*names):
    """In a handler of atexit, from a daemon thread that goes on, and by whatever drops the last reference."""
    kept = {name: [MAKERS[name]() for _ in range(4)] for name in names}
    sys.modules["kept"] = kept  # dropped late

    def work():
        while True:
            for name in names:
                for method in methods(name):
                    call(kept[name][0], method)

    def last():
        for name in names:
            every(name, kept[name][1])
        say("cases", cases)

    atexit.register(last)
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.2)


def main(name, misuse):
    os.environ.update(https_proxy="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", no_proxy="127.0.0.1",
                      TMPDIR=HERE)
    os.chdir(HERE)
    sys.unraisablehook = lambda event: None
    threading.excepthook = lambda event: None
    objects()
    set_up()
    run = {"never made": never_made, "closed": lambda n: ended(n, 1), "closed twice": lambda n: ended(n, 2),
           "another thread meanwhile": meanwhile, "after fork": after_fork, "inside a callback": inside_callback,
           "wrong type": wrong_type, "at interpreter exit": at_exit}[misuse]
    try:
        names = [name] if name in MAKERS else PLAIN
        if run is at_exit:
            at_exit(*names)
        else:
            for one in names:
                run(one)
    except Wrong as error:
        say("wrong", error)
        os._exit(1)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    if misuse != "at interpreter exit":
        say("cases", cases)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
