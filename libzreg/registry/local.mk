# SPDX-License-Identifier: Apache-2.0

libzreg_sources += \
	libzreg/registry/auth.c \
	libzreg/registry/auth.h \
	libzreg/registry/authfile.c \
	libzreg/registry/authfile.h \
	libzreg/registry/blob.c \
	libzreg/registry/blob.h \
	libzreg/registry/blob_reader.c \
	libzreg/registry/blob_writer.c \
	libzreg/registry/client.c \
	libzreg/registry/client.h \
	libzreg/registry/client_inner.h \
	libzreg/registry/client_manifest.c \
	libzreg/registry/client_lists.c \
	libzreg/registry/credentials.c \
	libzreg/registry/credentials.h \
	libzreg/registry/helper.c \
	libzreg/registry/helper.h \
	libzreg/registry/homes.c \
	libzreg/registry/homes.h \
	libzreg/registry/host.c \
	libzreg/registry/host.h \
	libzreg/registry/pages.c \
	libzreg/registry/pages.h \
	libzreg/registry/quirks.c \
	libzreg/registry/quirks.h \
	libzreg/registry/realm.c \
	libzreg/registry/realm.h \
	libzreg/registry/referrers.c \
	libzreg/registry/referrers.h \
	libzreg/registry/request.c \
	libzreg/registry/request.h \
	libzreg/registry/retry.c \
	libzreg/registry/retry.h \
	libzreg/registry/scope.c \
	libzreg/registry/scope.h \
	libzreg/registry/tagapi.c \
	libzreg/registry/tagapi.h \
	libzreg/registry/tagapi_hub.c \
	libzreg/registry/tagapi_quay.c \
	libzreg/registry/token.c \
	libzreg/registry/token.h \
	libzreg/registry/web.c \
	libzreg/registry/web.h \
	libzreg/registry/vendor.c
