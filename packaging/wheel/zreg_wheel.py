# SPDX-License-Identifier: Apache-2.0
"""The build backend of the Python package zreg (PEP 517), on the standard library alone.

The wheel holds the package, its extension with libzreg inside, and the command zreg. Without a setting it is
linked with the libraries of this machine and tagged for it. With the setting static-deps=DIR, a folder that
packaging/static/deps.sh made, it needs nothing but libc and is tagged with the oldest one that will do.

    pip wheel .
    pip wheel . --config-settings static-deps=build/static        what `make wheel` does
"""

import base64
import contextlib
import hashlib
import io
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging/static"))

import licenses  # noqa: E402 (found by the line above)

EXTENSION = "bindings/python/lib/zreg/.libs/_libzreg.so"
# What the linker tells of both binaries when libraries are linked statically.
MAPS = ("bindings/python/lib/zreg/_libzreg.la.map", "cli/zreg.map")
# PEP 600: what every glibc machine has.
LIBC = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "ld-linux-x86-64.so.2",
        "ld-linux-aarch64.so.1"}
# Fixed, so that the same sources give the same archives.
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "1577836800"))


class BuildError(Exception):
    """What failed; the output above it says why."""


def run(*command, cwd=ROOT):
    print("+", *command, flush=True)
    if subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise BuildError(f"{command[0]} failed in {cwd}; what it said stands above")


def version():
    found = re.search(r"^AC_INIT\(\[libzreg\], \[([^]]+)\]\)", (ROOT / "configure.ac").read_text(), re.M)
    if found is None:
        raise BuildError("configure.ac has no AC_INIT([libzreg], [VERSION])")
    return found.group(1)


def metadata(license_files=("LICENSE",)):
    """What PKG-INFO and METADATA say. The files are those of dist-info/licenses."""
    text = (ROOT / "packaging/wheel/METADATA.in").read_text().replace("@VERSION@", version())
    text = text.replace("@LICENSE_FILES@", "\n".join(f"License-File: {name}" for name in license_files))
    return (text + (ROOT / "README.md").read_text()).encode()


def prepare():
    """configure, made anew where it is older than what it is made of."""
    configure = ROOT / "configure"
    made_of = [ROOT / "configure.ac", *(ROOT / "m4").glob("zreg.m4")]
    if not configure.exists() or any(configure.stat().st_mtime < path.stat().st_mtime for path in made_of):
        run("./autogen.sh")


def compile_in(folder, static_deps):
    options = ["--quiet", "--disable-go", "--enable-self-contained", f"PYTHON={sys.executable}"]
    if static_deps:
        options.append(f"--with-static-deps={static_deps}")
    prepare()
    run(str(ROOT / "configure"), *options, cwd=folder)
    jobs = f"-j{len(os.sched_getaffinity(0))}"
    run("make", "-s", jobs, "bindings/python/lib/package.stamp", "cli/zreg", cwd=folder)


def stripped(path):
    copy = path.with_name(path.name + ".stripped")
    run("strip", "--strip-unneeded", "-o", str(copy), str(path))
    return copy.read_bytes()


def platform_tag(binaries):
    """manylinux_2_N when nothing but libc is needed, N being the newest version of it that a symbol asks for."""
    said = "".join(subprocess.run(["readelf", "--wide", "--dynamic", "--version-info", str(path)], check=True,
                                  capture_output=True, text=True).stdout for path in binaries)
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", said))
    if not needed <= LIBC:
        print("zreg_wheel: this wheel needs", *sorted(needed - LIBC), "and is for machines that have them")
        return sysconfig.get_platform().replace("-", "_").replace(".", "_")
    newest = max(tuple(map(int, found)) for found in re.findall(r"GLIBC_(\d+)\.(\d+)", said))
    return f"manylinux_{newest[0]}_{newest[1]}_{os.uname().machine}"


def contents(folder):
    """{name in the wheel: (bytes, mode)}, without what dist-info holds of it."""
    package = folder / "bindings/python/lib/zreg"
    files = {f"zreg/{path.name}": (path.read_bytes(), 0o644)
             for path in sorted(package.iterdir()) if path.suffix == ".py" or path.name == "py.typed"}
    files["zreg/_libzreg" + sysconfig.get_config_var("EXT_SUFFIX")] = (stripped(folder / EXTENSION), 0o755)
    files[f"zreg-{version()}.data/scripts/zreg"] = (stripped(folder / "cli/zreg"), 0o755)
    return files


def license_files(folder, static_deps):
    """{name in dist-info/licenses: bytes}: ours and, when libraries are inside, theirs."""
    if not static_deps:
        return {"LICENSE": (ROOT / "LICENSE").read_bytes()}
    found = licenses.files_for(static_deps, [folder / path for path in MAPS])
    return {name: content.encode() if isinstance(content, str) else content.read_bytes() for name, content in found.items()}


def record_of(files, name):
    lines = []
    for path, (data, _) in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(data)}")
    return ("\n".join([*lines, f"{name},,"]) + "\n").encode()


def write_wheel(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (data, mode) in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100000 | mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    del metadata_directory
    static_deps = (config_settings or {}).get("static-deps")
    static_deps = static_deps and str(Path(static_deps).resolve())
    info = f"zreg-{version()}.dist-info"
    with tempfile.TemporaryDirectory(prefix="zreg-wheel-") as name:
        folder = Path(name)
        compile_in(folder, static_deps)
        python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
        tag = f"{python}-{python}-{platform_tag([folder / EXTENSION, folder / 'cli/zreg'])}"
        files = contents(folder)
        texts = license_files(folder, static_deps)
    files |= {f"{info}/licenses/{name}": (data, 0o644) for name, data in texts.items()}
    files[f"{info}/METADATA"] = (metadata(sorted(texts)), 0o644)
    files[f"{info}/WHEEL"] = (f"Wheel-Version: 1.0\nGenerator: zreg_wheel\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(), 0o644)
    files[f"{info}/RECORD"] = (record_of(files, f"{info}/RECORD"), 0o644)
    wheel = f"zreg-{version()}-{tag}.whl"
    write_wheel(Path(wheel_directory) / wheel, files)
    return wheel


def release_files():
    """What git knows, and what autogen.sh makes, so that who compiles needs no autotools."""
    prepare()
    listing = subprocess.run(["build-aux/sources.sh"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    made = ["configure", "aclocal.m4", "Makefile.in", "config.h.in"]
    for pattern in ("build-aux/*", "m4/*.m4"):
        made += [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob(pattern)) if path.is_file()]
    return listing, sorted({*listing.split("\n"), *made, "build-aux/manifest"} - {""})


def build_sdist(sdist_directory, config_settings=None):
    del config_settings
    top = f"zreg-{version()}"
    listing, names = release_files()
    texts = {"build-aux/manifest": listing.encode(), "PKG-INFO": metadata()}

    def usual(member):
        """One time for all: nothing is older than what it is made from."""
        member.mtime, member.uid, member.gid, member.uname, member.gname = EPOCH, 0, 0, "", ""
        return member

    with tarfile.open(Path(sdist_directory) / f"{top}.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name in names:
            if name not in texts:
                archive.add(ROOT / name, f"{top}/{name}", recursive=False, filter=usual)
        for name, data in texts.items():
            member = usual(tarfile.TarInfo(f"{top}/{name}"))
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return f"{top}.tar.gz"


def main(folder, static_deps=None):
    """Makes sdist and wheel in a folder: `python3 zreg_wheel.py FOLDER [STATIC-DEPS]`."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    settings = {"static-deps": static_deps} if static_deps else None
    with contextlib.redirect_stdout(sys.stderr):
        names = [build_sdist(folder), build_wheel(folder, settings)]
    for name in names:
        print(Path(folder) / name)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except (BuildError, licenses.Unknown) as error:
        sys.exit(f"zreg_wheel: {error}")
