// SPDX-License-Identifier: Apache-2.0

// Package raw is libzreg through SWIG: C names, C manners. Only package zreg uses it.
//
// A callback is a Go function in a cgo.Handle. C keeps the handle's number, never a Go pointer.
package raw

// -I/usr/include is for SWIG, which does not look there by itself; pkg-config leaves it out.

// #cgo pkg-config: zreg
// #cgo CFLAGS: -I/usr/include
// #include <stdint.h>
import "C"

import (
	"runtime/cgo"
	"strings"
)

// ProgressFunc receives progress; anything but 0 stops the call.
type ProgressFunc func(phase, item string, bytesDone, bytesTotal uint64, blobsDone, blobsTotal uint32) int

// LogFunc receives a line of log, from any thread.
type LogFunc func(level int, line string)

// AccessFunc receives a line of the access log, from any thread.
type AccessFunc func(line string)

//export zregGoProgress
func zregGoProgress(handle C.uintptr_t, phase, item *C.char, bytesDone, bytesTotal C.uint64_t, blobsDone, blobsTotal C.uint32_t) C.int {
	report := cgo.Handle(handle).Value().(ProgressFunc)
	return C.int(report(C.GoString(phase), C.GoString(item), uint64(bytesDone), uint64(bytesTotal),
		uint32(blobsDone), uint32(blobsTotal)))
}

//export zregGoLog
func zregGoLog(handle C.uintptr_t, level C.int, line *C.char) {
	cgo.Handle(handle).Value().(LogFunc)(int(level), C.GoString(line))
}

//export zregGoAccess
func zregGoAccess(handle C.uintptr_t, line *C.char) {
	cgo.Handle(handle).Value().(AccessFunc)(C.GoString(line))
}

// NulError is the panic on a text that C would cut short.
type NulError string

// RangeError is the panic on a number that C would cut short.
type RangeError uint64

// narrow gives the number back if C can have it whole.
func narrow(number uint) uint {
	if uint64(number) > 1<<32-1 {
		panic(RangeError(number))
	}
	return number
}

// checked gives the text back if C can have it whole.
func checked(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		panic(NulError(text))
	}
	return text
}

// joined makes the bytes of a zreg_go_list.
func joined(texts []string) []byte {
	var bytes []byte
	for _, text := range texts {
		bytes = append(append(bytes, checked(text)...), 0)
	}
	return bytes
}
