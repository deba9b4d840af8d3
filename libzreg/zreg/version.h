/* SPDX-License-Identifier: Apache-2.0 */
/** Which version a program is compiled with, and what the library that it runs with can do. */
#ifndef ZREG_VERSION_H
#define ZREG_VERSION_H

#include <zreg/common.h>

/** The version of these headers; zreg_version tells that of the library that is running. */
#define ZREG_VERSION_MAJOR 0
#define ZREG_VERSION_MINOR 1
#define ZREG_VERSION_PATCH 0

/** One number that is greater for each later version, such as 0x000100 for 0.1.0. */
#define ZREG_VERSION_NUMBER                                                                        \
    (ZREG_VERSION_MAJOR * 65536 + ZREG_VERSION_MINOR * 256 + ZREG_VERSION_PATCH)

ZREG_BEGIN_DECLS

/** The ZREG_VERSION_NUMBER of the library that is running. */
ZREG_API uint32_t zreg_version_number(void);

/**
 * What this build of the library can do, by name, and what does it there, such as
 * "libcurl 7.88.1" for "http"; NULL for what it cannot do, and for names that it does not
 * know. Static memory. The names:
 *
 *   http    requests, by libcurl        server  zreg_server_start; --disable-server leaves it out
 *   http2   zreg_host_options.http2     tls     HTTPS, by the TLS library of libcurl
 */
ZREG_API const char *zreg_feature(const char *name);

/** Name number `i` of what this build can do; NULL past the end. Static memory. */
ZREG_API const char *zreg_feature_name(size_t i);

ZREG_END_DECLS

#endif
