# SPDX-License-Identifier: Apache-2.0

# Without the server the public functions of zreg/server.h stay, and answer ZREG_UNSUPPORTED.
libzreg_sources += \
	libzreg/server/server.h
if BUILD_SERVER
libzreg_sources += \
	libzreg/server/access.c \
	libzreg/server/access.h \
	libzreg/server/accesslog.c \
	libzreg/server/accesslog.h \
	libzreg/server/base.c \
	libzreg/server/bearer.c \
	libzreg/server/bearer.h \
	libzreg/server/bearer_get.c \
	libzreg/server/blobs.c \
	libzreg/server/buildset.c \
	libzreg/server/buildset.h \
	libzreg/server/call.c \
	libzreg/server/call.h \
	libzreg/server/certificate.c \
	libzreg/server/certificate.h \
	libzreg/server/dispatch.c \
	libzreg/server/dispatch.h \
	libzreg/server/handlers.h \
	libzreg/server/inside.h \
	libzreg/server/life.c \
	libzreg/server/life.h \
	libzreg/server/lists.c \
	libzreg/server/manifests.c \
	libzreg/server/origins.c \
	libzreg/server/origins.h \
	libzreg/server/query.c \
	libzreg/server/query.h \
	libzreg/server/routes.c \
	libzreg/server/routes.h \
	libzreg/server/server.c \
	libzreg/server/server_end.c \
	libzreg/server/target.c \
	libzreg/server/target.h \
	libzreg/server/uploads.c \
	libzreg/server/users.c \
	libzreg/server/users.h
else
libzreg_sources += \
	libzreg/server/disabled.c
endif
