// SPDX-License-Identifier: Apache-2.0

package zreg

import "libzreg.org/zreg/internal/raw"

// Artifact is Zuul's record of one pushed image. What is unset is "".
type Artifact struct {
	Name       string // "REPOSITORY:TAG"
	URL        string // where it is: "docker://HOST:PORT/REPOSITORY:BUILD_TAG"
	Repository string // canonical: no host for docker.io, host for all others
	Tag        string
	Digest     Digest
	MediaType  string
	Change     string
	Patchset   string
	Build      string
	Project    string
	Job        string
}

// Artifacts are the container images among Zuul's artifacts, in Zuul's order: furthest-ahead change
// first. The zero value is an empty list. It is JSON in the shape that zuul_return takes under
// `zuul`: {"artifacts": [...]}.
type Artifacts struct {
	list   []Artifact
	json   []byte // what MarshalJSON gives
	source []byte // what it was read from, which tells more: the order, and what is ahead
}

// ParseArtifacts reads artifacts from JSON: a list, or an object that holds one at zuul.artifacts
// or artifacts. Artifacts of other types are left out. Best give all of Zuul's variables: Populate then
// tells what is ahead.
func ParseArtifacts(json []byte) (artifacts Artifacts, err error) {
	err = artifacts.UnmarshalJSON(json)
	return artifacts, err
}

// List gives a copy of the artifacts.
func (a Artifacts) List() []Artifact {
	return append([]Artifact(nil), a.list...)
}

// Len says how many there are.
func (a Artifacts) Len() int {
	return len(a.list)
}

// MarshalJSON gives {"artifacts": [...]}.
func (a Artifacts) MarshalJSON() ([]byte, error) {
	if a.json == nil {
		return []byte(`{"artifacts":[]}`), nil
	}
	return a.json, nil
}

// UnmarshalJSON reads what ParseArtifacts reads.
func (a *Artifacts) UnmarshalJSON(json []byte) error {
	return compute(func(failure raw.Error) {
		parsed := raw.Artifacts_parse(json, failure)
		defer raw.Artifacts_free(parsed)
		a.take(parsed, failure)
		if failure.GetCode() == 0 {
			a.source = append([]byte(nil), json...)
		}
	})
}

// take copies a list that C made, if it made one.
func (a *Artifacts) take(from raw.Artifacts, failure raw.Error) {
	if failure.GetCode() != 0 {
		return
	}
	json := raw.Artifacts_json(from, failure)
	if failure.GetCode() != 0 {
		return
	}
	list := make([]Artifact, raw.Artifacts_count(from))
	for i := range list {
		list[i] = newArtifact(raw.Artifacts_at(from, int64(i)))
	}
	*a = Artifacts{list: list, json: []byte(json)}
}

// takeBeside is take for a list that may stand beside a failure, which stays.
func (a *Artifacts) takeBeside(from raw.Artifacts, failure raw.Error) {
	if failure.GetCode() != 0 {
		failure = raw.NewError()
		defer raw.DeleteError(failure)
	}
	a.take(from, failure)
}

func newArtifact(from raw.Artifact) Artifact {
	return Artifact{
		Name:       from.GetName(),
		URL:        from.GetUrl(),
		Repository: from.GetRepository(),
		Tag:        from.GetTag(),
		Digest:     Digest(from.GetDigest()),
		MediaType:  from.GetMedia_type(),
		Change:     from.GetChange(),
		Patchset:   from.GetPatchset(),
		Build:      from.GetBuild(),
		Project:    from.GetProject(),
		Job:        from.GetJob(),
	}
}

// with calls fn with C's form of the list.
func (a Artifacts) with(failure raw.Error, fn func(raw.Artifacts)) {
	json := a.source
	if json == nil {
		json, _ = a.MarshalJSON()
	}
	parsed := raw.Artifacts_parse(json, failure)
	defer raw.Artifacts_free(parsed)
	if failure.GetCode() == 0 {
		fn(parsed)
	}
}
