// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"

	"libzreg.org/zreg/internal/raw"
)

// ZuulQuery says which builds, or which change, Zuul's API is asked for. What is "" does not count.
type ZuulQuery struct {
	API      string // URL of a tenant's API, or of all tenants'
	Tenant   string
	Project  string
	Pipeline string
	Job      string
	Branch   string
	Change   string
	Patchset string
	Limit    uint // most builds to look at; 0 means 50
}

// ZuulBuild is a build that succeeded. What is unset is "".
type ZuulBuild struct {
	UUID     string
	Job      string
	Pipeline string
	Project  string
	Branch   string
	Change   string
	Patchset string
	Buildset string
	Ended    string // "2026-01-31T12:00:00", UTC
}

// ZuulBuilds asks Zuul for builds that succeeded, newest first, and gives their artifacts too, of
// which the newest wins.
func (c *Client) ZuulBuilds(ctx context.Context, query ZuulQuery) (builds []ZuulBuild, artifacts Artifacts, err error) {
	err = c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		out := raw.Zuul_builds_find(c.raw, query.API, query.Tenant, query.Project, query.Pipeline,
			query.Job, query.Branch, query.Change, query.Patchset, query.Limit, cancel, failure)
		defer raw.Zuul_builds_free(out)
		if failure.GetCode() != 0 {
			return
		}
		builds = zuulBuilds(out)
		list := raw.Zuul_builds_artifacts(out, failure)
		defer raw.Artifacts_free(list)
		artifacts.take(list, failure)
	})
	return builds, artifacts, err
}

func zuulBuilds(from raw.Zuul_builds) []ZuulBuild {
	builds := make([]ZuulBuild, raw.Zuul_builds_count(from))
	for i := range builds {
		build := raw.Zuul_builds_at(from, int64(i))
		builds[i] = ZuulBuild{
			UUID:     build.GetUuid(),
			Job:      build.GetJob(),
			Pipeline: build.GetPipeline(),
			Project:  build.GetProject(),
			Branch:   build.GetBranch(),
			Change:   build.GetChange(),
			Patchset: build.GetPatchset(),
			Buildset: build.GetBuildset(),
			Ended:    build.GetEnded(),
		}
	}
	return builds
}

// ZuulOrder gives where a change stands in the order of merging, for Promote: when its merge first
// triggered the promote pipeline, which is query.Pipeline or "promote".
func (c *Client) ZuulOrder(ctx context.Context, query ZuulQuery) (order uint64, err error) {
	err = c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		order = raw.Zuul_order(c.raw, query.API, query.Tenant, query.Project, query.Pipeline,
			query.Change, query.Patchset, cancel, failure)
	})
	return order, err
}
