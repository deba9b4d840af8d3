# SPDX-License-Identifier: Apache-2.0
"""Where configure has a Python package installed. Run by the Python that is to find it there:

    python-dirs.py purelib|platlib PREFIX   prints the folder for modules or extensions
    python-dirs.py looks FOLDER             exits 0 if this Python looks in the folder, else 1
"""

import site
import sys
import sysconfig

USUAL_PREFIX = "/usr/local"
SYSTEM_PREFIX = "/usr"


def sites():
    """The folders of packages of this Python, whether they exist already or not."""
    return site.getsitepackages() if hasattr(site, "getsitepackages") else []


def looks(folder):
    return folder in sys.path + sites()


def choose(kind, prefix):
    """In a virtual environment always its own; else one below PREFIX, if this Python looks in one
    (Debian's is called dist-packages). A Python of its own, as pyenv's, has nothing below the usual
    prefix, and nobody who asked for another: it takes what it has, as with pip."""
    own = sysconfig.get_path(kind)
    if sys.prefix != sys.base_prefix:
        return own
    usual = sysconfig.get_path(kind, "posix_prefix", {"base": prefix, "platbase": prefix})
    below = [folder for folder in sites() if folder.startswith(f"{prefix}/lib")]
    if looks(usual):
        return usual
    if below:
        return below[0]
    if prefix == USUAL_PREFIX and sys.prefix != SYSTEM_PREFIX:
        return own
    return usual


def relative(kind, prefix, folder):
    """With the variable of make for the prefix, so that `make prefix=...` moves the package too."""
    name = {"purelib": "${prefix}", "platlib": "${exec_prefix}"}[kind]
    return name + folder[len(prefix):] if folder.startswith(f"{prefix}/") else folder


def main(word, path):
    if word == "looks":
        return 0 if looks(path) else 1
    print(relative(word, path, choose(word, path)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
