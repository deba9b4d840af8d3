# SPDX-License-Identifier: Apache-2.0

libzreg_sources += \
	libzreg/oci/challenge.c \
	libzreg/oci/challenge.h \
	libzreg/oci/compose.c \
	libzreg/oci/compose.h \
	libzreg/oci/descriptor.c \
	libzreg/oci/descriptor.h \
	libzreg/oci/connection_record.c \
	libzreg/oci/connection_record.h \
	libzreg/oci/digest.c \
	libzreg/oci/digest.h \
	libzreg/oci/errors.c \
	libzreg/oci/errors.h \
	libzreg/oci/field.c \
	libzreg/oci/field.h \
	libzreg/oci/link.c \
	libzreg/oci/link.h \
	libzreg/oci/manifest.c \
	libzreg/oci/manifest.h \
	libzreg/oci/manifest_build.c \
	libzreg/oci/manifest_check.c \
	libzreg/oci/mediatype.c \
	libzreg/oci/mediatype.h \
	libzreg/oci/origin.c \
	libzreg/oci/origin.h \
	libzreg/oci/platform.c \
	libzreg/oci/range.c \
	libzreg/oci/range.h \
	libzreg/oci/reference.c \
	libzreg/oci/reference.h \
	libzreg/oci/reference_grammar.c \
	libzreg/oci/referrers.c \
	libzreg/oci/referrers.h \
	libzreg/oci/warning.c \
	libzreg/oci/warning.h
