// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"time"

	"libzreg.org/zreg/internal/raw"
)

// CopyOptions are the settings of a copy; nil means all defaults.
type CopyOptions struct {
	Platforms    []string // "os/arch[/variant]": only these children of an index, under a new index
	Sparse       bool     // with Platforms, the index stays as it is; not all registries take it
	ExpectDigest Digest   // refuse a source that is not this; Index refuses it
	MountFrom    []string // repositories of the destination host that may hold blobs
	Jobs         uint     // transfers at once; 0 means 8
	SrcServer    *Server  // read straight from this server; the host is ignored
	DstServer    *Server  // write straight into this server; the host is ignored

	// WithReferrers takes along what belongs to the image and to each child of an index: what names
	// it as its subject, and cosign's tags sha256-HEX.sig, .att and .sbom. Index refuses it.
	WithReferrers bool
	Force         bool   // look for each part at the destination, and repair what was lost there
	Layers        string // what plain layers of a docker archive become in a registry: "gzip" (""), "zstd" or "as-is"
	DryRun        bool   // change nothing, tell what would be done
	Progress      ProgressFunc
}

// CopyResult says what a copy did.
type CopyResult struct {
	Digest       Digest // of the manifest or index at the destination
	MediaType    string // of the same
	Bytes        uint64 // blob bytes that moved
	BlobsCopied  uint
	BlobsMounted uint
	BlobsSkipped uint // were at the destination already
	ManifestsPut uint
	SrcRequests  uint64
	DstRequests  uint64
	Elapsed      time.Duration

	ReferrersCopied  uint // WithReferrers: signatures and whatever else belongs to the image
	ReferrersSkipped uint // of these, were at the destination already
}

// AppendOptions are the settings of an append; nil means all defaults.
type AppendOptions struct {
	Platform    string   // "os/arch[/variant]"; "" means linux on this machine's architecture
	Labels      []string // "KEY=VALUE"
	Annotations []string // "KEY=VALUE", of the manifest
	Environment []string // "KEY=VALUE"
	Entrypoint  []string // none: keep the base's; so with the next three
	Command     []string
	WorkingDir  string
	User        string
	Created     time.Time // the zero time is 1970, so that the same input gives the same digest
	DstServer   *Server   // write straight into this server
	DryRun      bool      // store nothing; the digest is what the image would have

	// Rebase puts the layers of NewBase in the place of those of OldBase, both places; where they are
	// "", the annotations of the image tell.
	Rebase           bool
	OldBase, NewBase string
	AllPlatforms     bool // of an index, change each image and store an index of them
	Progress    ProgressFunc
}

// Copy copies an image or a whole index from one place to another. A place is
// docker://HOST[:PORT]/REPOSITORY[:TAG|@DIGEST] (the prefix may be left out), oci:DIR[:NAME],
// oci-archive:FILE[:NAME], docker-archive:FILE[:REF] or docker-daemon:REF.
func (c *Client) Copy(ctx context.Context, src, dst string, options *CopyOptions) (result CopyResult, err error) {
	var o CopyOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.NewCopy_result()
		defer raw.DeleteCopy_result(out)
		raw.Copy(out, c.raw, src, dst, o.Platforms, string(o.ExpectDigest), o.MountFrom, o.Jobs,
			flag(o.Sparse), rawServer(o.SrcServer), rawServer(o.DstServer), flag(o.WithReferrers), flag(o.Force),
			o.Layers, flag(o.DryRun), progress, cancel, failure)
		result = newCopyResult(out)
	}, o.SrcServer, o.DstServer)
	return result, err
}

func newCopyResult(from raw.Copy_result) CopyResult {
	return CopyResult{
		Digest:           digestText(from.GetDigest()),
		MediaType:        from.GetMedia_type(),
		Bytes:            from.GetBytes(),
		BlobsCopied:      from.GetBlobs_copied(),
		BlobsMounted:     from.GetBlobs_mounted(),
		BlobsSkipped:     from.GetBlobs_skipped(),
		ManifestsPut:     from.GetManifests_put(),
		SrcRequests:      from.GetSrc_requests(),
		DstRequests:      from.GetDst_requests(),
		Elapsed:          time.Duration(from.GetElapsed_ms()) * time.Millisecond,
		ReferrersCopied:  from.GetReferrers_copied(),
		ReferrersSkipped: from.GetReferrers_skipped(),
	}
}

// Append puts layers on a base image, a place or "scratch", and stores the result at dst. A layer is
// a tar file or a folder. The same input gives the same digest.
func (c *Client) Append(ctx context.Context, base string, layers []string, dst string, options *AppendOptions) (digest Digest, err error) {
	var o AppendOptions
	if options != nil {
		o = *options
	}
	var created int64
	if !o.Created.IsZero() {
		created = o.Created.Unix()
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.NewDigest()
		defer raw.DeleteDigest(out)
		raw.Append(out, c.raw, base, layers, dst, o.Platform, o.Labels, o.Environment, o.Entrypoint,
			o.Command, o.WorkingDir, o.User, created, rawServer(o.DstServer), o.Annotations, flag(o.DryRun),
			flag(o.Rebase), o.OldBase, o.NewBase, flag(o.AllPlatforms), progress, cancel, failure)
		digest = Digest(out.GetText())
	}, o.DstServer)
	return digest, err
}

// Index makes an index of images and stores it, with all it needs, at dst. Each source is a place;
// an index among them gives its children.
func (c *Client) Index(ctx context.Context, sources []string, dst string, options *CopyOptions) (digest Digest, err error) {
	var o CopyOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.NewDigest()
		defer raw.DeleteDigest(out)
		raw.Index_create(out, c.raw, dst, sources, o.Platforms, string(o.ExpectDigest), o.MountFrom, o.Jobs,
			rawServer(o.SrcServer), rawServer(o.DstServer), flag(o.WithReferrers), o.Layers, flag(o.DryRun),
			progress, cancel, failure)
		digest = Digest(out.GetText())
	}, o.SrcServer, o.DstServer)
	return digest, err
}

// work is call with progress and with servers, which stay until it returns.
func (c *Client) work(ctx context.Context, progress ProgressFunc,
	fn func(progress uint, cancel raw.Cancel, failure raw.Error), servers ...*Server) error {
	if err := c.acquire(); err != nil {
		return err
	}
	defer c.release()
	for _, server := range servers {
		if server == nil {
			continue
		}
		if err := server.acquire(); err != nil {
			return err
		}
		defer server.release()
	}
	err := callWithProgress(ctx, progress, fn)
	c.callbacks.raise()
	return err
}
