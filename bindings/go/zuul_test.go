// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"libzreg.org/zreg"
)

const zuulBuilds = `[
	{"uuid": "b2", "job_name": "build", "result": "FAILURE", "artifacts": []},
	{"uuid": "b1", "job_name": "build", "result": "SUCCESS", "pipeline": "gate", "buildset": {"uuid": "s1"},
	 "ref": {"project": "org/base", "branch": "master", "change": 12, "patchset": "3"},
	 "artifacts": [{"name": "example/base:latest", "url": "docker://registry.example:5000/example/base:b1_latest",
	                "metadata": {"type": "container_image", "repository": "example/base", "tag": "latest"}}]}]`

func TestZuul(t *testing.T) {
	zuul := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch query := r.URL.Query(); {
		case strings.HasSuffix(r.URL.Path, "/tenant/example/builds") && query.Get("change") == "12":
			w.Write([]byte(zuulBuilds))
		case strings.HasSuffix(r.URL.Path, "/tenant/gap/builds") && query.Get("pipeline") == "merge":
			w.Write([]byte(zuulBuilds))
		case strings.HasSuffix(r.URL.Path, "/tenant/gap/buildset/s1"):
			w.Write([]byte(`{"uuid": "s1", "result": "SUCCESS"}`))
		case strings.HasSuffix(r.URL.Path, "/tenant/gap/buildsets") && query.Get("pipeline") == "publish":
			w.Write([]byte(`[]`))
		case strings.HasSuffix(r.URL.Path, "/tenant/example/buildsets") && query.Get("pipeline") == "promote":
			w.Write([]byte(`[{"_id": 7, "event_timestamp": "2026-01-01T00:00:00"}]`))
		default:
			w.WriteHeader(404)
		}
	}))
	defer zuul.Close()
	client := newClient(t)
	query := zreg.ZuulQuery{API: zuul.URL + "/api", Tenant: "example", Pipeline: "gate", Change: "12", Patchset: "3"}

	builds, artifacts, err := client.ZuulBuilds(background, query)
	must(t, err)
	wantEqual(t, "builds", len(builds), 1)
	wantEqual(t, "build", builds[0], zreg.ZuulBuild{UUID: "b1", Job: "build", Pipeline: "gate", Project: "org/base",
		Branch: "master", Change: "12", Patchset: "3", Buildset: "s1"})
	wantEqual(t, "change", artifacts.List()[0].Change, "12")

	query.Pipeline = ""
	order, err := client.ZuulOrder(background, query)
	must(t, err)
	wantEqual(t, "order", order, uint64(1767225600000007))

	_, err = client.PromoteFromIntermediate(background, artifacts, "registry.example/example/base", []string{"latest"}, nil)
	wantError(t, err, zreg.ErrNotFound) // the build made docker.io/example/base

	client = newClient(t)
	intermediate := newBuildset(t, client).Address()
	publishBase(t, client, intermediate, "12", "b1")
	populated, err := client.Populate(background, zreg.Artifacts{}, newBuildset(t, client).Address(), &zreg.PopulateOptions{
		Intermediate: intermediate, ZuulAPI: query.API, ZuulTenant: "gap", ZuulProject: "org/base",
		ZuulPipeline: "merge", ZuulJob: "build", ZuulPromotePipeline: "publish"})
	must(t, err)
	wantEqual(t, "images", len(populated.Images), 1)
	wantEqual(t, "change", populated.Images[0].Change, "12")
	wantEqual(t, "merged", populated.Items[0].Merged, true)

	query.Tenant = "other"
	_, _, err = client.ZuulBuilds(background, query)
	wantError(t, err, zreg.ErrNotFound)
}
