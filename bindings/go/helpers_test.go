// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"libzreg.org/zreg"
)

var background = context.Background()

func newClient(t *testing.T) *zreg.Client {
	t.Helper()
	client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true, Attempts: 1})
	must(t, err)
	t.Cleanup(func() { must(t, client.Close()) })
	return client
}

// newBuildset starts a buildset registry and connects the clients to it.
func newBuildset(t *testing.T, clients ...*zreg.Client) *zreg.Server {
	t.Helper()
	server, err := zreg.StartBuildset(zreg.ServerOptions{})
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	for _, client := range clients {
		must(t, client.Connect(server.Connection()))
	}
	return server
}

// appendImage stores an image with one layer, which holds one file, at the place.
func appendImage(t *testing.T, client *zreg.Client, base, place, content string) zreg.Digest {
	t.Helper()
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "content"), []byte(content), 0o644))
	digest, err := client.Append(background, base, []string{folder}, place, nil)
	must(t, err)
	return digest
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err, wanted error) {
	t.Helper()
	if !errors.Is(err, wanted) {
		t.Fatalf("wanted the error %v, got: %v", wanted, err)
	}
}

func wantEqual(t *testing.T, what string, got, wanted interface{}) {
	t.Helper()
	if got != wanted {
		t.Fatalf("%s: wanted %#v, got %#v", what, wanted, got)
	}
}

// soon fails the test when fn takes longer than the library promises, with room for a busy machine.
func soon(t *testing.T, fn func()) {
	t.Helper()
	start := time.Now()
	fn()
	if took := time.Since(start); took > time.Second {
		t.Fatalf("took %v", took)
	}
}
