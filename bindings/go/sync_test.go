// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"testing"

	"libzreg.org/zreg"
)

func TestSync(t *testing.T) {
	client := newClient(t)
	buildset := newBuildset(t, client)
	src, dst := buildset.Address()+"/example/app", buildset.Address()+"/mirror/app"
	one := appendImage(t, client, "scratch", src+":1.0", "one")
	appendImage(t, client, "scratch", src+":2.0", "two")
	options := &zreg.SyncOptions{Tags: []string{"1.*"}, DryRun: true}
	for _, wanted := range []zreg.SyncState{zreg.SyncCopied, zreg.SyncCopied, zreg.SyncPresent} {
		result, err := client.Sync(background, src, dst, options)
		must(t, err)
		wantEqual(t, "tags", len(result), 1)
		wantEqual(t, "tag", result[0].Tag, "1.0")
		wantEqual(t, "state", result[0].State, wanted)
		wantEqual(t, "digest", result[0].Digest, one)
		options.DryRun = false
	}
	_, err := client.Sync(background, src+":1.0", dst, nil)
	wantError(t, err, zreg.ErrInvalid)
	_, err = client.Sync(background, src+"/none", dst, nil)
	wantError(t, err, zreg.ErrNotFound)
}

func TestVerify(t *testing.T) {
	client := newClient(t)
	buildset := newBuildset(t, client)
	place := buildset.Address() + "/example/app:latest"
	digest := appendImage(t, client, "scratch", place, "text")
	parts, err := client.Verify(background, place, nil)
	must(t, err)
	wantEqual(t, "parts", len(parts), 3)
	wantEqual(t, "root", parts[0].Digest, digest)
	must(t, client.DeleteBlob(background, place, parts[2].Digest))
	parts, err = client.Verify(background, place, &zreg.VerifyOptions{Quick: true})
	wantError(t, err, zreg.ErrNotFound)
	wantEqual(t, "good", parts[1].Good, true)
	wantEqual(t, "bad", parts[2].Good, false)
	wantEqual(t, "code", parts[2].Code, "NOTFOUND")
}
