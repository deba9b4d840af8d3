/* SPDX-License-Identifier: Apache-2.0 */
#include "server/monitor.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "server/health.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/target.h"
#include <string.h>

#define MAX_WAITING 16

static zreg__serve_next reply(zreg__serve_request *request, int status, const char *media_type,
                              char *text)
{
    zreg__serve_response *response = &request->response;
    response->status = text == NULL ? 503 : status;
    response->bytes = response->holder = text;
    response->size = text == NULL ? 0 : strlen(text);
    response->release = free;
    zreg__serve_set_header(request, "Content-Type", media_type);
    return ZREG__SERVE_ANSWER;
}

static zreg__serve_next refuse(zreg__serve_request *request, int status, const char *text)
{
    return reply(request, status, "text/plain; charset=utf-8", zreg__strdup(text));
}

static zreg__serve_next tell_health(zreg__serve_request *request, zreg_server *server)
{
    (void)server;
    return reply(request, 200, "application/json", zreg__health_alive());
}

static zreg__serve_next tell_readiness(zreg__serve_request *request, zreg_server *server)
{
    char *text;
    int status = zreg__health_ready(&text, server);
    return reply(request, status, "application/json", text);
}

static zreg__serve_next tell_known_readiness(zreg__serve_request *request, zreg_server *server)
{
    return zreg__health_is_known(server) ? tell_readiness(request, server) : ZREG__SERVE_WORK;
}

static zreg__serve_next find_readiness(zreg__serve_request *request, zreg_server *server,
                                       zreg__store *store)
{
    zreg__health_probe(server, store);
    return tell_readiness(request, server);
}

static zreg__serve_next find_metrics(zreg__serve_request *request, zreg_server *server,
                                     zreg__store *store)
{
    return reply(request, 200, ZREG__METRICS_TYPE, zreg__metrics_text(server, store));
}

typedef struct page {
    const char *path;
    /* On the event thread; NULL: all is for a worker, which may ask the disk. */
    zreg__serve_next (*tell)(zreg__serve_request *request, zreg_server *server);
    zreg__serve_next (*find)(zreg__serve_request *request, zreg_server *server, zreg__store *store);
} page;

static const page pages[] = {
    {"/healthz", tell_health, NULL},
    {"/readyz", tell_known_readiness, find_readiness},
    {"/metrics", NULL, find_metrics},
};

static const page *look_up(const zreg__serve_request *request)
{
    zreg__span rest = zreg__span_of(request->target);
    zreg__span path = zreg__span_cut(&rest, '?');
    for (size_t i = 0; i < ZREG__COUNT(pages); i++) {
        if (zreg__span_is(path, pages[i].path)) {
            return &pages[i];
        }
    }
    return NULL;
}

static zreg__serve_next begin(zreg__serve_request *request, void *user)
{
    const page *asked = look_up(request);
    if (asked == NULL) {
        return refuse(request, 404, "here are /healthz, /readyz and /metrics\n");
    }
    if (!zreg__str_equal(request->method, "GET") && !zreg__str_equal(request->method, "HEAD")) {
        zreg__serve_set_header(request, "Allow", "GET, HEAD");
        return refuse(request, 405, "this path takes GET and HEAD\n");
    }
    return asked->tell != NULL ? asked->tell(request, user) : ZREG__SERVE_WORK;
}

static zreg__serve_next work(zreg__serve_request *request, const zreg__worker *on, void *user)
{
    zreg_server *server = user;
    return look_up(request)->find(request, server, zreg__store_for_worker(server->store, on));
}

static void busy(zreg__serve_request *request, void *user)
{
    (void)user;
    refuse(request, 503, "the server is busy; try again\n");
}

static void fault(zreg__serve_request *request, const char *why, void *user)
{
    (void)user;
    refuse(request, request->response.status, why);
}

static void done(zreg__serve_request *request, bool completed, void *user)
{
    (void)request;
    (void)completed;
    (void)user;
}

/* Nobody asks for a body: begin answers, or a worker does. */
static const zreg__serve_calls calls = {
    .begin = begin,
    .work = work,
    .busy = busy,
    .fault = fault,
    .done = done,
};

zreg_status zreg__monitor_open(zreg_server *server, const char *listen, zreg_error *err)
{
    static const zreg__serve_lane lane = {1, MAX_WAITING};
    zreg__serve_options serve = {
        .listen = listen,
        .threads = 1,
        .lanes = &lane,
        .lane_count = 1,
        .log = server->log,
        .calls = &calls,
        .user = server,
    };
    const zreg_server_limits limits = {
        .size = sizeof(limits),
        .connections = ZREG__MAX_MONITOR_CONNECTIONS,
    };
    uint64_t max_body; /* nobody asks for one */
    ZREG__TRY(zreg__server_limits_read(&serve.limits, &max_body, &limits, NULL, err));
    ZREG__TRY(zreg__serve_new(&server->monitor, &serve, err));
    server->monitor_address = zreg__target_address(server->monitor);
    return server->monitor_address == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}
