// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"os"
	"runtime"

	"libzreg.org/zreg/internal/raw"
)

// ExportOptions are the settings of Export; nil means all defaults.
type ExportOptions struct {
	Platform  string  // "os/arch[/variant]", of an index; "" means linux on this machine's architecture
	SrcServer *Server // read straight from this server; the host is ignored
	Progress  ProgressFunc
}

// Export writes the file system of an image, whiteouts carried out, as a tar archive to a file, which
// stays open. Nothing is written before all layers were found right.
func (c *Client) Export(ctx context.Context, place string, file *os.File, options *ExportOptions) (digest Digest, err error) {
	var o ExportOptions
	if options != nil {
		o = *options
	}
	err = c.work(ctx, o.Progress, func(progress uint, cancel raw.Cancel, failure raw.Error) {
		out := raw.NewDigest()
		defer raw.DeleteDigest(out)
		raw.Export(out, c.raw, place, int(file.Fd()), o.Platform, rawServer(o.SrcServer), progress, cancel, failure)
		digest = Digest(out.GetText())
	}, o.SrcServer)
	runtime.KeepAlive(file)
	return digest, err
}
