// SPDX-License-Identifier: Apache-2.0

package zreg

import "libzreg.org/zreg/internal/raw"

// ServedFrom says where the bytes of an image came from.
type ServedFrom int

// The places an image can have come from.
const (
	ServedChange   ServedFrom = 1 // an artifact of a change ahead
	ServedBuildset ServedFrom = 2 // this buildset pushed it
	ServedUpstream ServedFrom = 3 // not here: left to the registry that the name says
)

// ServedImage is one image that a buildset registry was asked for. What is unset is "".
type ServedImage struct {
	Repository string
	Tag        string
	Digest     Digest
	Source     ServedFrom
	Change     string
	Build      string
	Artifact   string // URL
	Requests   uint64
	Bytes      uint64
}

// Served is what a registry gave out, by its access log.
type Served struct {
	Images []ServedImage
	Lost   uint64 // lines that are missing, or could not be read: there may have been more
}

// Provenance reads from an access log, one JSON line for each request, which images a registry gave
// out and which change each came from.
func Provenance(accessLog []byte) (served Served, err error) {
	err = compute(func(failure raw.Error) {
		out := raw.Provenance_read(accessLog, failure)
		defer raw.Provenance_free(out)
		if failure.GetCode() != 0 {
			return
		}
		for i := int64(0); i < raw.Provenance_count(out); i++ {
			image := raw.Provenance_at(out, i)
			served.Images = append(served.Images, ServedImage{
				Repository: image.GetRepository(),
				Tag:        image.GetTag(),
				Digest:     Digest(image.GetDigest()),
				Source:     ServedFrom(image.GetSource()),
				Change:     image.GetChange(),
				Build:      image.GetBuild(),
				Artifact:   image.GetArtifact(),
				Requests:   image.GetRequests(),
				Bytes:      image.GetBytes(),
			})
		}
		served.Lost = raw.Provenance_lost(out)
	})
	return served, err
}
