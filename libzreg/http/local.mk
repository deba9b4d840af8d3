# SPDX-License-Identifier: Apache-2.0

libzreg_sources +=

if BUILD_SERVER
libzreg_sources +=
endif
