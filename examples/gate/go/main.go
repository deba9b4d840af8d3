// SPDX-License-Identifier: Apache-2.0

// The gate on one machine, in one process: change 1 makes a base image, change 2 builds on it before
// it is merged, and both are promoted. Run it in this folder: BUILD-DIRECTORY/run go run .
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"libzreg.org/zreg"
)

const base, app = "example/base", "example/app"

// story holds what all changes share.
type story struct {
	ctx                  context.Context
	client               *zreg.Client
	root                 string
	intermediate, public *zreg.Server
}

func main() {
	root, err := os.MkdirTemp("", "zreg-gate-")
	check(err)
	defer os.RemoveAll(root)
	client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true})
	check(err)
	defer client.Close()

	s := &story{ctx: context.Background(), client: client, root: root}
	s.intermediate = s.registry("intermediate")
	defer s.intermediate.Close()
	s.public = s.registry("public")
	defer s.public.Close()

	first := s.change("1", base, zreg.Artifacts{})
	second := s.change("2", app, first)
	s.gate("1", base, first)
	s.gate("2", app, second)
}

// registry starts a long-running registry.
func (s *story) registry(name string) *zreg.Server {
	server, err := zreg.StartServer(zreg.ServerOptions{Root: filepath.Join(s.root, name)})
	check(err)
	check(s.client.Connect(server.Connection()))
	return server
}

// change is what the jobs of one change do. It returns the artifacts for the changes behind it.
func (s *story) change(number, repository string, ahead zreg.Artifacts) zreg.Artifacts {
	start := time.Now()
	buildset, err := zreg.StartBuildset(zreg.ServerOptions{})
	check(err)
	defer buildset.Close()
	check(s.client.Connect(buildset.Connection()))
	step("change "+number, "buildset registry ready", start)
	start = time.Now()
	populated, err := s.client.Populate(s.ctx, ahead, buildset.Address(), nil)
	check(err)
	step("change "+number, fmt.Sprintf("populated with %d images of changes ahead", len(populated.Images)), start)

	from := "scratch"
	if ahead.Len() > 0 {
		options := &zreg.ResolveOptions{Buildset: buildset.Address()}
		resolution, err := s.client.Resolve(s.ctx, "docker.io/"+base+":latest", ahead, options)
		check(err)
		from = resolution.Winner.Ref
		step("change "+number, fmt.Sprintf("docker.io/%s:latest is %s, from change %s",
			base, from, resolution.Winner.Change), start)
	}

	start = time.Now()
	folder := filepath.Join(s.root, "change-"+number)
	check(os.Mkdir(folder, 0o755))
	check(os.WriteFile(filepath.Join(folder, "change"+number), []byte(repository+"\n"), 0o644))
	_, err = s.client.Append(s.ctx, from, []string{folder}, buildset.Address()+"/"+repository+":latest",
		&zreg.AppendOptions{Labels: []string{"org.zuul-ci.change=" + number}})
	check(err)
	step("change "+number, "built "+repository+" on "+from, start)
	start = time.Now()
	artifacts, err := s.client.Publish(s.ctx, buildset.Address(), s.intermediate.Address(),
		[]string{repository + ":latest"}, &zreg.PublishOptions{Build: "build" + number, Change: number})
	check(err)
	step("change "+number, "published "+artifacts.List()[0].URL, start)
	return artifacts
}

// gate uploads what a change published, and promotes it as if the change had merged.
func (s *story) gate(number, repository string, artifacts zreg.Artifacts) {
	start := time.Now()
	artifact, target := artifacts.List()[0], s.public.Address()+"/"+repository
	uploaded, err := s.client.Upload(s.ctx, artifact.URL, target, "latest", &zreg.UploadOptions{Change: number})
	check(err)
	step("gate "+number, fmt.Sprintf("uploaded %s, %d bytes", repository, uploaded.Bytes), start)

	start = time.Now()
	promoted, err := s.client.Promote(s.ctx, target, []string{"latest"},
		&zreg.PromoteOptions{Change: number, ExpectDigest: artifact.Digest})
	check(err)
	step("gate "+number, fmt.Sprintf("promoted %s:latest: requests %d, blob_requests %d", repository,
		promoted.Requests, promoted.BlobRequests), start)
}

func step(who, what string, start time.Time) {
	fmt.Printf("%-9s %6.1f ms  %s\n", who, time.Since(start).Seconds()*1000, what)
}

// check panics, so that servers and folders are cleaned up on the way out.
func check(err error) {
	if err != nil {
		panic(err)
	}
}
