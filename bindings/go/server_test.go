// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net"
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

func TestSparseIndexes(t *testing.T) {
	index, err := zreg.ParseManifest([]byte(`{"schemaVersion":2,"mediaType":`+
		`"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":`+
		`"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:`+
		strings.Repeat("0", 64)+`"}]}`), "")
	must(t, err)
	for _, sparse := range []bool{false, true} {
		server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), SparseIndexes: sparse})
		must(t, err)
		client := newClient(t)
		must(t, client.SetHost(server.Address(), zreg.HostOptions{PlainHTTP: true}))
		err = client.PutManifest(background, server.Address()+"/x:1", index)
		if sparse {
			must(t, err)
		} else {
			wantError(t, err, zreg.ErrNotFound)
		}
		must(t, server.Close())
	}
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

func TestReload(t *testing.T) {
	const hash = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), Htpasswd: "a:" + hash})
	must(t, err)
	defer server.Close()
	wantError(t, server.Reload(zreg.ServerOptions{Htpasswd: "a"}), zreg.ErrInvalid)
	wantError(t, server.Reload(zreg.ServerOptions{}), zreg.ErrInvalid)
	wantError(t, server.Reload(zreg.ServerOptions{Htpasswd: "a:" + hash, ClientCA: "\x00"}), zreg.ErrInvalid)
	wantError(t, server.Reload(zreg.ServerOptions{Htpasswd: "a:" + hash, TokenLifetime: -1}), zreg.ErrInvalid)
	must(t, server.Reload(zreg.ServerOptions{Htpasswd: "b:" + hash, ReadOnly: []string{"b"}}))
}

func TestRights(t *testing.T) {
	const hash = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS" // "password"
	var mutex sync.Mutex
	var outcomes []string
	options := zreg.ServerOptions{
		Root:     t.TempDir(),
		Htpasswd: "a:" + hash,
		Groups:   map[string][]string{"team": {"a", "b"}},
		Rules: []zreg.Rule{
			{Who: []string{"anyone"}, Repositories: []string{"public/**"}, Rights: zreg.RightPull | zreg.RightCatalog},
			{Who: []string{"group:team"}, Repositories: []string{"team/*", "public/*"},
				Rights: zreg.RightPull | zreg.RightPush | zreg.RightDelete},
		},
		ImmutableTags: []string{"team/*:v*"},
		Audit: func(line json.RawMessage) {
			var entry struct{ Action, Outcome string }
			if err := json.Unmarshal(line, &entry); err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			outcomes = append(outcomes, entry.Action+" "+entry.Outcome)
		},
	}
	server, err := zreg.StartServer(options)
	must(t, err)
	defer server.Close()
	client := newClient(t)
	must(t, client.SetHost(server.Address(), zreg.HostOptions{PlainHTTP: true}))
	must(t, client.SetCredentials(server.Address(), "a", "password"))
	_, err = client.Append(background, "scratch", nil, server.Address()+"/team/x:v1", nil)
	must(t, err)
	_, err = client.Append(background, "scratch", nil, server.Address()+"/other/x:1", nil)
	wantError(t, err, zreg.ErrNotFound)
	options.NoWrites = true
	must(t, server.Reload(options))
	_, err = client.Append(background, "scratch", nil, server.Address()+"/team/x:v2", nil)
	wantError(t, err, zreg.ErrDenied)
	wantError(t, server.Reload(zreg.ServerOptions{Htpasswd: "a:" + hash}), zreg.ErrInvalid)
	options.Rules[0].Who = []string{""}
	wantError(t, server.Reload(options), zreg.ErrInvalid)
	must(t, server.Stop(time.Second))
	mutex.Lock()
	defer mutex.Unlock()
	all := strings.Join(outcomes, ",")
	for _, wanted := range []string{"push-manifest done", "push-blob denied", "reload done", "reload failed"} {
		if !strings.Contains(all, wanted) {
			t.Errorf("%s is not among %s", wanted, all)
		}
	}
}

func TestUploadsPerUser(t *testing.T) {
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), UploadsPerUser: 1, NoDeletes: true})
	must(t, err)
	defer server.Close()
	for _, wanted := range []int{http.StatusAccepted, http.StatusTooManyRequests} {
		answer, err := http.Post("http://"+server.Address()+"/v2/x/blobs/uploads/", "", nil)
		must(t, err)
		answer.Body.Close()
		wantEqual(t, "status", answer.StatusCode, wanted)
	}
}

func TestReadOnlyUserHasToExist(t *testing.T) {
	_, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), ReadOnly: []string{"nobody"}})
	wantError(t, err, zreg.ErrInvalid)
}

func TestLimitsAndTrustedProxies(t *testing.T) {
	remotes := make(chan string, 2)
	server, err := zreg.StartServer(zreg.ServerOptions{
		Root:           t.TempDir(),
		Limits:         &zreg.ServerLimits{HeadFields: 4, IdleTime: time.Minute},
		TrustedProxies: []string{"127.0.0.0/8"},
		Access: func(line json.RawMessage) {
			var entry struct{ Remote string }
			if err := json.Unmarshal(line, &entry); err != nil {
				t.Error(err)
			}
			remotes <- entry.Remote
		},
	})
	must(t, err)
	defer server.Close()
	ask := func(fields ...string) int {
		request, err := http.NewRequest("GET", "http://"+server.Address()+"/v2/", nil)
		must(t, err)
		for _, field := range fields {
			request.Header.Set(field, "192.0.2.7")
		}
		answer, err := http.DefaultClient.Do(request)
		must(t, err)
		answer.Body.Close()
		return answer.StatusCode
	}
	wantEqual(t, "status", ask("X-A", "X-B"), 431)
	wantEqual(t, "status", ask("X-Forwarded-For"), 200)
	wantEqual(t, "remote", <-remotes, "192.0.2.7:0")
}

func TestLimitsThatAreNoneSaySo(t *testing.T) {
	for _, limits := range []zreg.ServerLimits{{HeadFields: 101}, {HeadTime: -1}} {
		limits := limits
		_, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), Limits: &limits})
		wantError(t, err, zreg.ErrInvalid)
	}
	_, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), ProxyProtocol: true})
	wantError(t, err, zreg.ErrInvalid)
}

func TestTokenKeysAreLongEnough(t *testing.T) {
	_, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), TokenKeys: []string{"short"}})
	wantError(t, err, zreg.ErrInvalid)
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), TokenKeys: []string{"a key of some length"}})
	must(t, err)
	defer server.Close()
	must(t, server.Reload(zreg.ServerOptions{TokenKeys: []string{"another key of some length"}}))
	wantError(t, server.Reload(zreg.ServerOptions{TokenKeys: []string{"short"}}), zreg.ErrInvalid)
}

const publicKey = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2kNYE4PHv6etbbFTGYsWtLtq9XSg
FuykK+9ULIXZIYPbatpvOuv+MhShtgqp0e+gSfEiqd3i0pn7Ql//SUCiFA==
-----END PUBLIC KEY-----
`

func TestTokenServiceIsNamedWhole(t *testing.T) {
	service := zreg.TokenService{Realm: "https://tokens.example/token", Service: "registry", Issuer: "tokens", Trust: publicKey}
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), TokenService: service})
	must(t, err)
	defer server.Close()
	must(t, server.Reload(zreg.ServerOptions{TokenService: service}))
	wantError(t, server.Reload(zreg.ServerOptions{}), zreg.ErrInvalid)
	service.Trust = ""
	_, err = zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), TokenService: service})
	wantError(t, err, zreg.ErrInvalid)
}

func TestCertificatesOfClientsNeedTLS(t *testing.T) {
	_, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), ClientCA: "x"})
	wantError(t, err, zreg.ErrInvalid)
	_, err = zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), ClientNeeded: true})
	wantError(t, err, zreg.ErrInvalid)
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir()})
	must(t, err)
	defer server.Close()
	wantError(t, server.Reload(zreg.ServerOptions{ClientCA: publicKey}), zreg.ErrInvalid)
}

func TestMetricsHaveAPortOfTheirOwn(t *testing.T) {
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), MetricsListen: "127.0.0.1:0"})
	must(t, err)
	defer server.Close()
	answer, err := http.Get("http://" + server.MetricsAddress() + "/readyz")
	must(t, err)
	must(t, answer.Body.Close())
	wantEqual(t, "status", answer.StatusCode, http.StatusOK)
	shut, err := http.Get("http://" + server.Address() + "/metrics")
	must(t, err)
	must(t, shut.Body.Close())
	wantEqual(t, "status on the main port", shut.StatusCode, http.StatusNotFound)
}

func TestSocketThatListensAlready(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	file, err := listener.(*net.TCPListener).File()
	must(t, err)
	defer file.Close()
	server, err := zreg.StartServer(zreg.ServerOptions{Root: t.TempDir(), ListenDescriptor: int(file.Fd())})
	must(t, err)
	wantEqual(t, "address", server.Address(), listener.Addr().String())
	must(t, server.Check(5*time.Second))
	must(t, server.Close())
	wantError(t, server.Check(time.Second), os.ErrClosed)
}
