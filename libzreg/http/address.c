/* SPDX-License-Identifier: Apache-2.0 */
#include "http/address.h"

#include "base/error.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define V4_BITS 96 /* before the address itself */

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const uint8_t bytes[16])
{
    return memcmp(bytes, v4_prefix, sizeof(v4_prefix)) == 0;
}

static void set_v4(uint8_t to[16], const void *four)
{
    memcpy(to, v4_prefix, sizeof(v4_prefix));
    memcpy(to + sizeof(v4_prefix), four, 4);
}

void zreg__address_of_socket(zreg__address *out, const struct sockaddr *socket)
{
    *out = (zreg__address){.port = 0};
    if (socket->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)socket;
        memcpy(out->bytes, &v6->sin6_addr, sizeof(out->bytes));
        out->port = ntohs(v6->sin6_port);
    } else if (socket->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)socket;
        set_v4(out->bytes, &v4->sin_addr);
        out->port = ntohs(v4->sin_port);
    }
}

static bool read_bytes(uint8_t to[16], zreg__span text)
{
    char host[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (text.size == 0 || text.size >= sizeof(host) || memchr(text.text, '\0', text.size) != NULL) {
        return false;
    }
    memcpy(host, text.text, text.size);
    host[text.size] = '\0';
    if (inet_pton(AF_INET, host, &v4) == 1) {
        set_v4(to, &v4);
        return true;
    }
    return inet_pton(AF_INET6, host, to) == 1;
}

/* ":PORT" or nothing. */
static bool read_port(uint16_t *out, zreg__span text)
{
    uint64_t port;
    *out = 0;
    if (text.size == 0) {
        return true;
    }
    if (text.text[0] != ':' || !zreg__span_u64((zreg__span){text.text + 1, text.size - 1}, &port) ||
        port > UINT16_MAX) {
        return false;
    }
    *out = (uint16_t)port;
    return true;
}

bool zreg__address_parse(zreg__address *out, zreg__span text, bool has_port)
{
    zreg__span host = text;
    zreg__span rest = {NULL, 0};
    const char *end = NULL;
    if (has_port && text.size > 0 && text.text[0] == '[') {
        end = memchr(text.text, ']', text.size);
        if (end == NULL) {
            return false;
        }
        host = (zreg__span){text.text + 1, (size_t)(end - text.text) - 1};
        rest = (zreg__span){end + 1, text.size - host.size - 2};
        return memchr(host.text, ':', host.size) != NULL && read_bytes(out->bytes, host) &&
               read_port(&out->port, rest);
    }
    end = has_port && text.size > 0 ? memchr(text.text, ':', text.size) : NULL;
    if (end != NULL && memchr(text.text, '.', text.size) != NULL && text.text[0] != ':' &&
        memchr(end + 1, ':', text.size - (size_t)(end - text.text) - 1) == NULL) {
        host.size = (size_t)(end - text.text);
        rest = (zreg__span){end, text.size - host.size};
    }
    return read_bytes(out->bytes, host) && read_port(&out->port, rest);
}

void zreg__address_print(char to[ZREG__ADDRESS_TEXT], const zreg__address *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (is_v4(address->bytes)) {
        inet_ntop(AF_INET, address->bytes + sizeof(v4_prefix), host, sizeof(host));
        snprintf(to, ZREG__ADDRESS_TEXT, "%s:%u", host, address->port);
    } else {
        inet_ntop(AF_INET6, address->bytes, host, sizeof(host));
        snprintf(to, ZREG__ADDRESS_TEXT, "[%s]:%u", host, address->port);
    }
}

void zreg__address_home(uint8_t out[16], const zreg__address *address)
{
    memcpy(out, address->bytes, 16);
    if (!is_v4(out)) {
        memset(out + 8, 0, 8);
    }
}

zreg_status zreg__address_network(zreg__network *out, const char *text, zreg_error *err)
{
    uint64_t bits = 128;
    zreg__span rest = zreg__span_of(text);
    zreg__span host = zreg__span_cut(&rest, '/');
    bool is_read = read_bytes(out->bytes, host);
    if (is_read && rest.text != NULL) {
        unsigned before = memchr(host.text, ':', host.size) == NULL ? V4_BITS : 0;
        is_read = zreg__span_u64(rest, &bits) && bits <= 128 - before;
        bits += before;
    }
    if (!is_read) {
        return zreg__fail(err, ZREG_INVAL, "\"%.60s\" is no network; write ADDRESS or ADDRESS/BITS",
                          text);
    }
    out->bits = (unsigned)bits;
    return ZREG_OK;
}

static bool is_of(const uint8_t bytes[16], const zreg__network *network)
{
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    return memcmp(bytes, network->bytes, whole) == 0 &&
           (rest == 0 || ((bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0);
}

bool zreg__address_is_of(const zreg__address *address, const zreg__network *networks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (is_of(address->bytes, &networks[i])) {
            return true;
        }
    }
    return false;
}
