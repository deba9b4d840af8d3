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
	Annotations  map[string]string
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
	Annotations  map[string]string
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
		Annotations: pairs(raw.Manifest_annotation_count(parsed), func(i int64) string {
			return raw.Manifest_annotation_at(parsed, i)
		}),
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
		Annotations: pairs(raw.Descriptor_annotation_count(from), func(i int64) string {
			return raw.Descriptor_annotation_at(from, i)
		}),
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

// pairs makes a map of key, value, key, value, ...; nil of none.
func pairs(count int64, at func(i int64) string) map[string]string {
	if count == 0 {
		return nil
	}
	found := make(map[string]string, count/2)
	for i := int64(0); i+1 < count; i += 2 {
		found[at(i)] = at(i + 1)
	}
	return found
}
