// SPDX-License-Identifier: Apache-2.0

// Package zreg runs the container image gating workflow of Zuul: a registry client, a registry
// server in this process, speculative resolution, and the steps of the gate. It is libzreg for Go.
//
//	client, err := zreg.NewClient(zreg.ClientOptions{})
//	...
//	defer client.Close()
//	result, err := client.Copy(ctx, "quay.io/x/y:1", "127.0.0.1:5000/x/y:1", nil)
//
// Every call that waits takes a context first. When the context ends, the call returns within
// 100 ms, and its error is both ErrCancelled and the context's own error, by errors.Is.
//
// A Client may be used from many goroutines at once. So may Close, everywhere; closing twice is
// fine. All else is for one goroutine at a time.
//
// Building it needs a C compiler, SWIG 4 and `pkg-config zreg`.
package zreg

import "libzreg.org/zreg/internal/raw"

// Version is the version of the library that is running, such as "0.1.0".
func Version() string {
	return raw.Version()
}

// VersionNumber is the same as one number that is greater for each later version: 0x000100 for 0.1.0.
func VersionNumber() uint {
	return raw.Version_number()
}

// Features are what this build of the library can do, and what does it there: "http", "tls", "http2",
// "server".
func Features() map[string]string {
	found := map[string]string{}
	for i := int64(0); raw.Feature_name(i) != ""; i++ {
		name := raw.Feature_name(i)
		found[name] = raw.Feature(name)
	}
	return found
}
