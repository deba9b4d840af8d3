# SPDX-License-Identifier: Apache-2.0
"""Container images through the gate: a registry client, registries in this process, and the steps
of Zuul's image workflow.

    with zreg.Client() as client, zreg.BuildsetRegistry() as buildset:
        client.append("scratch", [], "example/base:latest", dst_server=buildset)
        print(client.resolve("docker.io/example/base:latest", buildset=client.use(buildset)).winner)
"""

import atexit as _atexit
import importlib as _importlib
import os as _os
from typing import Dict as _Dict

if _importlib.import_module("._libzreg", __name__).guard_elsewhere():
    raise ImportError("zreg works in the main interpreter only, not in a subinterpreter: import it there, or in a "
                      "process of its own")

from . import _raw
from .artifacts import Artifact, Artifacts
from .cancel import Cancel
from .client import Client, temporary_tag
from .errors import (Busy, Cancelled, Conflict, Corrupt, Denied, Error, FileError, InvalidArgument, Limit, MissingFile,
                     NetError, NotFound, PeerError, ProtocolError, Timeout, TlsError, UnknownHost, Unsupported)
from .node import NodeChange, NodeChanges, node_apply, node_revert
from .results import (Candidate, CleanedTag, CleanupResult, CopyResult, Counters, Populated, PopulatedImage,
                      PopulatedItem, Progress,
                      PromotedTag, PromoteResult, Resolution, Served, ServedImage, SyncedTag, VerifiedPart, ZuulBuild, ZuulBuilds,
                      provenance)
from .server import BuildsetRegistry, Rule, Server, ServerLimits
from .streams import BlobReader, BlobWriter
from .values import Descriptor, Digest, Manifest, Platform, Ref

# Handlers run in the reverse order: this is the last, and no thread of a server calls Python after it.
_atexit.register(_raw.guard_close)
_os.register_at_fork(after_in_child=_raw.guard_forked)

__version__ = _raw.version()
#: The same as one number, which is greater for each later version: 0x000100 for 0.1.0.
version_number: int = _raw.version_number()


def features() -> _Dict[str, str]:
    """What this build of the library can do, and what does it there: "http", "tls", "http2", "server"."""
    found: _Dict[str, str] = {}
    while (name := _raw.feature_name(len(found))) is not None:
        found[name] = _raw.feature(name)
    return found


__all__ = [
    "Artifact", "Artifacts", "BlobReader", "BlobWriter", "BuildsetRegistry", "Busy", "Cancel", "Cancelled",
    "Candidate", "CleanedTag", "CleanupResult", "Client", "Conflict", "CopyResult", "Corrupt", "Counters", "Denied",
    "Descriptor", "Digest", "Error", "FileError", "NodeChange", "NodeChanges", "InvalidArgument", "Limit",
    "Manifest", "MissingFile", "NetError", "NotFound", "PeerError", "Platform", "Populated", "PopulatedImage",
    "PopulatedItem", "Progress", "PromotedTag", "PromoteResult", "ProtocolError",
    "Ref", "Resolution", "Rule", "Served", "ServedImage", "Server", "ServerLimits", "SyncedTag", "Timeout", "TlsError",
    "UnknownHost", "Unsupported", "VerifiedPart", "ZuulBuild", "ZuulBuilds", "features", "node_apply", "node_revert", "provenance",
    "temporary_tag", "version_number",
]
