# SPDX-License-Identifier: Apache-2.0
"""Values: digests, references, manifests. Nothing here does I/O."""

from __future__ import annotations

import json
from collections import abc
from dataclasses import dataclass, field
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Type, TypeVar, Union

from . import _raw

W = TypeVar("W", bound="_Wrapped")


class Digest(str):
    """A checked digest, `sha256:<hex>` or `sha512:<hex>`."""

    __slots__ = ()

    def __new__(cls, text: str) -> Digest:
        return super().__new__(cls, _raw.digest_parse(text))

    @classmethod
    def of(cls, data: Union[bytes, bytearray, memoryview], algorithm: str = "sha256") -> Digest:
        """The digest of these bytes."""
        return cls(_raw.digest_of(algorithm, data))

    @property
    def algorithm(self) -> str:
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        return self.partition(":")[2]


class _Wrapped:
    """Holds an object of the library that never changes."""

    __slots__ = ("_raw",)
    _raw: Any

    @classmethod
    def _wrap(cls: Type[W], raw: Any) -> W:
        wrapped = cls.__new__(cls)
        wrapped._raw = raw
        return wrapped


class Ref(_Wrapped):
    """An image reference, HOST[:PORT]/REPOSITORY[:TAG][@DIGEST], by docker's rules.

    Never changes. Two are equal when their canonical texts are.
    """

    __slots__ = ()

    def __init__(self, text: Union[str, Ref]) -> None:
        self._raw = text._raw if isinstance(text, Ref) else _raw.ref_parse(text)

    @property
    def host(self) -> str:
        """With its port, such as "docker.io" or "[::1]:5000"."""
        return _raw.ref_host(self._raw)

    @property
    def repository(self) -> str:
        """Within the host, such as "library/debian"."""
        return _raw.ref_repository(self._raw)

    @property
    def tag(self) -> Optional[str]:
        return _raw.ref_tag(self._raw)

    @property
    def digest(self) -> Optional[Digest]:
        text = _raw.ref_digest(self._raw)
        return None if text is None else Digest(text)

    @property
    def reference(self) -> str:
        """The digest when there is one, else the tag."""
        return _raw.ref_reference(self._raw)

    @property
    def canonical_name(self) -> str:
        """The repository as Zuul's artifacts name it: without host for docker.io, else with it."""
        return _raw.ref_canonical_name(self._raw)

    def with_tag(self, tag: str) -> Ref:
        return Ref._wrap(_raw.ref_with_tag(self._raw, tag))

    def with_digest(self, digest: str) -> Ref:
        return Ref._wrap(_raw.ref_with_digest(self._raw, digest))

    def __str__(self) -> str:
        return _raw.ref_text(self._raw)

    def __repr__(self) -> str:
        return f"zreg.Ref({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ref):
            return NotImplemented
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> Tuple[Any, ...]:
        return Ref, (str(self),)


@dataclass(frozen=True)
class Platform:
    """What an image runs on. Unset parts are ""."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True)
class Descriptor:
    """Names content by digest."""

    media_type: str
    digest: Digest
    size_bytes: int
    artifact_type: str = ""
    platform: Optional[Platform] = None
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)


def _mapping(pairs: Sequence[str]) -> Dict[str, str]:
    return dict(zip(pairs[::2], pairs[1::2]))


def _descriptor(record: Optional[Dict[str, Any]]) -> Optional[Descriptor]:
    if record is None:
        return None
    platform = record["platform"]
    return Descriptor(**dict(record, digest=Digest(record["digest"]), platform=platform and Platform(**platform),
                             annotations=_mapping(record["annotations"])))


def descriptors(records: Iterable[Optional[Dict[str, Any]]]) -> Tuple[Descriptor, ...]:
    return tuple(entry for entry in map(_descriptor, records) if entry)


def _record(name: str, value: object) -> Dict[str, Any]:
    """What _descriptor takes, the other way."""
    if not isinstance(value, Descriptor):
        raise TypeError(f"{name}: expected zreg.Descriptor, not {type(value).__name__}")
    platform = value.platform
    if platform is not None and not isinstance(platform, Platform):
        raise TypeError(f"{name}.platform: expected zreg.Platform, not {type(platform).__name__}")
    return dict(vars(value), platform=platform and dict(vars(platform)),
                annotations=_pairs(f"{name}.annotations", value.annotations))


def _pairs(name: str, values: object) -> List[str]:
    if not isinstance(values, abc.Mapping):
        raise TypeError(f"{name}: expected a mapping of str to str, not {type(values).__name__}")
    return [text for pair in values.items() for text in pair]


def _parts(items: object, options: Dict[str, Any]) -> Dict[str, Any]:
    """The options of the library, of those of Manifest.build_image and build_index."""
    if not isinstance(items, (list, tuple)):
        raise TypeError(f"items: expected a list of zreg.Descriptor, not {type(items).__name__}")
    for name in ("config", "subject"):
        if options.get(name) is not None:
            options[name] = _record(name, options[name])
    return dict(options, items=[_record(f"items[{i}]", item) for i, item in enumerate(items)],
                annotations=_pairs("annotations", options["annotations"]))


class Manifest(_Wrapped):
    """A checked image manifest or index. Its bytes stay as they came: the digest is theirs."""

    __slots__ = ()

    def __init__(self, data: Union[bytes, bytearray, memoryview], media_type: Optional[str] = None) -> None:
        self._raw = _raw.manifest_parse(data, media_type)

    @classmethod
    def build_image(cls, *, config: Optional[Descriptor] = None, items: Sequence[Descriptor] = (),
                    artifact_type: Optional[str] = None, subject: Optional[Descriptor] = None,
                    annotations: Mapping[str, str] = {}) -> Manifest:
        """Makes the manifest of an image, or of an artifact, whose items are its layers.

        Of an artifact, which has an `artifact_type` or a config that is no image's, the config may be missing
        and so may the items: the empty descriptor stands there, whose blob is `b"{}"`. What a manifest names
        must be in the registry before it is put there. The same parts give the same digest. A fault is named
        by its place: `items[3].digest`.
        """
        return cls._wrap(_raw.manifest_build_image(_parts(items, {
            "config": config, "artifact_type": artifact_type, "subject": subject, "annotations": annotations})))

    @classmethod
    def build_index(cls, *, items: Sequence[Descriptor] = (), artifact_type: Optional[str] = None,
                    subject: Optional[Descriptor] = None,
                    annotations: Mapping[str, str] = {}) -> Manifest:
        """Makes an index of its children, `items`, of which there may be none; their platforms are those of the
        descriptors."""
        return cls._wrap(_raw.manifest_build_index(_parts(items, {
            "artifact_type": artifact_type, "subject": subject, "annotations": annotations})))

    @property
    def data(self) -> bytes:
        """The bytes exactly as received or made."""
        return _raw.manifest_bytes(self._raw)

    @property
    def media_type(self) -> str:
        return _raw.manifest_media_type(self._raw)

    @property
    def digest(self) -> Digest:
        return Digest(_raw.manifest_digest(self._raw))

    @property
    def is_index(self) -> bool:
        return bool(_raw.manifest_is_index(self._raw))

    @property
    def config(self) -> Optional[Descriptor]:
        """None for an index."""
        return _descriptor(_raw.manifest_config(self._raw))

    @property
    def layers(self) -> Tuple[Descriptor, ...]:
        """The layers of an image, none for an index."""
        return () if self.is_index else self._entries()

    @property
    def children(self) -> Tuple[Descriptor, ...]:
        """The manifests of an index, none for an image."""
        return self._entries() if self.is_index else ()

    @property
    def subject(self) -> Optional[Descriptor]:
        return _descriptor(_raw.manifest_subject(self._raw))

    @property
    def artifact_type(self) -> str:
        return _raw.manifest_artifact_type(self._raw)

    @property
    def annotations(self) -> Dict[str, str]:
        return _mapping(_raw.manifest_annotations(self._raw))

    def annotation(self, key: str) -> Optional[str]:
        return _raw.manifest_annotation(self._raw, key)

    def json(self) -> Dict[str, Any]:
        """The document."""
        return json.loads(self.data)

    def _entries(self) -> Tuple[Descriptor, ...]:
        return descriptors(_raw.manifest_at(self._raw, i) for i in range(_raw.manifest_count(self._raw)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Manifest):
            return NotImplemented
        return self.data == other.data and self.media_type == other.media_type

    def __hash__(self) -> int:
        return hash(self.data)

    def __reduce__(self) -> Tuple[Any, ...]:
        return Manifest, (self.data, self.media_type)

    def __repr__(self) -> str:
        return f"<zreg.Manifest {self.media_type} {self.digest}>"
