// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"

	"libzreg.org/zreg"
)

func TestExportRebaseAndDryRun(t *testing.T) {
	client := newClient(t)
	buildset := newBuildset(t, client)
	place := buildset.Address() + "/example/app"
	appendImage(t, client, "scratch", place+":old", "old")
	appendImage(t, client, "scratch", place+":new", "new")
	appendImage(t, client, place+":old", place+":1", "own")
	options := &zreg.AppendOptions{Rebase: true, OldBase: place + ":old", NewBase: place + ":new", DryRun: true}
	foreseen, err := client.Append(background, place+":1", nil, place+":2", options)
	must(t, err)
	_, err = client.Head(background, place+":2")
	wantError(t, err, zreg.ErrNotFound)
	options.DryRun = false
	made, err := client.Append(background, place+":1", nil, place+":2", options)
	must(t, err)
	wantEqual(t, "digest", made, foreseen)
	copied, err := client.Copy(background, place+":2", buildset.Address()+"/other/app:1", &zreg.CopyOptions{DryRun: true})
	must(t, err)
	wantEqual(t, "copied", copied.Digest, made)

	file, err := os.Create(filepath.Join(t.TempDir(), "out.tar"))
	must(t, err)
	defer file.Close()
	digest, err := client.Export(background, place+":2", file, &zreg.ExportOptions{Platform: "linux/amd64"})
	must(t, err)
	wantEqual(t, "exported", digest, made)
	_, err = file.Seek(0, 0)
	must(t, err)
	_, err = tar.NewReader(file).Next()
	must(t, err)
	_, err = client.Export(background, place+":none", file, nil)
	wantError(t, err, zreg.ErrNotFound)
}
