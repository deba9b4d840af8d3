// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"libzreg.org/zreg"
)

func TestBuildsetMakesItsConnection(t *testing.T) {
	server := newBuildset(t)
	connection := server.Connection()
	wantEqual(t, "host", connection.Host, "127.0.0.1")
	wantEqual(t, "user", connection.Username, "zuul")
	wantEqual(t, "address", connection.Address(), server.Address())
	wantEqual(t, "port", connection.Port, server.Port())
	wantEqual(t, "password", connection.Password, server.Password())
	wantEqual(t, "fingerprint", connection.Fingerprint, server.Fingerprint())
	if len(server.Password()) < 16 {
		t.Fatal("a short password")
	}
	block, _ := pem.Decode([]byte(server.Certificate()))
	certificate, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	must(t, certificate.VerifyHostname("127.0.0.1"))
}

func TestConnectionIsTheRecordOfZuulsJobs(t *testing.T) {
	text, err := json.Marshal(newBuildset(t).Connection())
	must(t, err)
	var record map[string]interface{}
	must(t, json.Unmarshal(text, &record))
	for _, key := range []string{"host", "port", "username", "password", "cert", "fingerprint"} {
		if record[key] == nil || record[key] == "" {
			t.Fatalf("no %s in the connection record", key)
		}
	}
}

func TestServerClosesTwice(t *testing.T) {
	server, err := zreg.StartBuildset(zreg.ServerOptions{})
	must(t, err)
	address := server.Address()
	must(t, server.Close())
	must(t, server.Close())
	must(t, server.Stop(time.Second))
	wantEqual(t, "address after Close", server.Address(), address)
	err = newClient(t).Ping(background, address)
	wantError(t, err, zreg.ErrNetwork)
}

func TestClosedServerIsNoPlace(t *testing.T) {
	server, err := zreg.StartBuildset(zreg.ServerOptions{})
	must(t, err)
	must(t, server.Close())
	_, err = newClient(t).Copy(background, "127.0.0.1:1/x", "127.0.0.1:1/x",
		&zreg.CopyOptions{SrcServer: server})
	wantError(t, err, os.ErrClosed)
}

func TestServerWithWrongOptionsSaysWhy(t *testing.T) {
	_, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), Listen: "nowhere"})
	wantError(t, err, zreg.ErrInvalid)
	if !strings.Contains(err.Error(), "nowhere") {
		t.Fatal(err)
	}
}

func TestPlainServerOverHTTP(t *testing.T) {
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir()})
	must(t, err)
	defer server.Close()
	answer, err := http.Get("http://" + server.Address() + "/v2/")
	must(t, err)
	answer.Body.Close()
	wantEqual(t, "status", answer.StatusCode, 200)
	wantEqual(t, "certificate", server.Certificate(), "")
	wantEqual(t, "user", server.Username(), "")
}

func TestAccessLog(t *testing.T) {
	var mutex sync.Mutex
	var paths []string
	server, err := zreg.StartServer(zreg.ServerOptions{
		Root: t.TempDir(),
		Access: func(line json.RawMessage) {
			var entry struct{ Path string }
			if err := json.Unmarshal(line, &entry); err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			paths = append(paths, entry.Path)
		},
	})
	must(t, err)
	must(t, newClient(t).Ping(background, server.Address()))
	must(t, server.Stop(time.Second))
	mutex.Lock()
	defer mutex.Unlock()
	if len(paths) == 0 || !strings.HasPrefix(paths[len(paths)-1], "/v2/") {
		t.Fatalf("paths %q", paths)
	}
}

func TestReadOnlyUserHasToExist(t *testing.T) {
	_, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), ReadOnly: []string{"nobody"}})
	wantError(t, err, zreg.ErrInvalid)
}
