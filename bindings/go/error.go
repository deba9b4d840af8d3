// SPDX-License-Identifier: Apache-2.0

package zreg

import (
	"fmt"

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
	ErrExists      Code = 5  // it is there already and may not be replaced
	ErrConflict    Code = 6  // a condition (expected digest, order of changes) does not hold
	ErrCorrupt     Code = 7  // bytes do not match their digest or size
	ErrLimit       Code = 8  // more was sent or asked for than a limit allows
	ErrNetwork     Code = 9  // name lookup, connection or TLS failed
	ErrProtocol    Code = 10 // the peer broke the protocol
	ErrTimeout     Code = 11 // the peer was silent for too long
	ErrCancelled   Code = 12 // the context ended
	ErrCallback    Code = 13 // a callback asked to stop
	ErrUnsupported Code = 14 // the peer, or this build of the library, cannot do it
	ErrIO          Code = 15 // reading or writing a local file failed
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

	cause error
}

// Error gives the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code.Error()
	}
	return e.Message
}

// Is tells whether the target is the code of this error.
func (e *Error) Is(target error) bool {
	return target == error(e.Code)
}

// Unwrap gives the context's error when the context ended the call, or the error by which a
// callback stopped it.
func (e *Error) Unwrap() error {
	return e.cause
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
		cause:        cause,
	}
}
