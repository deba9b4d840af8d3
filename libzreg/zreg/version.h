/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ZREG_VERSION_H
#define ZREG_VERSION_H

#ifndef ZREG_API
#define ZREG_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is running, such as "0.1.0". It may be newer than the headers
 * a program was compiled with. The text is constant. */
ZREG_API const char *zreg_version(void);

#ifdef __cplusplus
}
#endif

#endif
