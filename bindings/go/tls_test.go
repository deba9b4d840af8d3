// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"libzreg.org/zreg"
)

// tlsHost starts the server with TLS and gives its address and authority.
func tlsHost(t *testing.T, server *httptest.Server) (host, ca string) {
	t.Helper()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "https://"), pemText("CERTIFICATE", server.Certificate().Raw)
}

func pemText(kind string, bytes []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
}

// clientCertificate makes one that is its own authority.
func clientCertificate(t *testing.T) (pool *x509.CertPool, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	made, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	must(t, err)
	parsed, err := x509.ParseCertificate(made)
	must(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return pool, pemText("CERTIFICATE", made), pemText("PRIVATE KEY", encoded)
}

func TestClientCertificate(t *testing.T) {
	pool, cert, key := clientCertificate(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	host, ca := tlsHost(t, server)

	client := newClient(t)
	must(t, client.SetHost(host, zreg.HostOptions{CA: ca, ClientCert: cert, ClientKey: key}))
	must(t, client.Ping(background, host))

	stranger := newClient(t)
	must(t, stranger.SetHost(host, zreg.HostOptions{CA: ca}))
	wantError(t, stranger.Ping(background, host), zreg.ErrNetwork)
}

func TestHTTP2(t *testing.T) {
	spoken := make(chan string, 2)
	server := httptest.NewUnstartedServer(http.HandlerFunc(
		func(_ http.ResponseWriter, request *http.Request) { spoken <- request.Proto }))
	server.EnableHTTP2 = true
	host, ca := tlsHost(t, server)

	for _, http2 := range []bool{false, true} {
		client := newClient(t)
		must(t, client.SetHost(host, zreg.HostOptions{CA: ca, HTTP2: http2}))
		must(t, client.Ping(background, host))
	}
	wantEqual(t, "without asking", <-spoken, "HTTP/1.1")
	wantEqual(t, "asked for", <-spoken, "HTTP/2.0")
}
