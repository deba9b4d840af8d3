# SPDX-License-Identifier: Apache-2.0

zreg_headers +=
libzreg_sources +=
