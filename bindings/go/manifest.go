// SPDX-License-Identifier: Apache-2.0

package zreg

import "libzreg.org/zreg/internal/raw"

// Platform is what an image runs on. Unset parts are "".
type Platform struct {
	OS           string
	Architecture string
	Variant      string
	OSVersion    string
}

// String gives "os/architecture[/variant]"; "" for the zero value.
func (p Platform) String() string {
	text := p.OS
	for _, part := range []string{p.Architecture, p.Variant} {
		if part != "" {
			text += "/" + part
		}
	}
	return text
}

// Descriptor names content by its digest.
type Descriptor struct {
	MediaType    string
	Digest       Digest
	Size         uint64
	ArtifactType string
	Platform     *Platform // nil when unset
}

// Manifest is a checked image manifest or index.
type Manifest struct {
	MediaType    string
	Digest       Digest
	Bytes        []byte // exactly as received: the digest is theirs
	IsIndex      bool
	Config       *Descriptor  // of an image; nil for an index
	Layers       []Descriptor // of an image
	Manifests    []Descriptor // of an index
	Subject      *Descriptor
	ArtifactType string
}

// ParseManifest reads a manifest; mediaType is the Content-Type it came with, or "" to take it from
// the document.
func ParseManifest(bytes []byte, mediaType string) (manifest *Manifest, err error) {
	err = compute(func(failure raw.Error) {
		parsed := raw.Manifest_parse(bytes, mediaType, failure)
		defer raw.Manifest_free(parsed)
		if failure.GetCode() == 0 {
			manifest = newManifest(parsed)
		}
	})
	return manifest, err
}

func newManifest(parsed raw.Manifest) *Manifest {
	m := &Manifest{
		MediaType:    raw.Manifest_media_type(parsed),
		Digest:       digestText(raw.Manifest_digest(parsed)),
		Bytes:        make([]byte, raw.Manifest_size(parsed)),
		IsIndex:      raw.Manifest_is_index(parsed) != 0,
		Config:       newDescriptor(raw.Manifest_config(parsed)),
		Subject:      newDescriptor(raw.Manifest_subject(parsed)),
		ArtifactType: raw.Manifest_artifact_type(parsed),
	}
	raw.Manifest_bytes(m.Bytes, parsed)
	children := make([]Descriptor, raw.Manifest_count(parsed))
	for i := range children {
		children[i] = *newDescriptor(raw.Manifest_at(parsed, int64(i)))
	}
	if m.IsIndex {
		m.Manifests = children
	} else {
		m.Layers = children
	}
	return m
}

// newDescriptor copies a descriptor that may be NULL.
func newDescriptor(from raw.Descriptor) *Descriptor {
	if from.Swigcptr() == 0 {
		return nil
	}
	d := &Descriptor{
		MediaType:    from.GetMedia_type(),
		Digest:       digestText(from.GetDigest()),
		Size:         from.GetSize_bytes(),
		ArtifactType: from.GetArtifact_type(),
	}
	if from.GetHas_platform() != 0 {
		platform := from.GetPlatform()
		d.Platform = &Platform{
			OS:           platform.GetOs(),
			Architecture: platform.GetArchitecture(),
			Variant:      platform.GetVariant(),
			OSVersion:    platform.GetOs_version(),
		}
	}
	return d
}
