/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accesslog.h"

#include "base/clock.h"
#include "base/json_text.h"
#include "base/limits.h"
#include "base/str.h"
#include <string.h>

#define USUAL_LINE_BYTES ((size_t)640)
#define MAX_LINE_BYTES (256 * ZREG__KIB)

static void add_others(zreg__json_text_line *line, const zreg__origins_list *list)
{
    zreg__json_text_begin_list(line, "also");
    for (size_t i = 1; i < list->count; i++) {
        zreg__json_text_item(line, list->items[i]->artifact, i == 1);
    }
    zreg__json_text_end_list(line);
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

static const char *if_known(const char *text)
{
    return zreg__str_empty(text) ? NULL : text;
}

/* Which change the answer came from. */
static void describe_origin(zreg__json_text_line *line, const zreg__call *call, int status)
{
    zreg__origins_list list = {.count = 0};
    if (gives_content(call, status)) {
        list = origins_of(call);
    }
    if (list.count == 0) {
        zreg__json_text_member(line, "source", "local");
        return;
    }
    const zreg__origin *origin = list.items[0];
    zreg__json_text_member(line, "source", "artifact");
    zreg__json_text_member(line, "change", if_known(origin->change));
    zreg__json_text_member(line, "build", if_known(origin->build));
    zreg__json_text_member(line, "artifact", origin->artifact);
    if (list.count > 1) {
        add_others(line, &list);
    }
}

/* The path goes without its query: a token request may hold names that are nobody's business. */
static void describe(zreg__json_text_line *line, const zreg__call *call, bool completed)
{
    char now[21];
    const zreg__serve_request *request = call->request;
    int status = completed ? request->response.status : 0;
    zreg__span rest = zreg__span_of(request->target);
    zreg__clock_rfc3339(now, zreg__clock_unix_s());
    zreg__json_text_member(line, "time", now);
    zreg__json_text_member(line, "id", call->id);
    zreg__json_text_member(line, "remote", request->remote);
    zreg__json_text_member(line, "user", call->identity.name);
    zreg__json_text_member(line, "method", request->method);
    zreg__json_text_member_span(line, "path", zreg__span_cut(&rest, '?'));
    zreg__json_text_member(line, "repository", call->repository);
    zreg__json_text_member(line, "reference", call->last);
    zreg__json_text_member(line, "digest", if_known(call->digest));
    zreg__json_text_member_u64(line, "status", (uint64_t)status);
    zreg__json_text_member_u64(line, "bytes", completed && !call->is_head ? call->answer_bytes : 0);
    zreg__json_text_member_u64(line, "received", call->body_bytes);
    zreg__json_text_member_u64(line, "ms", zreg__clock_ms() - request->started_ms);
    describe_origin(line, call, status);
}

void zreg__accesslog_write(const zreg__call *call, bool completed)
{
    zreg_server *server = call->server;
    if (server->life.access == NULL) {
        return;
    }
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_LINE_BYTES);
    zreg__json_text_line line = {.to = &text};
    (void)zreg__buf_room(&text, USUAL_LINE_BYTES, NULL); /* in one piece */
    describe(&line, call, completed);
    if (zreg__json_text_end(&line)) {
        zreg__life_access(&server->life, text.data);
    }
}
