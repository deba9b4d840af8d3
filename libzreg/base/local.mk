# SPDX-License-Identifier: Apache-2.0

zreg_headers += \
	libzreg/zreg/artifact.h \
	libzreg/zreg/blob.h \
	libzreg/zreg/cancel.h \
	libzreg/zreg/cleanup.h \
	libzreg/zreg/client.h \
	libzreg/zreg/common.h \
	libzreg/zreg/copy.h \
	libzreg/zreg/digest.h \
	libzreg/zreg/gate.h \
	libzreg/zreg/node.h \
	libzreg/zreg/login.h \
	libzreg/zreg/manifest.h \
	libzreg/zreg/populate.h \
	libzreg/zreg/promote.h \
	libzreg/zreg/provenance.h \
	libzreg/zreg/ref.h \
	libzreg/zreg/referrers.h \
	libzreg/zreg/resolve.h \
	libzreg/zreg/server.h \
	libzreg/zreg/server_options.h \
	libzreg/zreg/sync.h \
	libzreg/zreg/verify.h \
	libzreg/zreg/version.h \
	libzreg/zreg/zuul.h

libzreg_sources += \
	libzreg/base/buf.c \
	libzreg/base/buf.h \
	libzreg/base/cancel.c \
	libzreg/base/cancel.h \
	libzreg/base/clock.c \
	libzreg/base/clock.h \
	libzreg/base/compiler.h \
	libzreg/base/counter.h \
	libzreg/base/error.c \
	libzreg/base/error.h \
	libzreg/base/file.c \
	libzreg/base/file.h \
	libzreg/base/fork.c \
	libzreg/base/fork.h \
	libzreg/base/hash.c \
	libzreg/base/hash.h \
	libzreg/base/json.c \
	libzreg/base/json.h \
	libzreg/base/json_build.c \
	libzreg/base/json_case.c \
	libzreg/base/json_parse.c \
	libzreg/base/json_print.c \
	libzreg/base/json_text.c \
	libzreg/base/json_text.h \
	libzreg/base/limits.h \
	libzreg/base/log.c \
	libzreg/base/log.h \
	libzreg/base/map.c \
	libzreg/base/map.h \
	libzreg/base/mem.c \
	libzreg/base/mem.h \
	libzreg/base/options.c \
	libzreg/base/options.h \
	libzreg/base/pool.c \
	libzreg/base/pool.h \
	libzreg/base/process.c \
	libzreg/base/process.h \
	libzreg/base/random.c \
	libzreg/base/random.h \
	libzreg/base/str.c \
	libzreg/base/str.h \
	libzreg/base/strings.c \
	libzreg/base/strings.h \
	libzreg/base/turn.c \
	libzreg/base/turn.h \
	libzreg/base/utf8.c \
	libzreg/base/utf8.h \
	libzreg/base/version.c \
	libzreg/base/word.h
