/* SPDX-License-Identifier: Apache-2.0 */
/** Time: monotonic for waiting, wall clock for records. */
#ifndef ZREG_BASE_CLOCK_H
#define ZREG_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/** Milliseconds on the monotonic clock. */
uint64_t zreg__clock_ms(void);

/** Seconds since 1970. */
int64_t zreg__clock_unix_s(void);

/** "2026-01-31T12:00:00Z" and a NUL; `to` has room for 21. */
void zreg__clock_rfc3339(char to[21], int64_t unix_s);

/** "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7) and a NUL; `to` has room for 30. */
void zreg__clock_http(char to[30], int64_t unix_s);

/** Reads a time of RFC 3339, "2026-01-31T12:00:00.5+01:00", as seconds since 1970 (fractions are
 *  dropped). False: it is none. */
bool zreg__clock_parse_rfc3339(int64_t *out, const char *text);

/** Absolute CLOCK_MONOTONIC time `ms` from now, for pthread_cond_clockwait-like waits. */
struct timespec zreg__clock_deadline(uint64_t ms);

#endif
