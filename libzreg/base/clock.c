/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/str.h"

#include <stdio.h>
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

void zreg__clock_http(char to[30], int64_t unix_s)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm parts = {.tm_sec = 0};
    time_t when = (time_t)unix_s;
    gmtime_r(&when, &parts);
    snprintf(to, 30, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday % 7],
             parts.tm_mday % 100, months[parts.tm_mon % 12], (parts.tm_year + 1900) % 10000,
             parts.tm_hour % 100, parts.tm_min % 100, parts.tm_sec % 100);
}

static void put_two_digits(char *to, int number)
{
    to[0] = (char)('0' + number / 10 % 10);
    to[1] = (char)('0' + number % 10);
}

void zreg__clock_rfc3339(char to[21], int64_t unix_s)
{
    time_t seconds = (time_t)unix_s;
    struct tm utc;
    memcpy(to, "1970-01-01T00:00:00Z", 21);
    if (gmtime_r(&seconds, &utc) == NULL || utc.tm_year < -1900 || utc.tm_year > 9999 - 1900) {
        return;
    }
    put_two_digits(to, (utc.tm_year + 1900) / 100);
    put_two_digits(to + 2, (utc.tm_year + 1900) % 100);
    put_two_digits(to + 5, utc.tm_mon + 1);
    put_two_digits(to + 8, utc.tm_mday);
    put_two_digits(to + 11, utc.tm_hour);
    put_two_digits(to + 14, utc.tm_min);
    put_two_digits(to + 17, utc.tm_sec);
}

/* Reads exactly `digits` digits and moves past them; false when others are there. */
static bool take_number(int *out, const char **at, int digits)
{
    *out = 0;
    for (int i = 0; i < digits; i++) {
        if (!zreg__is_digit((*at)[i])) {
            return false;
        }
        *out = *out * 10 + ((*at)[i] - '0');
    }
    *at += digits;
    return true;
}

static bool take_char(const char **at, const char *choices)
{
    bool found = **at != '\0' && strchr(choices, **at) != NULL;
    *at += found ? 1 : 0;
    return found;
}

static bool take_date(struct tm *utc, const char **at)
{
    bool read = take_number(&utc->tm_year, at, 4) && take_char(at, "-") &&
                take_number(&utc->tm_mon, at, 2) && take_char(at, "-") &&
                take_number(&utc->tm_mday, at, 2) && take_char(at, "Tt ") &&
                take_number(&utc->tm_hour, at, 2) && take_char(at, ":") &&
                take_number(&utc->tm_min, at, 2) && take_char(at, ":") &&
                take_number(&utc->tm_sec, at, 2);
    utc->tm_year -= 1900;
    utc->tm_mon -= 1;
    return read && utc->tm_mon >= 0 && utc->tm_mon < 12 && utc->tm_mday >= 1 &&
           utc->tm_mday <= 31 && utc->tm_hour < 24 && utc->tm_min < 60 && utc->tm_sec <= 60;
}

/* "Z" or "+01:00", as seconds to take away. */
static bool take_offset(int *out_s, const char **at)
{
    int hours = 0;
    int minutes = 0;
    int sign = **at == '-' ? -1 : 1;
    *out_s = 0;
    if (take_char(at, "Zz")) {
        return true;
    }
    if (!take_char(at, "+-") || !take_number(&hours, at, 2) || !take_char(at, ":") ||
        !take_number(&minutes, at, 2) || hours > 23 || minutes > 59) {
        return false;
    }
    *out_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool zreg__clock_parse_rfc3339(int64_t *out, const char *text)
{
    struct tm utc = {0};
    int offset_s;
    if (text == NULL || !take_date(&utc, &text)) {
        return false;
    }
    if (take_char(&text, ".")) {
        text += strspn(text, "0123456789");
    }
    if (!take_offset(&offset_s, &text) || *text != '\0') {
        return false;
    }
    *out = (int64_t)timegm(&utc) - offset_s;
    return true;
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
