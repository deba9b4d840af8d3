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
	libzreg/http/fetch_share.c \
	libzreg/http/fetch_trust.c \
	libzreg/http/fetch_memory.c \
	libzreg/http/fetch_url.c \
	libzreg/http/fetch_url.h \
	libzreg/http/proxy.c \
	libzreg/http/proxy.h \
	libzreg/http/unix_call.c \
	libzreg/http/unix_call.h

if BUILD_SERVER
libzreg_sources += \
	libzreg/http/address.c \
	libzreg/http/address.h \
	libzreg/http/serve.c \
	libzreg/http/serve.h \
	libzreg/http/serve_accept.c \
	libzreg/http/serve_answer.c \
	libzreg/http/serve_body.c \
	libzreg/http/serve_channel.c \
	libzreg/http/serve_channel.h \
	libzreg/http/serve_connection.c \
	libzreg/http/serve_counts.c \
	libzreg/http/serve_crowd.c \
	libzreg/http/serve_crowd.h \
	libzreg/http/serve_door.c \
	libzreg/http/serve_exchange.c \
	libzreg/http/serve_gone.c \
	libzreg/http/serve_inner.h \
	libzreg/http/serve_listen.c \
	libzreg/http/serve_loop.c \
	libzreg/http/serve_origin.c \
	libzreg/http/serve_times.c \
	libzreg/http/serve_tls.c \
	libzreg/http/serve_tls.h \
	libzreg/http/serve_turns.c \
	libzreg/http/wire_chunks.c \
	libzreg/http/wire_chunks.h \
	libzreg/http/wire_head.c \
	libzreg/http/wire_head.h \
	libzreg/http/wire_proxy.c \
	libzreg/http/wire_proxy.h \
	libzreg/http/wire_way.c \
	libzreg/http/wire_way.h
endif
