# SPDX-License-Identifier: Apache-2.0

if BUILD_SERVER
libzreg_sources +=
endif
