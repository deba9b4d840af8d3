# SPDX-License-Identifier: Apache-2.0

zreg_headers += \
	libzreg/zreg/version.h

libzreg_sources += \
	libzreg/base/version.c
