// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"encoding/json"
	"runtime/cgo"
	"sync"

	"libzreg.org/zreg/internal/raw"
)

// Progress of a long call.
type Progress struct {
	Phase      string // "copy", "append", "populate", "publish", "upload", "promote"
	Item       string // what was worked on last: a reference or a digest
	BytesDone  uint64
	BytesTotal uint64 // grows while more work is discovered
	BlobsDone  uint32
	BlobsTotal uint32
}

// ProgressFunc receives progress at most about ten times a second and once at the end, before the
// call returns. An error stops the call, whose own error is then both ErrCallback and that error.
type ProgressFunc func(Progress) error

// LogLevel is how important a log line is.
type LogLevel int

// The levels of log lines.
const (
	LogDebug   LogLevel = 0
	LogInfo    LogLevel = 1
	LogWarning LogLevel = 2
	LogError   LogLevel = 3
)

// LogFunc receives a line of log, free of secrets. It may be called by several threads at once, and
// must not call the object that logs. A panic in it comes out of the client's call, that one or the next,
// and out of the server's Stop.
type LogFunc func(level LogLevel, line string)

// callWithProgress is call with the handle by which C reports progress: 0 when nobody listens.
func callWithProgress(ctx context.Context, progress ProgressFunc,
	fn func(handle uint, cancel raw.Cancel, failure raw.Error)) error {
	if progress == nil {
		return call(ctx, func(cancel raw.Cancel, failure raw.Error) { fn(0, cancel, failure) })
	}
	l := &listener{fn: progress}
	handle := cgo.NewHandle(raw.ProgressFunc(l.report))
	defer handle.Delete()
	err := call(ctx, func(cancel raw.Cancel, failure raw.Error) { fn(uint(handle), cancel, failure) })
	l.raise()
	if failure, ok := err.(*Error); ok && failure.Code == ErrCallback {
		failure.cause = l.err
	}
	return err
}

// fault keeps the first panic of callbacks, which cannot pass through C, for whoever may raise it.
type fault struct {
	mutex    sync.Mutex
	panicked interface{}
}

// guard calls fn and says whether it panicked.
func (f *fault) guard(fn func()) (panicked bool) {
	defer func() {
		if value := recover(); value != nil {
			panicked = true
			f.mutex.Lock()
			defer f.mutex.Unlock()
			if f.panicked == nil {
				f.panicked = value
			}
		}
	}()
	fn()
	return false
}

// raise panics as the callback did, once.
func (f *fault) raise() {
	f.mutex.Lock()
	value := f.panicked
	f.panicked = nil
	f.mutex.Unlock()
	if value != nil {
		panic(value)
	}
}

// listener keeps what a progress function did to stop the call.
type listener struct {
	fault
	fn  ProgressFunc
	err error
}

func (l *listener) report(phase, item string, bytesDone, bytesTotal uint64, blobsDone, blobsTotal uint32) int {
	panicked := l.guard(func() {
		err := l.fn(Progress{phase, item, bytesDone, bytesTotal, blobsDone, blobsTotal})
		if l.err == nil {
			l.err = err
		}
	})
	return flag(panicked || l.err != nil)
}

// handles are the callbacks of an object; they live as long as it does. One that panics is called again.
type handles struct {
	fault
	all []cgo.Handle
}

func (h *handles) add(callback interface{}) uint {
	handle := cgo.NewHandle(callback)
	h.all = append(h.all, handle)
	return uint(handle)
}

func (h *handles) log(fn LogFunc) uint {
	if fn == nil {
		return 0
	}
	return h.add(raw.LogFunc(func(level int, line string) {
		h.guard(func() { fn(LogLevel(level), line) })
	}))
}

func (h *handles) access(fn func(json.RawMessage)) uint {
	if fn == nil {
		return 0
	}
	return h.add(raw.AccessFunc(func(line string) {
		h.guard(func() { fn(json.RawMessage(line)) })
	}))
}

func (h *handles) delete() {
	for _, handle := range h.all {
		handle.Delete()
	}
	h.all = nil
}
