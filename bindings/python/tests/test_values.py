# SPDX-License-Identifier: Apache-2.0
import json
import pickle

import pytest

import zreg

INDEX = "application/vnd.oci.image.index.v1+json"
IMAGE = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
ONE = zreg.Digest.of(b"one")
TWO = zreg.Digest.of(b"two")


def document(**fields):
    return json.dumps({"schemaVersion": 2, **fields}).encode()


def test_version_has_three_numbers():
    assert [part.isdigit() for part in zreg.__version__.split(".")] == [True] * 3


def test_digest_is_text_that_was_checked():
    digest = zreg.Digest.of(b"")
    assert digest == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert (digest.algorithm, len(digest.hex)) == ("sha256", 64)
    assert zreg.Digest.of(memoryview(b"x"), "sha512").algorithm == "sha512"
    assert isinstance(zreg.Digest(str(digest)), str)


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "0" * 63, "sha256:" + "A" * 64, "sha256:" + "0" * 64 + "\0"])
def test_bad_digests_are_refused(text):
    with pytest.raises(ValueError):
        zreg.Digest(text)


def test_digest_of_another_algorithm_is_unsupported():
    with pytest.raises(zreg.Unsupported):
        zreg.Digest("md5:" + "0" * 32)


def test_ref_follows_docker():
    ref = zreg.Ref("debian")
    assert str(ref) == "docker.io/library/debian:latest"
    assert (ref.host, ref.repository, ref.tag, ref.digest) == ("docker.io", "library/debian", "latest", None)
    assert (ref.reference, ref.canonical_name) == ("latest", "library/debian")


def test_ref_of_another_host():
    ref = zreg.Ref("docker://[::1]:5000/x/y@" + ONE)
    assert (ref.host, ref.repository, ref.tag, ref.digest) == ("[::1]:5000", "x/y", None, ONE)
    assert ref.reference == ONE and ref.canonical_name == "[::1]:5000/x/y"


def test_ref_is_a_value():
    ref = zreg.Ref("quay.io/x/y:1")
    assert ref == zreg.Ref(ref) and hash(ref) == hash(zreg.Ref("quay.io/x/y:1"))
    assert ref != zreg.Ref("quay.io/x/y:2") and ref != "quay.io/x/y:1"
    assert ref.with_tag("2") == zreg.Ref("quay.io/x/y:2")
    assert ref.with_digest(ONE).digest == ONE and ref.with_digest(ONE).tag is None
    assert pickle.loads(pickle.dumps(ref)) == ref
    assert repr(ref) == "zreg.Ref('quay.io/x/y:1')"


@pytest.mark.parametrize("text", ["", "UPPER", "a b", "host.example/", "x:", "x@sha256:0"])
def test_bad_refs_are_refused(text):
    with pytest.raises(zreg.InvalidArgument) as caught:
        zreg.Ref(text)
    assert caught.value.code == "INVAL" and caught.value.message


@pytest.mark.parametrize("value", [None, 1, b"debian", ["debian"]])
def test_ref_of_another_type_is_a_type_error(value):
    with pytest.raises(TypeError):
        zreg.Ref(value)


def test_image_manifest():
    data = document(
        mediaType=IMAGE, config={"mediaType": CONFIG, "digest": ONE, "size": 3},
        layers=[{"mediaType": LAYER, "digest": TWO, "size": 4}], annotations={"key": "value"})
    manifest = zreg.Manifest(data, IMAGE + "; charset=utf-8")
    assert manifest.data == data and manifest.digest == zreg.Digest.of(data)
    assert manifest.media_type == IMAGE and not manifest.is_index
    assert manifest.config == zreg.Descriptor(CONFIG, ONE, 3)
    assert manifest.layers == (zreg.Descriptor(LAYER, TWO, 4),) and manifest.children == ()
    assert manifest.annotation("key") == "value" and manifest.annotation("none") is None
    assert manifest.subject is None and manifest.json()["schemaVersion"] == 2


def test_index():
    data = document(mediaType=INDEX, manifests=[
        {"mediaType": IMAGE, "digest": ONE, "size": 3, "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}},
        {"mediaType": IMAGE, "digest": TWO, "size": 4}])
    index = zreg.Manifest(data)
    assert index.is_index and index.config is None and index.layers == ()
    first, second = index.children
    assert str(first.platform) == "linux/arm/v7" and second.platform is None


def test_an_image_is_built():
    layers = (zreg.Descriptor(LAYER, TWO, 4, annotations={"b": "2", "a": "1"}), zreg.Descriptor("a/b", ONE, 5, "c/d"))
    subject = zreg.Descriptor(IMAGE, ONE, 7)
    manifest = zreg.Manifest.build_image(config=zreg.Descriptor(CONFIG, ONE, 3), items=layers, artifact_type="x/y",
                                         subject=subject, annotations={"k": "J\u00f6rg", "e": ""})
    assert manifest.layers == layers and manifest.config == zreg.Descriptor(CONFIG, ONE, 3)
    assert manifest.subject == subject and manifest.annotations == {"e": "", "k": "J\u00f6rg"}
    assert manifest.media_type == IMAGE and manifest.artifact_type == "x/y"
    assert list(manifest.json()) == ["schemaVersion", "mediaType", "artifactType", "config", "layers", "subject", "annotations"]
    assert manifest == zreg.Manifest(manifest.data) and manifest.digest == zreg.Digest.of(manifest.data)
    assert manifest == zreg.Manifest.build_image(
        annotations=manifest.annotations, subject=manifest.subject, artifact_type=manifest.artifact_type,
        items=list(manifest.layers), config=manifest.config)


def test_an_artifact_needs_no_more_than_its_type():
    artifact = zreg.Manifest.build_image(artifact_type="application/spdx+json")
    empty = zreg.Descriptor("application/vnd.oci.empty.v1+json", zreg.Digest.of(b"{}"), 2)
    assert artifact.config == empty and artifact.layers == (empty,)
    assert artifact == zreg.Manifest.build_image(config=empty, items=[empty], artifact_type="application/spdx+json")


def test_an_index_is_built():
    children = (zreg.Descriptor(IMAGE, ONE, 1, "x/y", zreg.Platform("linux", "arm64", "v8", "1")),
                zreg.Descriptor(INDEX, TWO, 2))
    index = zreg.Manifest.build_index(items=children, artifact_type="a/b", annotations={"k": "v"}, subject=children[1])
    assert index.is_index and index.children == children and index.subject == children[1]
    assert index.artifact_type == "a/b" and index.annotations == {"k": "v"}
    assert zreg.Manifest.build_index().children == ()


GOOD = zreg.Descriptor("a/b", ONE, 1)


@pytest.mark.parametrize("kind, message, options", [
    (zreg.InvalidArgument, "config: missing", {"config": None}),
    (zreg.InvalidArgument, "items[1].media_type: \"text\" is no media type", {"items": [GOOD, zreg.Descriptor("text", ONE, 1)]}),
    (zreg.InvalidArgument, "items[1].media_type: missing", {"items": [GOOD, zreg.Descriptor(None, ONE, 1)]}),
    (zreg.InvalidArgument, "items[0].digest: ", {"items": [zreg.Descriptor("a/b", "sha256:1", 1)]}),
    (zreg.InvalidArgument, "items[0].digest: too long", {"items": [zreg.Descriptor("a/b", ONE * 9, 1)]}),
    (ValueError, "items[0].size_bytes: -1 is out of range", {"items": [zreg.Descriptor("a/b", ONE, -1)]}),
    (TypeError, "items[0].size_bytes: expected int, not str", {"items": [zreg.Descriptor("a/b", ONE, "1")]}),
    (TypeError, "items[0].media_type: expected str, not bytes", {"items": [zreg.Descriptor(b"a/b", ONE, 1)]}),
    (TypeError, "items[0].platform.os: expected str, not int", {"items": [zreg.Descriptor("a/b", ONE, 1, "", zreg.Platform(1, "x"))]}),
    (TypeError, "items[0].platform: expected zreg.Platform", {"items": [zreg.Descriptor("a/b", ONE, 1, "", "linux/amd64")]}),
    (TypeError, "items[1]: expected zreg.Descriptor, not Digest", {"items": [GOOD, ONE]}),
    (TypeError, "items: expected a list", {"items": GOOD}),
    (zreg.Limit, "items: 4097, at most 4096", {"items": [GOOD] * 4097}),
    (TypeError, "config: expected zreg.Descriptor, not dict", {"config": {}}),
    (TypeError, "subject: expected zreg.Descriptor, not Digest", {"subject": ONE}),
    (zreg.Limit, "subject.size_bytes: ", {"subject": zreg.Descriptor("a/b", ONE, 2**63)}),
    (zreg.InvalidArgument, "artifact_type: \"sbom\"", {"artifact_type": "sbom"}),
    (TypeError, "artifact_type: expected str", {"artifact_type": 1}),
    (TypeError, "annotations: expected a mapping", {"annotations": ["k", "v"]}),
    (TypeError, "annotations: expected str, not int", {"annotations": {"k": 1}}),
    (TypeError, "subject.annotations: expected str, not NoneType", {"subject": zreg.Descriptor("a/b", ONE, 1, annotations={"k": None})}),
    (ValueError, "subject.annotations: the text has a NUL", {"subject": zreg.Descriptor("a/b", ONE, 1, annotations={"k": "\0"})}),
    (ValueError, "subject: 'utf-8' codec can't encode", {"subject": zreg.Descriptor("a/b", ONE, 1, annotations={"k": "\udc80"})}),
])
def test_a_fault_is_told_by_its_place(kind, message, options):
    good = {"config": zreg.Descriptor(CONFIG, ONE, 3), "items": [GOOD], "subject": GOOD, "annotations": {"k": "v"}}
    zreg.Manifest.build_image(**good)
    with pytest.raises(kind) as caught:
        zreg.Manifest.build_image(**dict(good, **options))
    assert message in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{}", b"[", document(mediaType=IMAGE, layers=[], manifests=[])])
def test_bad_manifests_are_refused(data):
    with pytest.raises(zreg.InvalidArgument):
        zreg.Manifest(data)


def test_values_are_frozen():
    with pytest.raises(AttributeError):
        zreg.Platform("linux", "amd64").os = "plan9"
    with pytest.raises(AttributeError):
        zreg.Ref("debian").tag = "x"


def test_features_and_version():
    features = zreg.features()
    assert features["http"].startswith("libcurl ") and features["tls"]
    assert features["server"].startswith("HTTP/1.1, ")
    major, minor, patch = map(int, zreg.__version__.split("."))
    assert zreg.version_number == major << 16 | minor << 8 | patch
