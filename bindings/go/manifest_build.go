// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"strconv"

	"libzreg.org/zreg/internal/raw"
)

// ManifestOptions are what a manifest or an index is made of. A Descriptor that was read can be given as it is.
type ManifestOptions struct {
	ArtifactType string
	Config       *Descriptor  // of an image; nil in an artifact is the empty one
	Items        []Descriptor // layers of an image, children of an index, in this order
	Subject      *Descriptor  // the manifest that this one belongs to
	Annotations  map[string]string
}

// BuildImage makes the manifest of an image, or of an artifact, whose items are its layers.
//
// Of an artifact, which has an ArtifactType or a Config that is no image's, the Config may be missing and so
// may the Items: the empty descriptor stands there, whose blob is the two bytes {}. What a manifest names must
// be in the registry before it is put there. The same options give the same digest. An error names the place
// of the fault: items[3].digest.
func BuildImage(options ManifestOptions) (*Manifest, error) {
	return built(func(failure raw.Error) raw.Manifest {
		return raw.Manifest_build_image(options.ArtifactType, described(options.Config), describedAll(options.Items),
			described(options.Subject), flattened(options.Annotations), failure)
	})
}

// BuildIndex makes an index of its children, Items, of which there may be none. It has no Config.
func BuildIndex(options ManifestOptions) (*Manifest, error) {
	return built(func(failure raw.Error) raw.Manifest {
		return raw.Manifest_build_index(options.ArtifactType, described(options.Config), describedAll(options.Items),
			described(options.Subject), flattened(options.Annotations), failure)
	})
}

func built(build func(failure raw.Error) raw.Manifest) (manifest *Manifest, err error) {
	err = compute(func(failure raw.Error) {
		made := build(failure)
		defer raw.Manifest_free(made)
		if failure.GetCode() == 0 {
			manifest = newManifest(made)
		}
	})
	return manifest, err
}

func describedAll(descriptors []Descriptor) (texts []string) {
	for i := range descriptors {
		texts = append(texts, described(&descriptors[i])...)
	}
	return texts
}

// described gives the texts of a descriptor as shim.h has them; none of nil.
func described(d *Descriptor) []string {
	if d == nil {
		return nil
	}
	platform, hasPlatform := Platform{}, ""
	if d.Platform != nil {
		platform, hasPlatform = *d.Platform, "1"
	}
	texts := []string{d.MediaType, string(d.Digest), strconv.FormatUint(d.Size, 10), d.ArtifactType, hasPlatform,
		platform.OS, platform.Architecture, platform.Variant, platform.OSVersion, strconv.Itoa(len(d.Annotations))}
	return append(texts, flattened(d.Annotations)...)
}

// flattened is the reverse of pairs.
func flattened(annotations map[string]string) (texts []string) {
	for key, value := range annotations {
		texts = append(texts, key, value)
	}
	return texts
}
