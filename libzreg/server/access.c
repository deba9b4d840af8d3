/* SPDX-License-Identifier: Apache-2.0 */
#include "server/access.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "server/bearer.h"
#include "server/call.h"
#include "server/target.h"
#include <openssl/crypto.h>
#include <string.h>

#define MAX_CREDENTIALS_BYTES (8 * ZREG__KIB)

/* Cuts "SCHEME value" and says whether the scheme is this one. */
static bool has_scheme(zreg__span *value, const char *header, const char *scheme)
{
    *value = zreg__span_of(header);
    zreg__span found = zreg__span_cut(value, ' ');
    *value = zreg__span_trim(*value);
    return zreg__span_is_nocase(found, scheme) && value->size > 0;
}

static void finish_secret(zreg__buf *text)
{
    if (text->data != NULL) {
        OPENSSL_cleanse(text->data, text->size);
    }
    zreg__buf_finish(text);
}

static bool read_basic(zreg__call *call, zreg__span value)
{
    zreg__buf text = ZREG__BUF(MAX_CREDENTIALS_BYTES);
    bool is_read = zreg__base64_decode(&text, value.text, value.size, 0, NULL) == ZREG_OK &&
                   text.size > 0 && memchr(text.data, '\0', text.size) == NULL;
    char *colon = is_read ? strchr(text.data, ':') : NULL;
    if (colon != NULL) {
        call->user = zreg__strndup(text.data, (size_t)(colon - text.data));
        call->password = zreg__strdup(colon + 1);
    }
    finish_secret(&text);
    return call->user != NULL && call->password != NULL;
}

static void settle(zreg__call *call, bool is_right)
{
    zreg__free_secret(zreg__steal(&call->password));
    if (!is_right) {
        call->who = ZREG__WHO_WRONG;
        free(zreg__steal(&call->user));
        return;
    }
    call->who =
        zreg__users_is_limited(call->server->users, call->user) ? ZREG__WHO_READER : ZREG__WHO_USER;
}

bool zreg__access_identify(zreg__call *call)
{
    const char *header = zreg__serve_header(call->request, "Authorization");
    zreg__span value;
    if (header == NULL) {
        call->who = ZREG__WHO_ANONYMOUS;
        return true;
    }
    call->who = ZREG__WHO_WRONG;
    if (has_scheme(&value, header, "Bearer")) {
        if (zreg__bearer_read(call, value)) {
            call->who = ZREG__WHO_TOKEN;
        }
        return true;
    }
    if (!has_scheme(&value, header, "Basic") || !read_basic(call, value)) {
        return true;
    }
    zreg__users_verdict verdict =
        zreg__users_recall(call->server->users, call->user, call->password);
    if (verdict != ZREG__USERS_UNSURE) {
        settle(call, verdict == ZREG__USERS_RIGHT);
    }
    return verdict != ZREG__USERS_UNSURE;
}

void zreg__access_check_password(zreg__call *call)
{
    settle(call, zreg__users_check(call->server->users, call->user, call->password));
}

bool zreg__access_is_public(const zreg_server *server, zreg__right right)
{
    switch (right) {
    case ZREG__RIGHT_OPEN:
        return true;
    case ZREG__RIGHT_PING:
        return server->anonymous == ZREG_ANONYMOUS_PUSH || zreg__users_empty(server->users);
    case ZREG__RIGHT_CATALOG:
    case ZREG__RIGHT_PULL:
        return server->anonymous != ZREG_ANONYMOUS_NONE;
    default:
        return server->anonymous == ZREG_ANONYMOUS_PUSH;
    }
}

bool zreg__access_is_own(const zreg__call *call, zreg__right right)
{
    return call->who == ZREG__WHO_USER ||
           (call->who == ZREG__WHO_READER && right <= ZREG__RIGHT_PULL) ||
           zreg__access_is_public(call->server, right);
}

bool zreg__access_has(const zreg__call *call, zreg__right right, const char *repository)
{
    if (zreg__access_is_own(call, right)) {
        return true;
    }
    return call->who == ZREG__WHO_TOKEN &&
           (right == ZREG__RIGHT_PING || zreg__bearer_grants(call->grants, right, repository));
}

/* The scope to ask a token for, as in the distribution's token scheme; "" for none. */
static void describe_scope(zreg__buf *to, const zreg__call *call)
{
    static const char *const actions[] = {
        [ZREG__RIGHT_PULL] = "pull",
        [ZREG__RIGHT_PUSH] = "pull,push",
        [ZREG__RIGHT_DELETE] = "pull,delete",
    };
    if (call->route->right == ZREG__RIGHT_CATALOG) {
        zreg__buf_text(to, ",scope=\"registry:catalog:*\"", NULL);
    } else if (call->route->right >= ZREG__RIGHT_PULL) {
        zreg__buf_printf(to, NULL, ",scope=\"repository:%s:%s\"", call->repository,
                         actions[call->route->right]);
    }
}

/* 401: "insufficient_scope" lets clients ask for a further token, "invalid_token" for a new one. */
static void challenge(zreg__call *call)
{
    ZREG__AUTO(zreg__buf) zreg__buf scope = ZREG__BUF(1024);
    const char *header = zreg__serve_header(call->request, "Authorization");
    zreg__span value;
    bool is_bad_token = call->who == ZREG__WHO_WRONG && has_scheme(&value, header, "Bearer");
    describe_scope(&scope, call);
    zreg__call_header(call, "WWW-Authenticate",
                      "Bearer realm=\"%s://%s/v2/_token\",service=\"" ZREG__BEARER_SERVICE "\"%s%s",
                      call->request->is_tls ? "https" : "http", zreg__target_host(call),
                      zreg__buf_cstr(&scope),
                      call->who == ZREG__WHO_TOKEN ? ",error=\"insufficient_scope\""
                      : is_bad_token               ? ",error=\"invalid_token\""
                                                   : "");
    zreg__call_fail(call, ZREG__UNAUTHORIZED, "%s",
                    call->who == ZREG__WHO_WRONG ? "wrong user, password or token"
                                                 : "log in to do this");
}

bool zreg__access_permit(zreg__call *call)
{
    if (zreg__access_has(call, call->route->right, call->repository)) {
        return true;
    }
    if (zreg__users_empty(call->server->users)) {
        zreg__call_fail(call, ZREG__CODE_DENIED, "nobody may do this here");
        return false;
    }
    if (call->who == ZREG__WHO_READER) {
        zreg__call_fail(call, ZREG__CODE_DENIED, "this user may pull only");
        return false;
    }
    challenge(call);
    return false;
}
