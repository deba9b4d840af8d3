#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command as one file, on nodes that have nothing: a folder with that file as root."""

import contextlib
import json
import re
import shutil
import subprocess

from release_world import BUILD, SOURCE, call, check_licenses, folder, need, need_root, seconds, serving, tap, version

FILE = BUILD.parent / "static-cli/static-file/zreg"
# Where systems keep their authorities: Debian, Red Hat, older Red Hat, SUSE, Alpine.
PLACES = ("etc/ssl/certs/ca-certificates.crt", "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
          "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/ca-bundle.pem", "etc/ssl/cert.pem")


@contextlib.contextmanager
def node():
    """A root folder with nothing but the file and a place for temporary files."""
    need_root()
    if not FILE.exists():
        raise tap.Skip(f"{FILE} is not built; tests/run release builds it")
    with folder() as root:
        (root / "tmp").mkdir()
        shutil.copy(FILE, root / "zreg")
        yield root


def on(root, *words, expect=0, env=None):
    given = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": ""} | (env or {})
    return call("chroot", root, "/zreg", *words, expect=expect, env=given)


def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_it_wants_no_library_and_no_interpreter():
    with node() as root:
        need("readelf", "binutils")
        said = call("readelf", "--wide", "--program-headers", "--dynamic", root / "zreg")
        assert "INTERP" not in said and "NEEDED" not in said, said
        assert "(POSITION INDEPENDENT" in said.upper() or "DYN" in said, said
        assert version() in on(root, "version")


def test_its_size_and_its_start_are_told():
    with node() as root:
        taken = seconds(lambda: subprocess.run([root / "zreg", "version"], check=True, stdout=subprocess.DEVNULL), 51)
        size = (root / "zreg").stat().st_size
        print(f"# {size / 1e6:.1f} MB stripped, {taken * 1000:.1f} ms from start to end of `zreg version`, median of 51")
        assert size < 16e6


def test_the_licences_of_all_that_is_inside_stand_beside_it():
    with node() as root:
        assert {"libc.a", "libcrypt.a"} <= check_licenses(FILE.parent / "licenses", root / "zreg")


def test_an_archive_of_unknown_licence_is_named():
    with folder() as top:
        (top / "versions").write_text("libz.a zlib 1.2\n")
        put(top, "map", "Archive member included to satisfy reference by file (symbol)\n\n"
                        "/lib/libzreg-internal.a(x.o)\n    y.o (x)\n/lib/libz.a(z.o)\n    y.o (z)\n/lib/libnew.a(n.o)\n    y.o (n)\n")
        said = call(SOURCE / "packaging/static/licenses.py", top, top / "into", top / "map", expect=1)
        assert "libnew.a was linked" in said and not (top / "into").exists(), said
        put(top, "versions", "libz.a zlib 1.2\nlibnew.a new 3\n")
        put(top, "licenses/zlib/copyright", "zlib's")
        said = call(SOURCE / "packaging/static/licenses.py", top, top / "into", top / "map", expect=1)
        assert "licenses/new/copyright is missing" in said and not (top / "into").exists(), said


def test_a_whole_copy_runs_on_a_bare_node():
    with node() as root:
        (root / "src").mkdir()
        put(root, "src/file", "hello\n")
        on(root, "append", "--base", "scratch", "--layer", "/src", "oci:/layout:latest")
        with serving(["chroot", root, "/zreg"], "--buildset") as record:
            put(root, "connection.json", json.dumps(record))
            on(root, "copy", "--connection", "/connection.json", "oci:/layout:latest", f"{record['host']}:{record['port']}/a/b:1")
            said = on(root, "inspect", "--connection", "/connection.json", f"{record['host']}:{record['port']}/a/b:1")
        assert "sha256:" in said, said


def test_names_come_from_hosts_and_nothing_is_loaded_from_the_node():
    with node() as root:
        put(root, "etc/nsswitch.conf", "hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n")
        put(root, "etc/hosts", "127.0.0.1 registry.test\n")
        put(root, "etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        with serving(["chroot", root, "/zreg"], "--buildset", "--no-tls", "--name", "registry.test") as record:
            said = on(root, "tags", f"registry.test:{record['port']}/a/b", expect=1)
            assert "cannot find the host" not in said, said
        said = on(root, "tags", "other.test/a/b", expect=1)
        assert "other.test" in said and "cannot find the host" in said, said


def test_names_come_from_dns():
    with node() as root:
        put(root, "etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        need("strace")
        said = call("strace", "-f", "-e", "trace=connect,sendto,sendmmsg,openat", "chroot", root, "/zreg", "tags", "some.test/a/b",
                    expect=1)
        assert re.search(r"connect\(.*htons\(53\)", said), said
        assert "libnss" not in said, said


def test_authorities_are_found_where_each_system_keeps_them():
    with node() as root, serving([FILE], "--buildset", "--name", "localhost") as record:
        put(root, "etc/hosts", "127.0.0.1 localhost\n")
        ask = ("tags", "--quiet", f"localhost:{record['port']}/a/b")
        said = on(root, *ask, expect=1)
        assert "certificate" in said, said
        for place in PLACES:
            bundle = put(root, place, record["cert"])
            said = on(root, *ask, expect=1)
            assert "certificate" not in said, f"{place}: {said}"
            bundle.unlink()
        put(root, "elsewhere.pem", record["cert"])
        said = on(root, *ask, expect=1, env={"SSL_CERT_FILE": "/elsewhere.pem"})
        assert "certificate" not in said, said


if __name__ == "__main__":
    tap.main(__name__)
