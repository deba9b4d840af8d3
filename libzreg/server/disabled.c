/* SPDX-License-Identifier: Apache-2.0 */
/* The public functions in a library built with --disable-server. No zreg_server can exist. */
#include "server/server.h"

#include "base/error.h"

static zreg_status unsupported(zreg_error *err)
{
    zreg__error_clear(err);
    return zreg__fail(err, ZREG_UNSUPPORTED, "this libzreg was built without its server");
}

zreg_status zreg_server_start(zreg_server **out, const zreg_server_options *options,
                              zreg_error *err)
{
    (void)out;
    (void)options;
    return unsupported(err);
}

const char *zreg_server_host(const zreg_server *server)
{
    (void)server;
    return NULL;
}

uint16_t zreg_server_port(const zreg_server *server)
{
    (void)server;
    return 0;
}

const char *zreg_server_address(const zreg_server *server)
{
    (void)server;
    return NULL;
}

const char *zreg_server_metrics_address(const zreg_server *server)
{
    (void)server;
    return NULL;
}

const char *zreg_server_username(const zreg_server *server)
{
    (void)server;
    return NULL;
}

const char *zreg_server_password(const zreg_server *server)
{
    (void)server;
    return NULL;
}

const char *zreg_server_certificate(const zreg_server *server)
{
    (void)server;
    return NULL;
}

const char *zreg_server_fingerprint(const zreg_server *server)
{
    (void)server;
    return NULL;
}

zreg_status zreg_server_connection(char **out_json, const zreg_server *server, zreg_error *err)
{
    (void)out_json;
    (void)server;
    return unsupported(err);
}

zreg_status zreg_server_check(zreg_server *server, uint32_t timeout_ms, zreg_error *err)
{
    (void)server;
    (void)timeout_ms;
    return unsupported(err);
}

zreg_status zreg_server_stop(zreg_server *server, uint32_t grace_ms, zreg_error *err)
{
    (void)server;
    (void)grace_ms;
    return unsupported(err);
}

zreg_status zreg_server_reload(zreg_server *server, const zreg_server_options *options,
                               zreg_error *err)
{
    (void)server;
    (void)options;
    return unsupported(err);
}

void zreg_server_free(zreg_server *server)
{
    (void)server;
}
