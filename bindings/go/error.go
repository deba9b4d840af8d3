// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"libzreg.org/zreg/internal/raw"
)

// Code says what kind of failure an error is. It is an error itself: errors.Is(err, ErrNotFound).
type Code int

// The kinds of failure, told apart by what a caller does about them.
const (
	ErrNoMemory    Code = 1  // memory ran out
	ErrInvalid     Code = 2  // an argument or a document given by the caller is wrong
	ErrNotFound    Code = 3  // the named thing does not exist, or may not be seen
	ErrDenied      Code = 4  // credentials are missing, wrong or not sufficient
	ErrConflict    Code = 5  // a condition (expected digest, order of changes) does not hold
	ErrCorrupt     Code = 6  // bytes do not match their digest or size
	ErrLimit       Code = 7  // something is larger, or there are more of it, than a limit allows
	ErrUnknownHost Code = 8  // no address was found for the name of a host
	ErrNetwork     Code = 9  // no connection, or it was lost
	ErrTLS         Code = 10 // TLS could not be agreed on, or the peer's certificate not trusted
	ErrProtocol    Code = 11 // the peer broke the protocol
	ErrPeer        Code = 12 // the peer itself failed (HTTP 5xx)
	ErrBusy        Code = 13 // the peer wants to be asked later (HTTP 429, 503)
	ErrTimeout     Code = 14 // the peer was silent for too long, or the context's deadline passed
	ErrCancelled   Code = 15 // the context ended
	ErrCallback    Code = 16 // a callback asked to stop
	ErrUnsupported Code = 17 // the peer, or this build of the library, cannot do it
	ErrIO          Code = 18 // the system refused: reading or writing a file, opening a socket
)

// Error gives the code's name, such as "NOTFOUND".
func (c Code) Error() string {
	return raw.Status_name(int(c))
}

// Error is what every failing call returns. It never holds a secret.
type Error struct {
	Code         Code
	HTTPStatus   int    // the HTTP status that caused it, or 0
	RegistryCode string // the registry's own code, such as "MANIFEST_UNKNOWN", or ""
	Message      string // one line for people: names the thing, says what to do
	About        string // the HOST:PORT or the file that it was met at, or ""
	Retryable    bool   // the same call may well succeed later

	RetryAfter time.Duration // how long the peer wants to be left alone; 0: it did not tell
	Errno      syscall.Errno // what the system said, or 0

	cause error
}

// Error gives the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code.Error()
	}
	return e.Message
}

// Is tells whether the target is the code of this error, or stands for what the system said, such as
// fs.ErrNotExist.
func (e *Error) Is(target error) bool {
	return target == error(e.Code) || e.Errno != 0 && e.Errno.Is(target)
}

// Unwrap gives the context's error when the context ended the call, or the error by which a
// callback stopped it.
func (e *Error) Unwrap() error {
	return e.cause
}

// Timeout tells that time ran out: the peer was silent for too long, or the context's deadline passed.
// With it an Error is what net.Error wants.
func (e *Error) Timeout() bool {
	return e.Code == ErrTimeout || errors.Is(e.cause, context.DeadlineExceeded)
}

func invalid(format string, args ...interface{}) error {
	return &Error{Code: ErrInvalid, Message: fmt.Sprintf(format, args...)}
}

// failed makes a Go error of what C left in failure: nil when it left nothing.
func failed(failure raw.Error, cause error) error {
	code := Code(failure.GetCode())
	if code == 0 {
		return nil
	}
	return &Error{
		Code:         code,
		HTTPStatus:   failure.GetHttp_status(),
		RegistryCode: failure.GetRegistry_code(),
		Message:      failure.GetMessage(),
		About:        failure.GetAbout(),
		Retryable:    failure.GetRetryable() != 0,
		RetryAfter:   time.Duration(failure.GetRetry_after_ms()) * time.Millisecond,
		Errno:        syscall.Errno(failure.GetOs_error()),
		cause:        cause,
	}
}
