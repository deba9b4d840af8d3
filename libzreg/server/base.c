/* SPDX-License-Identifier: Apache-2.0 */
#include "server/handlers.h"

#include "base/mem.h"
#include "server/call.h"
#include "server/metrics.h"

void zreg__base_ping(zreg__call *call)
{
    zreg__call_text(call, 200, "application/json", zreg__strdup("{}"));
}

void zreg__base_health(zreg__call *call)
{
    zreg__call_text(call, 200, "application/json", zreg__health_alive());
}

static void tell_readiness(zreg__call *call)
{
    char *text;
    int status = zreg__health_ready(&text, call->server);
    zreg__call_text(call, status, "application/json", text);
}

void zreg__base_ready(zreg__call *call)
{
    if (zreg__health_is_known(call->server)) {
        tell_readiness(call);
    }
}

void zreg__base_ready_work(zreg__call *call, zreg__store *store)
{
    zreg__health_probe(call->server, store);
    tell_readiness(call);
}

void zreg__base_metrics(zreg__call *call)
{
    if (!call->server->shows_metrics) {
        zreg__call_fail_as(call, 404, ZREG__NAME_UNKNOWN, "no such path");
    }
}

void zreg__base_metrics_work(zreg__call *call, zreg__store *store)
{
    zreg__call_text(call, 200, ZREG__METRICS_TYPE, zreg__metrics_text(call->server, store));
}
