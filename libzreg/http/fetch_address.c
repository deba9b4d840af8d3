/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fetch_address.h"

#include "base/compiler.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* IANA's special-purpose blocks that lead to this machine or its own networks. */
static const struct {
    uint32_t net;
    uint32_t bits;
} private_v4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared, carrier-grade NAT */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local, and the metadata services of clouds */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool is_private_v4(const uint8_t bytes[4])
{
    uint32_t address =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];

    for (size_t i = 0; i < ZREG__COUNT(private_v4); i++) {
        if ((address ^ private_v4[i].net) >> (32 - private_v4[i].bits) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_private_v6(const uint8_t bytes[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t translated[12] = {0x00, 0x64, 0xff, 0x9b};
    static const uint8_t low[12] = {0}; /* ::, ::1 and the old ::1.2.3.4 */

    if (memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, translated, 12) == 0) {
        return is_private_v4(bytes + 12);
    }
    if (bytes[0] == 0x20 && bytes[1] == 0x02) { /* 6to4 */
        return is_private_v4(bytes + 2);
    }
    return memcmp(bytes, low, 12) == 0 || (bytes[0] & 0xfe) == 0xfc || /* unique local */
           (bytes[0] == 0xfe && bytes[1] >= 0x80) ||                   /* link- and site-local */
           bytes[0] == 0xff;                                           /* multicast */
}

bool zreg__fetch_address_is_private(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, address, sizeof(v4));
        return is_private_v4((const uint8_t *)&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, address, sizeof(v6));
        return is_private_v6(v6.sin6_addr.s6_addr);
    }
    return true;
}

bool zreg__fetch_address_text_is_private(const char *text)
{
    uint8_t bytes[16];

    if (inet_pton(AF_INET, text, bytes) == 1) {
        return is_private_v4(bytes);
    }
    if (inet_pton(AF_INET6, text, bytes) == 1) {
        return is_private_v6(bytes);
    }
    return true;
}
