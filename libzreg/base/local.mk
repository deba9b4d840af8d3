# SPDX-License-Identifier: Apache-2.0

zreg_headers += \
	libzreg/zreg/artifact.h \
	libzreg/zreg/blob.h \
	libzreg/zreg/cancel.h \
	libzreg/zreg/client.h \
	libzreg/zreg/common.h \
	libzreg/zreg/copy.h \
	libzreg/zreg/digest.h \
	libzreg/zreg/gate.h \
	libzreg/zreg/manifest.h \
	libzreg/zreg/ref.h \
	libzreg/zreg/resolve.h \
	libzreg/zreg/server.h

libzreg_sources += \
	libzreg/base/compiler.h \
	libzreg/base/limits.h \
	libzreg/base/version.c
