/* SPDX-License-Identifier: Apache-2.0 */
#include "server/handlers.h"

#include "base/mem.h"
#include "server/call.h"

void zreg__base_ping(zreg__call *call)
{
    zreg__call_text(call, 200, "application/json", zreg__strdup("{}"));
}

void zreg__base_health(zreg__call *call)
{
    zreg__call_text(call, 200, "application/json", zreg__strdup("{\"status\":\"ok\"}"));
}
