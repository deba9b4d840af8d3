// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"libzreg.org/zreg"
)

// A registry of this process, an image in it, and what a client sees of it.
func Example() {
	server, err := zreg.StartBuildset(zreg.ServerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err = client.Connect(server.Connection()); err != nil {
		log.Fatal(err)
	}
	place := server.Address() + "/example/app:1"
	if _, err = client.Append(context.Background(), "scratch", nil, place, nil); err != nil {
		log.Fatal(err)
	}
	tags, err := client.Tags(context.Background(), place)
	fmt.Println(tags, err)
	// Output: [1] <nil>
}

// An SBOM beside an image: its document is the one layer of an artifact, whose subject is the image.
func ExampleBuildImage() {
	ctx := context.Background()
	server, err := zreg.StartBuildset(zreg.ServerOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err = client.Connect(server.Connection()); err != nil {
		log.Fatal(err)
	}
	place := server.Address() + "/example/app"
	if _, err = client.Append(ctx, "scratch", nil, place, nil); err != nil {
		log.Fatal(err)
	}
	image, err := client.Manifest(ctx, place)
	if err != nil {
		log.Fatal(err)
	}
	put := func(mediaType, content string) zreg.Descriptor {
		writer, err := client.CreateBlob(ctx, place, "", uint64(len(content)))
		if err != nil {
			log.Fatal(err)
		}
		defer writer.Close()
		if _, err = writer.Write([]byte(content)); err != nil {
			log.Fatal(err)
		}
		digest, err := writer.Commit()
		if err != nil {
			log.Fatal(err)
		}
		return zreg.Descriptor{MediaType: mediaType, Digest: digest, Size: uint64(len(content))}
	}
	config := put("application/vnd.oci.empty.v1+json", "{}")
	layer := put("application/spdx+json", `{"spdxVersion": "SPDX-2.3"}`)
	sbom, err := zreg.BuildImage(zreg.ManifestOptions{
		ArtifactType: "application/spdx+json",
		Config:       &config,
		Items:        []zreg.Descriptor{layer},
		Subject:      &zreg.Descriptor{MediaType: image.MediaType, Digest: image.Digest, Size: uint64(len(image.Bytes))},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err = client.PutManifest(ctx, place+"@"+string(sbom.Digest), sbom); err != nil {
		log.Fatal(err)
	}
	referrers, err := client.Referrers(ctx, place+"@"+string(image.Digest), "application/spdx+json")
	fmt.Println(len(referrers), referrers[0].Digest == sbom.Digest, err)
	// Output: 1 true <nil>
}

func ExampleParseRef() {
	ref, err := zreg.ParseRef("debian")
	fmt.Println(ref, ref.Host, ref.Repository, ref.Tag, err)
	// Output: docker.io/library/debian:latest docker.io library/debian latest <nil>
}

func ExampleRef_String() {
	fmt.Println(zreg.Ref{Host: "quay.io", Repository: "x/y", Tag: "1"})
	// Output: quay.io/x/y:1
}

func ExampleDigestOf() {
	digest, err := zreg.DigestOf(nil)
	fmt.Println(digest, err)
	// Output: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 <nil>
}

func ExampleTemporaryTag() {
	tag, err := zreg.TemporaryTag("1000", "", "latest")
	fmt.Println(tag, err)
	// Output: change_1000_latest <nil>
}

func ExampleParseArtifacts() {
	artifacts, err := zreg.ParseArtifacts([]byte(`[{"name": "app", "url": "docker://intermediate.example:5000/app:b1",
		"metadata": {"type": "container_image", "repository": "app", "tag": "latest"}}]`))
	if err != nil {
		log.Fatal(err)
	}
	for _, artifact := range artifacts.List() {
		fmt.Println(artifact.Repository, artifact.Tag, artifact.URL)
	}
	// Output: library/app latest docker://intermediate.example:5000/app:b1
}

func ExampleError() {
	_, err := zreg.ParseRef("NO REFERENCE")
	var failure *zreg.Error
	fmt.Println(errors.Is(err, zreg.ErrInvalid), errors.As(err, &failure) && failure.Message != "")
	// Output: true true
}

func ExampleArtifacts_MarshalJSON() {
	text, err := json.Marshal(zreg.Artifacts{})
	fmt.Println(string(text), err)
	// Output: {"artifacts":[]} <nil>
}
