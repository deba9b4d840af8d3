/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <string.h>

uint64_t zreg__clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t zreg__clock_unix_s(void)
{
    return (int64_t)time(NULL);
}

void zreg__clock_rfc3339(char to[21], int64_t unix_s)
{
    time_t seconds = (time_t)unix_s;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || strftime(to, 21, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        memcpy(to, "1970-01-01T00:00:00Z", 21);
    }
}

struct timespec zreg__clock_deadline(uint64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}
