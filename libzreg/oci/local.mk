# SPDX-License-Identifier: Apache-2.0

libzreg_sources += \
	libzreg/oci/digest.c \
	libzreg/oci/mediatype.c \
	libzreg/oci/mediatype.h \
	libzreg/oci/reference.c \
	libzreg/oci/reference.h \
	libzreg/oci/reference_grammar.c
