/* SPDX-License-Identifier: Apache-2.0 */
#include "server_limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT(text, member)                                                                        \
    {                                                                                              \
        text, offsetof(zreg_server_limits, member),                                                \
            sizeof(((zreg_server_limits *)NULL)->member) == sizeof(uint64_t)                       \
    }

static const struct {
    const char *name;
    size_t offset;
    bool is_u64;
} known[] = {
    LIMIT("request-line-bytes", request_line_bytes),
    LIMIT("head-bytes", head_bytes),
    LIMIT("head-fields", head_fields),
    LIMIT("body-bytes", body_bytes),
    LIMIT("head-ms", head_ms),
    LIMIT("body-ms", body_ms),
    LIMIT("answer-ms", answer_ms),
    LIMIT("least-bytes", least_bytes),
    LIMIT("idle-ms", idle_ms),
    LIMIT("total-ms", total_ms),
    LIMIT("connections", connections),
    LIMIT("connections-per-address", connections_per_address),
    LIMIT("held-bytes", held_bytes),
};

static bool read_number(const char *text, unsigned long long most, unsigned long long *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *out > 0 &&
           *out <= most;
}

bool server_limits_set(zreg_server_limits *limits, const char *name, const char *text)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        void *member = (char *)limits + known[i].offset;
        unsigned long long number;
        if (strcmp(known[i].name, name) != 0) {
            continue;
        }
        if (!read_number(text, known[i].is_u64 ? UINT64_MAX : UINT32_MAX, &number)) {
            return false;
        }
        if (known[i].is_u64) {
            *(uint64_t *)member = number;
        } else {
            *(uint32_t *)member = (uint32_t)number;
        }
        return true;
    }
    return false;
}

bool server_limits_equal(const zreg_server_limits *one, const zreg_server_limits *other)
{
    bool is_equal = true;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t size = known[i].is_u64 ? sizeof(uint64_t) : sizeof(uint32_t);
        is_equal = is_equal && memcmp((const char *)one + known[i].offset,
                                      (const char *)other + known[i].offset, size) == 0;
    }
    return is_equal;
}
