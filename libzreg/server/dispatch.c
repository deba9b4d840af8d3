/* SPDX-License-Identifier: Apache-2.0 */
#include "server/dispatch.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "server/access.h"
#include "server/accesslog.h"
#include "server/audit.h"
#include "server/call.h"
#include "server/metrics.h"
#include "server/routes.h"
#include "server/send.h"
#include "server/slots.h"
#include <string.h>

#define MAX_UNWANTED_BYTES ZREG__MIB /* of a body that nobody takes */
#define LARGE_BODY_BYTES (256 * ZREG__KIB)

static void free_upload(void *job, const zreg__worker *on)
{
    (void)on;
    zreg__store_upload_free(job);
}

/* The client may go on with its upload as soon as it has the answer, so nothing holds it then. */
static void let_go(zreg__call *call)
{
    zreg__store_upload *upload = zreg__steal(&call->upload);
    if (upload == NULL) {
        return;
    }
    zreg__slots_settle(call->server->slots, zreg__store_upload_id(upload),
                       zreg__store_upload_is_over(upload), zreg__clock_ms());
    bool is_left_to_worker =
        zreg__store_upload_drops_much(upload) &&
        zreg__serve_run(call->server->serve, ZREG__LANE_LISTS, free_upload, upload);
    if (!is_left_to_worker) {
        zreg__store_upload_free(upload);
    }
}

static zreg__serve_next answer(zreg__call *call)
{
    zreg__call_settle(call);
    let_go(call);
    return ZREG__SERVE_ANSWER;
}

/* Once it is known who calls. */
static zreg__serve_next enter(zreg__call *call)
{
    if (!zreg__access_permit(call)) {
        return answer(call);
    }
    return call->route->begin == NULL || call->route->begin(call) ? ZREG__SERVE_BODY : answer(call);
}

static zreg__serve_next go_to(zreg__serve_request *request, zreg__lane lane)
{
    request->lane = lane;
    request->share = zreg__call_share(request->state);
    return ZREG__SERVE_WORK;
}

static uint64_t max_body(const zreg__call *call)
{
    bool is_wanted = call->route->begin != NULL || call->server->max_body < MAX_UNWANTED_BYTES;
    return is_wanted ? call->server->max_body : MAX_UNWANTED_BYTES;
}

static void refuse_large(zreg__call *call)
{
    zreg__call_fail_as(call, 413, ZREG__SIZE_INVALID,
                       "the body is larger than the %llu bytes that a request may have here",
                       (unsigned long long)max_body(call));
}

static zreg__serve_next begin(zreg__serve_request *request, void *user)
{
    zreg__call *call = zreg__call_new(user, request);
    if (call == NULL) {
        request->response.status = 503;
        return ZREG__SERVE_ANSWER;
    }
    request->state = call;
    zreg__call_usual(call);
    if (!zreg__routes_find(call)) {
        return answer(call);
    }
    if (request->body_size != UINT64_MAX && request->body_size > max_body(call)) {
        refuse_large(call);
        return answer(call);
    }
    zreg__access_known known = zreg__access_identify(call);
    call->checks_password = known == ZREG__ACCESS_UNSURE;
    return call->checks_password           ? go_to(request, ZREG__LANE_PASSWORDS)
           : known == ZREG__ACCESS_REFUSED ? answer(call)
                                           : enter(call);
}

static void busy(zreg__serve_request *request, void *user)
{
    zreg__call *call = request->state;
    (void)user;
    call->is_turned_away = true;
    zreg__call_field(call, "Retry-After", "1");
    zreg__call_fail_as(call, 503, ZREG__TOOMANYREQUESTS, "the server is busy; try again");
    answer(call);
}

/* The body is there, or cannot be taken: what is not done at once goes to a worker. */
static zreg__serve_next finish(zreg__call *call)
{
    const zreg__route *route = call->route;
    if (route->end != NULL) {
        route->end(call);
    }
    if (call->request->response.status != 0) {
        return answer(call);
    }
    return go_to(call->request, route->lane);
}

/* To the store when an upload is open, to memory for routes that take the body whole; else it is
 * dropped. What cannot be taken is answered at once, by the handler that would have had it. */
static zreg__serve_next take_body(zreg__serve_request *request, const void *bytes, size_t size,
                                  void *user)
{
    zreg__call *call = request->state;
    call->body_bytes += size;
    if (call->body_bytes > max_body(call)) {
        refuse_large(call);
        return answer(call);
    }
    if (call->upload != NULL) {
        zreg__store_upload_append(call->upload, bytes, size, &call->body_error);
    } else if (call->route->begin != NULL) {
        if (!zreg__serve_hold(request, size)) {
            busy(request, user);
            return ZREG__SERVE_ANSWER;
        }
        zreg__buf_append(&call->body, bytes, size, &call->body_error);
    }
    return call->body_error.code == ZREG_OK ? ZREG__SERVE_BODY : finish(call);
}

static zreg__serve_next end(zreg__serve_request *request, void *user)
{
    (void)user;
    return finish(request->state);
}

static zreg__serve_next work(zreg__serve_request *request, const zreg__worker *on, void *user)
{
    zreg__call *call = request->state;
    zreg__store *store = zreg__store_for_worker(call->server->store, on);
    (void)user;
    if (call->checks_password) {
        call->checks_password = false;
        zreg__access_check_password(call);
        return enter(call);
    }
    call->route->work(call, store);
    zreg__send_aside(call, store);
    if (call->body.size > LARGE_BODY_BYTES) {
        zreg__mem_give_back(); /* the tree of a manifest is many times its size */
    }
    return answer(call);
}

/* A client of registries understands one kind of error body, whoever found the fault. */
static void fault(zreg__serve_request *request, const char *why, void *user)
{
    ZREG__AUTO_FREE char *body = NULL;
    zreg__serve_response *response = &request->response;
    zreg__call *call = request->state;
    (void)user;
    if (call != NULL) {
        let_go(call);
        zreg__call_usual(call);
        call->answer_bytes = 0;
    }
    if (zreg__errors_body(&body, zreg__errors_code(response->status), why, NULL, NULL) == ZREG_OK &&
        zreg__serve_set_header(request, "Content-Type", "application/json")) {
        response->size = strlen(body);
        response->release = free;
        response->bytes = response->holder = zreg__steal(&body);
        if (call != NULL) {
            call->answer_bytes = response->size;
        }
    }
}

static void done(zreg__serve_request *request, bool completed, void *user)
{
    zreg__call *call = request->state;
    (void)user;
    if (call != NULL) {
        zreg__metrics_count(call->server->metrics, zreg__routes_number(call->route), call,
                            completed);
        zreg__accesslog_write(call, completed);
        let_go(call);
        zreg__audit_call(call);
        zreg__call_free(call);
    }
}

const zreg__serve_calls zreg__dispatch_calls = {
    .begin = begin,
    .body = take_body,
    .end = end,
    .work = work,
    .busy = busy,
    .fault = fault,
    .done = done,
};
