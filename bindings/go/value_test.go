// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"libzreg.org/zreg"
)

func TestVersion(t *testing.T) {
	if parts := strings.Split(zreg.Version(), "."); len(parts) != 3 {
		t.Fatalf("%q is no version", zreg.Version())
	}
}

func TestCodesHaveTheNamesOfTheLibrary(t *testing.T) {
	for code, name := range map[zreg.Code]string{
		zreg.ErrNoMemory: "NOMEM", zreg.ErrInvalid: "INVAL", zreg.ErrNotFound: "NOTFOUND",
		zreg.ErrDenied: "DENIED", zreg.ErrConflict: "CONFLICT", zreg.ErrUnknownHost: "LOOKUP",
		zreg.ErrTLS: "TLS", zreg.ErrPeer: "PEER", zreg.ErrBusy: "BUSY",
		zreg.ErrCorrupt: "CORRUPT", zreg.ErrLimit: "LIMIT", zreg.ErrNetwork: "NET",
		zreg.ErrProtocol: "PROTO", zreg.ErrTimeout: "TIMEOUT", zreg.ErrCancelled: "CANCELLED",
		zreg.ErrCallback: "CALLBACK", zreg.ErrUnsupported: "UNSUPPORTED", zreg.ErrIO: "IO",
		99: "UNKNOWN",
	} {
		wantEqual(t, "name", code.Error(), name)
	}
}

func TestErrorSaysCodeAndMessage(t *testing.T) {
	_, err := zreg.ParseRef("UPPER/case")
	wantError(t, err, zreg.ErrInvalid)
	if errors.Is(err, zreg.ErrNotFound) {
		t.Fatal("an error is of one kind")
	}
	var failure *zreg.Error
	if !errors.As(err, &failure) {
		t.Fatalf("%T is no *zreg.Error", err)
	}
	wantEqual(t, "code", failure.Code, zreg.ErrInvalid)
	if !strings.Contains(failure.Message, "UPPER") || failure.Message != err.Error() {
		t.Fatalf("message %q", failure.Message)
	}
}

func TestTextWithNulIsRefused(t *testing.T) {
	_, err := zreg.ParseRef("debian\x00.evil.example/x")
	wantError(t, err, zreg.ErrInvalid)
	_, err = newClient(t).Publish(background, "", "127.0.0.1:1", []string{"a\x00b"}, nil)
	wantError(t, err, zreg.ErrInvalid)
}

func TestParseRef(t *testing.T) {
	const digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	for text, wanted := range map[string]zreg.Ref{
		"debian": {Host: "docker.io", Repository: "library/debian", Tag: "latest",
			CanonicalName: "library/debian"},
		"docker://quay.io/x/y:1": {Host: "quay.io", Repository: "x/y", Tag: "1",
			CanonicalName: "quay.io/x/y"},
		"[::1]:5000/x@" + digest: {Host: "[::1]:5000", Repository: "x", Digest: digest,
			CanonicalName: "[::1]:5000/x"},
	} {
		ref, err := zreg.ParseRef(text)
		must(t, err)
		wantEqual(t, text+" host", ref.Host, wanted.Host)
		wantEqual(t, text+" repository", ref.Repository, wanted.Repository)
		wantEqual(t, text+" tag", ref.Tag, wanted.Tag)
		wantEqual(t, text+" digest", ref.Digest, wanted.Digest)
		wantEqual(t, text+" canonical name", ref.CanonicalName, wanted.CanonicalName)
		again, err := zreg.ParseRef(ref.String())
		must(t, err)
		wantEqual(t, text+" text", again, ref)
	}
}

func TestDigest(t *testing.T) {
	const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	digest, err := zreg.DigestOf([]byte("abc"))
	must(t, err)
	wantEqual(t, "digest", digest, zreg.Digest(abc))
	digest, err = zreg.ParseDigest(abc)
	must(t, err)
	wantEqual(t, "digest", digest, zreg.Digest(abc))
	_, err = zreg.DigestOf(nil)
	must(t, err)
	_, err = zreg.ParseDigest("sha256:xyz")
	wantError(t, err, zreg.ErrInvalid)
	_, err = zreg.ParseDigest("md5:d41d8cd98f00b204e9800998ecf8427e")
	wantError(t, err, zreg.ErrUnsupported)
}

const emptyDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestParseManifestOfAnImage(t *testing.T) {
	const document = `{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "` + emptyDigest + `", "size": 0},
		"layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "` + emptyDigest + `", "size": 7}]}`
	manifest, err := zreg.ParseManifest([]byte(document), "")
	must(t, err)
	digest, err := zreg.DigestOf([]byte(document))
	must(t, err)
	wantEqual(t, "digest", manifest.Digest, digest)
	wantEqual(t, "bytes", string(manifest.Bytes), document)
	wantEqual(t, "media type", manifest.MediaType, "application/vnd.oci.image.manifest.v1+json")
	wantEqual(t, "index", manifest.IsIndex, false)
	wantEqual(t, "config", manifest.Config.MediaType, "application/vnd.oci.image.config.v1+json")
	wantEqual(t, "layers", len(manifest.Layers), 1)
	wantEqual(t, "size", manifest.Layers[0].Size, uint64(7))
	if manifest.Subject != nil || manifest.Manifests != nil {
		t.Fatalf("%+v", manifest)
	}
}

func TestParseManifestOfAnIndex(t *testing.T) {
	const document = `{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
		"manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "` + emptyDigest + `",
		"size": 7, "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}}]}`
	manifest, err := zreg.ParseManifest([]byte(document), "application/vnd.oci.image.index.v1+json")
	must(t, err)
	wantEqual(t, "index", manifest.IsIndex, true)
	wantEqual(t, "platform", *manifest.Manifests[0].Platform,
		zreg.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"})
	if manifest.Config != nil || manifest.Layers != nil {
		t.Fatalf("%+v", manifest)
	}
	_, err = zreg.ParseManifest([]byte(document), "application/vnd.oci.image.manifest.v1+json")
	wantError(t, err, zreg.ErrInvalid)
	_, err = zreg.ParseManifest(nil, "")
	wantError(t, err, zreg.ErrInvalid)
}

const zuulArtifacts = `{"zuul": {"artifacts": [
	{"name": "logs", "url": "https://logs.example/1", "metadata": {"type": "log"}},
	{"name": "example/base:latest", "url": "docker://[::1]:5000/example/base:b1_latest",
	 "project": "example/base", "change": "1", "patchset": "3", "job": "build",
	 "metadata": {"type": "container_image", "repository": "example/base", "tag": "latest",
	 "digest": "` + emptyDigest + `", "build": "b1"}}]}}`

func TestParseArtifacts(t *testing.T) {
	artifacts, err := zreg.ParseArtifacts([]byte(zuulArtifacts))
	must(t, err)
	wantEqual(t, "count", artifacts.Len(), 1)
	wantEqual(t, "artifact", artifacts.List()[0], zreg.Artifact{
		Name: "example/base:latest", URL: "docker://[::1]:5000/example/base:b1_latest",
		Repository: "example/base", Tag: "latest", Digest: emptyDigest, Change: "1", Patchset: "3",
		Build: "b1", Project: "example/base", Job: "build",
	})
	_, err = zreg.ParseArtifacts([]byte("{"))
	wantError(t, err, zreg.ErrInvalid)
}

func TestArtifactsAreJSON(t *testing.T) {
	var result struct {
		Zuul zreg.Artifacts `json:"zuul"`
	}
	text, err := json.Marshal(result)
	must(t, err)
	wantEqual(t, "no artifacts", string(text), `{"zuul":{"artifacts":[]}}`)

	result.Zuul, err = zreg.ParseArtifacts([]byte(zuulArtifacts))
	must(t, err)
	text, err = json.Marshal(result)
	must(t, err)
	again, err := zreg.ParseArtifacts(text)
	must(t, err)
	wantEqual(t, "count", again.Len(), 1)
	wantEqual(t, "artifact", again.List()[0].Digest, zreg.Digest(emptyDigest))
}

func TestTemporaryTag(t *testing.T) {
	tag, err := zreg.TemporaryTag("12", "gate", "latest")
	must(t, err)
	wantEqual(t, "with a change", tag, "change_12_latest")
	tag, err = zreg.TemporaryTag("", "periodic", "latest")
	must(t, err)
	wantEqual(t, "without", tag, "periodic_latest")
	_, err = zreg.TemporaryTag("", "", "latest")
	wantError(t, err, zreg.ErrInvalid)
}

func TestVersionAndFeatures(t *testing.T) {
	wantEqual(t, "number", zreg.VersionNumber(), uint(0x000100))
	features := zreg.Features()
	for _, name := range []string{"http", "tls", "server"} {
		if features[name] == "" {
			t.Fatalf("no %s in %v", name, features)
		}
	}
}

func TestRefsAreMadeOfOthers(t *testing.T) {
	ref, err := zreg.ParseRef("quay.io/a/b:one")
	must(t, err)
	wantEqual(t, "reference", ref.Reference(), "one")
	tagged, err := ref.WithTag("two")
	must(t, err)
	wantEqual(t, "tagged", tagged.String(), "quay.io/a/b:two")
	digest, err := zreg.DigestOf([]byte("x"))
	must(t, err)
	pinned, err := tagged.WithDigest(digest)
	must(t, err)
	wantEqual(t, "pinned", pinned.Reference(), string(digest))
	wantEqual(t, "digest", pinned.Digest, digest)
	_, err = ref.WithTag("no tag")
	wantError(t, err, zreg.ErrInvalid)
	_, err = ref.WithDigest("sha256:no")
	wantError(t, err, zreg.ErrInvalid)
	_, err = zreg.Ref{}.WithTag("one")
	wantError(t, err, zreg.ErrInvalid)
}

func TestBuildImageTakesWhatWasRead(t *testing.T) {
	const ofImage = "application/vnd.oci.image.manifest.v1+json"
	options := zreg.ManifestOptions{
		ArtifactType: "a/b",
		Config:       &zreg.Descriptor{MediaType: "application/vnd.oci.image.config.v1+json", Digest: emptyDigest, Size: 3},
		Items: []zreg.Descriptor{
			{MediaType: "a/b", Digest: emptyDigest, Size: 1 << 40, Annotations: map[string]string{"b": "2", "a": "1", "": ""}},
			{MediaType: "c/d", Digest: emptyDigest, ArtifactType: "e/f", Annotations: map[string]string{"e": ""}},
		},
		Subject:     &zreg.Descriptor{MediaType: ofImage, Digest: emptyDigest, Size: 7},
		Annotations: map[string]string{"k": "Jörg", "e": ""},
	}
	_, err := zreg.BuildImage(options)
	wantFault(t, err, "items[0].annotations: key ")
	delete(options.Items[0].Annotations, "")
	built, err := zreg.BuildImage(options)
	must(t, err)
	parsed, err := zreg.ParseManifest(built.Bytes, "")
	must(t, err)
	for _, manifest := range []*zreg.Manifest{built, parsed} {
		wantDeep(t, "config", manifest.Config, options.Config)
		wantDeep(t, "layers", manifest.Layers, options.Items)
		wantDeep(t, "subject", manifest.Subject, options.Subject)
		wantDeep(t, "annotations", manifest.Annotations, options.Annotations)
		wantEqual(t, "artifact type", manifest.ArtifactType, "a/b")
	}
	again, err := zreg.BuildImage(zreg.ManifestOptions{parsed.ArtifactType, parsed.Config, parsed.Layers,
		parsed.Subject, parsed.Annotations})
	must(t, err)
	wantEqual(t, "digest", again.Digest, built.Digest)
}

func TestBuildIndexTakesWhatWasRead(t *testing.T) {
	platform := &zreg.Platform{OS: "linux", Architecture: "arm64", Variant: "v8", OSVersion: "1"}
	children := []zreg.Descriptor{
		{MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: emptyDigest, Size: 1, Platform: platform},
		{MediaType: "application/vnd.oci.image.index.v1+json", Digest: emptyDigest, Size: 2},
	}
	index, err := zreg.BuildIndex(zreg.ManifestOptions{Items: children, ArtifactType: "a/b"})
	must(t, err)
	wantDeep(t, "children", index.Manifests, children)
	wantEqual(t, "artifact type", index.ArtifactType, "a/b")
	index, err = zreg.BuildIndex(zreg.ManifestOptions{})
	must(t, err)
	wantEqual(t, "children", len(index.Manifests), 0)
	_, err = zreg.BuildIndex(zreg.ManifestOptions{Config: &children[0]})
	wantFault(t, err, "config: an index has none")
}

func TestBuildImageNamesTheFault(t *testing.T) {
	good := zreg.Descriptor{MediaType: "a/b", Digest: emptyDigest, Size: 1}
	for message, spoil := range map[string]func(options *zreg.ManifestOptions, item *zreg.Descriptor){
		"config: missing":               func(o *zreg.ManifestOptions, _ *zreg.Descriptor) { o.Config = nil },
		"artifact_type: \"sbom\"":       func(o *zreg.ManifestOptions, _ *zreg.Descriptor) { o.ArtifactType = "sbom" },
		"config.media_type: missing":    func(o *zreg.ManifestOptions, _ *zreg.Descriptor) { o.Config = &zreg.Descriptor{} },
		"subject.media_type: missing":   func(o *zreg.ManifestOptions, _ *zreg.Descriptor) { o.Subject = &zreg.Descriptor{} },
		"annotations: key 0 is empty":   func(o *zreg.ManifestOptions, _ *zreg.Descriptor) { o.Annotations = map[string]string{"": ""} },
		"items: 4097, at most 4096":     func(o *zreg.ManifestOptions, _ *zreg.Descriptor) { o.Items = make([]zreg.Descriptor, 4097) },
		"items[2].media_type: \"text\"": func(_ *zreg.ManifestOptions, item *zreg.Descriptor) { item.MediaType = "text" },
		"items[2].digest: missing":      func(_ *zreg.ManifestOptions, item *zreg.Descriptor) { item.Digest = "" },
		"items[2].digest: too long": func(_ *zreg.ManifestOptions, item *zreg.Descriptor) {
			item.Digest = zreg.Digest(strings.Repeat("a", 136))
		},
		"items[2].size_bytes: ":         func(_ *zreg.ManifestOptions, item *zreg.Descriptor) { item.Size = 1 << 63 },
		"items[2].platform.os: missing": func(_ *zreg.ManifestOptions, item *zreg.Descriptor) { item.Platform = &zreg.Platform{} },
		"items[2].annotations: \"k\" is no UTF-8": func(_ *zreg.ManifestOptions, item *zreg.Descriptor) {
			item.Annotations = map[string]string{"k": "\xff"}
		},
		"holds a NUL byte": func(_ *zreg.ManifestOptions, item *zreg.Descriptor) { item.ArtifactType = "a/b\x00" },
	} {
		options := zreg.ManifestOptions{Config: &good, Items: []zreg.Descriptor{good, good, good}}
		spoil(&options, &options.Items[2])
		manifest, err := zreg.BuildImage(options)
		if manifest != nil {
			t.Fatalf("%s: it was built", message)
		}
		wantFault(t, err, message)
	}
}

func wantFault(t *testing.T, err error, message string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), message) {
		t.Fatalf("wanted %q, got: %v", message, err)
	}
}

func wantDeep(t *testing.T, what string, got, wanted interface{}) {
	t.Helper()
	if !reflect.DeepEqual(got, wanted) {
		t.Fatalf("%s: %+v, not %+v", what, got, wanted)
	}
}
