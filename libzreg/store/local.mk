# SPDX-License-Identifier: Apache-2.0

if BUILD_SERVER
libzreg_sources += \
	libzreg/store/below.c \
	libzreg/store/below.h \
	libzreg/store/blob.c \
	libzreg/store/cache.c \
	libzreg/store/cache.h \
	libzreg/store/delete.c \
	libzreg/store/driver.h \
	libzreg/store/fs.c \
	libzreg/store/fs.h \
	libzreg/store/fs_file.c \
	libzreg/store/guard.c \
	libzreg/store/guard.h \
	libzreg/store/health.c \
	libzreg/store/health.h \
	libzreg/store/inside.h \
	libzreg/store/keys.c \
	libzreg/store/keys.h \
	libzreg/store/manifest.c \
	libzreg/store/page.c \
	libzreg/store/page.h \
	libzreg/store/repository.c \
	libzreg/store/revision.c \
	libzreg/store/revision.h \
	libzreg/store/store.c \
	libzreg/store/store.h \
	libzreg/store/tag.c \
	libzreg/store/upload.c
endif
