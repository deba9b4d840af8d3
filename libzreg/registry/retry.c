/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/retry.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/random.h"
#include "base/str.h"

#define FIRST_MS 100
#define LONGEST_MS 5000

/* A number as great as this is a time, not a duration. */
#define FIRST_UNIX_S 1000000000

static uint64_t seconds_until(int64_t when)
{
    int64_t now = zreg__clock_unix_s();

    return when > now ? (uint64_t)(when - now) : 0;
}

/* Seconds from now, given as a number of seconds, as seconds since 1970 or as a date. */
static uint64_t seconds_of(const char *text)
{
    uint64_t seconds = 0;

    if (!zreg__span_u64(zreg__span_of(text), &seconds)) {
        return seconds_until(zreg__fetch_date(text));
    }
    return seconds < FIRST_UNIX_S || seconds > INT64_MAX ? seconds
                                                         : seconds_until((int64_t)seconds);
}

uint64_t zreg__retry_after_ms(const zreg__fetch_exchange *exchange)
{
    const char *text = zreg__fetch_header(exchange, "retry-after");
    uint64_t seconds;

    text = text != NULL ? text : zreg__fetch_header(exchange, "x-retry-after");
    if (text == NULL) {
        return 0;
    }
    seconds = seconds_of(text);
    return 1000 * (seconds < ZREG__MAX_RETRY_AFTER_S ? seconds : ZREG__MAX_RETRY_AFTER_S);
}

uint64_t zreg__retry_backoff_ms(unsigned attempt)
{
    uint64_t ms = LONGEST_MS;
    uint32_t random = 0;

    if (attempt < 7) {
        ms = FIRST_MS << (attempt - 1);
    }
    ms = ms < LONGEST_MS ? ms : LONGEST_MS;
    /* Without random bytes all waits are alike, which is only less polite. */
    (void)zreg__random(&random, sizeof(random), NULL);
    return ms / 2 + random % (ms / 2 + 1);
}
