# SPDX-License-Identifier: Apache-2.0
"""What calls report while they run and give back at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Dict, Optional, Tuple, Union

from . import _raw
from .artifacts import Artifacts
from .values import Digest

_SOURCES = {
    _raw.ZREG_SOURCE_BUILDSET: "buildset",
    _raw.ZREG_SOURCE_INTERMEDIATE: "intermediate",
    _raw.ZREG_SOURCE_UPSTREAM: "upstream",
}


_SERVED_FROM = {
    _raw.ZREG_SERVED_CHANGE: "change",
    _raw.ZREG_SERVED_BUILDSET: "buildset",
    _raw.ZREG_SERVED_UPSTREAM: "upstream",
}


@dataclass(frozen=True)
class Progress:
    """How far a long call has come. bytes_total grows while more work is discovered."""

    phase: str
    item: str
    bytes_done: int
    bytes_total: int
    blobs_done: int
    blobs_total: int


@dataclass(frozen=True)
class Counters:
    """What a client has sent since it was made."""

    requests: int
    auth_requests: int
    blob_requests: int
    bytes_in: int
    bytes_out: int
    connections: int


@dataclass(frozen=True)
class CopyResult:
    """What a copy or upload did."""

    digest: Digest
    media_type: str
    bytes: int
    blobs_copied: int
    blobs_mounted: int
    blobs_skipped: int
    manifests_put: int
    src_requests: int
    dst_requests: int
    elapsed_ms: int
    referrers_copied: int  #: signatures and whatever else belongs to the image, with_referrers
    referrers_skipped: int  #: of these, were at the destination already


@dataclass(frozen=True)
class PromotedTag:
    """What became of one tag."""

    tag: str
    digest: Digest  #: what it was to hold: the image, or that of the later change; "" unknown
    set: bool  #: it was given to the image; else it held it already, is superseded or was not reached
    superseded: bool  #: it belongs to a change that merged later, and stays
    superseded_by: str  #: the number of that change, or ""


@dataclass(frozen=True)
class PromoteResult:
    """What a promotion did. blob_requests and bytes are 0 unless it came from the intermediate registry.

    Not promoted is what was superseded: its tags belong to a change that merged later, and `digest`
    is that one's.
    """

    digest: Digest
    promoted: bool
    requests: int
    auth_requests: int
    blob_requests: int
    cleanup_requests: int
    tags: int  #: how many were set
    by_tag: Tuple[PromotedTag, ...]  #: in the order that was asked for
    temporary_deleted: bool
    order: int  #: the order that was given; 0: none
    bytes: int  #: blob bytes that moved
    verify_requests: int  #: further ones, to look whether the image's parts are there
    cleanup_error: str  #: why a temporary tag that should go stays, or ""
    referrers: int  #: how many signatures and whatever else belong to it, with_referrers

    @property
    def superseded(self) -> Tuple[str, ...]:
        """Tags that belong to a change that merged later."""
        return tuple(tag.tag for tag in self.by_tag if tag.superseded)

    @property
    def superseded_by(self) -> str:
        """The number of that change, of the first such tag, or ""."""
        return next((tag.superseded_by for tag in self.by_tag if tag.superseded), "")


@dataclass(frozen=True)
class PopulatedImage:
    """One image that is now in the buildset registry."""

    repository: str
    tag: str
    digest: Digest
    change: str
    build: str
    bytes: int
    requests: int
    superseded: Tuple[str, ...]
    project: str = ""
    reason: str = ""  #: why it is this image


@dataclass(frozen=True)
class PopulatedItem:
    """One item of Zuul's queue that is ahead. What is unset is ""."""

    project: str
    change: str
    patchset: str
    url: str
    images: Tuple[str, ...]  #: "REPOSITORY:TAG" of those that are in the buildset registry now
    reason: str  #: why there are none
    merged: bool = False  #: it is not ahead any more: it has merged, and its promotion has not finished
    missed: bool = False  #: it has published images in this pipeline, and Zuul gave this job none


class Populated(Tuple[PopulatedImage, ...]):
    """The images that populate brought in, and what is ahead: `items`, the furthest first; None when
    Zuul's variables were not given and it is not known whether anything is."""

    items: Optional[Tuple[PopulatedItem, ...]] = None


@dataclass(frozen=True)
class CleanedTag:
    """One tag of a repository that was cleaned up; age is None when it is not known."""

    tag: str
    reason: str
    age: Optional[timedelta]


@dataclass(frozen=True)
class CleanupResult:
    """What cleanup deleted and kept; after a dry run, what it would have."""

    deleted: Tuple[CleanedTag, ...]
    kept: Tuple[CleanedTag, ...]
    dry_run: bool


@dataclass(frozen=True)
class SyncedTag:
    """What a sync did with one tag."""

    tag: str
    state: str  #: "present", "copied", "deleted" or "failed"; after a dry run, what it would be
    digest: str  #: what it means at the destination, or is to mean; "" unknown
    before: str  #: what it meant there before; "" nothing, or unknown
    bytes: int  #: blob bytes that moved for it
    code: str  #: why it failed, as "NOTFOUND"; else "OK"
    reason: str  #: the same for people; or ""


@dataclass(frozen=True)
class VerifiedPart:
    """One manifest or blob of an image that was verified."""

    digest: Digest
    media_type: str
    size_bytes: int
    is_manifest: bool
    good: bool
    code: str  #: "OK", or why it is not good
    reason: str  #: the same for people, or what there is to say of a good one; or ""


@dataclass(frozen=True)
class ServedImage:
    """One image that a buildset registry was asked for. What is unset is ""."""

    repository: str
    tag: str
    digest: str
    source: str  #: "change", "buildset" or "upstream": not here, so left to the registry of its name
    change: str
    build: str
    artifact: str
    requests: int
    bytes: int


@dataclass(frozen=True)
class ZuulBuild:
    """A build that succeeded. What is unset is ""."""

    uuid: str
    job: str
    pipeline: str
    project: str
    branch: str
    change: str
    patchset: str
    buildset: str
    ended: str  #: "2026-01-31T12:00:00", UTC


@dataclass(frozen=True)
class ZuulBuilds:
    """The builds that were found, newest first, and their artifacts, of which the newest wins."""

    builds: Tuple[ZuulBuild, ...]
    artifacts: Artifacts


@dataclass(frozen=True)
class Candidate:
    """One place that could answer; digest is "" when it could not be found out."""

    source: str  #: "buildset", "intermediate" or "upstream"
    ref: str
    digest: str
    change: str
    build: str
    reason: str


@dataclass(frozen=True)
class Resolution:
    """What a name means for this change, and why. The winner is the first of the candidates."""

    ref: str
    candidates: Tuple[Candidate, ...]

    @property
    def winner(self) -> Candidate:
        return self.candidates[0]


def with_digest(record: Dict[str, Any]) -> Dict[str, Any]:
    return {**record, "digest": Digest(record["digest"])}


def with_flags(record: Dict[str, Any], *names: str) -> Dict[str, Any]:
    return {**record, **{name: bool(record[name]) for name in names}}


def copied(record: Dict[str, Any]) -> CopyResult:
    return CopyResult(**with_digest(record))


def promoted(raw: _raw.promoted) -> PromoteResult:
    records = [_raw.promoted_at(raw, i) for i in range(_raw.promoted_count(raw))]
    by_tag = tuple(PromotedTag(**with_flags(with_digest(record), "set", "superseded")) for record in records)
    summary = with_flags(with_digest(_raw.promoted_summary(raw)), "promoted", "temporary_deleted")
    return PromoteResult(by_tag=by_tag, **summary)


def _populated_item(record: Dict[str, Any]) -> PopulatedItem:
    return PopulatedItem(**with_flags(record, "merged", "missed"))


def populated(raw: _raw.populated) -> Populated:
    images = (_raw.populated_at(raw, i) for i in range(_raw.populated_count(raw)))
    items = (_raw.populated_items_at(raw, i) for i in range(_raw.populated_items_count(raw)))
    made = Populated(PopulatedImage(**with_digest(image)) for image in images)
    if _raw.populated_items_known(raw) or _raw.populated_items_count(raw):
        made.items = tuple(_populated_item(item) for item in items)
    return made


def _cleaned_tag(record: Dict[str, Any]) -> CleanedTag:
    age = None if record["age_s"] < 0 else timedelta(seconds=record["age_s"])
    return CleanedTag(record["tag"], record["reason"], age)


def cleaned(raw: _raw.cleaned, dry_run: bool) -> CleanupResult:
    records = [_raw.cleaned_at(raw, i) for i in range(_raw.cleaned_count(raw))]
    return CleanupResult(tuple(_cleaned_tag(record) for record in records if record["deleted"]),
                         tuple(_cleaned_tag(record) for record in records if not record["deleted"]), dry_run)


_SYNC_STATES = {
    _raw.ZREG_SYNC_PRESENT: "present",
    _raw.ZREG_SYNC_COPIED: "copied",
    _raw.ZREG_SYNC_DELETED: "deleted",
    _raw.ZREG_SYNC_FAILED: "failed",
}


def synced(raw: _raw.synced) -> Tuple[SyncedTag, ...]:
    records = (_raw.synced_at(raw, i) for i in range(_raw.synced_count(raw)))
    return tuple(SyncedTag(**{**record, "state": _SYNC_STATES[record["state"]], "code": _raw.status_name(record["code"])})
                 for record in records)


def verified(raw: _raw.verified) -> Tuple[VerifiedPart, ...]:
    records = (_raw.verified_at(raw, i) for i in range(_raw.verified_count(raw)))
    return tuple(VerifiedPart(**{**with_flags(with_digest(record), "is_manifest", "good"),
                                 "code": _raw.status_name(record["code"])}) for record in records)


def resolved(ref: str, raw: _raw.resolution) -> Resolution:
    records = (_raw.resolution_at(raw, i) for i in range(_raw.resolution_count(raw)))
    return Resolution(ref, tuple(Candidate(**{**record, "source": _SOURCES[record["source"]]}) for record in records))


class Served(Tuple[ServedImage, ...]):
    """The images that a registry gave out."""

    #: Lines of the log that are missing, or could not be read: there may have been more.
    lost: int = 0


def provenance(access_log: Union[str, bytes]) -> Served:
    """Which images a registry gave out, by its access log: one JSON line for each request."""
    if not isinstance(access_log, (str, bytes)):
        raise TypeError(f"access_log: expected str or bytes, not {type(access_log).__name__}")
    raw = _raw.provenance_read(access_log.encode() if isinstance(access_log, str) else access_log)
    records = (_raw.provenance_at(raw, i) for i in range(_raw.provenance_count(raw)))
    served = Served(ServedImage(**dict(record, source=_SERVED_FROM[record["source"]])) for record in records)
    served.lost = _raw.provenance_lost(raw)
    return served


def found(raw: _raw.zuul_builds) -> ZuulBuilds:
    builds = tuple(ZuulBuild(**_raw.zuul_builds_at(raw, i)) for i in range(_raw.zuul_builds_count(raw)))
    return ZuulBuilds(builds, Artifacts._wrap(_raw.zuul_builds_artifacts(raw)))
