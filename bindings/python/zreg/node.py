# SPDX-License-Identifier: Apache-2.0
"""This machine's container engines, told to use a buildset registry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Tuple, Union

from . import _raw
from .cancel import Cancel, Token, run
from .checks import Path, flag, milliseconds, needed_path, path, texts, wrong
from .server import Server


@dataclass(frozen=True)
class NodeChange:
    """One file of the machine."""

    path: str  #: as seen from the root
    engine: str  #: "docker", "podman", ...; "hosts", "trust", "credentials"
    action: str  #: "created", "modified", "removed", "unchanged"
    wants: str  #: what the engine needs to see it: "", "reload", "restart"
    secret: bool  #: holds credentials; then before and after are None
    before: Optional[str]  #: the content before, None: no file; for a diff
    after: Optional[str]

    @property
    def changed(self) -> bool:
        return self.action != "unchanged"


@dataclass(frozen=True)
class NodeChanges:
    """What was done to the machine's files; after a check, what would be."""

    files: Tuple[NodeChange, ...]

    @property
    def changed(self) -> Tuple[str, ...]:
        """The paths of the files that changed."""
        return tuple(file.path for file in self.files if file.changed)

    @property
    def unchanged(self) -> Tuple[str, ...]:
        return tuple(file.path for file in self.files if not file.changed)

    @property
    def reload(self) -> Tuple[str, ...]:
        """The engines to reload, such as "docker"."""
        return self._engines("reload")

    @property
    def restart(self) -> Tuple[str, ...]:
        """The engines to restart, such as "containerd"."""
        return self._engines("restart")

    def _engines(self, wants: str) -> Tuple[str, ...]:
        return tuple(dict.fromkeys(file.engine for file in self.files if file.changed and file.wants == wants))


def _changes(raw: _raw.node_changes) -> NodeChanges:
    records = (_raw.node_changes_at(raw, i) for i in range(_raw.node_changes_count(raw)))
    return NodeChanges(tuple(NodeChange(**dict(record, secret=bool(record["secret"]))) for record in records))


def _call(function: Callable[..., Any], *args: Any, cancel: Optional[Cancel], timeout: Optional[float],
          **options: Any) -> NodeChanges:
    with Token(cancel, milliseconds("timeout", timeout)) as token:
        return _changes(run(token, lambda _: function(*args, options, token.raw)))


def node_apply(
    connection: Union[Server, Mapping[str, Any], str, bytes],
    *,
    root: Path = "/",
    home: Optional[Path] = None,
    engines: Optional[Iterable[str]] = None,
    namespaces: Optional[Iterable[str]] = None,
    unqualified: Optional[Iterable[str]] = None,
    check: bool = False,
    cancel: Optional[Cancel] = None,
    timeout: Optional[float] = None,
) -> NodeChanges:
    """Makes the machine's engines ask a buildset registry first.

    `connection` is the registry, its connection record {host, port, username, password, cert}, or the
    record's JSON. `home` is the home folder, as seen from the root, of the user who gets credentials.
    `engines` are those installed unless they are named; `namespaces` are registries to shadow beside
    docker.io, quay.io, ghcr.io, gcr.io and registry.k8s.io. `unqualified` are the registries where podman,
    buildah and CRI-O look for names that have none; without it they look where they did. With `check` nothing is written. A second
    call changes nothing; services are not restarted.
    """
    record: Union[Dict[str, Any], Mapping[str, Any], str, bytes] = (
        connection.connection() if isinstance(connection, Server) else connection)
    if not isinstance(record, (str, bytes, Mapping)):
        raise wrong("connection", "zreg.Server, a connection record or its JSON", record)
    text = record if isinstance(record, (str, bytes)) else json.dumps(dict(record))
    return _call(
        _raw.node_apply, text.encode() if isinstance(text, str) else text, root=needed_path("root", root),
        home=path("home", home), engines=texts("engines", engines), namespaces=texts("namespaces", namespaces),
        unqualified=texts("unqualified", unqualified), check=flag("check", check), cancel=cancel, timeout=timeout)


def node_revert(*, root: Path = "/", check: bool = False, cancel: Optional[Cancel] = None,
                timeout: Optional[float] = None) -> NodeChanges:
    """Brings every file back to what it was before the first node_apply; what others wrote since stays."""
    return _call(_raw.node_revert, root=needed_path("root", root), check=flag("check", check), cancel=cancel,
                 timeout=timeout)
