// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"libzreg.org/zreg"
)

func TestCleanupOfARegistry(t *testing.T) {
	client := newClient(t)
	buildset := newBuildset(t, client)
	repository := buildset.Address() + "/example/app"
	appendImage(t, client, "scratch", repository+":change_1_latest", "one")
	appendImage(t, client, "scratch", repository+":latest", "one")
	_, err := client.CleanupTags(background, repository, &zreg.CleanupOptions{Match: ".*"})
	wantError(t, err, zreg.ErrInvalid)

	result, err := client.CleanupTags(background, repository, &zreg.CleanupOptions{AnyAge: true, DryRun: true})
	must(t, err)
	wantEqual(t, "would be deleted", len(result.Deleted), 1)
	result, err = client.CleanupTags(background, repository, &zreg.CleanupOptions{AnyAge: true})
	must(t, err)
	wantEqual(t, "deleted", len(result.Deleted), 1)
	wantEqual(t, "tag", result.Deleted[0].Tag, "change_1_latest")
	wantEqual(t, "kept", result.Kept[0].Tag, "latest")
	wantEqual(t, "reason", result.Kept[0].Reason, "is not a temporary tag")
}

func TestCleanupOverAnAPI(t *testing.T) {
	deleted := make(chan string, 2)
	pushed := time.Now().Add(-25 * time.Hour)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token" {
			w.WriteHeader(http.StatusUnauthorized)
		} else if r.Method == http.MethodDelete {
			deleted <- r.URL.Path
			w.WriteHeader(http.StatusNoContent)
		} else {
			must(t, json.NewEncoder(w).Encode(map[string]interface{}{"has_additional": false, "tags": []interface{}{
				map[string]interface{}{"name": "change_1_latest", "start_ts": pushed.Unix()}}}))
		}
	}))
	defer api.Close()
	client := newClient(t)
	must(t, client.SetTagAPI("quay.io", zreg.TagAPIOptions{API: zreg.TagAPIQuay, URL: api.URL, Token: "token"}))
	result, err := client.CleanupTags(background, "quay.io/example/app", nil)
	must(t, err)
	wantEqual(t, "deleted", len(result.Deleted), 1)
	wantEqual(t, "age known", result.Deleted[0].AgeKnown, true)
	wantEqual(t, "age", result.Deleted[0].Age.Round(time.Hour), 25*time.Hour)
	wantEqual(t, "path", <-deleted, "/api/v1/repository/example/app/tag/change_1_latest")
	must(t, client.DeleteTag(background, "quay.io/example/app:old"))
	wantEqual(t, "path", <-deleted, "/api/v1/repository/example/app/tag/old")
}
