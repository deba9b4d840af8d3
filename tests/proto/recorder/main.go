// SPDX-License-Identifier: Apache-2.0

// A server that writes down how Go's net/http reads what it is sent: a JSON line for each request that it
// read to its end. It prints its port, and runs until standard input ends.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

type entry struct {
	Client  string // its address
	Proxied bool   // a proxy told it
	Method  string
	Target  string
	Body    int
}

func main() {
	var mutex sync.Mutex
	lines := json.NewEncoder(os.Stdout)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		client, _, _ := net.SplitHostPort(r.RemoteAddr)
		told := r.Header.Get("X-Client")
		if told != "" {
			client = told
		}
		mutex.Lock()
		defer mutex.Unlock()
		lines.Encode(entry{client, told != "", r.Method, r.RequestURI, len(body)})
	}))
	io.Copy(io.Discard, os.Stdin)
}
