// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"time"

	"libzreg.org/zreg/internal/raw"
)

// TagAPI is an interface over which tags are listed with their age, and one tag is deleted.
type TagAPI int

// The interfaces. TagAPIAuto is Hub for docker.io, Quay for quay.io with a token, else OCI.
const (
	TagAPIAuto TagAPI = 0
	TagAPIOCI  TagAPI = 1 // the registry's own protocol
	TagAPIHub  TagAPI = 2 // Docker Hub's; logs in with the registry's user and password
	TagAPIQuay TagAPI = 3 // Quay's; takes an OAuth token
)

// TagAPIOptions say how the tags of a host are listed and deleted.
type TagAPIOptions struct {
	API   TagAPI
	URL   string // where the interface answers; "" means its usual place
	Token string // bearer token for it
}

// SetTagAPI sets which interface DeleteTag, Promote and CleanupTags use at a host. Set it before
// the first use of the host.
func (c *Client) SetTagAPI(host string, options TagAPIOptions) error {
	return c.call(context.Background(), func(_ raw.Cancel, failure raw.Error) {
		raw.Client_set_tag_api(c.raw, host, int(options.API), options.URL, options.Token, failure)
	})
}

// CleanupOptions are the settings of CleanupTags; nil means all defaults.
type CleanupOptions struct {
	Match     string        // POSIX extended regular expression for the whole tag; "" means "change_[0-9]+_.+"
	OlderThan time.Duration // delete what is at least so old; 0 means a day
	AnyAge    bool          // whatever the age
	DryRun    bool          // delete nothing, tell what would be deleted
	Progress  ProgressFunc
}

// CleanedTag is one tag of a repository that was cleaned up.
type CleanedTag struct {
	Tag      string
	Reason   string        // why it was deleted or kept
	Age      time.Duration // since it was pushed, as far as the registry tells
	AgeKnown bool
}

// CleanupResult says what CleanupTags deleted and kept; after a dry run, what it would have.
type CleanupResult struct {
	Deleted []CleanedTag
	Kept    []CleanedTag
}

// CleanupTags deletes the temporary tags of the repository (HOST/REPOSITORY) that match and are old
// enough; never a final tag, and never a digest. Beside an error it tells what was gone through, if a
// tag was deleted.
func (c *Client) CleanupTags(ctx context.Context, repository string, options *CleanupOptions) (result CleanupResult, err error) {
	var o CleanupOptions
	if options != nil {
		o = *options
	}
	if o.OlderThan < 0 {
		return result, invalid("OlderThan is negative: %v", o.OlderThan)
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		seconds := uint64((o.OlderThan + time.Second - 1) / time.Second)
		out := raw.Cleanup_tags(c.raw, repository, o.Match, seconds, flag(o.AnyAge), flag(o.DryRun),
			progress, cancel, failure)
		defer raw.Cleaned_free(out)
		if out.Swigcptr() != 0 {
			result = cleanupResult(out)
		}
	})
	return result, err
}

func cleanupResult(from raw.Cleaned) (result CleanupResult) {
	for i := int64(0); i < raw.Cleaned_count(from); i++ {
		tag := raw.Cleaned_at(from, i)
		cleaned := CleanedTag{Tag: tag.GetTag(), Reason: tag.GetReason()}
		if seconds := tag.GetAge_s(); seconds >= 0 {
			cleaned.Age, cleaned.AgeKnown = time.Duration(seconds)*time.Second, true
		}
		if tag.GetDeleted() != 0 {
			result.Deleted = append(result.Deleted, cleaned)
		} else {
			result.Kept = append(result.Kept, cleaned)
		}
	}
	return result
}
