// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"sync"

	"libzreg.org/zreg/internal/raw"
)

// SizeUnknown stands for the size of a blob that nobody tells.
const SizeUnknown = math.MaxUint64

// BlobSize gives the size of a blob in the repository of ref.
func (c *Client) BlobSize(ctx context.Context, ref string, digest Digest) (size uint64, err error) {
	err = c.callBlob(ctx, ref, digest, func(ref raw.Ref, digest raw.Digest, cancel raw.Cancel, failure raw.Error) {
		size = raw.Blob_head(c.raw, ref, digest, cancel, failure)
	})
	return size, err
}

// MountBlob makes a blob of repository from appear in the repository of ref on the same host. It
// gives false when the registry would want an upload instead; that is no error.
func (c *Client) MountBlob(ctx context.Context, ref string, digest Digest, from string) (mounted bool, err error) {
	err = c.callBlob(ctx, ref, digest, func(ref raw.Ref, digest raw.Digest, cancel raw.Cancel, failure raw.Error) {
		mounted = raw.Blob_mount(c.raw, ref, digest, from, cancel, failure) != 0
	})
	return mounted, err
}

// DeleteBlob deletes a blob from the repository of ref.
func (c *Client) DeleteBlob(ctx context.Context, ref string, digest Digest) error {
	return c.callBlob(ctx, ref, digest, func(ref raw.Ref, digest raw.Digest, cancel raw.Cancel, failure raw.Error) {
		raw.Blob_delete(c.raw, ref, digest, cancel, failure)
	})
}

func (c *Client) callBlob(ctx context.Context, ref string, digest Digest,
	fn func(ref raw.Ref, digest raw.Digest, cancel raw.Cancel, failure raw.Error)) error {
	return c.callRef(ctx, ref, func(ref raw.Ref, cancel raw.Cancel, failure raw.Error) {
		withDigest(digest, failure, func(parsed raw.Digest) { fn(ref, parsed, cancel, failure) })
	})
}

// stream is what a blob being pulled and a blob being pushed have in common. Its context is that of
// the call that opened it, and ends it at any time.
type stream struct {
	client *Client
	stop   context.CancelFunc
	token  *token
	free   func() // must not hold on to the stream, which has a finalizer

	mutex sync.Mutex
	ended error // what every further call gives
}

var (
	errStreamClosed    = fmt.Errorf("zreg: blob: %w", os.ErrClosed)
	errStreamCommitted = invalid("the blob was committed already")
)

// open takes a hold of the client and the context for the life of the stream.
func (s *stream) open(ctx context.Context, client *Client,
	fn func(cancel raw.Cancel, failure raw.Error)) (err error) {
	if ctx == nil {
		return invalid("the context is nil; use context.Background()")
	}
	if err = client.acquire(); err != nil {
		return err
	}
	s.client = client
	ctx, s.stop = context.WithCancel(ctx)
	if s.token, err = newToken(ctx); err == nil {
		err = s.token.run(fn)
	}
	if err != nil {
		s.let()
		client.callbacks.raise() // else the next call does
	}
	return err
}

func (s *stream) let() {
	if s.token != nil {
		s.token.close()
	}
	s.stop()
	s.client.release()
}

// run calls fn unless the stream has ended. An error ends it.
func (s *stream) run(fn func(failure raw.Error)) error {
	if s == nil {
		return errNeverMade
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.ended == nil {
		s.ended = s.token.run(func(_ raw.Cancel, failure raw.Error) { fn(failure) })
		s.client.callbacks.raise()
	}
	return s.ended
}

func (s *stream) end(err error) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ended = err
	return err
}

// close ends the transfer wherever it is.
func (s *stream) close() error {
	if s == nil {
		return errNeverMade
	}
	if !s.mutex.TryLock() {
		s.stop() // a read or write is waiting on another goroutine
		s.mutex.Lock()
	}
	defer s.mutex.Unlock()
	if s.free != nil {
		s.free()
		s.free = nil
		s.ended = errStreamClosed
		s.let()
	}
	return nil
}

// BlobReader is a blob being pulled. Its end, io.EOF, comes only after the digest was found right; of a
// part of a blob nothing is verified.
type BlobReader struct {
	*stream
	raw raw.Blob_reader
}

var _ io.ReadCloser = (*BlobReader)(nil)

// OpenBlob opens a blob of the repository of ref for reading. The context holds until Close.
func (c *Client) OpenBlob(ctx context.Context, ref string, digest Digest) (*BlobReader, error) {
	return c.openBlob(ctx, ref, digest, func(ref raw.Ref, digest raw.Digest, cancel raw.Cancel, failure raw.Error) raw.Blob_reader {
		return raw.Blob_open(c.raw, ref, digest, cancel, failure)
	})
}

// OpenBlobRange opens length bytes of a blob from byte offset on; SizeUnknown means up to its end.
// Fewer come only where the blob ends. They are not verified: the digest is that of the whole.
func (c *Client) OpenBlobRange(ctx context.Context, ref string, digest Digest, offset, length uint64) (*BlobReader, error) {
	return c.openBlob(ctx, ref, digest, func(ref raw.Ref, digest raw.Digest, cancel raw.Cancel, failure raw.Error) raw.Blob_reader {
		return raw.Blob_open_range(c.raw, ref, digest, offset, length, cancel, failure)
	})
}

func (c *Client) openBlob(ctx context.Context, ref string, digest Digest,
	fn func(ref raw.Ref, digest raw.Digest, cancel raw.Cancel, failure raw.Error) raw.Blob_reader) (*BlobReader, error) {
	r := &BlobReader{stream: new(stream)}
	err := r.open(ctx, c, func(cancel raw.Cancel, failure raw.Error) {
		withRef(ref, failure, func(ref raw.Ref) {
			withDigest(digest, failure, func(digest raw.Digest) { r.raw = fn(ref, digest, cancel, failure) })
		})
	})
	if err != nil {
		return nil, err
	}
	reader := r.raw
	r.free = func() { raw.Blob_reader_free(reader) }
	runtime.SetFinalizer(r.stream, (*stream).close)
	return r, nil
}

// Close ends the transfer wherever it is. Closing twice is fine.
func (r *BlobReader) Close() error { return r.of().close() }

func (r *BlobReader) of() *stream {
	if r == nil {
		return nil
	}
	return r.stream
}

// Read reads some bytes, at least one. Errors: ErrCorrupt when digest or size do not match.
func (r *BlobReader) Read(buffer []byte) (count int, err error) {
	if len(buffer) == 0 {
		return 0, nil
	}
	err = r.of().run(func(failure raw.Error) { count = int(raw.Blob_read(r.raw, buffer, failure)) })
	if err == nil && count == 0 {
		err = r.of().end(io.EOF)
	}
	return count, err
}

// Size is the size in bytes of the blob, or of the part that was opened, or SizeUnknown when the registry did not tell.
func (r *BlobReader) Size() (size uint64) {
	size = SizeUnknown
	_ = r.of().run(func(raw.Error) { size = raw.Blob_size(r.raw) })
	return size
}

// BlobWriter is a blob being pushed. Without Commit, Close abandons it.
type BlobWriter struct {
	*stream
	raw raw.Blob_writer
}

var _ io.WriteCloser = (*BlobWriter)(nil)

// CreateBlob starts to push a blob into the repository of ref. With a digest and a size (or
// SizeUnknown) Commit succeeds only if both turn out right; the digest "" is computed. The context
// holds until Close.
func (c *Client) CreateBlob(ctx context.Context, ref string, digest Digest, size uint64) (*BlobWriter, error) {
	w := &BlobWriter{stream: new(stream)}
	err := w.open(ctx, c, func(cancel raw.Cancel, failure raw.Error) {
		withRef(ref, failure, func(ref raw.Ref) {
			w.raw = raw.Blob_create(c.raw, ref, string(digest), size, cancel, failure)
		})
	})
	if err != nil {
		return nil, err
	}
	writer := w.raw
	w.free = func() { raw.Blob_writer_free(writer) }
	runtime.SetFinalizer(w.stream, (*stream).close)
	return w, nil
}

// Close ends the transfer wherever it is. Closing twice is fine.
func (w *BlobWriter) Close() error { return w.of().close() }

func (w *BlobWriter) of() *stream {
	if w == nil {
		return nil
	}
	return w.stream
}

// Write sends all bytes and waits until they are taken.
func (w *BlobWriter) Write(bytes []byte) (int, error) {
	if err := w.of().run(func(failure raw.Error) { raw.Blob_write(w.raw, bytes, failure) }); err != nil {
		return 0, err
	}
	return len(bytes), nil
}

// Commit finishes the push and gives the digest.
func (w *BlobWriter) Commit() (digest Digest, err error) {
	err = w.of().run(func(failure raw.Error) {
		out := raw.NewDigest()
		defer raw.DeleteDigest(out)
		raw.Blob_commit(out, w.raw, failure)
		digest = Digest(out.GetText())
	})
	if err != nil {
		return "", err
	}
	_ = w.of().end(errStreamCommitted)
	return digest, nil
}
