/* SPDX-License-Identifier: Apache-2.0 */
#include "server/bearer.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "server/reload.h"
#include <string.h>

#define MAX_TOKEN_BYTES (16 * ZREG__KIB)

zreg_status zreg__bearer_print(char **out, zreg_server *server, const zreg__identity *identity,
                               const char *grants, int64_t expires, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(MAX_TOKEN_BYTES / 2);
    ZREG__AUTO(zreg__buf) zreg__buf token = ZREG__BUF(MAX_TOKEN_BYTES);
    ZREG__AUTO(zreg__authority) zreg__authority *authority = zreg__reload_authority(server);
    uint8_t mac[ZREG__AUTHORITY_MAC_BYTES];
    ZREG__TRY(
        zreg__buf_printf(&lines, err, "%s\n%lld\n", ZREG__BEARER_SERVICE, (long long)expires));
    ZREG__TRY(zreg__identity_print(&lines, identity, err));
    ZREG__TRY(zreg__buf_text(&lines, grants, err));
    ZREG__TRY(zreg__base64_encode(&token, lines.data, lines.size, 1, err));
    zreg__authority_sign(mac, authority, token.data, token.size);
    ZREG__TRY(zreg__buf_text(&token, ".", err));
    ZREG__TRY(zreg__base64_encode(&token, mac, sizeof(mac), 1, err));
    *out = zreg__buf_steal(&token);
    return *out == NULL ? ZREG_NOMEM : ZREG_OK;
}

static bool is_signed(const zreg__authority *authority, zreg__span lines, zreg__span signature)
{
    ZREG__AUTO(zreg__buf) zreg__buf mac = ZREG__BUF(ZREG__AUTHORITY_MAC_BYTES);
    return zreg__base64_decode(&mac, signature.text, signature.size, 1, NULL) == ZREG_OK &&
           mac.size == ZREG__AUTHORITY_MAC_BYTES &&
           zreg__authority_signed(authority, (const uint8_t *)mac.data, lines.text, lines.size);
}

/* A token of our own. */
static bool read_own(zreg__call *call, const zreg__authority *authority, zreg__span token)
{
    zreg__span mac = token;
    zreg__span lines = zreg__span_cut(&mac, '.');
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_TOKEN_BYTES);
    if (token.size > MAX_TOKEN_BYTES || !is_signed(authority, lines, mac) ||
        zreg__base64_decode(&text, lines.text, lines.size, 1, NULL) != ZREG_OK) {
        return false;
    }
    uint64_t expires;
    zreg__span rest = {text.data, text.size};
    zreg__span service = zreg__span_cut(&rest, '\n');
    zreg__span expiry = zreg__span_cut(&rest, '\n');
    if (!zreg__span_is(service, ZREG__BEARER_SERVICE) || !zreg__span_u64(expiry, &expires) ||
        expires <= (uint64_t)zreg__clock_unix_s() || !zreg__identity_read(&call->identity, &rest)) {
        return false;
    }
    call->grants = zreg__strndup(rest.text, rest.size);
    return call->grants != NULL;
}

bool zreg__bearer_read(zreg__call *call, zreg__span token)
{
    ZREG__AUTO(zreg__authority) zreg__authority *authority = zreg__reload_authority(call->server);
    zreg__issuer *issuer = zreg__authority_issuer(authority);
    if (issuer == NULL) {
        return read_own(call, authority, token);
    }
    call->grants_decide =
        zreg__issuer_read(&call->identity, &call->grants, issuer, call->server, token);
    return call->grants_decide;
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

bool zreg__bearer_names(const char *grants, const char *repository)
{
    zreg__span rest = zreg__span_of(grants);
    while (rest.text != NULL) {
        zreg__span line = zreg__span_cut(&rest, '\n');
        (void)zreg__span_cut(&line, ' ');
        if (zreg__span_is(line, repository)) {
            return true;
        }
    }
    return false;
}
