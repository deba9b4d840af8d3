# SPDX-License-Identifier: Apache-2.0
# The module is installed as sources: `go build` of a program makes it, SWIG's part included.

if BUILD_GO
godir = $(datadir)/zreg/go
go_DATA = \
	bindings/go/artifact.go \
	bindings/go/blob.go \
	bindings/go/call.go \
	bindings/go/cause.go \
	bindings/go/cause_go119.go \
	bindings/go/callback.go \
	bindings/go/cleanup.go \
	bindings/go/client.go \
	bindings/go/copy.go \
	bindings/go/doc.go \
	bindings/go/error.go \
	bindings/go/gate.go \
	bindings/go/go.mod \
	bindings/go/node.go \
	bindings/go/manifest.go \
	bindings/go/manifest_build.go \
	bindings/go/promote.go \
	bindings/go/provenance.go \
	bindings/go/ref.go \
	bindings/go/resolve.go \
	bindings/go/rights.go \
	bindings/go/server.go \
	bindings/go/server_options.go \
	bindings/go/export.go \
	bindings/go/sync.go \
	bindings/go/text.go \
	bindings/go/zuul.go

gorawdir = $(godir)/internal/raw
goraw_DATA = \
	bindings/go/internal/raw/raw.go \
	bindings/go/internal/raw/raw.swig \
	bindings/go/internal/raw/shim.c \
	bindings/go/internal/raw/shim.h \
	bindings/go/internal/raw/shim_build.c \
	bindings/go/internal/raw/shim_node.c \
	bindings/go/internal/raw/shim_inside.h \
	bindings/go/internal/raw/shim_manifest.c \
	bindings/go/internal/raw/shim_promote.c \
	bindings/go/internal/raw/shim_server.c \
	bindings/go/internal/raw/shim_sync.c \
	bindings/go/internal/raw/shim_tags.c

if BUILD_SERVER
TESTS += bindings/go/test.sh
endif
endif
