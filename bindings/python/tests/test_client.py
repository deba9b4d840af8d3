# SPDX-License-Identifier: Apache-2.0
import hashlib
import io
import json
import os
import shutil
import signal
import socket
import tarfile
import threading
import time

import pytest

import zreg


class Silent:
    """A peer that accepts connections and never answers."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        return self

    def __exit__(self, *args):
        self.socket.close()


def test_manifest_round_trip(client, server, push):
    ref = f"{server.address}/some/image:1"
    pushed = push("some/image:1", b"layer")
    got = client.manifest(ref)
    assert got.data == pushed.data and got.digest == pushed.digest and got.layers == pushed.layers
    assert client.head(ref) == pushed.digest
    assert client.manifest(zreg.Ref(ref).with_digest(pushed.digest)).data == pushed.data


def test_tags_and_delete_tag(client, server, push):
    pushed = push("image:1", b"layer")
    client.put_manifest(f"{server.address}/image:2", pushed)
    assert sorted(client.tags(f"{server.address}/image")) == ["1", "2"]
    client.delete_tag(f"{server.address}/image:1")
    assert client.tags(f"{server.address}/image") == ["2"]


def test_catalog(client, server, push):
    assert client.catalog(server.address) == []
    for name in ("image:1", "some/image:1"):
        push(name, b"layer")
    assert client.catalog(server.address) == ["image", "some/image"]
    with pytest.raises(zreg.InvalidArgument):
        client.catalog("no host")
    with pytest.raises(zreg.InvalidArgument):
        client.catalog(None)


def test_files_of_mirrors_are_read_when_they_are_named(tmp_path, server, push):
    pushed = push("some/image:1", b"layer")
    wrong = tmp_path / "registries.conf"
    wrong.write_text("[[registry]]\n")
    with zreg.Client(registries_conf=wrong, attempts=1) as client:
        with pytest.raises(zreg.InvalidArgument, match="no location"):
            client.ping("127.0.0.1:1")
    folder = tmp_path / "certs.d" / "registry.invalid"
    folder.mkdir(parents=True)
    (folder / "hosts.toml").write_text(f'[host."http://{server.address}"]\n')
    with zreg.Client(authfile="", attempts=1, hosts_dir=folder.parent) as client:
        assert client.manifest("registry.invalid/some/image:1").digest == pushed.digest
    with zreg.Client(authfile="", attempts=1, hosts_dir=folder.parent, no_mirrors=True) as client:
        with pytest.raises(zreg.NetError):
            client.manifest("registry.invalid/some/image:1")


def test_login(tmp_path):
    path = tmp_path / "auth.json"
    with zreg.BuildsetRegistry() as server, zreg.Client(authfile=str(path), attempts=1) as client:
        record = server.connection()
        address = client.use(server)
        with pytest.raises(zreg.Denied):
            client.login(address, record["username"], "wrong")
        assert not path.exists()
        assert client.login(address, record["username"], record["password"]) == str(path)
        assert list(json.loads(path.read_text())["auths"]) == [address]
        assert client.logout(address) == str(path)
        with pytest.raises(zreg.NotFound):
            client.logout(address)
        for wrong in (("", "p"), ("a:b", "p"), ("a", ""), (None, "p"), ("a", None)):
            with pytest.raises(zreg.InvalidArgument):
                client.login(address, *wrong)
        with pytest.raises(zreg.InvalidArgument):
            client.logout(None)


def test_referrers(client, server, push):
    image = push("image:1", b"layer")
    ref = f"{server.address}/image:1"
    assert client.referrers(ref) == ()
    document = json.loads(image.data)
    document.update(artifactType="application/spdx+json", annotations={"k": "v"}, subject={
        "mediaType": image.media_type, "digest": image.digest, "size": len(image.data)})
    sbom = zreg.Manifest(json.dumps(document).encode())
    client.put_manifest(f"{server.address}/image@{sbom.digest}", sbom)
    assert sbom.annotations == {"k": "v"} and image.annotations == {}
    [found] = client.referrers(ref)
    assert found == zreg.Descriptor(sbom.media_type, sbom.digest, len(sbom.data), "application/spdx+json",
                                    annotations={"k": "v"})
    assert client.referrers(zreg.Ref(ref).with_digest(image.digest), artifact_type=found.artifact_type) == (found,)
    assert client.referrers(ref, artifact_type="application/other") == ()
    with pytest.raises(zreg.NotFound):
        client.referrers(f"{server.address}/image:none")


def test_an_artifact_that_was_built_is_found_by_its_subject(client, server, push):
    image = push("image:1", b"layer")
    repository = f"{server.address}/image"

    def put(media_type, content):
        with client.create_blob(repository, size=len(content)) as blob:
            blob.write(content)
            return zreg.Descriptor(media_type, blob.commit(), len(content))

    put("application/vnd.oci.empty.v1+json", b"{}")
    layer = put("application/spdx+json", b'{"spdxVersion": "SPDX-2.3"}')
    sbom = zreg.Manifest.build_image(
        artifact_type="application/spdx+json", items=[layer], annotations={"k": "v"},
        subject=zreg.Descriptor(image.media_type, image.digest, len(image.data)))
    client.put_manifest(f"{repository}@{sbom.digest}", sbom)
    [found] = client.referrers(f"{repository}:1")
    assert found == zreg.Descriptor(sbom.media_type, sbom.digest, len(sbom.data), "application/spdx+json",
                                    annotations={"k": "v"})
    read = client.manifest(f"{repository}@{found.digest}")
    assert read == sbom and read.layers == (layer,)
    index = zreg.Manifest.build_index(items=[found])
    client.put_manifest(f"{repository}:both", index)
    assert client.manifest(f"{repository}:both").children == (found,)


def test_a_part_of_a_blob(client, server, push):
    data = bytes(range(256)) * 1000
    repository = f"{server.address}/image"
    digest = push("image:1", data).layers[0].digest
    with client.open_blob(repository, digest, offset=1000, length=300) as part:
        assert part.size == 300 and part.read() == data[1000:1300]
    with client.open_blob(repository, digest, offset=len(data) - 7) as part:
        assert part.read() == data[-7:]
    with client.open_blob(repository, digest, length=5) as part:
        assert part.read() == data[:5]
    for offset, length in ((len(data), 1), (0, 0)):
        with pytest.raises(zreg.InvalidArgument):
            client.open_blob(repository, digest, offset=offset, length=length)


def test_not_found_says_what(client, server, push):
    push("image:1", b"layer")
    with pytest.raises(zreg.NotFound) as caught:
        client.manifest(f"{server.address}/image:none")
    error = caught.value
    assert (error.code, error.http_status, error.registry_code) == ("NOTFOUND", 404, "MANIFEST_UNKNOWN")
    assert "image" in error.message


def test_blob_is_a_file(client, server):
    data = os.urandom(300_000)
    ref = f"{server.address}/image"
    with client.create_blob(ref, digest=zreg.Digest.of(data), size=len(data)) as writer:
        assert writer.writable() and not writer.readable()
        shutil.copyfileobj(io.BytesIO(data), writer)
        digest = writer.commit()
    assert digest == zreg.Digest.of(data) and writer.closed
    assert client.blob_size(ref, digest) == len(data)
    with client.open_blob(ref, digest) as reader:
        assert isinstance(reader, io.RawIOBase) and reader.size == len(data)
        assert reader.read(10) == data[:10] and reader.read() == data[10:] and reader.read() == b""
    with pytest.raises(ValueError):
        reader.read()
    with io.BufferedReader(client.open_blob(ref, digest)) as buffered:
        assert buffered.peek(1)[:1] == data[:1] and buffered.read() == data


def test_wrong_digest_is_not_committed(client, server):
    ref = f"{server.address}/image"
    with client.create_blob(ref, digest=zreg.Digest.of(b"other")) as writer:
        with pytest.raises(zreg.Error):
            writer.write(b"data")
            writer.commit()
    with pytest.raises(zreg.NotFound):
        client.blob_size(ref, zreg.Digest.of(b"other"))


def test_a_writer_closed_without_commit_abandons(client, server):
    ref = f"{server.address}/image"
    with client.create_blob(ref) as writer:
        writer.write(b"data")
    with pytest.raises(zreg.NotFound):
        client.open_blob(ref, zreg.Digest.of(b"data"))


def test_mount_and_delete(client, server, push):
    layer = push("one:1", b"layer").layers[0].digest
    assert client.mount_blob(f"{server.address}/two", layer, "one") is True
    assert client.blob_size(f"{server.address}/two", layer) == 5
    client.delete_blob(f"{server.address}/two", layer)
    with pytest.raises(zreg.NotFound):
        client.blob_size(f"{server.address}/two", layer)


def test_inspect(client, server, push):
    pushed = push("image:1", b"layer")
    shown = client.inspect(f"{server.address}/image:1")
    assert shown["digest"] == pushed.digest and shown["media_type"] == pushed.media_type


def test_copy_to_a_folder_and_back(client, server, push, tmp_path):
    pushed = push("image:1", b"one" * 1000, b"two" * 1000)
    seen = []
    result = client.copy(f"{server.address}/image:1", f"oci:{tmp_path}/layout:1", progress=seen.append)
    assert result.digest == pushed.digest and result.blobs_copied == 3
    assert seen and seen[-1].phase == "copy" and seen[-1].bytes_done == seen[-1].bytes_total
    back = client.copy(f"oci:{tmp_path}/layout:1", f"{server.address}/other:1", dst_server=server, jobs=1)
    assert back.digest == pushed.digest
    assert client.head(f"{server.address}/other:1") == pushed.digest
    again = client.copy(f"{server.address}/image:1", f"oci:{tmp_path}/layout:1")
    assert (again.blobs_copied, again.bytes) == (0, 0)


def signed(client, ref, manifest):
    """Gives the image a signature as cosign makes it and an artifact that names it; gives their digests."""
    with client.create_blob(ref) as writer:
        writer.write(b"payload")
        payload = {"mediaType": "application/x", "digest": writer.commit(), "size": 7}
    subject = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": len(manifest.data)}
    image = {"schemaVersion": 2, "mediaType": manifest.media_type, "config": payload, "layers": [payload]}
    signature = zreg.Manifest(json.dumps(image).encode())
    artifact = zreg.Manifest(json.dumps(dict(image, subject=subject)).encode())
    repository = ref.rsplit(":", 1)[0]
    client.put_manifest(f"{repository}:{manifest.digest.replace(':', '-')}.sig", signature)
    client.put_manifest(f"{repository}@{artifact.digest}", artifact)
    return signature.digest, artifact.digest


@pytest.mark.parametrize("inside", [True, False])
def test_copy_takes_along_what_belongs_to_the_image(client, server, push, tmp_path, inside):
    pushed = push("image:1", b"layer")
    source, copy, back = f"{server.address}/image:1", f"oci:{tmp_path}/layout:1", f"{server.address}/other:1"
    signature, artifact = signed(client, source, pushed)
    there = server if inside else None
    assert client.copy(source, f"oci:{tmp_path}/bare:1").referrers_copied == 0
    done = client.copy(source, copy, src_server=there, with_referrers=True)
    assert (done.referrers_copied, done.referrers_skipped) == (2, 0)
    done = client.copy(copy, back, dst_server=there, with_referrers=True)
    assert (done.digest, done.referrers_copied, done.referrers_skipped) == (pushed.digest, 2, 0)
    assert client.head(f"{server.address}/other:{pushed.digest.replace(':', '-')}.sig") == signature
    assert client.head(f"{server.address}/other@{artifact}") == artifact
    again = client.copy(copy, back, dst_server=there, with_referrers=True)
    assert (again.bytes, again.referrers_copied, again.referrers_skipped) == (0, 0, 2)


def test_a_forced_copy_looks_for_each_part(client, server, push):
    pushed = push("image:1", b"layer")
    places = f"{server.address}/image:1", f"{server.address}/other:1"
    client.copy(*places)
    plain = client.copy(*places)
    forced = client.copy(*places, force=True)
    assert plain.digest == forced.digest == pushed.digest and forced.dst_requests > plain.dst_requests


def test_upload_takes_along_what_belongs_to_the_image(client, server, push):
    pushed = push("image:1", b"layer")
    _, artifact = signed(client, f"{server.address}/image:1", pushed)
    done = client.upload(f"{server.address}/image:1", f"{server.address}/public", "1", change=7, with_referrers=True)
    assert done.referrers_copied == 2 and client.head(f"{server.address}/public@{artifact}") == artifact


def docker_archive(path):
    """What `docker save` writes of an image with one plain layer."""
    def tar(**files):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as made:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                made.addfile(entry, io.BytesIO(data))
        return out.getvalue()
    layer = tar(file=b"hello")
    config = {"os": "linux", "architecture": "amd64", "rootfs": {
        "type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]}}
    entry = {"Config": "config", "RepoTags": ["a:1"], "Layers": ["layer"]}
    manifest = {"manifest.json": json.dumps([entry]).encode()}
    path.write_bytes(tar(layer=layer, config=json.dumps(config).encode(), **manifest))
    return f"docker-archive:{path}"


def test_plain_layers_of_an_archive_become_what_is_asked_for(client, server, tmp_path):
    archive, place = docker_archive(tmp_path / "a.tar"), f"{server.address}/image:1"
    for layers, kind in ((None, "tar+gzip"), ("gzip", "tar+gzip"), ("as-is", "tar")):
        client.copy(archive, place, layers=layers)
        assert client.manifest(place).layers[0].media_type.endswith(kind), layers
    with pytest.raises(zreg.InvalidArgument, match="neither gzip, zstd nor as-is"):
        client.copy(archive, place, layers="xz")


def test_copy_of_another_digest_is_refused(client, server, push, tmp_path):
    push("image:1", b"layer")
    with pytest.raises(zreg.Conflict):
        client.copy(f"{server.address}/image:1", f"oci:{tmp_path}/layout:1", expect_digest=zreg.Digest.of(b""))


def test_an_exception_in_progress_ends_the_copy(client, server, push, tmp_path):
    push("image:1", b"layer")

    def progress(event):
        raise LookupError(event.phase)

    with pytest.raises(LookupError, match="copy"):
        client.copy(f"{server.address}/image:1", f"oci:{tmp_path}/layout:1", progress=progress)
    failed = []

    def in_thread():
        try:
            client.copy(f"{server.address}/image:1", f"oci:{tmp_path}/other:1", progress=progress)
        except LookupError as error:
            failed.append(error)

    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    assert len(failed) == 1


def test_append_gives_the_same_digest_for_the_same_input(client, server, tmp_path):
    folder = tmp_path / "layer"
    (folder / "etc").mkdir(parents=True)
    (folder / "etc/file").write_text("text")
    options = dict(labels={"a": "b"}, environment={"PATH": "/bin"}, command=["/bin/sh"], platform="linux/arm64")
    one = client.append("scratch", [folder], f"{server.address}/one:1", **options)
    two = client.append("scratch", [folder], f"{server.address}/two:1", dst_server=server, **options)
    assert one == two
    index = client.index([f"{server.address}/one:1"], f"{server.address}/index:1")
    manifest = client.manifest(f"{server.address}/index:1")
    assert manifest.digest == index and str(manifest.children[0].platform) == "linux/arm64"
    only = client.copy(f"{server.address}/index:1", f"oci:{tmp_path}/layout:1", platforms=["linux/arm64"])
    assert only.blobs_copied == 2


def test_counters(client, server, push):
    push("image:1", b"layer")
    before = client.counters(server.address)
    client.head(f"{server.address}/image:1")
    after = client.counters(server.address)
    assert after.requests == before.requests + 1 and after.blob_requests == before.blob_requests
    assert client.counters().requests >= after.requests


def test_ping(client, server):
    client.ping(server.address)
    with pytest.raises(zreg.NetError):
        client.ping("127.0.0.1:1")


def test_a_closed_client_says_so(server):
    client = zreg.Client()
    client.close()
    client.close()
    with pytest.raises(ValueError, match="closed"):
        client.head(f"{server.address}/image")


def test_log_has_the_levels_of_logging(server):
    lines = []
    with zreg.Client(authfile="", log=lambda level, line: lines.append((level, line))) as client:
        client.ping(server.address)
    assert {level for level, line in lines} <= {10, 20, 30, 40}


@pytest.mark.parametrize("arguments", [("a", "b", "c"), ("scratch", "one", "dst")])
def test_one_text_is_no_list(client, arguments):
    with pytest.raises(TypeError):
        client.append(*arguments)


def test_a_cancel_ends_a_call(client):
    cancel = zreg.Cancel()
    threading.Timer(0.1, cancel.trigger).start()
    with Silent() as peer, pytest.raises(zreg.Cancelled):
        client.head(f"{peer.address}/image", cancel=cancel)


def test_ctrl_c_ends_a_call(client):
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    with Silent() as peer, pytest.raises(KeyboardInterrupt):
        client.copy(f"{peer.address}/image", "oci:none")


def test_a_call_ends_at_its_deadline(client):
    with Silent() as peer:
        with pytest.raises(zreg.Timeout, match="time is up") as caught:
            client.head(f"{peer.address}/image", timeout=0.1)
        assert (caught.value.about, caught.value.retryable) == (peer.address, True)
        with pytest.raises(zreg.Timeout):
            client.copy(f"{peer.address}/image", "oci:none", timeout=0.1)
        shared = zreg.Cancel.after(0.1)
        for _ in range(2):
            with pytest.raises(zreg.Timeout):
                client.tags(f"{peer.address}/image", cancel=shared, timeout=60)
        assert shared.triggered
    for wrong in (0, -1, "1", True, float("nan")):
        with pytest.raises((TypeError, ValueError), match="timeout"):
            client.ping("127.0.0.1:1", timeout=wrong)


def test_a_stream_ends_at_its_deadline(client, server, push):
    push("image:1", b"layer")
    digest = zreg.Digest.of(b"layer")
    with client.open_blob(f"{server.address}/image", digest, timeout=60) as reader:
        assert reader.read() == b"layer"
    with client.create_blob(f"{server.address}/image", timeout=0.05) as writer, pytest.raises(zreg.Timeout):
        for _ in range(1000):
            time.sleep(0.01)
            writer.write(b"x" * 100000)


def test_a_silent_peer_is_a_timeout():
    with Silent() as peer, zreg.Client(authfile="", attempts=1, idle_timeout=0.2) as client:
        with pytest.raises(TimeoutError):
            client.set_host(peer.address, plain_http=True)
            client.head(f"{peer.address}/image")


def test_many_threads_use_one_client(client, server, push):
    pushed = push("image:1", b"layer")
    digests = []

    def work():
        for _ in range(20):
            digests.append(client.head(f"{server.address}/image:1"))
            with client.open_blob(f"{server.address}/image", pushed.layers[0].digest) as blob:
                assert blob.read() == b"layer"

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert digests == [pushed.digest] * 160


def test_an_index_takes_one_platform_of_another(client, server):
    places = []
    for platform in ("linux/amd64", "linux/arm64"):
        places.append(f"{server.address}/image:{platform[6:]}")
        client.append("scratch", [], places[-1], platform=platform, labels={"of": platform})
    client.index(places, f"{server.address}/image:all")
    assert len(client.manifest(f"{server.address}/image:all").children) == 2
    client.index([f"{server.address}/image:all"], f"{server.address}/image:arm", platforms=["linux/arm64"])
    only, = client.manifest(f"{server.address}/image:arm").children
    assert only.platform.architecture == "arm64"
