# SPDX-License-Identifier: Apache-2.0
"""The client: everything that talks to registries."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from types import TracebackType
from typing import IO, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Type, Union

from . import _raw, checks
from .artifacts import Artifacts
from .cancel import Cancel, Live, Report, T, Token, run
from .checks import (AnyRef, Number, Path, flag, items, milliseconds, number, pairs, path, paths, place, places,
                     seconds,
                     texts, wrong)
from .errors import Error
from .results import (CleanupResult, CopyResult, Counters, Populated, Progress, PromoteResult, Resolution, SyncedTag,
                      VerifiedPart, ZuulBuilds, cleaned, copied, found, populated, promoted, resolved, synced, verified)
from .server import Log, Server, log_adapter
from .streams import BlobReader, BlobWriter
from .values import Descriptor, Digest, Manifest, Ref, descriptors

AnyArtifacts = Union[Artifacts, str, bytes, List[Any], Dict[str, Any]]

_TAG_APIS = {
    "auto": _raw.ZREG_TAG_API_AUTO,
    "oci": _raw.ZREG_TAG_API_OCI,
    "hub": _raw.ZREG_TAG_API_HUB,
    "quay": _raw.ZREG_TAG_API_QUAY,
}


def _order(order: Optional[int]) -> int:
    if isinstance(order, int) and order < 1:
        raise ValueError(f"order is {order}; numbers begin with 1")
    return 0 if order is None else order


def _server(name: str, server: Optional[Server]) -> Any:
    if server is None:
        return None
    if not isinstance(server, Server):
        raise wrong(name, "zreg.Server", server)
    return server._made()


def _at(name: str, value: Union[str, Server]) -> Tuple[Optional[str], Any]:
    """The HOST:PORT, or the server in this process."""
    if isinstance(value, Server):
        return None, value._made()
    if not isinstance(value, str):
        raise wrong(name, "str or zreg.Server", value)
    return value, None


def _reporter(progress: Callable[[Progress], Any]) -> Report:
    if not callable(progress):
        raise wrong("progress", "a function", progress)
    return lambda record: progress(Progress(**record))


class Client(Live):
    """A session with registries: it owns connections, tokens and what it has learned of each host.

    Many threads may use one client. Every call that blocks takes `cancel`, and `timeout`, in seconds: then
    it raises zreg.Timeout. A stream has its timeout as a whole. Ctrl-C ends every call.
    `progress` is called with a zreg.Progress, at most about ten times a second; an exception in it
    ends the call and comes out of it. `log` is called as log(level, line) from any thread, with the
    levels of the module logging.

    A place is docker://HOST/REPOSITORY[:TAG|@DIGEST], oci:DIR[:NAME],
    oci-archive:FILE[:NAME], docker-archive:FILE[:REF] or docker-daemon:REF.
    """

    _raw: Any = None

    def __init__(
        self,
        *,
        authfile: Optional[Path] = None,
        ca_file: Optional[Path] = None,
        user_agent: Optional[str] = None,
        connect_timeout: Optional[float] = None,
        idle_timeout: Optional[float] = None,
        attempts: int = 0,
        log: Optional[Log] = None,
        registries_conf: Optional[Path] = None,
        hosts_dir: Optional[Path] = None,
        certs_dir: Optional[Path] = None,
        podman_config: bool = False,
        no_mirrors: bool = False,
    ) -> None:
        """`authfile` is a docker config.json; None: the usual places, "": none. Times in seconds.

        `registries_conf` is podman's file of mirrors, `hosts_dir` containerd's folder of HOST/hosts.toml, `certs_dir`
        docker's of HOST/ca.crt; with `podman_config` podman's are read where the first and the last are None.
        `no_mirrors`: the registries themselves are asked, whatever the files say.
        """
        adapter = log_adapter(log)
        self._raw = _raw.client_new(dict(
            authfile=path("authfile", authfile), ca_file=path("ca_file", ca_file), user_agent=user_agent,
            connect_timeout_ms=milliseconds("connect_timeout", connect_timeout),
            idle_timeout_ms=milliseconds("idle_timeout", idle_timeout),
            attempts=attempts, log=adapter,
            registries_conf=path("registries_conf", registries_conf), hosts_dir=path("hosts_dir", hosts_dir),
            certs_dir=path("certs_dir", certs_dir), podman_config=flag("podman_config", podman_config),
            no_mirrors=flag("no_mirrors", no_mirrors)))
        self._raw.log = adapter  # lives as long as what calls it

    def close(self) -> None:
        """Closes all connections once the calls of other threads have ended. Twice is fine."""
        self._raw = None

    def __enter__(self) -> Client:
        self._open()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()

    def _open(self) -> Any:
        if self._raw is None:
            raise ValueError("the client is closed")
        return self._raw

    def _call(self, function: Callable[..., Any], *args: Any, cancel: Optional[Cancel],
              timeout: Optional[float]) -> Any:
        raw = self._open()
        with Token(cancel, milliseconds("timeout", timeout)) as token:
            return run(token, lambda _: function(raw, *args, token.raw))

    def _work(self, function: Callable[..., Any], *args: Any, cancel: Optional[Cancel], timeout: Optional[float],
              progress: Optional[Callable[[Progress], Any]], **options: Any) -> Any:
        """Like _call, for functions with options and progress."""
        raw = self._open()
        report = None if progress is None else _reporter(progress)

        def call(forward: Optional[Report]) -> Any:
            return function(raw, *args, {**options, "progress": forward}, token.raw)

        with Token(cancel, milliseconds("timeout", timeout)) as token:
            return run(token, call, report)

    def _give(self, convert: Callable[[Any], T], function: Callable[..., Any], *args: Any, **options: Any) -> T:
        """Like _work, for functions that tell beside an error what they had done."""
        try:
            return convert(self._work(function, *args, **options))
        except Error as error:
            if error.done is not None:
                error.done = convert(error.done)
            raise

    # --- how to reach hosts

    def set_credentials(self, host: str, username: Optional[str], password: Optional[str] = None) -> None:
        """Before all other sources. No user means anonymous, whatever the authfile says."""
        _raw.client_set_credentials(self._open(), host, username, password)

    def set_host(
        self,
        host: str,
        *,
        ca_pem: Optional[str] = None,
        client_cert_pem: Optional[str] = None,
        client_key_pem: Optional[str] = None,
        insecure: bool = False,
        plain_http: bool = False,
        http2: bool = False,
    ) -> None:
        """How the host is reached. Set it before the first use of the host. With `http2` it is spoken
        where the host offers it, except to upload large blobs."""
        _raw.client_set_host(self._open(), host, dict(
            ca_pem=ca_pem, client_cert_pem=client_cert_pem, client_key_pem=client_key_pem,
            insecure=flag("insecure", insecure), plain_http=flag("plain_http", plain_http), http2=flag("http2", http2)))

    def set_tag_api(self, host: str, api: str = "auto", *, url: Optional[str] = None,
                    token: Optional[str] = None) -> None:
        """Over which interface tags of the host are listed with their age and deleted: "oci", "hub"
        (Docker Hub's, which logs in with the host's user and password), "quay" (with an OAuth token)
        or "auto". `url` is where it answers."""
        if not isinstance(api, str):
            raise wrong("api", "str", api)
        if api not in _TAG_APIS:
            raise ValueError(f"no such API of tags: {api!r}; choose one of {', '.join(_TAG_APIS)}")
        _raw.client_set_tag_api(self._open(), host, dict(api=_TAG_APIS[api], url=url, token=token))

    def use(self, connection: Union[Server, Mapping[str, Any]]) -> str:
        """Trusts and logs in to a registry, by its Server or its connection record. Gives HOST:PORT."""
        record = connection.connection() if isinstance(connection, Server) else connection
        if not isinstance(record, Mapping):
            raise wrong("connection", "zreg.Server or a connection record", record)
        return str(_raw.client_set_connection(self._open(), json.dumps(dict(record)).encode(),
                                              dict(plain_http=int(not record.get("cert")))))

    def counters(self, host: Optional[str] = None) -> Counters:
        """What was sent so far to the host, or to all."""
        return Counters(**_raw.client_counters(self._open(), host))

    def login(self, name: str, username: str, password: str, *, no_check: bool = False,
              cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> str:
        """Asks the host of HOST[/REPOSITORY] whether it accepts them, and keeps them where docker and podman look.
        Returns where: a file, or the name of a credential helper. InvalidArgument when the host asks for no password.
        `no_check`: it is not asked."""
        return self._call(_raw.client_login, name, username, password, dict(no_check=flag("no_check", no_check)),
                          cancel=cancel, timeout=timeout)

    def logout(self, name: str, *, cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> str:
        """Removes what is kept for HOST[/REPOSITORY]; NotFound when that is nothing. Returns where it was."""
        return self._call(_raw.client_logout, name, cancel=cancel, timeout=timeout)

    def ping(self, host: str, *, cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> None:
        """Raises unless the host speaks the protocol and accepts the credentials."""
        self._call(_raw.client_ping, host, cancel=cancel, timeout=timeout)

    # --- manifests and tags

    def inspect(self, place: AnyRef, *, cancel: Optional[Cancel] = None,
                timeout: Optional[float] = None) -> Dict[str, Any]:
        """What a place holds: ref, digest, media_type, size, then platforms or config, layers, labels."""
        return json.loads(self._call(_raw.inspect, checks.place("place", place), cancel=cancel, timeout=timeout))

    def manifest(self, ref: AnyRef, *, cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> Manifest:
        return Manifest._wrap(self._call(_raw.client_manifest_get, Ref(ref)._raw, cancel=cancel, timeout=timeout))

    def head(self, ref: AnyRef, *, cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> Digest:
        """The digest of a manifest."""
        return Digest(self._call(_raw.client_manifest_head, Ref(ref)._raw, cancel=cancel, timeout=timeout))

    def put_manifest(self, ref: AnyRef, manifest: Manifest, *, cancel: Optional[Cancel] = None,
                     timeout: Optional[float] = None) -> None:
        """Stores exactly its bytes under the tag or digest of `ref`."""
        if not isinstance(manifest, Manifest):
            raise wrong("manifest", "zreg.Manifest", manifest)
        self._call(_raw.client_manifest_put, Ref(ref)._raw, manifest._raw, cancel=cancel, timeout=timeout)

    def delete_manifest(self, ref: AnyRef, *, cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> None:
        """Deletes by digest, and with it every tag on that digest."""
        self._call(_raw.client_manifest_delete, Ref(ref)._raw, cancel=cancel, timeout=timeout)

    def tags(self, repository: AnyRef, *, cancel: Optional[Cancel] = None,
             timeout: Optional[float] = None) -> List[str]:
        raw = self._call(_raw.client_tags, Ref(repository)._raw, cancel=cancel, timeout=timeout)
        return [_raw.strings_at(raw, i) for i in range(_raw.strings_count(raw))]

    def catalog(self, host: str, *, cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> List[str]:
        """The repositories of a host that the credentials may see; many registries show nobody."""
        raw = self._call(_raw.client_catalog, host, cancel=cancel, timeout=timeout)
        return [_raw.strings_at(raw, i) for i in range(_raw.strings_count(raw))]

    def referrers(self, ref: AnyRef, *, artifact_type: Optional[str] = None,
                  cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> Tuple[Descriptor, ...]:
        """What names the manifest of `ref` as its subject: signatures, attestations, SBOMs; only those of
        `artifact_type`, when given. Nothing of it was fetched or verified."""
        options = dict(artifact_type=artifact_type)
        raw = self._call(_raw.client_referrers, Ref(ref)._raw, options, cancel=cancel, timeout=timeout)
        return descriptors(_raw.referrers_at(raw, i) for i in range(_raw.referrers_count(raw)))

    def delete_tag(self, ref: AnyRef, *, cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> None:
        """Deletes this one tag; other tags of the same image stay."""
        self._call(_raw.client_tag_delete, Ref(ref)._raw, cancel=cancel, timeout=timeout)

    # --- blobs

    def blob_size(self, repository: AnyRef, digest: str, *, cancel: Optional[Cancel] = None,
                  timeout: Optional[float] = None) -> int:
        return self._call(_raw.blob_head, Ref(repository)._raw, digest, cancel=cancel, timeout=timeout)

    def open_blob(self, repository: AnyRef, digest: str, *, offset: int = 0, length: Optional[int] = None,
                  cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> BlobReader:
        """A blob as a file to read from; verified on the way. With `offset` or `length`, a part of it in
        bytes, which cannot be verified: the digest is that of the whole."""
        return BlobReader(self._open(), Ref(repository), digest, cancel, timeout, offset, length)

    def create_blob(self, repository: AnyRef, *, digest: Optional[str] = None, size: Optional[int] = None,
                    cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> BlobWriter:
        """A blob as a file to write to; finish it with commit(). What is given must turn out right."""
        return BlobWriter(self._open(), Ref(repository), digest, size, cancel, timeout)

    def mount_blob(self, repository: AnyRef, digest: str, from_repository: str, *,
                   cancel: Optional[Cancel] = None, timeout: Optional[float] = None) -> bool:
        """False when the registry would want an upload instead."""
        return self._call(_raw.blob_mount, Ref(repository)._raw, digest, from_repository, cancel=cancel,
                          timeout=timeout)

    def delete_blob(self, repository: AnyRef, digest: str, *, cancel: Optional[Cancel] = None,
                    timeout: Optional[float] = None) -> None:
        self._call(_raw.blob_delete, Ref(repository)._raw, digest, cancel=cancel, timeout=timeout)

    # --- images

    def copy(
        self,
        src: AnyRef,
        dst: AnyRef,
        *,
        platforms: Optional[Sequence[str]] = None,
        sparse: bool = False,
        expect_digest: Optional[str] = None,
        mount_from: Optional[Sequence[str]] = None,
        jobs: int = 0,
        src_server: Optional[Server] = None,
        dst_server: Optional[Server] = None,
        with_referrers: bool = False,
        force: bool = False,
        layers: Optional[str] = None,
        dry_run: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> CopyResult:
        """Copies an image or a whole index; of an index only `platforms`, when given, under an index of
        these or, with `sparse`, under the index as it is. With a server the place is read or written
        inside it, and the host is ignored.

        With `with_referrers`, what belongs to the image and to each child of an index moves too: what
        names it as its subject, and cosign's tags sha256-HEX.sig, .att and .sbom. A cosign tag at the
        destination that holds what ours does not, and the other way round, is a Conflict.

        With `force`, each part is looked for at the destination, and what was lost there is repaired. `layers`
        tells what plain layers of a docker archive become in a registry: "gzip", "zstd" or "as-is". With `dry_run`
        nothing is changed, and the result tells what would have been done."""
        return copied(self._work(
            _raw.copy, place("src", src), place("dst", dst), platforms=texts("platforms", platforms),
            sparse=flag("sparse", sparse), expect_digest=expect_digest,
            mount_from=texts("mount_from", mount_from), jobs=jobs, src_server=_server("src_server", src_server),
            dst_server=_server("dst_server", dst_server), with_referrers=flag("with_referrers", with_referrers),
            force=flag("force", force), layers=layers, dry_run=flag("dry_run", dry_run),
            progress=progress, cancel=cancel, timeout=timeout))

    def sync(
        self,
        src: str,
        dst: str,
        *,
        tags: Optional[Sequence[str]] = None,
        exclude: Optional[Sequence[str]] = None,
        platforms: Optional[Sequence[str]] = None,
        jobs: int = 0,
        with_referrers: bool = False,
        delete_others: bool = False,
        dry_run: bool = False,
        force: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Tuple[SyncedTag, ...]:
        """Brings the tags of `src`, a repository (HOST/REPOSITORY) or a layout (oci:DIR), up to date at `dst`, which
        is one of these too.

        Only tags that fit one of the shell patterns `tags`, if given, and none of `exclude`. A tag that fails does not
        stop the others; the error that is raised in the end has what was done as `done`. Nothing is deleted unless
        `delete_others` asks for it. `force` as in copy."""
        return self._give(
            synced, _raw.sync, src, dst, tags=texts("tags", tags), exclude=texts("exclude", exclude),
            platforms=texts("platforms", platforms), jobs=jobs, with_referrers=flag("with_referrers", with_referrers),
            delete_others=flag("delete_others", delete_others), dry_run=flag("dry_run", dry_run),
            force=flag("force", force), progress=progress, cancel=cancel, timeout=timeout)

    def verify(
        self,
        ref: AnyRef,
        *,
        quick: bool = False,
        jobs: int = 0,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Tuple[VerifiedPart, ...]:
        """Reads all manifests and blobs of an image or index and compares them with their digests; with `quick` it only
        asks whether the blobs are there. The error that is raised when a part is bad has all parts as `done`."""
        return self._give(verified, _raw.verify, place("ref", ref), quick=flag("quick", quick), jobs=jobs,
                          progress=progress, cancel=cancel, timeout=timeout)

    def export(
        self,
        ref: AnyRef,
        file: Union[int, IO[bytes]],
        *,
        platform: Optional[str] = None,
        src_server: Optional[Server] = None,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Digest:
        """Writes the file system of an image, whiteouts carried out, as a tar archive to a file that is open for
        writing, or its descriptor. Nothing is written before all layers were found right."""
        if not isinstance(file, int):
            file.flush()
            file = file.fileno()
        return Digest(self._work(_raw.export, place("ref", ref), file, platform=platform,
                                 src_server=_server("src_server", src_server), progress=progress, cancel=cancel,
                                 timeout=timeout))

    def append(
        self,
        base: AnyRef,
        layers: Sequence[Path],
        dst: AnyRef,
        *,
        platform: Optional[str] = None,
        labels: Mapping[str, str] = {},
        annotations: Mapping[str, str] = {},
        environment: Mapping[str, str] = {},
        entrypoint: Optional[Sequence[str]] = None,
        command: Optional[Sequence[str]] = None,
        working_dir: Optional[str] = None,
        user: Optional[str] = None,
        created: int = 0,
        dst_server: Optional[Server] = None,
        dry_run: bool = False,
        rebase: bool = False,
        old_base: Optional[AnyRef] = None,
        new_base: Optional[AnyRef] = None,
        all_platforms: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Digest:
        """Puts layers, each a tar file or a folder, on a base image or "scratch". Same input, same digest.

        With `dry_run` nothing is stored, and the digest is what the image would have. With `rebase`, the layers of
        `old_base` in `base` give way to those of `new_base`; without them the annotations of the image tell. With
        `all_platforms`, each image of an index is changed, and an index of them stored."""
        return Digest(self._work(
            _raw.append, place("base", base), paths("layers", layers), place("dst", dst), platform=platform,
            labels=pairs("labels", labels), annotations=pairs("annotations", annotations),
            environment=pairs("environment", environment), entrypoint=texts("entrypoint", entrypoint),
            command=texts("command", command),
            working_dir=working_dir, user=user, created=created, dst_server=_server("dst_server", dst_server),
            dry_run=flag("dry_run", dry_run), rebase=flag("rebase", rebase),
            old_base=None if old_base is None else place("old_base", old_base),
            new_base=None if new_base is None else place("new_base", new_base),
            all_platforms=flag("all_platforms", all_platforms), progress=progress, cancel=cancel, timeout=timeout))

    def index(
        self,
        sources: Sequence[AnyRef],
        dst: AnyRef,
        *,
        platforms: Optional[Sequence[str]] = None,
        mount_from: Optional[Sequence[str]] = None,
        jobs: int = 0,
        src_server: Optional[Server] = None,
        dst_server: Optional[Server] = None,
        dry_run: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Digest:
        """Makes an index of images and stores it, with all it needs, at `dst`. Of a source that is an
        index itself its children are taken, or only `platforms`, when given."""
        return Digest(self._work(
            _raw.index_create, places("sources", sources), place("dst", dst), platforms=texts("platforms", platforms),
            mount_from=texts("mount_from", mount_from),
            jobs=jobs, src_server=_server("src_server", src_server), dst_server=_server("dst_server", dst_server),
            dry_run=flag("dry_run", dry_run), progress=progress,
            cancel=cancel, timeout=timeout))

    # --- the gate

    def resolve(
        self,
        ref: AnyRef,
        artifacts: Optional[AnyArtifacts] = None,
        *,
        buildset: Optional[str] = None,
        intermediate: Optional[str] = None,
        offline: bool = False,
        zuul_api: Optional[str] = None,
        zuul_tenant: Optional[str] = None,
        zuul_project: Optional[str] = None,
        zuul_pipeline: Optional[str] = None,
        zuul_job: Optional[str] = None,
        zuul_promote_pipeline: Optional[str] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Resolution:
        """Decides which bytes a name means for this change, and says why.

        With the URL of Zuul's API, an image of a change that has merged and is not promoted yet comes
        before the public one.
        """
        listed = None if artifacts is None else Artifacts(artifacts)._raw
        options = dict(
            buildset=buildset, intermediate=intermediate, offline=flag("offline", offline), zuul_api=zuul_api,
            zuul_tenant=zuul_tenant, zuul_project=zuul_project, zuul_pipeline=zuul_pipeline, zuul_job=zuul_job,
            zuul_promote_pipeline=zuul_promote_pipeline)
        return resolved(place("ref", ref), self._call(_raw.resolve, place("ref", ref), listed, options, cancel=cancel,
                                                      timeout=timeout))

    def populate(
        self,
        artifacts: AnyArtifacts,
        to: Union[str, Server],
        *,
        intermediate: Optional[str] = None,
        jobs: int = 0,
        with_referrers: bool = False,
        zuul_api: Optional[str] = None,
        zuul_tenant: Optional[str] = None,
        zuul_project: Optional[str] = None,
        zuul_pipeline: Optional[str] = None,
        zuul_job: Optional[str] = None,
        zuul_promote_pipeline: Optional[str] = None,
        records: Optional[str] = None,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Populated:
        """Intermediate to buildset: the images of the changes ahead. `to` is HOST:PORT or a server here.

        Best give all of Zuul's variables, {"zuul": {...}}: the result then tells of each change ahead
        which images came from it, or why none did. With the URL of Zuul's API, images of changes that have
        merged and are not promoted yet are brought in too, where no change ahead made them. `records`, the
        HOST:PORT of the intermediate registry, tells of those that gave nothing what they have published.
        `with_referrers` as in copy.
        """
        address, server = _at("to", to)
        return self._give(
            populated, _raw.populate, Artifacts(artifacts)._raw, address, server=server,
            intermediate=intermediate, jobs=jobs, with_referrers=flag("with_referrers", with_referrers),
            zuul_api=zuul_api,
            zuul_tenant=zuul_tenant, zuul_project=zuul_project, zuul_pipeline=zuul_pipeline, zuul_job=zuul_job,
            zuul_promote_pipeline=zuul_promote_pipeline, records=records, progress=progress, cancel=cancel,
            timeout=timeout)

    def publish(
        self,
        source: Union[str, Server],
        to: str,
        images: Sequence[str],
        *,
        build: str,
        change: Optional[Number] = None,
        patchset: Optional[Number] = None,
        project: Optional[str] = None,
        pipeline: Optional[str] = None,
        jobs: int = 0,
        with_referrers: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> Artifacts:
        """Buildset to intermediate: this change's images, each "REPOSITORY:TAG". Gives what to return to Zuul.

        With project and pipeline, a record is left for populate's `records`. `with_referrers` as in copy.
        """
        address, server = _at("source", source)
        return self._give(
            Artifacts._wrap, _raw.publish, address, to, texts("images", items("images", images)), build=build,
            change=number("change", change),
            patchset=number("patchset", patchset), project=project, pipeline=pipeline, server=server, jobs=jobs,
            with_referrers=flag("with_referrers", with_referrers), progress=progress, cancel=cancel, timeout=timeout)

    def upload(
        self,
        src: AnyRef,
        repository: str,
        tag: str,
        *,
        change: Optional[Number] = None,
        pipeline: Optional[str] = None,
        jobs: int = 0,
        src_server: Optional[Server] = None,
        with_referrers: bool = False,
        dry_run: bool = False,
        force: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> CopyResult:
        """Pushes to HOST/REPOSITORY under the temporary tag of `tag`; the flags as in copy."""
        return copied(self._work(
            _raw.upload, place("src", src), repository, tag, change=number("change", change), pipeline=pipeline,
            jobs=jobs,
            src_server=_server("src_server", src_server), with_referrers=flag("with_referrers", with_referrers),
            dry_run=flag("dry_run", dry_run), force=flag("force", force), progress=progress, cancel=cancel, timeout=timeout))

    def promote(
        self,
        repository: str,
        tags: Sequence[str],
        *,
        change: Optional[Number] = None,
        pipeline: Optional[str] = None,
        from_tag: Optional[str] = None,
        expect_digest: Optional[str] = None,
        if_current: Optional[str] = None,
        order: Optional[int] = None,
        keep: bool = False,
        jobs: int = 0,
        verify: bool = True,
        dry_run: bool = False,
        with_referrers: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> PromoteResult:
        """Gives the uploaded manifest its final tags; no layer moves. `if_current` is a digest or "absent".

        With `order`, a number that is larger for what merged later, such as zuul_order() tells, a tag never
        goes back: what a later change has is left alone, and the result says so.

        Before a tag moves, the image's blobs and, of an index, its manifests are looked at, unless not
        `verify`. With `with_referrers` what belongs to the image is looked at too, and the result says how
        many these are. With `dry_run` nothing is changed, and the result tells what would have been done.
        """
        return self._give(
            promoted, _raw.promote, repository, texts("tags", items("tags", tags)) or [],
            change=number("change", change), pipeline=pipeline,
            from_tag=from_tag, expect_digest=expect_digest, if_current=if_current, keep=flag("keep", keep),
            order=_order(order), jobs=jobs, no_verify=1 - flag("verify", verify), dry_run=flag("dry_run", dry_run),
            with_referrers=flag("with_referrers", with_referrers), progress=progress, cancel=cancel, timeout=timeout)

    def promote_from_intermediate(
        self,
        artifacts: AnyArtifacts,
        repository: str,
        tags: Sequence[str],
        *,
        change: Optional[Number] = None,
        intermediate: Optional[str] = None,
        expect_digest: Optional[str] = None,
        if_current: Optional[str] = None,
        order: Optional[int] = None,
        jobs: int = 0,
        dry_run: bool = False,
        with_referrers: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> PromoteResult:
        """Gives tags to what a build left in the intermediate registry: of `artifacts`, such as those of
        zuul_builds(), the newest of REPOSITORY:TAG, for the first of `tags`, is copied before any tag is set.

        `change` goes into the record of `order`. The rest is as with promote().
        """
        return self._give(
            promoted, _raw.promote_from_intermediate, Artifacts(artifacts)._raw, repository,
            texts("tags", items("tags", tags)) or [],
            change=number("change", change), intermediate=intermediate, expect_digest=expect_digest,
            if_current=if_current,
            order=_order(order), jobs=jobs, dry_run=flag("dry_run", dry_run),
            with_referrers=flag("with_referrers", with_referrers),
            progress=progress, cancel=cancel, timeout=timeout)

    def cleanup_tags(
        self,
        repository: str,
        *,
        match: Optional[str] = None,
        older_than: Union[timedelta, float] = timedelta(hours=24),
        api: Optional[str] = None,
        api_url: Optional[str] = None,
        api_token: Optional[str] = None,
        dry_run: bool = False,
        progress: Optional[Callable[[Progress], Any]] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> CleanupResult:
        """Deletes old temporary tags of HOST/REPOSITORY, never final ones and never a digest.

        `match` is a POSIX extended regular expression for the whole tag, in place of
        "change_[0-9]+_.+". `older_than` is a duration, as timedelta or in seconds; 0: whatever the
        age. `api`, `api_url` and `api_token` are those of set_tag_api, and stay set for the host."""
        if api is not None or api_url is not None or api_token is not None:
            self.set_tag_api(Ref(repository).host, api or "auto", url=api_url, token=api_token)
        age = older_than.total_seconds() if isinstance(older_than, timedelta) else older_than
        if seconds("older_than", age) == math.inf:
            raise ValueError("older_than: nothing is so old")
        return self._give(
            lambda raw: cleaned(raw, dry_run), _raw.cleanup_tags, repository, match=match, older_than_s=math.ceil(age),
            any_age=int(age == 0),
            dry_run=flag("dry_run", dry_run), progress=progress, cancel=cancel, timeout=timeout)

    # --- Zuul's API

    def zuul_builds(
        self,
        api: str,
        *,
        tenant: Optional[str] = None,
        project: Optional[str] = None,
        pipeline: Optional[str] = None,
        job: Optional[str] = None,
        branch: Optional[str] = None,
        change: Optional[Number] = None,
        patchset: Optional[Number] = None,
        limit: int = 0,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> ZuulBuilds:
        """The builds that succeeded, at most `limit` (50), with their artifacts. `api` is the URL of a
        tenant's API, or of all tenants'."""
        options = dict(tenant=tenant, project=project, pipeline=pipeline, job=job, branch=branch,
                       change=number("change", change), patchset=number("patchset", patchset), limit=limit)
        return found(self._call(_raw.zuul_builds_find, api, options, cancel=cancel, timeout=timeout))

    def zuul_order(
        self,
        api: str,
        *,
        change: Number,
        patchset: Optional[Number] = None,
        tenant: Optional[str] = None,
        project: Optional[str] = None,
        pipeline: Optional[str] = None,
        cancel: Optional[Cancel] = None,
        timeout: Optional[float] = None,
    ) -> int:
        """Where a change stands in the order of merging, for promote(): when its merge first triggered the
        promote pipeline."""
        options = dict(tenant=tenant, project=project, pipeline=pipeline, change=number("change", change),
                       patchset=number("patchset", patchset))
        return self._call(_raw.zuul_order, api, options, cancel=cancel, timeout=timeout)


def temporary_tag(tag: str, *, change: Optional[Number] = None, pipeline: Optional[str] = None) -> str:
    """change_CHANGE_TAG, or PIPELINE_TAG without a change."""
    return _raw.temporary_tag(number("change", change), pipeline, tag)
