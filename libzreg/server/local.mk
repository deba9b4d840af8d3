# SPDX-License-Identifier: Apache-2.0

# Without the server the public functions of zreg/server.h stay, and answer ZREG_UNSUPPORTED.
zreg_headers +=
if BUILD_SERVER
libzreg_sources +=
else
libzreg_sources +=
endif
