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
	libzreg/server/audit.c \
	libzreg/server/audit.h \
	libzreg/server/authority.c \
	libzreg/server/authority.h \
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
	libzreg/server/identity.c \
	libzreg/server/identity.h \
	libzreg/server/health.c \
	libzreg/server/health.h \
	libzreg/server/inside.h \
	libzreg/server/issuer.c \
	libzreg/server/issuer.h \
	libzreg/server/jwt.c \
	libzreg/server/jwt.h \
	libzreg/server/life.c \
	libzreg/server/life.h \
	libzreg/server/limits.c \
	libzreg/server/limits.h \
	libzreg/server/lists.c \
	libzreg/server/manifests.c \
	libzreg/server/metrics.c \
	libzreg/server/metrics.h \
	libzreg/server/metrics_text.c \
	libzreg/server/monitor.c \
	libzreg/server/monitor.h \
	libzreg/server/mounts.c \
	libzreg/server/mounts.h \
	libzreg/server/origins.c \
	libzreg/server/origins.h \
	libzreg/server/passwords.c \
	libzreg/server/passwords.h \
	libzreg/server/pattern.c \
	libzreg/server/pattern.h \
	libzreg/server/proofs.c \
	libzreg/server/proofs.h \
	libzreg/server/query.c \
	libzreg/server/query.h \
	libzreg/server/reload.c \
	libzreg/server/reload.h \
	libzreg/server/rights.c \
	libzreg/server/rights.h \
	libzreg/server/rights_inside.h \
	libzreg/server/rights_new.c \
	libzreg/server/routes.c \
	libzreg/server/routes.h \
	libzreg/server/send.c \
	libzreg/server/send.h \
	libzreg/server/server.c \
	libzreg/server/server_end.c \
	libzreg/server/server_name.c \
	libzreg/server/slots.c \
	libzreg/server/slots.h \
	libzreg/server/target.c \
	libzreg/server/target.h \
	libzreg/server/throttle.c \
	libzreg/server/throttle.h \
	libzreg/server/uploads.c \
	libzreg/server/users.c \
	libzreg/server/users.h
else
libzreg_sources += \
	libzreg/server/disabled.c
endif
