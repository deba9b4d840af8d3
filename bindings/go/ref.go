// SPDX-License-Identifier: Apache-2.0

package zreg

import "libzreg.org/zreg/internal/raw"

// Digest names content: "sha256:" and 64 hex digits, or "sha512:" and 128.
type Digest string

// ParseDigest checks a digest.
func ParseDigest(text string) (Digest, error) {
	return readDigest(func(out raw.Digest, failure raw.Error) { raw.Digest_parse(out, text, failure) })
}

// DigestOf computes the sha256 digest of data.
func DigestOf(data []byte) (Digest, error) {
	return readDigest(func(out raw.Digest, failure raw.Error) { raw.Digest_of(out, "sha256", data, failure) })
}

func readDigest(fn func(out raw.Digest, failure raw.Error)) (digest Digest, err error) {
	err = compute(func(failure raw.Error) {
		out := raw.NewDigest()
		defer raw.DeleteDigest(out)
		fn(out, failure)
		digest = Digest(out.GetText())
	})
	return digest, err
}

// digestText reads a digest that may be NULL.
func digestText(digest raw.Digest) Digest {
	if digest.Swigcptr() == 0 {
		return ""
	}
	return Digest(digest.GetText())
}

// withDigest calls fn with a parsed digest.
func withDigest(digest Digest, failure raw.Error, fn func(raw.Digest)) {
	parsed := raw.NewDigest()
	defer raw.DeleteDigest(parsed)
	raw.Digest_parse(parsed, string(digest), failure)
	if failure.GetCode() == 0 {
		fn(parsed)
	}
}

// Ref is an image reference, HOST[:PORT]/REPOSITORY[:TAG][@DIGEST], by docker's rules.
type Ref struct {
	Host       string // with its port: "docker.io", "127.0.0.1:5000", "[::1]:5000"
	Repository string // within the host: "library/debian"
	Tag        string // "" when there is a digest only
	Digest     Digest // "" when there is none

	// CanonicalName is how Zuul's artifacts and the buildset registry know the repository: without
	// the host for docker.io, with it for all others.
	CanonicalName string
}

// String gives the full text, such as "docker.io/library/debian:latest", of a reference that was read or
// made by hand; "" for the zero value.
func (r Ref) String() string {
	if r.Repository == "" {
		return ""
	}
	text := r.Repository
	if r.Host != "" {
		text = r.Host + "/" + text
	}
	if r.Tag != "" {
		text += ":" + r.Tag
	}
	if r.Digest != "" {
		text += "@" + string(r.Digest)
	}
	return text
}

// MarshalText gives what String gives, so that a reference is a text in JSON.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what ParseRef reads.
func (r *Ref) UnmarshalText(text []byte) error {
	read, err := ParseRef(string(text))
	if err == nil {
		*r = read
	}
	return err
}

// Reference is what names the manifest within the repository: the digest when there is one, else the
// tag.
func (r Ref) Reference() string {
	if r.Digest != "" {
		return string(r.Digest)
	}
	return r.Tag
}

// WithTag gives the same repository with this tag and without a digest.
func (r Ref) WithTag(tag string) (Ref, error) {
	return r.changed(func(ref raw.Ref, failure raw.Error) raw.Ref { return raw.Ref_with_tag(ref, tag, failure) })
}

// WithDigest gives the same repository with this digest and without a tag.
func (r Ref) WithDigest(digest Digest) (Ref, error) {
	return r.changed(func(ref raw.Ref, failure raw.Error) (changed raw.Ref) {
		withDigest(digest, failure, func(parsed raw.Digest) { changed = raw.Ref_with_digest(ref, parsed, failure) })
		return changed
	})
}

func (r Ref) changed(fn func(ref raw.Ref, failure raw.Error) raw.Ref) (changed Ref, err error) {
	err = compute(func(failure raw.Error) {
		withRef(r.String(), failure, func(parsed raw.Ref) {
			made := fn(parsed, failure)
			if failure.GetCode() == 0 {
				defer raw.Ref_free(made)
				changed = newRef(made)
			}
		})
	})
	return changed, err
}

// ParseRef reads a reference. Without tag and digest the tag is "latest".
func ParseRef(text string) (ref Ref, err error) {
	err = compute(func(failure raw.Error) {
		withRef(text, failure, func(parsed raw.Ref) { ref = newRef(parsed) })
	})
	return ref, err
}

func newRef(parsed raw.Ref) Ref {
	return Ref{
		Host:          raw.Ref_host(parsed),
		Repository:    raw.Ref_repository(parsed),
		Tag:           raw.Ref_tag(parsed),
		Digest:        digestText(raw.Ref_digest(parsed)),
		CanonicalName: raw.Ref_canonical_name(parsed),
	}
}

// withRef calls fn with a parsed reference.
func withRef(text string, failure raw.Error, fn func(raw.Ref)) {
	ref := raw.Ref_parse(text, failure)
	defer raw.Ref_free(ref)
	if failure.GetCode() == 0 {
		fn(ref)
	}
}
