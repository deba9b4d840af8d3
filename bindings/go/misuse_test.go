// SPDX-License-Identifier: Apache-2.0

package zreg_test

// Every exported object, method and argument, used wrongly in every way. Each pair of object and misuse runs
// in a process of its own, this test again, so that a signal or a fatal error is seen and named. Methods come
// from reflection and types from the source, so that a new one is tried at once; a type that nobody has told
// how to make fails the test.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"libzreg.org/zreg"
)

// misused are the objects that are alive: how one is made, and what its zero value and nil are.
var misused = map[string]struct {
	make func(w *misuseWorld) interface{}
	zero func() interface{}
	null interface{}
}{
	"Client": {func(w *misuseWorld) interface{} { return w.newClient() }, func() interface{} { return new(zreg.Client) }, (*zreg.Client)(nil)},
	"Server": {func(w *misuseWorld) interface{} { return w.newServer(nil) }, func() interface{} { return new(zreg.Server) }, (*zreg.Server)(nil)},
	"BlobReader": {func(w *misuseWorld) interface{} {
		reader, err := w.client.OpenBlob(background, w.place, w.blob)
		w.must(err)
		return reader
	}, func() interface{} { return new(zreg.BlobReader) }, (*zreg.BlobReader)(nil)},
	"BlobWriter": {func(w *misuseWorld) interface{} {
		writer, err := w.client.CreateBlob(background, w.place, "", zreg.SizeUnknown)
		w.must(err)
		return writer
	}, func() interface{} { return new(zreg.BlobWriter) }, (*zreg.BlobWriter)(nil)},
}

// misusedFunctions are the package's functions.
var misusedFunctions = map[string]interface{}{
	"BuildImage": zreg.BuildImage, "BuildIndex": zreg.BuildIndex,
	"DigestOf": zreg.DigestOf, "NodeApply": zreg.NodeApply, "NodeRevert": zreg.NodeRevert, "NewClient": zreg.NewClient,
	"Features": zreg.Features, "ParseArtifacts": zreg.ParseArtifacts, "ParseDigest": zreg.ParseDigest, "ParseManifest": zreg.ParseManifest,
	"ParseRef": zreg.ParseRef, "Provenance": zreg.Provenance, "StartBuildset": zreg.StartBuildset,
	"StartServer": zreg.StartServer, "TemporaryTag": zreg.TemporaryTag, "Version": zreg.Version, "VersionNumber": zreg.VersionNumber,
}

// misusedValues are all other exported types: memory alone, whose methods are called on the zero value.
var misusedValues = []interface{}{
	zreg.Artifact{}, zreg.Artifacts{}, zreg.Candidate{}, zreg.CleanedTag{}, zreg.CleanupResult{}, zreg.Connection{},
	zreg.CopyResult{}, zreg.Counters{}, zreg.Descriptor{}, zreg.Digest(""), zreg.Error{}, zreg.Code(0), zreg.NodeChange{},
	zreg.NodeChanges{}, zreg.Manifest{}, zreg.Platform{}, zreg.Populated{}, zreg.PopulatedImage{}, zreg.PopulatedItem{},
	zreg.Progress{}, zreg.PromoteResult{}, zreg.PromotedTag{}, zreg.Ref{}, zreg.Resolution{}, zreg.Rights(0), zreg.Rule{},
	zreg.Served{}, zreg.ServedImage{}, zreg.ServerLimits{}, zreg.ZuulBuild{}, zreg.ZuulQuery{}, zreg.Source(0), zreg.TagAPI(0), zreg.LogLevel(0), zreg.Anonymous(0), zreg.Durability(0), zreg.ServedFrom(0),
	zreg.TokenService{}, zreg.SyncState(0), zreg.SyncedTag{}, zreg.VerifiedPart{},
}

var misuses = map[string]func(w *misuseWorld, name string){
	"zero value": func(w *misuseWorld, name string) {
		w.every(name, func() interface{} { return misused[name].zero() })
	},
	"nil":    func(w *misuseWorld, name string) { w.every(name, func() interface{} { return misused[name].null }) },
	"closed": func(w *misuseWorld, name string) { w.every(name, func() interface{} { return w.closed(name, 1) }) },
	"closed twice": func(w *misuseWorld, name string) {
		w.every(name, func() interface{} { return w.closed(name, 2) })
	},
	"copied":                   (*misuseWorld).copied,
	"another thread meanwhile": (*misuseWorld).meanwhile,
	"inside a callback":        (*misuseWorld).inside,
	"wrong arguments":          (*misuseWorld).arguments,
}

type misuseWorld struct {
	server *zreg.Server
	client *zreg.Client
	place  string
	blob   zreg.Digest
	folder string
	cases  int
	mutex  sync.Mutex
}

func (w *misuseWorld) must(err error) {
	if err != nil {
		panic(err)
	}
}

func (w *misuseWorld) newClient() *zreg.Client {
	client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true, Attempts: 1})
	w.must(err)
	if w.server != nil {
		w.must(client.Connect(w.server.Connection()))
	}
	return client
}

func (w *misuseWorld) newServer(access func(json.RawMessage)) *zreg.Server {
	server, err := zreg.StartBuildset(zreg.ServerOptions{PlainHTTP: true, Access: access})
	w.must(err)
	return server
}

func newMisuseWorld(folder string) *misuseWorld {
	w := &misuseWorld{folder: folder}
	w.server = w.newServer(nil)
	w.client = w.newClient()
	w.place = w.server.Address() + "/a/b:1"
	writer, err := w.client.CreateBlob(background, w.place, "", zreg.SizeUnknown)
	w.must(err)
	_, err = writer.Write([]byte("blob"))
	w.must(err)
	w.blob, err = writer.Commit()
	w.must(err)
	_, err = w.client.Append(background, "scratch", nil, w.place, nil)
	w.must(err)
	return w
}

// good gives an argument that could be right. Files are never those of the machine.
func (w *misuseWorld) good(kind reflect.Type) reflect.Value {
	ctx, cancel := context.WithTimeout(background, 5*time.Second)
	_ = cancel
	for _, value := range []interface{}{w.place, w.blob, []string{}, []byte("text"), &zreg.NodeApplyOptions{Root: w.folder, Check: true},
		zreg.ServerOptions{Root: w.folder, PlainHTTP: true}, zreg.ClientOptions{NoAuthFile: true}, w.server.Connection()} {
		if reflect.TypeOf(value) == kind {
			return reflect.ValueOf(value)
		}
	}
	if kind.Kind() == reflect.Interface && kind.NumMethod() > 0 && reflect.TypeOf(ctx).Implements(kind) {
		return reflect.ValueOf(ctx).Convert(kind)
	}
	return reflect.Zero(kind)
}

// wrong gives what an argument of the kind may be that is none.
func (w *misuseWorld) wrong(kind reflect.Type) (values []reflect.Value) {
	add := func(value interface{}) {
		if reflect.TypeOf(value).ConvertibleTo(kind) {
			values = append(values, reflect.ValueOf(value).Convert(kind))
		}
	}
	switch kind.Kind() {
	case reflect.String:
		for _, text := range []string{"", "a\x00b", "a\nb", "\xff\xfe", strings.Repeat("x", 100000), "%s%n", "../..", "é"} {
			add(text)
		}
	case reflect.Int, reflect.Int64:
		for _, number := range []int64{-1, 0, math.MinInt64, math.MaxInt64} {
			add(number)
		}
	case reflect.Uint, reflect.Uint64, reflect.Uint32:
		add(uint64(math.MaxUint64))
	case reflect.Slice:
		values = append(values, reflect.Zero(kind))
		add([]string{"", "a\x00b", "a\nb"})
		add([]byte("\x00\xff{"))
	case reflect.Struct: // each field in turn
		for i := 0; i < kind.NumField(); i++ {
			if !kind.Field(i).IsExported() {
				continue
			}
			for _, value := range w.wrong(kind.Field(i).Type) {
				whole := reflect.New(kind).Elem()
				whole.Set(w.good(kind))
				whole.Field(i).Set(value)
				if kind == reflect.TypeOf(zreg.NodeApplyOptions{}) {
					whole.FieldByName("Check").SetBool(true)
				}
				values = append(values, whole)
			}
		}
	case reflect.Ptr:
		if kind.Elem() != reflect.TypeOf(zreg.NodeApplyOptions{}) {
			values = append(values, reflect.Zero(kind)) // nil there means the machine itself
		}
		if kind.Elem().Kind() == reflect.Struct && misused[kind.Elem().Name()].zero == nil {
			for _, value := range w.wrong(kind.Elem()) {
				pointer := reflect.New(kind.Elem())
				pointer.Elem().Set(value)
				values = append(values, pointer)
			}
		} else if object, is := misused[kind.Elem().Name()]; is {
			values = append(values, reflect.ValueOf(object.zero()))
		}
	case reflect.Interface, reflect.Func:
		values = append(values, reflect.Zero(kind))
	}
	return values
}

// call does one case; a panic that recover catches is as good as an error.
func (w *misuseWorld) call(what string, function reflect.Value, change int, value reflect.Value) {
	w.mutex.Lock()
	w.cases++
	w.mutex.Unlock()
	fmt.Println("case", what)
	defer func() { _ = recover() }()
	kind := function.Type()
	var arguments []reflect.Value
	for i := 0; i < kind.NumIn(); i++ {
		switch {
		case i == change:
			arguments = append(arguments, value)
		case kind.IsVariadic() && i == kind.NumIn()-1:
		default:
			arguments = append(arguments, w.good(kind.In(i)))
		}
	}
	for _, result := range function.Call(arguments) {
		if closer, is := result.Interface().(interface{ Close() error }); is && !result.IsNil() {
			_ = closer.Close()
		}
	}
}

func (w *misuseWorld) every(name string, thing func() interface{}) {
	kind := reflect.TypeOf(thing())
	for i := 0; i < kind.NumMethod(); i++ {
		w.call(name+"."+kind.Method(i).Name, reflect.ValueOf(thing()).Method(i), -1, reflect.Value{})
	}
}

func (w *misuseWorld) closed(name string, times int) interface{} {
	thing := misused[name].make(w)
	for ; times > 0; times-- {
		_ = thing.(interface{ Close() error }).Close()
	}
	return thing
}

// copied closes a copy, within a struct, and the original.
func (w *misuseWorld) copied(name string) {
	kind := reflect.TypeOf(misused[name].null).Elem()
	for i := 0; i < reflect.PtrTo(kind).NumMethod(); i++ {
		thing := reflect.ValueOf(misused[name].make(w))
		holder := reflect.New(reflect.StructOf([]reflect.StructField{
			{Name: "N", Type: reflect.TypeOf(0)}, {Name: "C", Type: kind}})).Elem()
		holder.Field(1).Set(thing.Elem())
		again := holder.Field(1).Addr()
		w.call(name+"."+again.Type().Method(i).Name, again.Method(i), -1, reflect.Value{})
		_ = again.Interface().(interface{ Close() error }).Close()
		w.call(name+"."+again.Type().Method(i).Name, thing.Method(i), -1, reflect.Value{})
		_ = thing.Interface().(interface{ Close() error }).Close()
	}
}

func (w *misuseWorld) meanwhile(name string) {
	kind := reflect.TypeOf(misused[name].null)
	for i := 0; i < kind.NumMethod(); i++ {
		thing := misused[name].make(w)
		var group sync.WaitGroup
		for n := 0; n < 3; n++ {
			group.Add(1)
			go func(n int) {
				defer group.Done()
				if n == 2 {
					_ = thing.(interface{ Close() error }).Close()
					return
				}
				for k := 0; k < 3; k++ {
					w.call(name+"."+kind.Method(i).Name, reflect.ValueOf(thing).Method(i), -1, reflect.Value{})
				}
			}(n)
		}
		group.Wait()
	}
}

// inside calls the object, and the server whose callback it is, within a callback of that server.
func (w *misuseWorld) inside(name string) {
	kind := reflect.TypeOf(misused[name].null)
	for i := 0; i < kind.NumMethod(); i++ {
		var once sync.Once
		var server *zreg.Server
		thing := misused[name].make(w)
		server = w.newServer(func(json.RawMessage) {
			once.Do(func() {
				if name == "Server" {
					thing = server
				}
				w.call(name+"."+kind.Method(i).Name, reflect.ValueOf(thing).Method(i), -1, reflect.Value{})
			})
		})
		client, err := zreg.NewClient(zreg.ClientOptions{NoAuthFile: true, Attempts: 1})
		w.must(err)
		w.must(client.Connect(server.Connection()))
		_ = client.Ping(background, server.Address())
		_ = client.Close()
		_ = server.Close()
	}
}

func (w *misuseWorld) arguments(name string) {
	kind := reflect.TypeOf(misused[name].null)
	for i := 0; i < kind.NumMethod(); i++ {
		w.each(name+"."+kind.Method(i).Name, func() reflect.Value { return reflect.ValueOf(misused[name].make(w)).Method(i) })
	}
}

func (w *misuseWorld) each(what string, function func() reflect.Value) {
	kind := function().Type()
	for i := 0; i < kind.NumIn(); i++ {
		for n, value := range w.wrong(kind.In(i)) {
			w.call(fmt.Sprintf("%s argument %d value %d", what, i+1, n+1), function(), i, value)
		}
	}
}

// functions are those of the package, and the methods of zero values.
func (w *misuseWorld) functions() {
	for name, function := range misusedFunctions {
		function := reflect.ValueOf(function)
		w.call(name, function, -1, reflect.Value{})
		w.each(name, func() reflect.Value { return function })
	}
	for _, value := range misusedValues {
		pointer := reflect.New(reflect.TypeOf(value))
		for i := 0; i < pointer.Type().NumMethod(); i++ {
			what := pointer.Type().Elem().Name() + "." + pointer.Type().Method(i).Name
			w.call(what, pointer.Method(i), -1, reflect.Value{})
			w.each(what, func() reflect.Value { return pointer.Method(i) })
		}
		_ = fmt.Sprintf("%v %+v %#v", value, value, value)
	}
}

const misuseVariable = "ZREG_TEST_MISUSE"

func TestMisuse(t *testing.T) {
	if what, is := os.LookupEnv(misuseVariable); is {
		runMisuse(what, t.TempDir())
		return
	}
	total := 0
	pairs := []string{"functions/"}
	for name := range misused {
		for misuse := range misuses {
			pairs = append(pairs, name+"/"+misuse)
		}
	}
	for _, pair := range pairs {
		t.Run(pair, func(t *testing.T) { total += misuseInProcess(t, pair) })
	}
	fmt.Printf("misuse: %d cases of %d objects, %d functions and %d values x %d misuses\n", total, len(misused),
		len(misusedFunctions), len(misusedValues), len(misuses))
}

func runMisuse(what, folder string) {
	w := newMisuseWorld(folder)
	name, misuse, _ := strings.Cut(what, "/")
	if name == "functions" {
		w.functions()
	} else {
		misuses[misuse](w, name)
	}
	fmt.Println("cases", w.cases)
}

func misuseInProcess(t *testing.T, pair string) int {
	ctx, cancel := context.WithTimeout(background, 2*time.Minute)
	defer cancel()
	again := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestMisuse$", "-test.v")
	again.Env = append(os.Environ(), misuseVariable+"="+pair, "http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9",
		"no_proxy=127.0.0.1")
	again.Dir = t.TempDir()
	var said bytes.Buffer
	again.Stdout, again.Stderr = &said, &said
	err := again.Run()
	found := regexp.MustCompile(`(?m)^cases (\d+)$`).FindStringSubmatch(said.String())
	if err != nil || found == nil {
		t.Fatalf("%v after:\n%s", err, lastCase(said.String()))
	}
	cases, _ := strconv.Atoi(found[1])
	return cases
}

// lastCase gives the case that was being tried and what was said after it.
func lastCase(said string) string {
	if at := strings.LastIndex(said, "\ncase "); at >= 0 {
		said = said[at+1:]
	}
	if len(said) > 3000 {
		said = said[:3000]
	}
	return said
}

// TestMisuseKnowsAll compares the tables above with what the source exports.
func TestMisuseKnowsAll(t *testing.T) {
	known := map[string]bool{"Code": true}
	for name := range misused {
		known[name] = true
	}
	for name := range misusedFunctions {
		known[name] = true
	}
	for _, value := range misusedValues {
		known[reflect.TypeOf(value).Name()] = true
	}
	for _, name := range exported(t) {
		if !known[name] && !strings.HasSuffix(name, "Options") && !strings.HasSuffix(name, "Func") {
			t.Errorf("misuse_test.go does not know how to make a %s: add it to its tables", name)
		}
	}
}

// exported names the types and functions of the package that others see.
func exported(t *testing.T) (names []string) {
	packages, err := parser.ParseDir(token.NewFileSet(), ".", func(info fs.FileInfo) bool {
		return !strings.HasSuffix(info.Name(), "_test.go")
	}, 0)
	must(t, err)
	for _, file := range packages["zreg"].Files {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.IsExported() {
					names = append(names, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if kind, is := spec.(*ast.TypeSpec); is && kind.Name.IsExported() {
						names = append(names, kind.Name.Name)
					}
				}
			}
		}
	}
	return names
}
