// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"encoding/json"
	"runtime/cgo"

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
// must not call the object that logs.
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
	if l.panicked != nil {
		panic(l.panicked)
	}
	if failure, ok := err.(*Error); ok && failure.Code == ErrCallback {
		failure.cause = l.err
	}
	return err
}

// listener keeps what a progress function did to stop the call, because neither an error nor a
// panic can pass through C.
type listener struct {
	fn       ProgressFunc
	err      error
	panicked interface{}
}

func (l *listener) report(phase, item string, bytesDone, bytesTotal uint64, blobsDone, blobsTotal uint32) (stop int) {
	defer func() {
		if l.panicked = recover(); l.panicked != nil {
			stop = 1
		}
	}()
	l.err = l.fn(Progress{phase, item, bytesDone, bytesTotal, blobsDone, blobsTotal})
	if l.err != nil {
		return 1
	}
	return 0
}

// handles are the callbacks of an object; they live as long as it does.
type handles []cgo.Handle

func (h *handles) add(callback interface{}) uint {
	handle := cgo.NewHandle(callback)
	*h = append(*h, handle)
	return uint(handle)
}

func (h *handles) log(fn LogFunc) uint {
	if fn == nil {
		return 0
	}
	return h.add(raw.LogFunc(func(level int, line string) { fn(LogLevel(level), line) }))
}

func (h *handles) access(fn func(json.RawMessage)) uint {
	if fn == nil {
		return 0
	}
	return h.add(raw.AccessFunc(func(line string) { fn(json.RawMessage(line)) }))
}

func (h *handles) delete() {
	for _, handle := range *h {
		handle.Delete()
	}
	*h = nil
}
