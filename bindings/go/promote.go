// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"

	"libzreg.org/zreg/internal/raw"
)

// PromoteOptions are the settings of Promote.
type PromoteOptions struct {
	Change       string // take the temporary tag of this change ...
	Pipeline     string // ... or of this pipeline ...
	FromTag      string // ... or this tag itself, before the other two
	ExpectDigest Digest // refuse any other image
	IfCurrent    string // promote a tag only while it holds this digest, or is "absent"
	Order        uint64 // larger for what merged later, as ZuulOrder tells; a tag never goes back. 0: none

	Keep          bool // leave the temporary tag
	NoVerify      bool // do not look whether the image's parts are there
	DryRun        bool // change nothing, and tell what would have been done
	WithReferrers bool // what belongs to the image is looked at too
	Jobs          uint // looks at the image's parts at once; 0 means 8
	Progress      ProgressFunc
}

// PromoteFromIntermediateOptions are the settings of PromoteFromIntermediate. What they share with
// PromoteOptions means the same.
type PromoteFromIntermediateOptions struct {
	Change       string // for the record of Order
	Intermediate string // HOST:PORT to copy from instead of the artifact's own
	ExpectDigest Digest
	IfCurrent    string
	Order        uint64

	DryRun        bool
	WithReferrers bool // take along what belongs to the image, as in Copy
	Jobs          uint // transfers at once; 0 means 8
	Progress      ProgressFunc
}

// PromotedTag says what became of one tag.
type PromotedTag struct {
	Tag          string
	Digest       Digest // what it was to hold: the image, or that of the later change; "" unknown
	Set          bool   // it was given to the image; else it held it already, is superseded or was not reached
	Superseded   bool   // it belongs to a change that merged later, and stays
	SupersededBy string // the number of that change, or ""
}

// PromoteResult says what a promotion did.
type PromoteResult struct {
	Digest           Digest
	Promoted         bool          // false: every tag belongs to a change that merged later
	ByTag            []PromotedTag // in the order that was asked for
	Tags             uint          // how many tags were set
	TemporaryDeleted bool
	CleanupError     string // why a temporary tag that should go stays, or ""
	Order            uint64 // the order that was given; 0: none
	Requests         uint64 // HTTP requests of the promotion, authentication included
	AuthRequests     uint64 // of these: for authentication
	BlobRequests     uint64 // of these: for blobs; 0 unless from the intermediate registry
	VerifyRequests   uint64 // further requests, to look whether the image's parts are there
	CleanupRequests  uint64 // further requests, to look at the final tags and delete temporary ones
	Bytes            uint64 // blob bytes that moved; 0 unless from the intermediate registry
	Referrers        uint   // WithReferrers: how many signatures and whatever else belong to it
}

// Superseded gives the tags that belong to a change that merged later.
func (r PromoteResult) Superseded() (tags []string) {
	for _, tag := range r.ByTag {
		if tag.Superseded {
			tags = append(tags, tag.Tag)
		}
	}
	return tags
}

// SupersededBy gives the number of that change, of the first such tag, or "".
func (r PromoteResult) SupersededBy() string {
	for _, tag := range r.ByTag {
		if tag.Superseded {
			return tag.SupersededBy
		}
	}
	return ""
}

// Promote gives the uploaded image of the repository (HOST/REPOSITORY) its final tags, by its
// manifest alone. The temporary tag of the first of tags is the source unless FromTag says otherwise.
// Beside an error it tells which tags were set before.
func (c *Client) Promote(ctx context.Context, repository string, tags []string, options *PromoteOptions) (result PromoteResult, err error) {
	var o PromoteOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		result = takePromoted(raw.Promote(c.raw, repository, tags, o.Change, o.Pipeline, o.FromTag,
			string(o.ExpectDigest), o.IfCurrent, o.Order, flag(o.Keep), flag(o.NoVerify), flag(o.DryRun),
			flag(o.WithReferrers), o.Jobs, progress, cancel, failure))
	})
	return result, err
}

// PromoteFromIntermediate gives tags to what a build left in the intermediate registry: of the
// artifacts, such as those of ZuulBuilds, the newest of REPOSITORY:TAG, for the first of tags, is
// copied before any tag is set. Beside an error it tells what was done before.
func (c *Client) PromoteFromIntermediate(ctx context.Context, artifacts Artifacts, repository string, tags []string, options *PromoteFromIntermediateOptions) (result PromoteResult, err error) {
	var o PromoteFromIntermediateOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		artifacts.with(failure, func(artifacts raw.Artifacts) {
			result = takePromoted(raw.Promote_from_intermediate(c.raw, artifacts, repository, tags, o.Change,
				o.Intermediate, string(o.ExpectDigest), o.IfCurrent, o.Order, flag(o.DryRun),
				flag(o.WithReferrers), o.Jobs, progress, cancel, failure))
		})
	})
	return result, err
}

func takePromoted(from raw.Promoted) (result PromoteResult) {
	defer raw.Promoted_free(from)
	if from.Swigcptr() == 0 {
		return result
	}
	summary := raw.Promoted_summary(from)
	result = PromoteResult{
		Digest:           digestText(summary.GetDigest()),
		Promoted:         summary.GetPromoted() != 0,
		Tags:             summary.GetTags(),
		TemporaryDeleted: summary.GetTemporary_deleted() != 0,
		CleanupError:     summary.GetCleanup_error(),
		Order:            summary.GetOrder(),
		Requests:         summary.GetRequests(),
		AuthRequests:     summary.GetAuth_requests(),
		BlobRequests:     summary.GetBlob_requests(),
		VerifyRequests:   summary.GetVerify_requests(),
		CleanupRequests:  summary.GetCleanup_requests(),
		Bytes:            summary.GetBytes(),
		Referrers:        summary.GetReferrers(),
	}
	for i := int64(0); i < raw.Promoted_count(from); i++ {
		tag := raw.Promoted_at(from, i)
		result.ByTag = append(result.ByTag, PromotedTag{
			Tag:          tag.GetTag(),
			Digest:       digestText(tag.GetDigest()),
			Set:          tag.GetSet() != 0,
			Superseded:   tag.GetSuperseded() != 0,
			SupersededBy: tag.GetSuperseded_by(),
		})
	}
	return result
}
