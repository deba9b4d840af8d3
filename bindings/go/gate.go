// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"

	"libzreg.org/zreg/internal/raw"
)

// PopulateOptions are the settings of Populate; nil means all defaults.
type PopulateOptions struct {
	Server       *Server // fill this server directly; the address may then be ""
	Intermediate string  // HOST:PORT to read from instead of the artifacts' own
	Jobs         uint    // transfers at once; 0 means 8

	WithReferrers bool // take along what belongs to the images, as in Copy
	Progress      ProgressFunc

	// Images of changes that have merged and are not promoted yet are brought in too, where no change
	// ahead made them, when Zuul's API can be asked for them.
	ZuulAPI             string // URL of a tenant's API, or of all tenants'
	ZuulTenant          string
	ZuulProject         string // look at changes of this project only
	ZuulPipeline        string // the pipeline that merges changes; "" means "gate"
	ZuulJob             string // look at this job only
	ZuulPromotePipeline string // the pipeline that promotes; "" means "promote"

	// HOST:PORT of the intermediate registry, which tells of items ahead that gave nothing what they
	// have published.
	Records string
}

// PopulatedImage is one image that is now in the buildset registry.
type PopulatedImage struct {
	Repository string
	Tag        string
	Digest     Digest
	Change     string
	Build      string
	Bytes      uint64   // blob bytes that moved for it
	Requests   uint64   // HTTP requests that it took
	Superseded []string // URLs of the artifacts that it won over
	Project    string   // of the change; "" when Zuul did not tell
	Reason     string   // why it is this image
}

// PopulatedItem is one item of Zuul's queue that is ahead: a change whose images the job is meant to
// see. What is unset is "".
type PopulatedItem struct {
	Project  string
	Change   string
	Patchset string
	URL      string
	Images   []string // "REPOSITORY:TAG" of those that are in the buildset registry now
	Reason   string   // why there are none
	Merged   bool     // it is not ahead any more: it has merged, and its promotion has not finished
	Missed   bool     // it has published images in this pipeline, and Zuul gave this job none
}

// Populated is what Populate brought in, and what is ahead.
type Populated struct {
	Images     []PopulatedImage
	Items      []PopulatedItem // the furthest first
	ItemsKnown bool            // false: Zuul's variables were not given, so it is not known what is ahead
}

// Populate copies images of the changes ahead from the intermediate registry to the buildset
// registry at HOST:PORT: for each name the last change's last build, and nothing superseded. When the
// artifacts were read from all of Zuul's variables, the result tells of each change ahead which
// images came from it, or why none did. Beside an error it has the images that were brought in before.
func (c *Client) Populate(ctx context.Context, artifacts Artifacts, to string, options *PopulateOptions) (populated Populated, err error) {
	var o PopulateOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		artifacts.with(failure, func(artifacts raw.Artifacts) {
			out := raw.Populate(c.raw, artifacts, to, rawServer(o.Server), o.Intermediate, o.Jobs,
				flag(o.WithReferrers), o.ZuulAPI, o.ZuulTenant, o.ZuulProject, o.ZuulPipeline, o.ZuulJob,
				o.ZuulPromotePipeline, o.Records, progress, cancel, failure)
			defer raw.Populated_free(out)
			if out.Swigcptr() != 0 {
				populated = Populated{populatedImages(out), populatedItems(out), raw.Populated_items_known(out) != 0}
			}
		})
	}, o.Server)
	return populated, err
}

func populatedImages(from raw.Populated) []PopulatedImage {
	images := make([]PopulatedImage, raw.Populated_count(from))
	for i := range images {
		image := raw.Populated_at(from, int64(i))
		images[i] = PopulatedImage{
			Repository: image.GetRepository(),
			Tag:        image.GetTag(),
			Digest:     Digest(image.GetDigest()),
			Change:     image.GetChange(),
			Build:      image.GetBuild(),
			Bytes:      image.GetBytes(),
			Requests:   image.GetRequests(),
			Project:    image.GetProject(),
			Reason:     image.GetReason(),
		}
		for n := int64(0); raw.Superseded(image, n) != ""; n++ {
			images[i].Superseded = append(images[i].Superseded, raw.Superseded(image, n))
		}
	}
	return images
}

func populatedItems(from raw.Populated) []PopulatedItem {
	items := make([]PopulatedItem, raw.Populated_items_count(from))
	for i := range items {
		item := raw.Populated_items_at(from, int64(i))
		items[i] = PopulatedItem{
			Project:  item.GetProject(),
			Change:   item.GetChange(),
			Patchset: item.GetPatchset(),
			URL:      item.GetUrl(),
			Reason:   item.GetReason(),
			Merged:   item.GetMerged() != 0,
			Missed:   item.GetMissed() != 0,
		}
		for n := int64(0); raw.Item_image(item, n) != ""; n++ {
			items[i].Images = append(items[i].Images, raw.Item_image(item, n))
		}
	}
	return items
}

// PublishOptions are the settings of Publish.
type PublishOptions struct {
	Build    string  // UUID of the build, required; becomes part of the tag
	Change   string  // number of the change
	Patchset string  // of the change
	Project  string  // of the change, and ...
	Pipeline string  // ... Zuul's pipeline: with both, a record is left for PopulateOptions.Records
	Server   *Server // read from this server directly; the address may then be ""
	Jobs     uint    // transfers at once; 0 means 8

	WithReferrers bool // take along what belongs to the images, as in Copy
	Progress      ProgressFunc
}

// Publish copies images ("REPOSITORY:TAG") of this change from the buildset registry to the
// intermediate registry, both HOST:PORT, and gives the artifacts to return to Zuul. Beside an error it
// has those that were published before.
func (c *Client) Publish(ctx context.Context, from, to string, images []string, options *PublishOptions) (artifacts Artifacts, err error) {
	var o PublishOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.Publish(c.raw, from, to, images, o.Build, o.Change, o.Patchset, o.Project, o.Pipeline,
			rawServer(o.Server), o.Jobs, flag(o.WithReferrers), progress, cancel, failure)
		defer raw.Artifacts_free(out)
		if out.Swigcptr() != 0 {
			artifacts.takeBeside(out, failure)
		}
	}, o.Server)
	return artifacts, err
}

// TemporaryTag gives change_CHANGE_TAG, or PIPELINE_TAG when there is no change.
func TemporaryTag(change, pipeline, tag string) (temporary string, err error) {
	err = compute(func(failure raw.Error) {
		temporary = raw.Temporary_tag(change, pipeline, tag, failure)
	})
	return temporary, err
}

// UploadOptions are the settings of Upload.
type UploadOptions struct {
	Change    string  // number of the change ...
	Pipeline  string  // ... or name of the pipeline, for items without a change
	Jobs      uint    // transfers at once; 0 means 8
	SrcServer *Server // read the source from this server directly

	WithReferrers bool // take along what belongs to the image, as in Copy
	DryRun        bool // change nothing, tell what would be done
	Force         bool // look for each part at the destination, and repair what was lost there
	Progress      ProgressFunc
}

// Upload copies src to the repository (HOST/REPOSITORY) under the temporary tag of tag.
func (c *Client) Upload(ctx context.Context, src, repository, tag string, options *UploadOptions) (result CopyResult, err error) {
	var o UploadOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.NewCopy_result()
		defer raw.DeleteCopy_result(out)
		raw.Upload(out, c.raw, src, repository, tag, o.Change, o.Pipeline, o.Jobs,
			rawServer(o.SrcServer), flag(o.WithReferrers), flag(o.DryRun), flag(o.Force), progress, cancel, failure)
		result = newCopyResult(out)
	}, o.SrcServer)
	return result, err
}
