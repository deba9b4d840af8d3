# SPDX-License-Identifier: Apache-2.0

zreg_headers +=
libzreg_sources += \
	libzreg/image/append.c \
	libzreg/image/append_config.c \
	libzreg/image/append_config.h \
	libzreg/image/append_layers.c \
	libzreg/image/append_layers.h \
	libzreg/image/archive_layer.c \
	libzreg/image/archive_layer.h \
	libzreg/image/belongings.c \
	libzreg/image/belongings.h \
	libzreg/image/belongings_move.c \
	libzreg/image/choose.c \
	libzreg/image/choose.h \
	libzreg/image/copy.c \
	libzreg/image/copying.h \
	libzreg/image/drivers.h \
	libzreg/image/endpoint.c \
	libzreg/image/endpoint.h \
	libzreg/image/endpoint_archive.c \
	libzreg/image/endpoint_layout.c \
	libzreg/image/endpoint_registry.c \
	libzreg/image/filesource.c \
	libzreg/image/filesource.h \
	libzreg/image/flow.c \
	libzreg/image/flow.h \
	libzreg/image/graph.c \
	libzreg/image/graph.h \
	libzreg/image/gzip.c \
	libzreg/image/gzip.h \
	libzreg/image/imageconfig.c \
	libzreg/image/imageconfig.h \
	libzreg/image/index.c \
	libzreg/image/inspect.c \
	libzreg/image/layout.c \
	libzreg/image/layout.h \
	libzreg/image/layout_index.c \
	libzreg/image/layout_referrers.c \
	libzreg/image/overlay.c \
	libzreg/image/overlay.h \
	libzreg/image/pack.c \
	libzreg/image/pack.h \
	libzreg/image/parallel.c \
	libzreg/image/parallel.h \
	libzreg/image/place.c \
	libzreg/image/place.h \
	libzreg/image/plan.c \
	libzreg/image/plan.h \
	libzreg/image/plan_filter.c \
	libzreg/image/pusher.c \
	libzreg/image/pusher.h \
	libzreg/image/registry_looks.c \
	libzreg/image/registry_looks.h \
	libzreg/image/stream.c \
	libzreg/image/stream.h \
	libzreg/image/sync.c \
	libzreg/image/synced.c \
	libzreg/image/synced.h \
	libzreg/image/tarfile.c \
	libzreg/image/tarfile.h \
	libzreg/image/tarheader.c \
	libzreg/image/tarheader.h \
	libzreg/image/tarindex.c \
	libzreg/image/tarindex.h \
	libzreg/image/tarlayer.c \
	libzreg/image/tarlayer.h \
	libzreg/image/tarlayer_pack.c \
	libzreg/image/transfer.c \
	libzreg/image/transfer.h \
	libzreg/image/verified.c \
	libzreg/image/verified.h \
	libzreg/image/verify.c

if BUILD_SERVER
libzreg_sources += libzreg/image/endpoint_store.c
endif
