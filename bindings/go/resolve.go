// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"

	"libzreg.org/zreg/internal/raw"
)

// Source says where a candidate was looked for.
type Source int

// The places that can answer, in their order.
const (
	SourceBuildset     Source = 1 // the buildset registry
	SourceIntermediate Source = 2 // an artifact in the intermediate registry
	SourceUpstream     Source = 3 // the registry that the name itself says
)

// String gives the name of the source.
func (s Source) String() string {
	switch s {
	case SourceBuildset:
		return "buildset"
	case SourceIntermediate:
		return "intermediate"
	case SourceUpstream:
		return "upstream"
	}
	return "unknown"
}

// Candidate is one place that could answer. What is unset is "".
type Candidate struct {
	Source Source
	Ref    string // where the bytes are
	Digest Digest // "" when it could not be found out
	Change string // the change that made it
	Build  string
	Reason string // why it won or lost, one sentence
}

// Resolution is the answer to one resolution.
type Resolution struct {
	Winner     Candidate
	Candidates []Candidate // best first; the winner is number 0
}

// ResolveOptions are the settings of a resolution; nil means all defaults.
type ResolveOptions struct {
	Buildset     string // HOST:PORT of the buildset registry
	Intermediate string // HOST:PORT to use instead of the artifacts' own
	Offline      bool   // decide by the artifacts alone and ask no registry

	// Images of changes that have merged and are not promoted yet come before the public ones, when
	// Zuul's API can be asked for them.
	ZuulAPI             string // URL of a tenant's API, or of all tenants'
	ZuulTenant          string
	ZuulProject         string // look at changes of this project only
	ZuulPipeline        string // the pipeline that merges changes; "" means "gate"
	ZuulJob             string // look at this job only
	ZuulPromotePipeline string // the pipeline that promotes; "" means "promote"
}

// Resolve decides which bytes ref means for a change, and says why: the buildset registry, then the
// artifacts, the last change's last build first, then the registry that the name says.
func (c *Client) Resolve(ctx context.Context, ref string, artifacts Artifacts, options *ResolveOptions) (resolution *Resolution, err error) {
	var o ResolveOptions
	if options != nil {
		o = *options
	}
	err = c.call(ctx, func(cancel raw.Cancel, failure raw.Error) {
		artifacts.with(failure, func(artifacts raw.Artifacts) {
			out := raw.Resolve(c.raw, ref, artifacts, o.Buildset, o.Intermediate, flag(o.Offline),
				o.ZuulAPI, o.ZuulTenant, o.ZuulProject, o.ZuulPipeline, o.ZuulJob,
				o.ZuulPromotePipeline, cancel, failure)
			defer raw.Resolution_free(out)
			if failure.GetCode() == 0 {
				resolution = newResolution(out)
			}
		})
	})
	return resolution, err
}

func newResolution(from raw.Resolution) *Resolution {
	r := &Resolution{
		Winner:     newCandidate(raw.Resolution_winner(from)),
		Candidates: make([]Candidate, raw.Resolution_count(from)),
	}
	for i := range r.Candidates {
		r.Candidates[i] = newCandidate(raw.Resolution_at(from, int64(i)))
	}
	return r
}

func newCandidate(from raw.Candidate) Candidate {
	return Candidate{
		Source: Source(from.GetSource()),
		Ref:    from.GetRef(),
		Digest: Digest(from.GetDigest()),
		Change: from.GetChange(),
		Build:  from.GetBuild(),
		Reason: from.GetReason(),
	}
}
