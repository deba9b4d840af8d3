# SPDX-License-Identifier: Apache-2.0

libzreg_sources += \
	libzreg/oci/descriptor.c \
	libzreg/oci/descriptor.h \
	libzreg/oci/digest.c \
	libzreg/oci/manifest.c \
	libzreg/oci/manifest.h \
	libzreg/oci/mediatype.c \
	libzreg/oci/mediatype.h \
	libzreg/oci/platform.c \
	libzreg/oci/reference.c \
	libzreg/oci/reference.h \
	libzreg/oci/reference_grammar.c
