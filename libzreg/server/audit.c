/* SPDX-License-Identifier: Apache-2.0 */
#include "server/audit.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/query.h"
#include <string.h>

#define USUAL_LINE_BYTES ((size_t)512)
#define MAX_LINE_BYTES (64 * ZREG__KIB)

typedef struct change {
    const zreg__call *call; /* NULL: none brought it */
    const char *action;
    const char *repository;
    const char *reference;
    const char *digest;
    const char *outcome;
} change;

static const char *if_known(const char *text)
{
    return zreg__str_empty(text) ? NULL : text;
}

static void write_line(zreg_server *server, const change *of)
{
    char now[21];
    const zreg__call *call = of->call;
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_LINE_BYTES);
    zreg__json_text_line line = {.to = &text};
    (void)zreg__buf_room(&text, USUAL_LINE_BYTES, NULL); /* in one piece */
    zreg__clock_rfc3339(now, zreg__clock_unix_s());
    zreg__json_text_member(&line, "time", now);
    zreg__json_text_member(&line, "id", call == NULL ? NULL : call->id);
    zreg__json_text_member(&line, "remote", call == NULL ? NULL : call->request->remote);
    zreg__json_text_member(&line, "user", call == NULL ? NULL : call->identity.name);
    zreg__json_text_member(&line, "action", of->action);
    zreg__json_text_member(&line, "repository", of->repository);
    zreg__json_text_member(&line, "reference", of->reference);
    zreg__json_text_member(&line, "digest", if_known(of->digest));
    zreg__json_text_member(&line, "outcome", of->outcome);
    if (zreg__json_text_end(&line)) {
        zreg__life_audit(&server->life, text.data);
    }
}

static bool has_query(const zreg__call *call, const char *name)
{
    ZREG__AUTO_FREE char *value =
        call->query == NULL ? NULL : zreg__query_get(call->query, name, 0);
    return value != NULL;
}

/* NULL: a call that changes nothing. */
static const char *action_of(const zreg__call *call)
{
    const zreg__route *route = call->route;
    if (route == NULL || route->right < ZREG__RIGHT_PUSH || zreg__str_equal(route->method, "GET")) {
        return NULL;
    }
    bool deletes = zreg__str_equal(route->method, "DELETE");
    if (zreg__str_equal(route->tail, "/manifests/")) {
        bool is_tag = strchr(call->last, ':') == NULL;
        return !deletes ? "push-manifest" : is_tag ? "delete-tag" : "delete-manifest";
    }
    if (deletes) {
        return zreg__str_equal(route->tail, "/blobs/") ? "delete-blob" : "cancel-upload";
    }
    bool mounts = has_query(call, "mount") && !has_query(call, "digest");
    return mounts ? "mount-blob" : "push-blob";
}

/* NULL: nothing was changed, and nobody refused to. Whoever has yet to log in is asked to, not refused; of
 * an upload only its end is a change; what failed on our side may have been done in part. */
static const char *outcome_of(const zreg__call *call, const char *action)
{
    int status = call->request->response.status;
    bool is_upload = zreg__str_equal(action, "push-blob") || zreg__str_equal(action, "mount-blob");
    if (status >= 200 && status < 300) {
        return is_upload && status != 201 ? NULL : "done";
    }
    if (call->is_denied || status == 403) {
        return status == 401 && call->who == ZREG__WHO_ANONYMOUS ? NULL : "denied";
    }
    return status >= 500 && !call->is_turned_away ? "failed" : NULL;
}

static void tell(const change *of, const char *reference, const char *outcome)
{
    change one = *of;
    one.reference = reference;
    one.outcome = outcome;
    if (outcome != NULL) {
        write_line(of->call->server, &one);
    }
}

static void tell_tag(const change *of, const char *tag, size_t place)
{
    tell(of, tag, place < of->call->tags_set ? "done" : of->outcome);
}

/* A manifest that was stored, and its tags, each a change of its own: what was done is told whatever the
 * answer was, which is the outcome of the others. */
static void tell_push(const change *of)
{
    const zreg__call *call = of->call;
    bool is_tag = strchr(call->last, ':') == NULL;
    size_t place = 0;
    if (!is_tag || call->tags_set == 0) {
        tell(of, call->digest, "done");
    }
    if (is_tag) {
        tell_tag(of, call->last, place++);
    }
    for (size_t i = 0; call->query != NULL; i++) {
        ZREG__AUTO_FREE char *tag = zreg__query_get(call->query, "tag", i);
        if (tag == NULL) {
            return;
        }
        tell_tag(of, tag, place++);
    }
}

void zreg__audit_call(const zreg__call *call)
{
    const char *action = call->server->life.audit == NULL ? NULL : action_of(call);
    if (action == NULL) {
        return;
    }
    change of = {call,       action,       call->repository,
                 call->last, call->digest, outcome_of(call, action)};
    if (call->is_stored) {
        tell_push(&of);
    } else {
        tell(&of, of.reference, of.outcome);
    }
}

void zreg__audit_stored(zreg_server *server, const char *repository, const char *tag,
                        const char *digest)
{
    if (server->life.audit != NULL) {
        change of = {NULL, "push-manifest", repository, tag == NULL ? digest : tag, digest, "done"};
        write_line(server, &of);
    }
}

void zreg__audit_reload(zreg_server *server, bool is_done)
{
    if (server->life.audit != NULL) {
        change of = {NULL, "reload", NULL, NULL, NULL, is_done ? "done" : "failed"};
        write_line(server, &of);
    }
}
