/* SPDX-License-Identifier: Apache-2.0 */
#include "http/wire_proxy.h"

#include "base/compiler.h"
#include <netinet/in.h>
#include <string.h>

#define COMMAND 12 /* where it stands: version and command, family, size of what follows */
#define FAMILY 13
#define SIZE 14
#define TYPE_SSL 0x20
#define CLIENT_SSL 0x01

static const char signature[COMMAND] = {'\r', '\n', '\r', '\n', 0,   '\r',
                                        '\n', 'Q',  'U',  'I',  'T', '\n'};

/* What follows the beginning, by family and transport. */
static const struct {
    unsigned char family;
    unsigned char address_size; /* of both ends, with their ports */
    sa_family_t socket_family;  /* AF_UNSPEC: an address that means nothing here */
} families[] = {
    {0x00, 0, AF_UNSPEC},  {0x11, 12, AF_INET},    {0x12, 12, AF_UNSPEC},  {0x21, 36, AF_INET6},
    {0x22, 36, AF_UNSPEC}, {0x31, 216, AF_UNSPEC}, {0x32, 216, AF_UNSPEC},
};

static unsigned number_of(const char *bytes)
{
    return (unsigned)((unsigned char)bytes[0] << 8 | (unsigned char)bytes[1]);
}

size_t zreg__wire_proxy_size(const char *bytes)
{
    size_t size = ZREG__WIRE_PROXY_BEGIN + number_of(bytes + SIZE);
    bool is_one = memcmp(bytes, signature, sizeof(signature)) == 0 &&
                  (bytes[COMMAND] == 0x20 || bytes[COMMAND] == 0x21);
    return is_one && size <= ZREG__WIRE_PROXY_MAX ? size : 0;
}

/* What stands behind the addresses: type, size in two bytes, value. */
static bool take_more(zreg__wire_proxy *out, const char *bytes, size_t size)
{
    while (size >= 3) {
        size_t value = number_of(bytes + 1);
        if (value > size - 3) {
            return false;
        }
        if ((unsigned char)bytes[0] == TYPE_SSL && value > 0) {
            out->is_tls = (bytes[3] & CLIENT_SSL) != 0;
        }
        bytes += 3 + value;
        size -= 3 + value;
    }
    return size == 0;
}

static void take_client(zreg__wire_proxy *out, sa_family_t family, const char *bytes)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (family == AF_INET) {
        memcpy(&v4.sin_addr, bytes, 4);
        memcpy(&v4.sin_port, bytes + 8, 2);
        zreg__address_of_socket(&out->client, (const struct sockaddr *)&v4);
    } else {
        memcpy(&v6.sin6_addr, bytes, 16);
        memcpy(&v6.sin6_port, bytes + 32, 2);
        zreg__address_of_socket(&out->client, (const struct sockaddr *)&v6);
    }
}

bool zreg__wire_proxy_parse(zreg__wire_proxy *out, const char *bytes, size_t size)
{
    *out = (zreg__wire_proxy){.is_local = bytes[COMMAND] == 0x20};
    const char *rest = bytes + ZREG__WIRE_PROXY_BEGIN;
    size_t left = size - ZREG__WIRE_PROXY_BEGIN;
    if (out->is_local) {
        return true; /* the rest means nothing */
    }
    for (size_t i = 0; i < ZREG__COUNT(families); i++) {
        if (families[i].family == (unsigned char)bytes[FAMILY]) {
            size_t address_size = families[i].address_size;
            if (left < address_size) {
                return false;
            }
            out->has_client = families[i].socket_family != AF_UNSPEC;
            if (out->has_client) {
                take_client(out, families[i].socket_family, rest);
            }
            return take_more(out, rest + address_size, left - address_size);
        }
    }
    return false;
}
