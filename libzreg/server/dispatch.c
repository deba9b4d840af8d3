/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dispatch.h"

#include "base/error.h"
#include "server/access.h"
#include "server/accesslog.h"
#include "server/call.h"
#include "server/routes.h"

/* The client may go on with its upload as soon as it has the answer, so nothing holds it then. */
static zreg__serve_next answer(zreg__call *call)
{
    zreg__store_upload_free(zreg__steal(&call->upload));
    return ZREG__SERVE_ANSWER;
}

/* Once it is known who calls. */
static zreg__serve_next enter(zreg__call *call)
{
    if (!zreg__access_permit(call)) {
        return ZREG__SERVE_ANSWER;
    }
    return call->route->begin == NULL || call->route->begin(call) ? ZREG__SERVE_BODY : answer(call);
}

static zreg__serve_next begin(zreg__serve_request *request, void *user)
{
    zreg__call *call = zreg__call_new(user, request);
    if (call == NULL) {
        request->response.status = 503;
        return ZREG__SERVE_ANSWER;
    }
    request->state = call;
    zreg__call_header(call, "Docker-Distribution-API-Version", "registry/2.0");
    zreg__call_header(call, "X-Request-Id", "%s", call->id);
    zreg__call_header(call, "X-Content-Type-Options", "nosniff");
    if (!zreg__routes_find(call)) {
        return ZREG__SERVE_ANSWER;
    }
    call->checks_password = !zreg__access_identify(call);
    return call->checks_password ? ZREG__SERVE_WORK : enter(call);
}

/* To the store when an upload is open, to memory for routes that take the body whole; else it is
 * dropped. */
static void take_body(zreg__serve_request *request, const void *bytes, size_t size, void *user)
{
    zreg__call *call = request->state;
    (void)user;
    call->body_bytes += size;
    if (call->body_error.code != ZREG_OK) {
        return;
    }
    if (call->upload != NULL) {
        zreg__store_upload_append(call->upload, bytes, size, &call->body_error);
    } else if (call->route->begin != NULL) {
        zreg__buf_append(&call->body, bytes, size, &call->body_error);
    }
}

static zreg__serve_next end(zreg__serve_request *request, void *user)
{
    zreg__call *call = request->state;
    const zreg_server *server = user;
    bool is_slow =
        call->route->is_slow || (call->route->writes && zreg__store_syncs(server->store));
    if (is_slow) {
        return ZREG__SERVE_WORK;
    }
    call->route->end(call);
    return answer(call);
}

static zreg__serve_next work(zreg__serve_request *request, void *user)
{
    zreg__call *call = request->state;
    (void)user;
    if (call->checks_password) {
        call->checks_password = false;
        zreg__access_check_password(call);
        return enter(call);
    }
    call->route->end(call);
    return answer(call);
}

static void done(zreg__serve_request *request, bool completed, void *user)
{
    zreg__call *call = request->state;
    (void)user;
    if (call != NULL) {
        zreg__accesslog_write(call, completed);
        zreg__call_free(call);
    }
}

const zreg__serve_calls zreg__dispatch_calls = {
    .begin = begin,
    .body = take_body,
    .end = end,
    .work = work,
    .done = done,
};
