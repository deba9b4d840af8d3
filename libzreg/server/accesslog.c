/* SPDX-License-Identifier: Apache-2.0 */
#include "server/accesslog.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

/* The path goes without its query: a token request may hold names that are nobody's business. */
static zreg_status describe(zreg__json *line, const zreg__call *call, bool completed,
                            zreg_error *err)
{
    char now[21];
    const zreg__request *request = call->request;
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
    ZREG__TRY(
        zreg__json_set(line, "path", json_object_new_string_len(path.text, (int)path.size), err));
    ZREG__TRY(zreg__json_set_text(line, "repository", call->repository, err));
    ZREG__TRY(zreg__json_set_text(line, "reference", call->last, err));
    ZREG__TRY(
        zreg__json_set_text(line, "digest", call->digest[0] == '\0' ? NULL : call->digest, err));
    ZREG__TRY(zreg__json_set_u64(line, "status", (uint64_t)status, err));
    ZREG__TRY(zreg__json_set_u64(line, "bytes", bytes, err));
    ZREG__TRY(zreg__json_set_u64(line, "received", call->body_bytes, err));
    ZREG__TRY(zreg__json_set_u64(line, "ms", zreg__clock_ms() - request->started_ms, err));
    return zreg__json_set_text(line, "source", "local", err);
}

void zreg__accesslog_write(const zreg__call *call, bool completed)
{
    const zreg_server *server = call->server;
    ZREG__AUTO_FREE char *text = NULL;
    if (server->access == NULL) {
        return;
    }
    ZREG__AUTO(zreg__json) zreg__json *line = json_object_new_object();
    if (line != NULL && describe(line, call, completed, NULL) == ZREG_OK &&
        zreg__json_print(&text, line, NULL) == ZREG_OK) {
        server->access(text, server->access_user);
    }
}
