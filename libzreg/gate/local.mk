# SPDX-License-Identifier: Apache-2.0

zreg_headers +=
libzreg_sources += \
	libzreg/gate/artifact.c \
	libzreg/gate/artifact.h \
	libzreg/gate/artifact_json.c \
	libzreg/gate/artifact_parse.c \
	libzreg/gate/cleaned.c \
	libzreg/gate/cleaned.h \
	libzreg/gate/cleanup.c \
	libzreg/gate/cleanup_age.c \
	libzreg/gate/cleanup_age.h \
	libzreg/gate/cleanup_rule.c \
	libzreg/gate/cleanup_rule.h \
	libzreg/gate/merged.c \
	libzreg/gate/merged.h \
	libzreg/gate/names.c \
	libzreg/gate/names.h \
	libzreg/gate/order.c \
	libzreg/gate/order.h \
	libzreg/gate/platforms.c \
	libzreg/gate/platforms.h \
	libzreg/gate/populate.c \
	libzreg/gate/populated.c \
	libzreg/gate/populated.h \
	libzreg/gate/progress.c \
	libzreg/gate/progress.h \
	libzreg/gate/promote.c \
	libzreg/gate/promote_cleanup.c \
	libzreg/gate/promote_order.c \
	libzreg/gate/promote_verify.c \
	libzreg/gate/promote_zuul.c \
	libzreg/gate/promotion.h \
	libzreg/gate/provenance.c \
	libzreg/gate/publish.c \
	libzreg/gate/record.c \
	libzreg/gate/record.h \
	libzreg/gate/resolution.c \
	libzreg/gate/resolution.h \
	libzreg/gate/resolve.c \
	libzreg/gate/siblings.c \
	libzreg/gate/siblings.h \
	libzreg/gate/tags.c \
	libzreg/gate/upload.c \
	libzreg/gate/zuul.c \
	libzreg/gate/zuul.h \
	libzreg/gate/zuul_parse.c
