// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"

	"libzreg.org/zreg/internal/raw"
)

// call runs fn, which calls C with the token and the error it is given, and makes Go's error and
// Go's cancellation of what C says.
func call(ctx context.Context, fn func(cancel raw.Cancel, failure raw.Error)) (err error) {
	token, err := newToken(ctx)
	if err != nil {
		return err
	}
	defer token.close()
	return token.run(fn)
}

// compute is call for what never waits.
func compute(fn func(failure raw.Error)) error {
	return new(token).run(func(_ raw.Cancel, failure raw.Error) { fn(failure) })
}

// token joins a context to a zreg_cancel. The zero token is never cancelled.
type token struct {
	ctx    context.Context
	cancel raw.Cancel
	stop   chan struct{} // closed to end the watcher
	ended  chan struct{} // closed by the watcher
}

// newToken watches ctx, if it can end at all, with a goroutine that lives until close.
func newToken(ctx context.Context) (*token, error) {
	if ctx == nil {
		return nil, invalid("the context is nil; use context.Background()")
	}
	if err := ctx.Err(); err != nil {
		cause := ended(ctx)
		return nil, &Error{Code: ErrCancelled, Message: cause.Error(), cause: cause}
	}
	t := &token{ctx: ctx}
	if ctx.Done() == nil {
		return t, nil
	}
	err := compute(func(failure raw.Error) { t.cancel = raw.Cancel_new(failure) })
	if err != nil {
		return nil, err
	}
	t.stop, t.ended = make(chan struct{}), make(chan struct{})
	go t.watch()
	return t, nil
}

func (t *token) watch() {
	defer close(t.ended)
	select {
	case <-t.ctx.Done():
		raw.Cancel_trigger(t.cancel)
	case <-t.stop:
	}
}

// run calls fn and gives its failure, with the context's error as the cause of a cancellation.
func (t *token) run(fn func(cancel raw.Cancel, failure raw.Error)) (err error) {
	failure := raw.NewError()
	defer raw.DeleteError(failure)
	defer func() {
		switch panicked := recover().(type) {
		case nil:
		case raw.NulError:
			err = invalid("%q holds a NUL byte", string(panicked))
		case raw.RangeError:
			err = invalid("%d is out of range", uint64(panicked))
		default:
			panic(panicked)
		}
	}()
	fn(t.cancel, failure)
	cause := t.cause(failure)
	err = failed(failure, cause)
	if cause != nil {
		err.(*Error).Message += ": " + cause.Error()
	}
	return err
}

func (t *token) cause(failure raw.Error) error {
	if t.ctx == nil || Code(failure.GetCode()) != ErrCancelled {
		return nil
	}
	if t.ctx.Err() == nil {
		return nil
	}
	return ended(t.ctx)
}

// close joins the watcher and frees the zreg_cancel: nothing may use it any more.
func (t *token) close() {
	if t.cancel == nil {
		return
	}
	close(t.stop)
	<-t.ended
	raw.Cancel_free(t.cancel)
	t.cancel = nil
}

// contextError is why a context ended: its own error, and what context.Cause tells beside it.
type contextError struct {
	error
	cause error
}

func (e contextError) Unwrap() error { return e.error }

func (e contextError) Is(target error) bool { return errors.Is(e.cause, target) }

func (e contextError) As(target interface{}) bool { return errors.As(e.cause, target) }

func (e contextError) Error() string { return e.error.Error() + ": " + e.cause.Error() }

// ended gives the error of a context that has ended.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), causeOf(ctx)
	if cause == nil || cause == err {
		return err
	}
	return contextError{err, cause}
}

// resource is a C object that may be closed while other goroutines still use it: the last one out
// frees it. What has it holds a pointer, so that a copy is the same object; nil was never made.
type resource struct {
	mutex  sync.Mutex
	name   string
	users  int
	closed bool
	free   func()
}

// newResource closes itself when it is forgotten.
func newResource(name string, free func()) *resource {
	r := &resource{name: name, free: free}
	runtime.SetFinalizer(r, (*resource).close)
	return r
}

var errNeverMade = invalid("it was never made, or is nil; it is made by NewClient, StartServer, StartBuildset, " +
	"OpenBlob or CreateBlob")

func (r *resource) acquire() error {
	if r == nil {
		return errNeverMade
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.closed {
		return fmt.Errorf("zreg: %s: %w", r.name, os.ErrClosed)
	}
	r.users++
	return nil
}

func (r *resource) release() {
	r.mutex.Lock()
	r.users--
	last := r.closed && r.users == 0
	r.mutex.Unlock()
	if last {
		r.free()
	}
}

// close frees the object now or when its last user is done. It gives false, and does nothing, when
// it was closed before.
func (r *resource) close() bool {
	if r == nil {
		return false
	}
	r.mutex.Lock()
	first := !r.closed
	r.closed = true
	now := first && r.users == 0
	r.mutex.Unlock()
	if now {
		r.free()
	}
	return first
}
