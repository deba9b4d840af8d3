// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"errors"
	"strings"
	"testing"

	"libzreg.org/zreg"
)

func TestCopyTwice(t *testing.T) {
	client := newClient(t)
	src := newBuildset(t, client).Address() + "/x/y:1"
	dst := newBuildset(t, client).Address() + "/x/y:1"
	digest := appendImage(t, client, "scratch", src, "one")

	var last zreg.Progress
	result, err := client.Copy(background, src, dst, &zreg.CopyOptions{
		ExpectDigest: digest,
		Progress:     func(p zreg.Progress) error { last = p; return nil },
	})
	must(t, err)
	wantEqual(t, "digest", result.Digest, digest)
	wantEqual(t, "blobs", result.BlobsCopied, uint(2))
	wantEqual(t, "phase", last.Phase, "copy")
	wantEqual(t, "bytes", last.BytesDone, result.Bytes)

	result, err = client.Copy(background, src, dst, nil)
	must(t, err)
	wantEqual(t, "digest", result.Digest, digest)
	wantEqual(t, "blobs again", result.BlobsCopied, uint(0))
	wantEqual(t, "manifests again", result.ManifestsPut, uint(0))
	forced, err := client.Copy(background, src, dst, &zreg.CopyOptions{Force: true})
	must(t, err)
	if forced.DstRequests <= result.DstRequests {
		t.Errorf("a forced copy asked %d times, and one that is not %d times", forced.DstRequests, result.DstRequests)
	}
}

func TestCopyOfAnotherDigestIsAConflict(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	appendImage(t, client, "scratch", host+"/x/y:1", "one")
	_, err := client.Copy(background, host+"/x/y:1", host+"/x/z:1",
		&zreg.CopyOptions{ExpectDigest: emptyDigest})
	wantError(t, err, zreg.ErrConflict)
	_, err = client.Copy(background, host+"/x/y:1", host+"/x/z:1",
		&zreg.CopyOptions{ExpectDigest: "nonsense"})
	wantError(t, err, zreg.ErrInvalid)
	_, err = client.Copy(background, host+"/x/y:1", host+"/x/z:1", &zreg.CopyOptions{Layers: "xz"})
	wantError(t, err, zreg.ErrInvalid)
}

func TestWhatBelongsToAnImageMovesWithIt(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	digest := appendImage(t, client, "scratch", host+"/x/y:1", "one")
	tag := ":" + strings.Replace(string(digest), ":", "-", 1) + ".sig"
	signature := appendImage(t, client, "scratch", host+"/x/y"+tag, "signature")

	options := &zreg.CopyOptions{WithReferrers: true}
	result, err := client.Copy(background, host+"/x/y:1", host+"/x/z:1", options)
	must(t, err)
	wantEqual(t, "copied", result.ReferrersCopied, uint(1))
	head, err := client.Head(background, host+"/x/z"+tag)
	must(t, err)
	wantEqual(t, "digest", head, signature)
	result, err = client.Copy(background, host+"/x/y:1", host+"/x/z:1", options)
	must(t, err)
	wantEqual(t, "skipped", result.ReferrersSkipped, uint(1))
	result, err = client.Upload(background, host+"/x/y:1", host+"/x/public", "1",
		&zreg.UploadOptions{Change: "7", WithReferrers: true})
	must(t, err)
	wantEqual(t, "uploaded", result.ReferrersCopied, uint(1))
	promoted, err := client.Promote(background, host+"/x/public", []string{"1"},
		&zreg.PromoteOptions{Change: "7", WithReferrers: true})
	must(t, err)
	wantEqual(t, "promoted", promoted.Referrers, uint(1))
	_, err = client.Index(background, []string{host + "/x/y:1"}, host+"/x/z:all", options)
	wantError(t, err, zreg.ErrUnsupported)
}

func TestProgressStopsACopy(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	appendImage(t, client, "scratch", host+"/x/y:1", "one")
	enough := errors.New("enough")
	_, err := client.Copy(background, host+"/x/y:1", host+"/x/z:1",
		&zreg.CopyOptions{Progress: func(zreg.Progress) error { return enough }})
	wantError(t, err, zreg.ErrCallback)
	wantError(t, err, enough)
}

func TestPanicOfProgressComesOutOfTheCall(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	appendImage(t, client, "scratch", host+"/x/y:1", "one")
	defer func() { wantEqual(t, "panic", recover(), "boom") }()
	_, _ = client.Copy(background, host+"/x/y:1", host+"/x/z:1",
		&zreg.CopyOptions{Progress: func(zreg.Progress) error { panic("boom") }})
}

func TestCopyThroughALayoutAndAServerInProcess(t *testing.T) {
	client := newClient(t)
	first := newBuildset(t, client)
	second := newBuildset(t, client)
	digest := appendImage(t, client, "scratch", first.Address()+"/x/y:1", "one")
	layout := "oci:" + t.TempDir() + "/layout:1"
	_, err := client.Copy(background, first.Address()+"/x/y:1", layout,
		&zreg.CopyOptions{SrcServer: first})
	must(t, err)
	result, err := client.Copy(background, layout, second.Address()+"/x/y:1",
		&zreg.CopyOptions{DstServer: second})
	must(t, err)
	wantEqual(t, "digest", result.Digest, digest)
	head, err := client.Head(background, second.Address()+"/x/y:1")
	must(t, err)
	wantEqual(t, "digest", head, digest)
}

func TestAppend(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	first := appendImage(t, client, "scratch", host+"/x/y:1", "one")
	wantEqual(t, "same input", appendImage(t, client, "scratch", host+"/x/y:2", "one"), first)
	appendImage(t, client, host+"/x/y:1", host+"/x/y:3", "two")
	manifest, err := client.Manifest(background, host+"/x/y:3")
	must(t, err)
	wantEqual(t, "layers", len(manifest.Layers), 2)
}

func TestIndex(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	layers := []string{t.TempDir()}
	sources := []string{host + "/x/y:amd64", host + "/x/y:arm64"}
	for i, platform := range []string{"linux/amd64", "linux/arm64"} {
		_, err := client.Append(background, "scratch", layers, sources[i],
			&zreg.AppendOptions{Platform: platform, Labels: []string{"platform=" + platform}})
		must(t, err)
	}
	digest, err := client.Index(background, sources, host+"/x/y:1", nil)
	must(t, err)
	index, err := client.Manifest(background, host+"/x/y@"+string(digest))
	must(t, err)
	wantEqual(t, "index", index.IsIndex, true)
	wantEqual(t, "children", len(index.Manifests), 2)
	wantEqual(t, "architecture", index.Manifests[1].Platform.Architecture, "arm64")

	only := &zreg.CopyOptions{Platforms: []string{"linux/arm64"}}
	digest, err = client.Index(background, []string{host + "/x/y:1"}, host+"/x/y:2", only)
	must(t, err)
	index, err = client.Manifest(background, host+"/x/y@"+string(digest))
	must(t, err)
	wantEqual(t, "children of one platform", len(index.Manifests), 1)
	_, err = client.Index(background, sources, host+"/x/y:3", &zreg.CopyOptions{ExpectDigest: digest})
	wantError(t, err, zreg.ErrInvalid)
}
