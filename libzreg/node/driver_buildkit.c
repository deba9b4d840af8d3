/* SPDX-License-Identifier: Apache-2.0 */
/* BuildKit's own daemon: mirrors in buildkitd.toml. It asks a mirror with ?ns=, as containerd does,
 * so the mirror needs no path. The builder inside dockerd follows docker's settings. */
#include "base/toml.h"
#include "node/block.h"
#include "node/driver.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"

#define CONFIG "/etc/buildkit/buildkitd.toml"
#define CA "/etc/buildkit/zreg-buildset-registry.crt"

static zreg_status insert(zreg__content *content, size_t at, size_t until, const char *lines,
                          zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    ZREG__TRY(zreg__block_insert(&after, content, at, until, lines, err));
    zreg__content_finish(content);
    *content = after;
    after = (zreg__content){0};
    return ZREG_OK;
}

/* Our mirror before those of a registry that has a table already. */
static zreg_status put_first(zreg__content *content, const zreg__toml_table *table,
                             const char *authority, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf line = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    zreg__toml_pair mirrors;
    if (!zreg__toml_key(&mirrors, zreg__content_span(content), table, "mirrors")) {
        ZREG__TRY(zreg__buf_printf(&line, err, "  mirrors = [\"%s\"]\n", authority));
        return insert(content, table->body, table->body, zreg__buf_cstr(&line), err);
    }
    if (mirrors.value.size == 0 || mirrors.value.text[0] != '[') {
        return zreg__fail(err, ZREG_INVAL, "\"mirrors\" is no list");
    }
    ZREG__TRY(zreg__buf_printf(&line, err, "  mirrors = [\"%s\", %.*s\n", authority,
                               (int)mirrors.value.size - 1, mirrors.value.text + 1));
    return insert(content, mirrors.begin, mirrors.end, zreg__buf_cstr(&line), err);
}

static zreg_status edit(zreg__content *content, const zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    const char *authority = plan->connection->authority;
    for (const char *const *registry = plan->namespaces; *registry != NULL; registry++) {
        zreg__toml_table table;
        ZREG__AUTO_FREE char *name = zreg__asprintf("registry\n%s", *registry);
        if (name == NULL) {
            return zreg__fail_nomem(err);
        }
        if (zreg__toml_find(&table, zreg__content_span(content), name)) {
            ZREG__TRY(put_first(content, &table, authority, err));
        } else {
            ZREG__TRY(zreg__buf_printf(&lines, err, "[registry.\"%s\"]\n  mirrors = [\"%s\"]\n",
                                       *registry, authority));
        }
    }
    if (plan->connection->ca_pem != NULL) {
        ZREG__TRY(
            zreg__buf_printf(&lines, err, "[registry.\"%s\"]\n  ca = [\"" CA "\"]\n", authority));
    }
    return lines.size == 0
               ? ZREG_OK
               : insert(content, content->size, content->size, zreg__buf_cstr(&lines), err);
}

static zreg_status plan_buildkit(zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content content = {0};
    ZREG__TRY(zreg__steps_certificate(plan, CA, ZREG__WANTS_RESTART, err));
    ZREG__TRY(zreg__steps_read(&content, plan, CONFIG, err));
    zreg_status status = edit(&content, plan, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, CONFIG);
    }
    return zreg__steps_write(plan, CONFIG, &zreg__format_block, ZREG__WANTS_RESTART, &content, err);
}

const zreg__node_driver zreg__node_driver_buildkit = {
    .name = "buildkit",
    .signs = {"/usr/bin/buildkitd", "/usr/local/bin/buildkitd", "/etc/buildkit"},
    .plan = plan_buildkit,
};
