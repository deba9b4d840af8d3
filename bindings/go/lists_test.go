// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"encoding/json"
	"io"
	"testing"

	"libzreg.org/zreg"
)

func TestCatalog(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	repositories, err := client.Catalog(background, host)
	must(t, err)
	wantEqual(t, "repositories", len(repositories), 0)
	appendImage(t, client, "scratch", host+"/b/c:one", "one")
	appendImage(t, client, "scratch", host+"/a/b:one", "one")
	repositories, err = client.Catalog(background, host)
	must(t, err)
	wantEqual(t, "repositories", len(repositories), 2)
	wantEqual(t, "first", repositories[0], "a/b")
	_, err = client.Catalog(background, "no host")
	wantError(t, err, zreg.ErrInvalid)
}

func TestReferrers(t *testing.T) {
	client := newClient(t)
	repository := newBuildset(t, client).Address() + "/a/b"
	appendImage(t, client, "scratch", repository+":one", "one")
	image, err := client.Manifest(background, repository+":one")
	must(t, err)
	found, err := client.Referrers(background, repository+":one", "")
	must(t, err)
	wantEqual(t, "referrers", len(found), 0)

	var document map[string]interface{}
	must(t, json.Unmarshal(image.Bytes, &document))
	document["artifactType"] = "application/spdx+json"
	document["annotations"] = map[string]string{"k": "v"}
	document["subject"] = map[string]interface{}{"mediaType": image.MediaType, "digest": image.Digest, "size": len(image.Bytes)}
	bytes, err := json.Marshal(document)
	must(t, err)
	sbom, err := zreg.ParseManifest(bytes, "")
	must(t, err)
	wantEqual(t, "annotation", sbom.Annotations["k"], "v")
	must(t, client.PutManifest(background, repository+"@"+string(sbom.Digest), sbom))

	found, err = client.Referrers(background, repository+"@"+string(image.Digest), "application/spdx+json")
	must(t, err)
	wantEqual(t, "referrers", len(found), 1)
	wantEqual(t, "digest", found[0].Digest, sbom.Digest)
	wantEqual(t, "type", found[0].ArtifactType, "application/spdx+json")
	wantEqual(t, "annotation", found[0].Annotations["k"], "v")
	found, err = client.Referrers(background, repository+":one", "application/other")
	must(t, err)
	wantEqual(t, "referrers of another type", len(found), 0)
}

func TestBlobRange(t *testing.T) {
	client := newClient(t)
	ref := newBuildset(t, client).Address() + "/a/b"
	writer, err := client.CreateBlob(background, ref, "", zreg.SizeUnknown)
	must(t, err)
	defer writer.Close()
	_, err = writer.Write([]byte("0123456789"))
	must(t, err)
	digest, err := writer.Commit()
	must(t, err)
	for _, row := range []struct {
		offset, length uint64
		wanted         string
	}{{2, 3, "234"}, {8, 10, "89"}, {4, zreg.SizeUnknown, "456789"}} {
		part, err := client.OpenBlobRange(background, ref, digest, row.offset, row.length)
		must(t, err)
		wantEqual(t, "size", part.Size(), uint64(len(row.wanted)))
		bytes, err := io.ReadAll(part)
		must(t, err)
		wantEqual(t, "part", string(bytes), row.wanted)
		must(t, part.Close())
	}
	_, err = client.OpenBlobRange(background, ref, digest, 10, 1)
	wantError(t, err, zreg.ErrInvalid)
}
