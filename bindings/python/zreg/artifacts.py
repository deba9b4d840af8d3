# SPDX-License-Identifier: Apache-2.0
"""Zuul's artifacts: how one change's images become known to the next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Tuple, Union, overload

from . import _raw


@dataclass(frozen=True)
class Artifact:
    """One image:tag of one build. What is unset is ""."""

    name: str  #: "REPOSITORY:TAG"
    url: str  #: "docker://HOST:PORT/REPOSITORY:BUILD_TAG"
    repository: str
    tag: str
    digest: str
    media_type: str
    change: str
    patchset: str
    build: str
    project: str
    job: str


class Artifacts(Sequence[Artifact]):
    """A list of container images in Zuul's order: furthest-ahead change first.

    Made of `zuul.artifacts`: a list, an object that holds one (as {"artifacts": [...]} or
    {"zuul": {"artifacts": [...]}}), or the JSON text of either. Artifacts of other types are left out.
    """

    def __init__(self, source: Union[str, bytes, Sequence[Any], Dict[str, Any], Artifacts] = ()) -> None:
        if isinstance(source, Artifacts):
            self._raw: Any = source._raw
            self._source: bytes = source._source
        else:
            if not isinstance(source, (str, bytes, list, tuple, dict)):
                raise TypeError(f"artifacts: expected a list, a dict or its JSON, not {type(source).__name__}")
            text = source if isinstance(source, (str, bytes)) else json.dumps(source)
            self._source = text.encode() if isinstance(text, str) else text
            self._raw = _raw.artifacts_parse(self._source)
        self._items = self._read()

    @classmethod
    def _wrap(cls, raw: _raw.artifacts) -> Artifacts:
        artifacts = cls.__new__(cls)
        artifacts._raw = raw
        artifacts._source = _raw.artifacts_json(raw).encode()
        artifacts._items = artifacts._read()
        return artifacts

    def _read(self) -> Tuple[Artifact, ...]:
        return tuple(Artifact(**_raw.artifacts_at(self._raw, i)) for i in range(_raw.artifacts_count(self._raw)))

    def to_zuul(self) -> Dict[str, Any]:
        """{"artifacts": [...]}: the value of `zuul` for zuul_return."""
        return json.loads(_raw.artifacts_json(self._raw))

    @overload
    def __getitem__(self, index: int) -> Artifact: ...

    @overload
    def __getitem__(self, index: slice) -> Tuple[Artifact, ...]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Artifact, Tuple[Artifact, ...]]:
        return self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Artifact]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Artifacts):
            return NotImplemented
        return self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __reduce__(self) -> Tuple[Any, ...]:
        return Artifacts, (self._source,)

    def __repr__(self) -> str:
        return f"<zreg.Artifacts {[artifact.name for artifact in self._items]}>"
