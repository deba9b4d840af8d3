// SPDX-License-Identifier: Apache-2.0

package zreg_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"libzreg.org/zreg"
)

func TestPing(t *testing.T) {
	client := newClient(t)
	server := newBuildset(t, client)
	must(t, client.Ping(background, server.Address()))
	must(t, client.SetCredentials(server.Address(), "zuul", "wrong"))
	wantError(t, client.Ping(background, server.Address()), zreg.ErrDenied)
}

func TestUnknownCertificateIsRefused(t *testing.T) {
	server := newBuildset(t)
	client := newClient(t)
	wantError(t, client.Ping(background, server.Address()), zreg.ErrTLS)
}

func TestPushNeedsCredentials(t *testing.T) {
	client := newClient(t)
	server := newBuildset(t, client)
	must(t, client.SetCredentials(server.Address(), "", ""))
	err := pushBlob(client, server.Address()+"/x/y", []byte("abc"))
	wantError(t, err, zreg.ErrDenied)
	var failure *zreg.Error
	if !errors.As(err, &failure) || failure.HTTPStatus != 401 {
		t.Fatalf("%+v", failure)
	}
}

func TestClosedClient(t *testing.T) {
	client, err := zreg.NewClient(zreg.ClientOptions{})
	must(t, err)
	must(t, client.Close())
	must(t, client.Close())
	wantError(t, client.Ping(background, "127.0.0.1:1"), os.ErrClosed)
	wantEqual(t, "counters", client.Counters(""), zreg.Counters{})
}

func pushBlob(client *zreg.Client, ref string, data []byte) error {
	writer, err := client.CreateBlob(background, ref, "", zreg.SizeUnknown)
	if err != nil {
		return err
	}
	defer writer.Close()
	if _, err := writer.Write(data); err != nil {
		return err
	}
	_, err = writer.Commit()
	return err
}

func TestBlobIsAStreamBothWays(t *testing.T) {
	client := newClient(t)
	ref := newBuildset(t, client).Address() + "/x/y"
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	wanted, err := zreg.DigestOf(data)
	must(t, err)

	writer, err := client.CreateBlob(background, ref, wanted, uint64(len(data)))
	must(t, err)
	_, err = io.Copy(writer, bytes.NewReader(data))
	must(t, err)
	digest, err := writer.Commit()
	must(t, err)
	wantEqual(t, "digest", digest, wanted)
	_, err = writer.Write(data)
	wantError(t, err, zreg.ErrInvalid)
	must(t, writer.Close())
	must(t, writer.Close())

	size, err := client.BlobSize(background, ref, digest)
	must(t, err)
	wantEqual(t, "size by HEAD", size, uint64(len(data)))
	reader, err := client.OpenBlob(background, ref, digest)
	must(t, err)
	wantEqual(t, "size", reader.Size(), uint64(len(data)))
	got, err := io.ReadAll(reader)
	must(t, err)
	if !bytes.Equal(got, data) {
		t.Fatal("other bytes came back")
	}
	_, err = reader.Read(make([]byte, 1))
	wantEqual(t, "after the end", err, io.EOF)
	must(t, reader.Close())
	must(t, reader.Close())
	_, err = reader.Read(make([]byte, 1))
	wantError(t, err, os.ErrClosed)
}

func TestBlobWithAnotherDigestIsNotCommitted(t *testing.T) {
	client := newClient(t)
	ref := newBuildset(t, client).Address() + "/x/y"
	writer, err := client.CreateBlob(background, ref, emptyDigest, 3)
	must(t, err)
	defer writer.Close()
	_, err = writer.Write([]byte("abc"))
	if err == nil {
		_, err = writer.Commit()
	}
	wantError(t, err, zreg.ErrCorrupt)
	_, err = client.BlobSize(background, ref, emptyDigest)
	wantError(t, err, zreg.ErrNotFound)
}

func TestMountAndDeleteBlob(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	must(t, pushBlob(client, host+"/x/y", []byte("abc")))
	digest, err := zreg.DigestOf([]byte("abc"))
	must(t, err)
	mounted, err := client.MountBlob(background, host+"/x/z", digest, "x/y")
	must(t, err)
	wantEqual(t, "mounted", mounted, true)
	must(t, client.DeleteBlob(background, host+"/x/y", digest))
	_, err = client.BlobSize(background, host+"/x/y", digest)
	wantError(t, err, zreg.ErrNotFound)
	_, err = client.BlobSize(background, host+"/x/z", digest)
	must(t, err)
}

func TestManifestsAndTags(t *testing.T) {
	client := newClient(t)
	repository := newBuildset(t, client).Address() + "/x/y"
	digest := appendImage(t, client, "scratch", repository+":one", "one")

	manifest, err := client.Manifest(background, repository+":one")
	must(t, err)
	wantEqual(t, "digest", manifest.Digest, digest)
	wantEqual(t, "layers", len(manifest.Layers), 1)
	must(t, client.PutManifest(background, repository+":two", manifest))
	head, err := client.Head(background, repository+":two")
	must(t, err)
	wantEqual(t, "digest", head, digest)

	tags, err := client.Tags(background, repository)
	must(t, err)
	sort.Strings(tags)
	wantEqual(t, "tags", strings.Join(tags, " "), "one two")
	must(t, client.DeleteTag(background, repository+":one"))
	_, err = client.Manifest(background, repository+":one")
	wantError(t, err, zreg.ErrNotFound)
	_, err = client.Manifest(background, repository+":two")
	must(t, err)
	must(t, client.DeleteManifest(background, repository+"@"+string(digest)))
	_, err = client.Head(background, repository+":two")
	wantError(t, err, zreg.ErrNotFound)
}

func TestLogin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	client, err := zreg.NewClient(zreg.ClientOptions{AuthFile: path, Attempts: 1})
	must(t, err)
	defer client.Close()
	server := newBuildset(t, client)
	place, err := client.Login(background, server.Address(), server.Username(), server.Password(),
		zreg.LoginOptions{})
	must(t, err)
	wantEqual(t, "place", place, path)
	place, err = client.Logout(background, server.Address())
	must(t, err)
	wantEqual(t, "place", place, path)
	_, err = client.Logout(background, server.Address())
	wantError(t, err, zreg.ErrNotFound)
	_, err = client.Login(background, server.Address(), server.Username(), "wrong", zreg.LoginOptions{})
	wantError(t, err, zreg.ErrDenied)
	_, err = client.Login(background, server.Address()+"/x", server.Username(), "wrong", zreg.LoginOptions{NoCheck: true})
	must(t, err)
}

func TestInspect(t *testing.T) {
	client := newClient(t)
	place := newBuildset(t, client).Address() + "/x/y:1"
	digest := appendImage(t, client, "scratch", place, "one")
	document, err := client.Inspect(background, place)
	must(t, err)
	var facts struct {
		Digest zreg.Digest
		Layers []interface{}
	}
	must(t, json.Unmarshal(document, &facts))
	wantEqual(t, "digest", facts.Digest, digest)
	wantEqual(t, "layers", len(facts.Layers), 1)
}

func TestOneClientManyGoroutines(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	var group sync.WaitGroup
	for i := 0; i < 8; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			data := []byte(fmt.Sprint("blob ", i))
			if err := pushBlob(client, host+"/x/y", data); err != nil {
				t.Error(err)
			}
		}(i)
	}
	group.Wait()
	counters := client.Counters(host)
	if counters.BlobRequests < 16 || counters.Requests < counters.BlobRequests {
		t.Fatalf("%+v", counters)
	}
}

// silentHost takes connections and never answers.
func silentHost(t *testing.T, client *zreg.Client) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	host := listener.Addr().String()
	must(t, client.SetHost(host, zreg.HostOptions{PlainHTTP: true}))
	return host
}

func TestContextEndsACall(t *testing.T) {
	client := newClient(t)
	host := silentHost(t, client)
	ctx, cancel := context.WithTimeout(background, 50*time.Millisecond)
	defer cancel()
	soon(t, func() {
		err := client.Ping(ctx, host)
		wantError(t, err, zreg.ErrCancelled)
		wantError(t, err, context.DeadlineExceeded)
	})
	ctx, cancel = context.WithCancel(background)
	time.AfterFunc(50*time.Millisecond, cancel)
	soon(t, func() {
		_, err := client.Copy(ctx, host+"/x", host+"/y", nil)
		wantError(t, err, zreg.ErrCancelled)
		wantError(t, err, context.Canceled)
	})
}

func TestContextEndsAStream(t *testing.T) {
	client := newClient(t)
	ref := newBuildset(t, client).Address() + "/x/y"
	data := bytes.Repeat([]byte("x"), 32<<20)
	must(t, pushBlob(client, ref, data))
	digest, err := zreg.DigestOf(data)
	must(t, err)
	ctx, cancel := context.WithCancel(background)
	reader, err := client.OpenBlob(ctx, ref, digest)
	must(t, err)
	defer reader.Close()
	_, err = reader.Read(make([]byte, 1))
	must(t, err)
	cancel()
	soon(t, func() {
		_, err = io.Copy(io.Discard, reader)
		wantError(t, err, zreg.ErrCancelled)
		wantError(t, err, context.Canceled)
	})
}

func TestClientClosedWhileACallRuns(t *testing.T) {
	client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true, Attempts: 1})
	must(t, err)
	host := silentHost(t, client)
	ctx, cancel := context.WithCancel(background)
	result := make(chan error)
	go func() { result <- client.Ping(ctx, host) }()
	time.Sleep(20 * time.Millisecond)
	must(t, client.Close())
	cancel()
	wantError(t, <-result, zreg.ErrCancelled)
}

// wantPanic runs what has to panic with "boom".
func wantPanic(t *testing.T, fn func()) {
	t.Helper()
	defer func() {
		t.Helper()
		wantEqual(t, "panic", recover(), "boom")
	}()
	fn()
}

func boomOnce() func() {
	var once sync.Once
	return func() { once.Do(func() { panic("boom") }) }
}

func TestPanicOfTheLogComesOutOfTheCall(t *testing.T) {
	server := newBuildset(t)
	none, err := zreg.DigestOf([]byte("none"))
	must(t, err)
	for _, fn := range []func(client *zreg.Client){
		func(client *zreg.Client) { _ = client.Ping(background, server.Address()) },
		func(client *zreg.Client) {
			_, _ = client.Copy(background, server.Address()+"/x/y:1", server.Address()+"/x/z:1", nil)
		},
		func(client *zreg.Client) {
			_, _ = client.OpenBlob(background, server.Address()+"/x/y", none)
		},
	} {
		boom := boomOnce()
		client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true, Log: func(zreg.LogLevel, string) { boom() }})
		must(t, err)
		must(t, client.Connect(server.Connection()))
		wantPanic(t, func() { fn(client) })
		must(t, client.Ping(background, server.Address())) // it comes out once, and the client goes on
		must(t, client.Close())
	}
}

func TestPanicOfTheAccessLogComesOutOfStop(t *testing.T) {
	for _, options := range []zreg.ServerOptions{
		{Access: func(json.RawMessage) { panic("boom") }},
		{Log: func(zreg.LogLevel, string) { panic("boom") }, Access: func(json.RawMessage) { panic("boom") }},
	} {
		server, err := zreg.StartBuildset(options)
		must(t, err)
		client := newClient(t)
		must(t, client.Connect(server.Connection()))
		must(t, client.Ping(background, server.Address()))
		wantPanic(t, func() { _ = server.Stop(time.Second) })
		must(t, server.Stop(0))
	}
}

func TestFirstErrorOfProgressIsTold(t *testing.T) {
	client := newClient(t)
	host := newBuildset(t, client).Address()
	appendImage(t, client, "scratch", host+"/x/y:1", "one")
	enough, calls := errors.New("enough"), 0
	_, err := client.Copy(background, host+"/x/y:1", host+"/x/z:1", &zreg.CopyOptions{Progress: func(zreg.Progress) error {
		if calls++; calls == 1 {
			return enough
		}
		return nil
	}})
	wantError(t, err, enough)
}
