// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"

	"libzreg.org/zreg/internal/raw"
)

// SyncState says what became of a tag; after a dry run, what would have.
type SyncState int

// The states.
const (
	SyncPresent SyncState = 0 // the destination had it already
	SyncCopied  SyncState = 1 // it is new there, or means another image now
	SyncDeleted SyncState = 2 // it was there and not at the source
	SyncFailed  SyncState = 3 // see Code and Reason
)

// SyncOptions are the settings of Sync; nil means all defaults.
type SyncOptions struct {
	Tags          []string // only tags that fit one of these shell patterns; none: all
	Exclude       []string // none that fits one of these
	Platforms     []string // as those of CopyOptions
	Jobs          uint     // tags looked at, and transfers, at once; 0 means 8
	WithReferrers bool     // signatures and what else belongs to an image come along
	DeleteOthers  bool     // tags of the destination that fit and are not at the source are deleted
	DryRun        bool     // change nothing, tell what would be changed
	Force         bool     // look at what is there already, as Copy does
	Progress      ProgressFunc
}

// SyncedTag says what Sync did with one tag.
type SyncedTag struct {
	Tag    string
	State  SyncState
	Digest Digest // what it means at the destination, or is to mean; "" unknown
	Before Digest // what it meant there before; "" nothing, or unknown
	Bytes  uint64 // blob bytes that moved for it
	Code   string // why it failed, as "NOTFOUND"; else "OK"
	Reason string // the same for people
}

// Sync brings the tags of src, a repository (HOST/REPOSITORY) or a layout (oci:DIR), up to date at
// dst, which is one of these too. A tag that fails does not stop the others; beside the error the result tells of all.
func (c *Client) Sync(ctx context.Context, src, dst string, options *SyncOptions) (result []SyncedTag, err error) {
	var o SyncOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.Sync(c.raw, src, dst, o.Tags, o.Exclude, o.Platforms, o.Jobs, flag(o.WithReferrers),
			flag(o.DeleteOthers), flag(o.DryRun), flag(o.Force), progress, cancel, failure)
		defer raw.Synced_free(out)
		for i := int64(0); out.Swigcptr() != 0 && i < raw.Synced_count(out); i++ {
			tag := raw.Synced_at(out, i)
			result = append(result, SyncedTag{
				Tag:    tag.GetTag(),
				State:  SyncState(tag.GetState()),
				Digest: digestText(tag.GetDigest()),
				Before: digestText(tag.GetBefore()),
				Bytes:  tag.GetBytes(),
				Code:   raw.Status_name(tag.GetCode()),
				Reason: tag.GetReason(),
			})
		}
	})
	return result, err
}

// VerifyOptions are the settings of Verify; nil means all defaults.
type VerifyOptions struct {
	Quick    bool // blobs are asked for, with their sizes, and not read
	Jobs     uint // blobs read at once; 0 means 8
	Progress ProgressFunc
}

// VerifiedPart is one manifest or blob of an image that was verified.
type VerifiedPart struct {
	Digest     Digest
	MediaType  string
	Size       uint64
	IsManifest bool
	Good       bool
	Code       string // "OK", or why it is not good
	Reason     string // the same for people, or what there is to say of a good one
}

// Verify reads all manifests and blobs of the image or index at a place and compares them with their
// digests. Beside the error that is returned when a part is bad, the result tells of all.
func (c *Client) Verify(ctx context.Context, place string, options *VerifyOptions) (result []VerifiedPart, err error) {
	var o VerifyOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.Verify(c.raw, place, flag(o.Quick), o.Jobs, progress, cancel, failure)
		defer raw.Verified_free(out)
		for i := int64(0); out.Swigcptr() != 0 && i < raw.Verified_count(out); i++ {
			part := raw.Verified_at(out, i)
			result = append(result, VerifiedPart{
				Digest:     digestText(part.GetDigest()),
				MediaType:  part.GetMedia_type(),
				Size:       part.GetSize_bytes(),
				IsManifest: part.GetIs_manifest() != 0,
				Good:       part.GetGood() != 0,
				Code:       raw.Status_name(part.GetCode()),
				Reason:     part.GetReason(),
			})
		}
	})
	return result, err
}
