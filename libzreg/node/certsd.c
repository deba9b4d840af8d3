/* SPDX-License-Identifier: Apache-2.0 */
/* certs.d of containerd (docs/hosts.md there): a folder for each registry. The mirror is asked with
 * ?ns=REGISTRY and without credentials; after it the registry itself, by default. */
#include "base/toml.h"
#include "node/block.h"
#include "node/driver.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

static zreg_status add_host(zreg__buf *to, const zreg__node_connection *connection, zreg_error *err)
{
    ZREG__TRY(zreg__buf_printf(to, err, "[host.\"https://%s\"]\n", connection->authority));
    ZREG__TRY(zreg__buf_text(to, "  capabilities = [\"pull\", \"resolve\"]\n", err));
    return connection->ca_pem == NULL
               ? ZREG_OK
               : zreg__buf_printf(to, err, "  ca = \"../%s/ca.crt\"\n", connection->authority);
}

/* The first host table is the first one asked. */
static zreg_status edit_hosts(zreg__content *out, const zreg__node_connection *connection,
                              const zreg__content *before, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    zreg__toml_table head = {0};
    ZREG__TRY(add_host(&lines, connection, err));
    zreg__toml_next(&head, zreg__content_span(before));
    return zreg__block_insert(out, before, head.end, head.end, zreg__buf_cstr(&lines), err);
}

/* A folder of the registry's own hides the site's default for all registries, so what that says
 * comes along. */
static zreg_status make_hosts(zreg__content *out, const zreg__node_connection *connection,
                              const zreg__content *common, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    const zreg__content nothing = {0};
    zreg__toml_table head = {0};
    zreg__toml_next(&head, zreg__content_span(common));
    ZREG__TRY(zreg__buf_append(&lines, common->bytes, head.end, err));
    ZREG__TRY(add_host(&lines, connection, err));
    ZREG__TRY(zreg__buf_printf(&lines, err, "%s%s", common->exists ? common->bytes + head.end : "",
                               common->exists && !zreg__str_ends(common->bytes, "\n") ? "\n" : ""));
    return zreg__block_insert(out, &nothing, 0, 0, zreg__buf_cstr(&lines), err);
}

/* The registry's folder: HOST_PORT_ where the site has it, which containerd looks at before
 * HOST:PORT. New memory. */
static zreg_status find_folder(char **out, const zreg__steps *plan, const char *folder,
                               const char *registry, zreg_error *err)
{
    const char *port = strrchr(registry, ':');
    int host = port == NULL ? 0 : (int)(port - registry);
    bool there = false;
    ZREG__AUTO_FREE char *plain = zreg__asprintf("%s/%s", folder, registry);
    ZREG__AUTO_FREE char *other =
        zreg__asprintf("%s/%.*s_%s_", folder, host, registry, port == NULL ? "" : port + 1);
    if (plain == NULL || other == NULL) {
        return zreg__fail_nomem(err);
    }
    if (port != NULL) {
        ZREG__TRY(zreg__steps_exists(&there, plan, other, err));
    }
    *out = zreg__steal(there ? &other : &plain);
    return ZREG_OK;
}

static zreg_status plan_registry(zreg__steps *plan, const char *folder, const char *registry,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content before = {0};
    ZREG__AUTO(zreg__content) zreg__content common = {0};
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    ZREG__AUTO_FREE char *own = NULL;
    ZREG__TRY(find_folder(&own, plan, folder, registry, err));
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/hosts.toml", own);
    ZREG__AUTO_FREE char *fallback = zreg__asprintf("%s/_default/hosts.toml", folder);
    if (path == NULL || fallback == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__steps_read(&before, plan, path, err));
    if (before.exists) {
        ZREG__TRY(edit_hosts(&after, plan->connection, &before, err));
    } else {
        ZREG__TRY(zreg__steps_read(&common, plan, fallback, err));
        ZREG__TRY(make_hosts(&after, plan->connection, &common, err));
    }
    return zreg__steps_write(plan, path, &zreg__format_block, ZREG__WANTS_NOTHING, &after, err);
}

zreg_status zreg__certsd_plan(zreg__steps *plan, const char *folder, zreg_error *err)
{
    ZREG__AUTO_FREE char *path =
        zreg__asprintf("%s/%s/ca.crt", folder, plan->connection->authority);
    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__steps_certificate(plan, path, ZREG__WANTS_NOTHING, err));
    for (const char *const *registry = plan->namespaces; *registry != NULL; registry++) {
        ZREG__TRY(plan_registry(plan, folder, *registry, err));
    }
    return ZREG_OK;
}
