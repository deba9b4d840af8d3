# SPDX-License-Identifier: Apache-2.0

libzreg_sources += \
	libzreg/http/features.c \
	libzreg/http/fetch.c \
	libzreg/http/fetch.h \
	libzreg/http/fetch_address.c \
	libzreg/http/fetch_address.h \
	libzreg/http/fetch_answer.c \
	libzreg/http/fetch_exchange.c \
	libzreg/http/fetch_inner.h \
	libzreg/http/fetch_setup.c \
	libzreg/http/fetch_trust.c \
	libzreg/http/fetch_url.c \
	libzreg/http/fetch_url.h

if BUILD_SERVER
libzreg_sources += \
	libzreg/http/serve.c \
	libzreg/http/serve.h \
	libzreg/http/serve_answer.c \
	libzreg/http/serve_exchange.c \
	libzreg/http/serve_inner.h \
	libzreg/http/serve_listen.c
endif
