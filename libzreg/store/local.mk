# SPDX-License-Identifier: Apache-2.0

if BUILD_SERVER
libzreg_sources += \
	libzreg/store/blob.c \
	libzreg/store/cache.c \
	libzreg/store/cache.h \
	libzreg/store/driver.h \
	libzreg/store/fs.c \
	libzreg/store/fs.h \
	libzreg/store/fs_file.c \
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
