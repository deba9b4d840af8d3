/* SPDX-License-Identifier: Apache-2.0 */
/* The token endpoint: GET /v2/_token?service=...&scope=repository:NAME:ACTIONS&scope=... */
#include "server/handlers.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/access.h"
#include "server/bearer.h"
#include "server/call.h"
#include "server/reload.h"
#include "server/server.h"
#include <string.h>

/* What the request asks for and gets. */
typedef struct wish {
    zreg__call *call;
    zreg__buf grants;
    bool has_scopes;
    bool is_cut; /* something asked for was not granted */
} wish;

static const struct {
    const char *action;
    zreg__right right;
    char letter;
} actions[] = {
    {"pull", ZREG__RIGHT_PULL, 'p'},
    {"push", ZREG__RIGHT_PUSH, 'w'},
    {"delete", ZREG__RIGHT_DELETE, 'd'},
};

/* "pull,push", or "*" for all. */
static bool asks_for(zreg__span list, const char *action)
{
    while (list.text != NULL) {
        zreg__span one = zreg__span_cut(&list, ',');
        if (zreg__span_is(one, action) || zreg__span_is(one, "*")) {
            return true;
        }
    }
    return false;
}

/* A token does not beget others: who asks with one gets what anyone gets, and as nobody. */
static bool may(const wish *w, zreg__right right, const char *repository)
{
    return w->call->who == ZREG__WHO_TOKEN ? zreg__access_is_public(w->call, right, repository)
                                           : zreg__access_has(w->call, right, repository);
}

static zreg_status grant_repository(wish *w, zreg__span name, zreg__span list, zreg_error *err)
{
    char letters[4] = "";
    size_t count = 0;
    ZREG__AUTO_FREE char *canonical = NULL;
    zreg_status status = zreg__server_repository(&canonical, w->call->server, name, NULL, NULL);
    if (status != ZREG_OK) {
        return status == ZREG_NOMEM ? status : ZREG_OK;
    }
    for (size_t i = 0; i < ZREG__COUNT(actions); i++) {
        bool is_wanted = asks_for(list, actions[i].action);
        bool is_granted = is_wanted && may(w, actions[i].right, canonical);
        if (is_granted) {
            letters[count++] = actions[i].letter;
        }
        w->is_cut = w->is_cut || (is_wanted && !is_granted);
    }
    return count == 0 ? ZREG_OK : zreg__buf_printf(&w->grants, err, "%s %s\n", letters, canonical);
}

/* "repository:NAME:ACTIONS"; the name may hold colons. Other types are not ours: nothing granted. */
static zreg_status grant_scope(wish *w, zreg__span scope, zreg_error *err)
{
    zreg__span rest = scope;
    zreg__span type = zreg__span_cut(&rest, ':');
    const char *colon = rest.size == 0 ? NULL : memrchr(rest.text, ':', rest.size);
    if (colon == NULL) {
        return ZREG_OK;
    }
    w->has_scopes = true;
    zreg__span name = {rest.text, (size_t)(colon - rest.text)};
    zreg__span list = {colon + 1, rest.size - name.size - 1};
    if (zreg__span_is(type, "repository")) {
        return grant_repository(w, name, list, err);
    }
    if (zreg__span_is(type, "registry") && zreg__span_is(name, "catalog") &&
        may(w, ZREG__RIGHT_CATALOG, NULL)) {
        return zreg__buf_text(&w->grants, "c \n", err);
    }
    return ZREG_OK;
}

/* Those of all parameters; LIMIT: there are more than we look at, and none is left out in silence. */
static zreg_status grant_all(wish *w, zreg_error *err)
{
    for (size_t i = 0; i < ZREG__MAX_SCOPES_ASKED; i++) {
        ZREG__AUTO_FREE char *value = zreg__call_query(w->call, "scope", i);
        if (value == NULL) {
            return ZREG_OK;
        }
        zreg__span rest = zreg__span_of(value);
        while (rest.text != NULL) {
            ZREG__TRY(grant_scope(w, zreg__span_cut(&rest, ' '), err));
        }
    }
    ZREG__AUTO_FREE char *excess = zreg__call_query(w->call, "scope", ZREG__MAX_SCOPES_ASKED);
    return excess == NULL ? ZREG_OK : ZREG_LIMIT;
}

static zreg_status print_answer(char **out, const zreg__call *call, const char *grants,
                                zreg_error *err)
{
    char issued[21];
    const zreg__identity nobody = {.name = NULL};
    const zreg__identity *owner = call->who == ZREG__WHO_TOKEN ? &nobody : &call->identity;
    ZREG__AUTO_SECRET char *token = NULL;
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    uint32_t lifetime = call->server->token_lifetime_s;
    int64_t now = zreg__clock_unix_s();
    zreg__clock_rfc3339(issued, now);
    ZREG__TRY(zreg__bearer_print(&token, call->server, owner, grants, now + lifetime, err));
    ZREG__TRY(zreg__json_set_text(json, "token", token, err));
    ZREG__TRY(zreg__json_set_text(json, "access_token", token, err));
    ZREG__TRY(zreg__json_set_u64(json, "expires_in", lifetime, err));
    ZREG__TRY(zreg__json_set_text(json, "issued_at", issued, err));
    return zreg__json_print(out, json, err);
}

/* A wrong password is told where one logs in (no scope) and where it would be needed. A pull that
 * anyone may do works with credentials that were meant for another registry. */
static bool is_refused(const wish *w)
{
    const zreg__call *call = w->call;
    const zreg__identity nobody = {.name = NULL};
    if (call->who == ZREG__WHO_USER || zreg__rights_are_open(call->rights)) {
        return false;
    }
    bool is_wrong = call->who == ZREG__WHO_WRONG;
    return (is_wrong && (!w->has_scopes || w->is_cut)) ||
           zreg__rights_somewhere(call->rights, &nobody) == 0;
}

/* Where another gives out tokens, we do not. */
static bool is_given_elsewhere(zreg__call *call)
{
    ZREG__AUTO(zreg__authority) zreg__authority *authority = zreg__reload_authority(call->server);
    const zreg__issuer *issuer = zreg__authority_issuer(authority);
    if (issuer != NULL) {
        zreg__call_fail_as(call, 404, ZREG__NAME_UNKNOWN, "tokens are given out at %s",
                           zreg__issuer_realm(issuer));
    }
    return issuer != NULL;
}

void zreg__bearer_get(zreg__call *call)
{
    if (is_given_elsewhere(call)) {
        return;
    }
    wish w = {.call = call, .grants = ZREG__BUF(8 * ZREG__KIB)};
    ZREG__AUTO_FREE char *answer = NULL;
    if (grant_all(&w, NULL) != ZREG_OK) {
        zreg__call_fail_as(call, 400, ZREG__CODE_UNSUPPORTED, "more scopes than a token can hold");
    } else if (is_refused(&w)) {
        zreg__call_field(call, "WWW-Authenticate", "Basic realm=\"" ZREG__BEARER_SERVICE "\"");
        zreg__call_fail(call, ZREG__UNAUTHORIZED, "%s",
                        call->who == ZREG__WHO_WRONG ? "wrong user or password"
                                                     : "log in with a user and password");
    } else if (print_answer(&answer, call, zreg__buf_cstr(&w.grants), NULL) == ZREG_OK) {
        zreg__call_field(call, "Cache-Control", "no-store");
        zreg__call_text(call, 200, "application/json", zreg__steal(&answer));
    } else {
        zreg__call_empty(call, 500);
    }
    zreg__buf_finish(&w.grants);
}
