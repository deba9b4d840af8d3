// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"encoding/json"
	"strings"
	"testing"

	"libzreg.org/zreg"
)

const baseImage = "example/base:latest"

// publishBase makes the image of a change in a buildset registry of its own and publishes it.
func publishBase(t *testing.T, client *zreg.Client, intermediate, change, build string) zreg.Artifacts {
	t.Helper()
	buildset := newBuildset(t, client)
	appendImage(t, client, "scratch", buildset.Address()+"/"+baseImage, "change "+change)
	artifacts, err := client.Publish(background, "", intermediate, []string{baseImage},
		&zreg.PublishOptions{Build: build, Change: change, Patchset: "7", Project: "example/base", Pipeline: "gate",
			Server: buildset})
	must(t, err)
	return artifacts
}

func TestPublishPopulateResolve(t *testing.T) {
	client := newClient(t)
	intermediate := newBuildset(t, client).Address()
	artifacts := publishBase(t, client, intermediate, "1", "b1")
	wantEqual(t, "artifacts", artifacts.Len(), 1)
	artifact := artifacts.List()[0]
	wantEqual(t, "name", artifact.Name, baseImage)
	wantEqual(t, "url", artifact.URL, "docker://"+intermediate+"/example/base:b1_latest")
	wantEqual(t, "change", artifact.Change, "1")

	resolution, err := client.Resolve(background, "docker.io/"+baseImage, artifacts, nil)
	must(t, err)
	wantEqual(t, "source", resolution.Winner.Source, zreg.SourceIntermediate)
	wantEqual(t, "source", resolution.Winner.Source.String(), "intermediate")
	wantEqual(t, "digest", resolution.Winner.Digest, artifact.Digest)
	wantEqual(t, "winner", resolution.Candidates[0], resolution.Winner)

	buildset := newBuildset(t, client)
	populated, err := client.Populate(background, artifacts, buildset.Address(), nil)
	must(t, err)
	images := populated.Images
	wantEqual(t, "items known", populated.ItemsKnown, false)
	wantEqual(t, "images", len(images), 1)
	wantEqual(t, "digest", images[0].Digest, artifact.Digest)
	wantEqual(t, "change", images[0].Change, "1")
	wantEqual(t, "superseded", len(images[0].Superseded), 0)

	resolution, err = client.Resolve(background, "docker.io/"+baseImage, artifacts,
		&zreg.ResolveOptions{Buildset: buildset.Address()})
	must(t, err)
	wantEqual(t, "source", resolution.Winner.Source, zreg.SourceBuildset)
	wantEqual(t, "digest", resolution.Winner.Digest, artifact.Digest)
}

func TestProvenance(t *testing.T) {
	log := `{"method":"GET","path":"/v2/a/b/manifests/latest","repository":"a/b","reference":"latest",` +
		`"digest":"` + string(emptyDigest) + `","status":200,"bytes":7,"source":"artifact","change":"4",` +
		`"build":"b4","artifact":"docker://r/a/b:b4_latest"}` + "\n"
	served, err := zreg.Provenance([]byte(log + "{\"dropped\":3}\n"))
	must(t, err)
	wantEqual(t, "images", len(served.Images), 1)
	wantEqual(t, "lost", served.Lost, uint64(3))
	wantEqual(t, "image", served.Images[0], zreg.ServedImage{Repository: "a/b", Tag: "latest", Digest: emptyDigest,
		Source: zreg.ServedChange, Change: "4", Build: "b4", Artifact: "docker://r/a/b:b4_latest", Requests: 1, Bytes: 7})
	_, err = zreg.Provenance([]byte("x\n"))
	wantError(t, err, zreg.ErrInvalid)
	served, err = zreg.Provenance(nil)
	must(t, err)
	wantEqual(t, "images", len(served.Images), 0)
}

func TestPopulateFromNothing(t *testing.T) {
	populated, err := newClient(t).Populate(background, zreg.Artifacts{}, "",
		&zreg.PopulateOptions{Server: newBuildset(t)})
	must(t, err)
	wantEqual(t, "images", len(populated.Images), 0)
}

// zuulVariables are those of change 3, behind change 1, which made the artifacts, and change 2.
func zuulVariables(t *testing.T, artifacts zreg.Artifacts) zreg.Artifacts {
	t.Helper()
	returned, err := artifacts.MarshalJSON()
	must(t, err)
	var zuul map[string]any
	must(t, json.Unmarshal(returned, &zuul))
	for _, artifact := range zuul["artifacts"].([]any) {
		artifact.(map[string]any)["project"] = "example/base"
		artifact.(map[string]any)["change"] = 1
		artifact.(map[string]any)["job"] = "build"
	}
	zuul["change"], zuul["pipeline"] = "3", "gate"
	for _, change := range []string{"1", "2", "3"} {
		item := map[string]any{"change": change, "patchset": "7", "change_url": "https://review/" + change,
			"project": map[string]any{"name": "example/base"}}
		items, _ := zuul["items"].([]any)
		zuul["items"] = append(items, item)
	}
	text, err := json.Marshal(map[string]any{"zuul": zuul})
	must(t, err)
	read, err := zreg.ParseArtifacts(text)
	must(t, err)
	return read
}

func TestPopulateTellsOfEachItemAhead(t *testing.T) {
	client := newClient(t)
	intermediate := newBuildset(t, client).Address()
	artifacts := zuulVariables(t, publishBase(t, client, intermediate, "1", "b1"))
	populated, err := client.Populate(background, artifacts, newBuildset(t, client).Address(), nil)
	must(t, err)
	wantEqual(t, "items known", populated.ItemsKnown, true)
	wantEqual(t, "items", len(populated.Items), 2)
	first, second := populated.Items[0], populated.Items[1]
	wantEqual(t, "change", first.Change+","+first.Patchset+" of "+first.Project, "1,7 of example/base")
	wantEqual(t, "url", first.URL, "https://review/1")
	wantEqual(t, "images", len(first.Images), 1)
	wantEqual(t, "image", first.Images[0], baseImage)
	wantEqual(t, "reason", first.Reason, "")
	wantEqual(t, "images", len(second.Images), 0)
	wantEqual(t, "reason", strings.Contains(second.Reason, "Zuul gave this job no image of it"), true)
	wantEqual(t, "project", populated.Images[0].Project, "example/base")
	wantEqual(t, "missed", second.Missed, false)

	artifacts = zuulVariables(t, zreg.Artifacts{})
	populated, err = client.Populate(background, artifacts, newBuildset(t, client).Address(),
		&zreg.PopulateOptions{Records: intermediate})
	must(t, err)
	wantEqual(t, "missed", populated.Items[0].Missed, true)
	wantEqual(t, "reason", strings.Contains(populated.Items[0].Reason, baseImage+" (build b1)"), true)
}

func TestUploadAndPromote(t *testing.T) {
	client := newClient(t)
	buildset := newBuildset(t, client)
	repository := newBuildset(t, client).Address() + "/example/base"
	digest := appendImage(t, client, "scratch", buildset.Address()+"/"+baseImage, "base")

	_, err := client.Promote(background, repository, []string{"latest"}, &zreg.PromoteOptions{Change: "1"})
	wantError(t, err, zreg.ErrNotFound)
	uploaded, err := client.Upload(background, buildset.Address()+"/"+baseImage, repository, "latest",
		&zreg.UploadOptions{Change: "1", SrcServer: buildset})
	must(t, err)
	wantEqual(t, "digest", uploaded.Digest, digest)
	_, err = client.Promote(background, repository, []string{"latest"},
		&zreg.PromoteOptions{Change: "1", ExpectDigest: emptyDigest})
	wantError(t, err, zreg.ErrConflict)

	promoted, err := client.Promote(background, repository, []string{"latest", "1.0"},
		&zreg.PromoteOptions{Change: "1", ExpectDigest: digest})
	must(t, err)
	wantEqual(t, "digest", promoted.Digest, digest)
	wantEqual(t, "tags", promoted.Tags, uint(2))
	wantEqual(t, "requests", promoted.Requests-promoted.AuthRequests, uint64(3))
	wantEqual(t, "requests for blobs", promoted.BlobRequests, uint64(0))
	wantEqual(t, "requests to look", promoted.VerifyRequests, uint64(2))
	wantEqual(t, "temporary tag deleted", promoted.TemporaryDeleted, true)
	wantEqual(t, "what stays", promoted.CleanupError, "")
	head, err := client.Head(background, repository+":1.0")
	must(t, err)
	wantEqual(t, "digest", head, digest)
}

func TestWhatIsNotWholeIsNotPromoted(t *testing.T) {
	client := newClient(t)
	registry := newBuildset(t, client)
	repository := registry.Address() + "/example/base"
	appendImage(t, client, "scratch", repository+":change_1_latest", "base")
	must(t, client.SetTagAPI(registry.Address(), zreg.TagAPIOptions{API: zreg.TagAPIQuay, URL: "http://127.0.0.1:9"}))
	promoted, err := client.Promote(background, repository, []string{"v1"},
		&zreg.PromoteOptions{Change: "1", FromTag: "change_1_latest", NoVerify: true})
	must(t, err)
	wantEqual(t, "requests to look", promoted.VerifyRequests, uint64(0))
	promoted, err = client.Promote(background, repository, []string{"latest"}, &zreg.PromoteOptions{Change: "1"})
	must(t, err)
	wantEqual(t, "temporary tag deleted", promoted.TemporaryDeleted, false)
	wantEqual(t, "it is told", strings.HasPrefix(promoted.CleanupError, "the temporary tag stays: "), true)
}

func TestPromotionInOrder(t *testing.T) {
	client := newClient(t)
	repository := newBuildset(t, client).Address() + "/example/base"
	tags := []string{"latest"}
	newer := appendImage(t, client, "scratch", repository+":change_8_latest", "newer")
	appendImage(t, client, "scratch", repository+":change_7_latest", "older")

	promoted, err := client.Promote(background, repository, tags, &zreg.PromoteOptions{Change: "8", Order: 20})
	must(t, err)
	wantEqual(t, "promoted", promoted.Promoted, true)
	wantEqual(t, "superseded", len(promoted.Superseded()), 0)

	late, err := client.Promote(background, repository, tags, &zreg.PromoteOptions{Change: "7", Order: 10})
	must(t, err)
	wantEqual(t, "promoted", late.Promoted, false)
	wantEqual(t, "superseded", late.Superseded()[0], "latest")
	wantEqual(t, "superseded by", late.SupersededBy(), "8")
	wantEqual(t, "digest", late.Digest, newer)
	wantEqual(t, "temporary tag deleted", late.TemporaryDeleted, true)
}
