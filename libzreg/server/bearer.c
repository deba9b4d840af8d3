/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bearer.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include <string.h>

#define MAX_TOKEN_BYTES (16 * ZREG__KIB)
#define MAC_SIZE 32

static zreg_status add_mac(zreg__buf *to, const zreg_server *server, const char *text, size_t size,
                           zreg_error *err)
{
    uint8_t mac[MAC_SIZE];
    zreg__hmac_sha256(mac, server->token_key, sizeof(server->token_key), text, size);
    return zreg__base64_encode(to, mac, sizeof(mac), 1, err);
}

zreg_status zreg__bearer_print(char **out, const zreg_server *server, const char *user,
                               const char *grants, int64_t expires, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(MAX_TOKEN_BYTES / 2);
    ZREG__AUTO(zreg__buf) zreg__buf token = ZREG__BUF(MAX_TOKEN_BYTES);
    ZREG__TRY(zreg__buf_printf(&lines, err, "%s\n%lld\n%s\n%s", ZREG__BEARER_SERVICE,
                               (long long)expires, user, grants));
    ZREG__TRY(zreg__base64_encode(&token, lines.data, lines.size, 1, err));
    size_t signed_size = token.size;
    ZREG__TRY(zreg__buf_text(&token, ".", err));
    ZREG__TRY(add_mac(&token, server, token.data, signed_size, err));
    *out = zreg__buf_steal(&token);
    return *out == NULL ? ZREG_NOMEM : ZREG_OK;
}

static bool is_signed(const zreg_server *server, zreg__span lines, zreg__span mac)
{
    ZREG__AUTO(zreg__buf) zreg__buf wanted = ZREG__BUF(64);
    return add_mac(&wanted, server, lines.text, lines.size, NULL) == ZREG_OK &&
           mac.size == wanted.size &&
           zreg__mem_equal_constant_time(mac.text, wanted.data, mac.size);
}

bool zreg__bearer_read(zreg__call *call, zreg__span token)
{
    zreg__span mac = token;
    zreg__span lines = zreg__span_cut(&mac, '.');
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_TOKEN_BYTES);
    if (token.size > MAX_TOKEN_BYTES || !is_signed(call->server, lines, mac) ||
        zreg__base64_decode(&text, lines.text, lines.size, 1, NULL) != ZREG_OK) {
        return false;
    }
    uint64_t expires;
    zreg__span rest = {text.data, text.size};
    zreg__span service = zreg__span_cut(&rest, '\n');
    zreg__span expiry = zreg__span_cut(&rest, '\n');
    zreg__span user = zreg__span_cut(&rest, '\n');
    if (!zreg__span_is(service, ZREG__BEARER_SERVICE) || !zreg__span_u64(expiry, &expires) ||
        expires <= (uint64_t)zreg__clock_unix_s()) {
        return false;
    }
    call->grants = zreg__strndup(rest.text, rest.size);
    call->user = user.size == 0 ? NULL : zreg__strndup(user.text, user.size);
    return call->grants != NULL;
}

bool zreg__bearer_grants(const char *grants, zreg__right right, const char *repository)
{
    static const char letters[] = {
        [ZREG__RIGHT_CATALOG] = 'c',
        [ZREG__RIGHT_PULL] = 'p',
        [ZREG__RIGHT_PUSH] = 'w',
        [ZREG__RIGHT_DELETE] = 'd',
    };
    zreg__span rest = zreg__span_of(grants);
    const char *scope = right == ZREG__RIGHT_CATALOG ? "" : repository;
    while (rest.text != NULL) {
        zreg__span line = zreg__span_cut(&rest, '\n');
        zreg__span rights = zreg__span_cut(&line, ' ');
        if (memchr(rights.text, letters[right], rights.size) != NULL &&
            zreg__span_is(line, scope)) {
            return true;
        }
    }
    return false;
}
