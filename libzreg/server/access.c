/* SPDX-License-Identifier: Apache-2.0 */
#include "server/access.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "server/bearer.h"
#include "server/call.h"
#include "server/reload.h"
#include "server/server.h"
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
        is_read = zreg__identity_set(&call->claimed,
                                     (zreg__span){text.data, (size_t)(colon - text.data)});
        call->password = zreg__strdup(colon + 1);
    }
    finish_secret(&text);
    return is_read && call->password != NULL;
}

/* Without credentials of its own that count a request is that of the certificate's owner. */
static void fall_back(zreg__call *call)
{
    const char *name = call->request->client_name;
    if (name != NULL && zreg__identity_set(&call->identity, zreg__span_of(name))) {
        call->identity.is_foreign = true;
        call->who = ZREG__WHO_USER;
    }
}

static void settle(zreg__call *call, bool is_right)
{
    zreg__identity claimed = call->claimed;
    zreg__free_secret(zreg__steal(&call->password));
    call->claimed = (zreg__identity){.name = NULL};
    zreg__identity_finish(&call->identity);
    if (!is_right) {
        zreg__identity_finish(&claimed);
        call->who = ZREG__WHO_WRONG;
        fall_back(call);
        return;
    }
    call->identity = claimed;
    call->who = ZREG__WHO_USER;
}

/* A token ends with its user, should a reload have taken that away. */
static bool is_still_known(const zreg__call *call)
{
    return call->identity.name == NULL || call->identity.is_foreign ||
           zreg__users_has(call->users, call->identity.name);
}

/* Who has tried too often waits; but what anyone may do he may, as with wrong words. */
static zreg__access_known refuse_to_check(zreg__call *call, unsigned wait_s)
{
    settle(call, false);
    if (call->route->right != ZREG__RIGHT_OPEN &&
        zreg__access_has(call, call->route->right, call->repository)) {
        return ZREG__ACCESS_KNOWN;
    }
    zreg__call_header(call, "Retry-After", "%u", wait_s);
    zreg__call_fail(call, ZREG__TOOMANYREQUESTS,
                    "too many wrong passwords came from this address; try again later");
    return ZREG__ACCESS_REFUSED;
}

static zreg__access_known identify_by_password(zreg__call *call)
{
    zreg__passwords *passwords = call->server->passwords;
    zreg__passwords_verdict verdict =
        zreg__passwords_recall(passwords, call->users, call->claimed.name, call->password);
    if (verdict != ZREG__PASSWORDS_UNSURE) {
        settle(call, verdict == ZREG__PASSWORDS_RIGHT);
        return ZREG__ACCESS_KNOWN;
    }
    unsigned wait_s = zreg__passwords_admit(passwords, call->users, call->claimed.name,
                                            call->password, call->request->peer);
    return wait_s == 0 ? ZREG__ACCESS_UNSURE : refuse_to_check(call, wait_s);
}

zreg__access_known zreg__access_identify(zreg__call *call)
{
    const char *header = zreg__serve_header(call->request, "Authorization");
    zreg__span value;
    if (header == NULL) {
        call->who = ZREG__WHO_ANONYMOUS;
        fall_back(call);
        return ZREG__ACCESS_KNOWN;
    }
    if (has_scheme(&value, header, "Bearer") && zreg__bearer_read(call, value) &&
        is_still_known(call)) {
        call->who = ZREG__WHO_TOKEN;
        return ZREG__ACCESS_KNOWN;
    }
    if (has_scheme(&value, header, "Basic") && read_basic(call, value)) {
        return identify_by_password(call);
    }
    settle(call, false);
    return ZREG__ACCESS_KNOWN;
}

void zreg__access_check_password(zreg__call *call)
{
    settle(call, zreg__passwords_check(call->server->passwords, call->users, call->claimed.name,
                                       call->password, call->request->peer));
}

static uint32_t bit_of(zreg__right right)
{
    static const uint32_t bits[] = {
        [ZREG__RIGHT_CATALOG] = ZREG_SERVER_CATALOG,
        [ZREG__RIGHT_PULL] = ZREG_SERVER_PULL,
        [ZREG__RIGHT_PUSH] = ZREG_SERVER_PUSH,
        [ZREG__RIGHT_DELETE] = ZREG_SERVER_DELETE,
    };
    return bits[right];
}

static bool may(const zreg__call *call, const zreg__identity *caller, zreg__right right,
                const char *repository)
{
    switch (right) {
    case ZREG__RIGHT_OPEN:
        return true;
    case ZREG__RIGHT_PING:
        return caller->name != NULL || !call->server->knows_callers ||
               zreg__rights_are_open(call->rights);
    case ZREG__RIGHT_CATALOG:
        return (zreg__rights_somewhere(call->rights, caller) & ZREG_SERVER_CATALOG) != 0;
    default:
        return (zreg__rights_of(call->rights, caller, repository) & bit_of(right)) != 0;
    }
}

bool zreg__access_is_public(const zreg__call *call, zreg__right right, const char *repository)
{
    const zreg__identity nobody = {.name = NULL};
    return may(call, &nobody, right, repository);
}

bool zreg__access_has(const zreg__call *call, zreg__right right, const char *repository)
{
    if (call->who != ZREG__WHO_TOKEN) {
        return may(call, &call->identity, right, repository);
    }
    return zreg__access_is_public(call, right, repository) || right == ZREG__RIGHT_PING ||
           (zreg__bearer_grants(call->grants, right, repository) &&
            (call->grants_decide || may(call, &call->identity, right, repository)));
}

bool zreg__access_could_have(const zreg__call *call, zreg__right right, const char *repository)
{
    if (call->who != ZREG__WHO_TOKEN || zreg__access_has(call, right, repository)) {
        return false;
    }
    return call->grants_decide ? !zreg__bearer_names(call->grants, repository)
                               : may(call, &call->identity, right, repository);
}

bool zreg__access_sees(const zreg__call *call, const char *repository)
{
    const uint32_t both = ZREG_SERVER_PULL | ZREG_SERVER_CATALOG;
    const zreg__identity nobody = {.name = NULL};
    bool is_token = call->who == ZREG__WHO_TOKEN;
    bool is_granted = is_token && zreg__bearer_grants(call->grants, ZREG__RIGHT_CATALOG, NULL);
    if (is_granted && call->grants_decide) {
        return true;
    }
    const zreg__identity *caller = is_token && !is_granted ? &nobody : &call->identity;
    return (zreg__rights_of(call->rights, caller, repository) & both) == both;
}

/* A mount needs the right to pull from the other repository too. */
static void describe_mount_scope(zreg__buf *to, const zreg__call *call)
{
    ZREG__AUTO_FREE char *source = zreg__target_source(call);
    if (source != NULL) {
        zreg__buf_printf(to, NULL, " repository:%s:pull", source);
    }
}

/* The scope to ask a token for, as in the distribution's token scheme; nothing for none. */
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
        zreg__buf_printf(to, NULL, ",scope=\"repository:%s:%s", call->repository,
                         actions[call->route->right]);
        describe_mount_scope(to, call);
        zreg__buf_text(to, "\"", NULL);
    }
}

/* Where tokens are given out. */
static void describe_realm(zreg__buf *to, const zreg__call *call)
{
    ZREG__AUTO(zreg__authority) zreg__authority *authority = zreg__reload_authority(call->server);
    const zreg__issuer *issuer = zreg__authority_issuer(authority);
    zreg__buf_text(to, "Bearer realm=\"", NULL);
    if (issuer != NULL) {
        zreg__buf_printf(to, NULL, "%s\",service=\"%s\"", zreg__issuer_realm(issuer),
                         zreg__issuer_service(issuer));
        return;
    }
    zreg__target_base(to, call);
    zreg__buf_text(to, "/v2/_token\",service=\"" ZREG__BEARER_SERVICE "\"", NULL);
}

/* "insufficient_scope" lets clients ask for a further token, "invalid_token" for a new one. */
void zreg__access_challenge(zreg__call *call)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(8 * ZREG__KIB);
    const char *header = zreg__serve_header(call->request, "Authorization");
    zreg__span value;
    bool is_bad_token = call->who == ZREG__WHO_WRONG && has_scheme(&value, header, "Bearer");
    describe_realm(&text, call);
    describe_scope(&text, call);
    zreg__buf_text(&text,
                   call->who == ZREG__WHO_TOKEN ? ",error=\"insufficient_scope\""
                   : is_bad_token               ? ",error=\"invalid_token\""
                                                : "",
                   NULL);
    zreg__call_field(call, "WWW-Authenticate", zreg__buf_cstr(&text));
    zreg__call_fail(call, ZREG__UNAUTHORIZED, "%s",
                    call->who == ZREG__WHO_WRONG ? "wrong user, password or token"
                                                 : "log in to do this");
}

static zreg__code code_of_absent(const zreg__route *route)
{
    bool is_upload = zreg__str_equal(route->tail, "/blobs/uploads/") && route->has_last;
    return zreg__str_equal(route->tail, "/manifests/") ? ZREG__MANIFEST_UNKNOWN
           : zreg__str_equal(route->tail, "/blobs/")   ? ZREG__BLOB_UNKNOWN
           : is_upload                                 ? ZREG__BLOB_UPLOAD_UNKNOWN
                                                       : ZREG__NAME_UNKNOWN;
}

/* Whoever may pull knows what is there, so he is told what he may not do; to another it is absent. */
static void refuse(zreg__call *call)
{
    if (call->route->right == ZREG__RIGHT_CATALOG) {
        zreg__call_fail(call, ZREG__CODE_DENIED, "this user may not list repositories");
    } else if (may(call, &call->identity, ZREG__RIGHT_PULL, call->repository)) {
        zreg__call_fail(call, ZREG__CODE_DENIED, "this user may not do this to %s", call->name);
    } else {
        zreg__call_fail_as(call, 404, code_of_absent(call->route),
                           "there is no such thing here that this user may see");
    }
}

/* What the whole server refuses, to those who have the right. */
static bool is_taken(zreg__call *call)
{
    bool deletes = call->route->right == ZREG__RIGHT_DELETE;
    bool writes =
        call->route->right >= ZREG__RIGHT_PUSH && !zreg__str_equal(call->route->method, "GET");
    bool is_read_only = writes && zreg__rights_no_writes(call->rights);
    if (!is_read_only && !(deletes && zreg__rights_no_deletes(call->rights))) {
        return true;
    }
    if (deletes) {
        bool may_put = !is_read_only && zreg__str_equal(call->route->tail, "/manifests/");
        zreg__call_header(call, "Allow", may_put ? "GET, HEAD, PUT" : "GET, HEAD");
    }
    zreg__call_fail_as(
        call, deletes ? 405 : 403, is_read_only ? ZREG__CODE_DENIED : ZREG__CODE_UNSUPPORTED,
        is_read_only ? "this registry is read-only for now: nothing is pushed or deleted"
                     : "this registry deletes nothing");
    return false;
}

bool zreg__access_permit(zreg__call *call)
{
    zreg__right right = call->route->right;
    if (zreg__access_has(call, right, call->repository)) {
        call->is_denied = !is_taken(call);
        return !call->is_denied;
    }
    call->is_denied = true;
    bool is_known = call->identity.name != NULL;
    if (!is_known && !call->server->knows_callers) {
        zreg__call_fail(call, ZREG__CODE_DENIED, "nobody may do this here");
    } else if (!is_known || call->grants_decide ||
               may(call, &call->identity, right, call->repository)) {
        zreg__access_challenge(call);
    } else {
        refuse(call);
    }
    return false;
}
