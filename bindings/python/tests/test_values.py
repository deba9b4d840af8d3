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
    assert features["server"].startswith("libmicrohttpd ")
    major, minor, patch = map(int, zreg.__version__.split("."))
    assert zreg.version_number == major << 16 | minor << 8 | patch
