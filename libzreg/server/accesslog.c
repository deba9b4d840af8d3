/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accesslog.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

static zreg_status add_others(zreg__json *line, const zreg__origins_list *list, zreg_error *err)
{
    zreg__json *also = NULL;
    ZREG__TRY(zreg__json_set_array(&also, line, "also", err));
    for (size_t i = 1; i < list->count; i++) {
        ZREG__TRY(zreg__json_add_text(also, list->items[i]->artifact, err));
    }
    return ZREG_OK;
}

/* What was asked for by tag came from where the tag came from; a digest may have several origins,
 * of which the latest is named, and the others beside it. */
static zreg__origins_list origins_of(const zreg__call *call)
{
    bool by_tag = strchr(call->last, ':') == NULL;
    return zreg__origins_find(call->server->origins, call->repository,
                              by_tag ? call->last : call->digest);
}

static bool gives_content(const zreg__call *call, int status)
{
    return call->digest[0] != '\0' && call->repository != NULL && call->last != NULL &&
           (status == 200 || status == 206 || status == 304) &&
           (call->is_head || zreg__str_equal(call->request->method, "GET"));
}

/* Which change the answer came from. */
static zreg_status describe_origin(zreg__json *line, const zreg__call *call, int status,
                                   zreg_error *err)
{
    zreg__origins_list list = {.count = 0};
    if (gives_content(call, status)) {
        list = origins_of(call);
    }
    if (list.count == 0) {
        return zreg__json_set_text(line, "source", "local", err);
    }
    const zreg__origin *origin = list.items[0];
    ZREG__TRY(zreg__json_set_text(line, "source", "artifact", err));
    ZREG__TRY(zreg__json_set_known(line, "change", origin->change, err));
    ZREG__TRY(zreg__json_set_known(line, "build", origin->build, err));
    ZREG__TRY(zreg__json_set_text(line, "artifact", origin->artifact, err));
    return list.count == 1 ? ZREG_OK : add_others(line, &list, err);
}

/* The path goes without its query: a token request may hold names that are nobody's business. */
static zreg_status describe(zreg__json *line, const zreg__call *call, bool completed,
                            zreg_error *err)
{
    char now[21];
    const zreg__serve_request *request = call->request;
    int status = completed ? request->response.status : 0;
    zreg__span rest = zreg__span_of(request->target);
    zreg__span path = zreg__span_cut(&rest, '?');
    uint64_t bytes = completed && !call->is_head ? call->answer_bytes : 0;
    zreg__clock_rfc3339(now, zreg__clock_unix_s());
    ZREG__TRY(zreg__json_set_text(line, "time", now, err));
    ZREG__TRY(zreg__json_set_text(line, "id", call->id, err));
    ZREG__TRY(zreg__json_set_text(line, "remote", request->remote, err));
    ZREG__TRY(zreg__json_set_text(line, "user", call->user, err));
    ZREG__TRY(zreg__json_set_text(line, "method", request->method, err));
    ZREG__TRY(zreg__json_set_span(line, "path", path, err));
    ZREG__TRY(zreg__json_set_text(line, "repository", call->repository, err));
    ZREG__TRY(zreg__json_set_text(line, "reference", call->last, err));
    ZREG__TRY(zreg__json_set_known(line, "digest", call->digest, err));
    ZREG__TRY(zreg__json_set_u64(line, "status", (uint64_t)status, err));
    ZREG__TRY(zreg__json_set_u64(line, "bytes", bytes, err));
    ZREG__TRY(zreg__json_set_u64(line, "received", call->body_bytes, err));
    ZREG__TRY(zreg__json_set_u64(line, "ms", zreg__clock_ms() - request->started_ms, err));
    return describe_origin(line, call, status, err);
}

void zreg__accesslog_write(const zreg__call *call, bool completed)
{
    zreg_server *server = call->server;
    ZREG__AUTO_FREE char *text = NULL;
    if (server->life.access == NULL) {
        return;
    }
    ZREG__AUTO(zreg__json) zreg__json *line = zreg__json_new_object();
    if (describe(line, call, completed, NULL) == ZREG_OK &&
        zreg__json_print_report(&text, line, NULL) == ZREG_OK) {
        zreg__life_access(&server->life, text);
    }
}
