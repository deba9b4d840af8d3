/* SPDX-License-Identifier: Apache-2.0 */
/* k3s and RKE2: registries.yaml, of which they make containerd's certs.d when they start. */
#include "node/block.h"
#include "node/driver.h"
#include "node/yaml.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

static zreg_status fail_form(const char *key, zreg_error *err)
{
    return zreg__fail(err, ZREG_CONFLICT,
                      "\"%s\" is not written as keys below each other, one on a line; write it so",
                      key);
}

/* Puts `lines` behind the key's own line, before all that is nested in it. */
static zreg_status insert(zreg__content *content, size_t at, size_t until, zreg__buf *lines,
                          zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    ZREG__TRY(zreg__block_insert(&after, content, at, until, zreg__buf_cstr(lines), err));
    zreg__content_finish(content);
    *content = after;
    after = (zreg__content){0};
    return ZREG_OK;
}

/* Our mirror before those of a registry that has some already. */
static zreg_status put_first(zreg__content *content, const zreg__yaml_node *registry,
                             const char *authority, const char *name, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    zreg__yaml_node list;
    int indent = zreg__yaml_child_indent(content, registry);
    if (registry->value.size > 0) {
        return fail_form(name, err);
    }
    if (!zreg__yaml_find(&list, content, registry, "endpoint")) {
        ZREG__TRY(zreg__buf_printf(&lines, err, "%*sendpoint:\n%*s- \"https://%s\"\n", indent, "",
                                   indent + 2, "", authority));
        return insert(content, registry->body, registry->body, &lines, err);
    }
    if (list.value.size > 0 && list.value.text[0] == '[') {
        ZREG__TRY(zreg__buf_printf(&lines, err, "%*sendpoint: [\"https://%s\", %.*s\n", indent, "",
                                   authority, (int)list.value.size - 1, list.value.text + 1));
        return insert(content, list.begin, list.body, &lines, err);
    }
    if (list.value.size > 0) {
        return fail_form("endpoint", err);
    }
    indent = list.end > list.body ? zreg__yaml_child_indent(content, &list) : list.indent + 2;
    ZREG__TRY(zreg__buf_printf(&lines, err, "%*s- \"https://%s\"\n", indent, "", authority));
    return insert(content, list.body, list.body, &lines, err);
}

static zreg_status add_mirror(zreg__buf *to, int indent, const char *registry,
                              const char *authority, zreg_error *err)
{
    return zreg__buf_printf(to, err, "%*s\"%s\":\n%*sendpoint:\n%*s- \"https://%s\"\n", indent, "",
                            registry, indent + 2, "", indent + 4, "", authority);
}

static zreg_status add_config(zreg__buf *to, int indent, const char *authority, const char *ca,
                              zreg_error *err)
{
    return zreg__buf_printf(to, err, "%*s\"%s\":\n%*stls:\n%*sca_file: \"%s\"\n", indent, "",
                            authority, indent + 2, "", indent + 4, "", ca);
}

/* Adds lines below a key of the document, with the key itself where it is missing. */
static zreg_status add_below(zreg__content *content, const char *key, const zreg__yaml_node *node,
                             zreg__buf *lines, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf all = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    if (lines->size == 0) {
        return ZREG_OK;
    }
    if (node != NULL) {
        return insert(content, node->body, node->body, lines, err);
    }
    ZREG__TRY(zreg__buf_printf(&all, err, "%s:\n%s", key, zreg__buf_cstr(lines)));
    return insert(content, content->size, content->size, &all, err);
}

static zreg_status find_key(bool *out_found, zreg__yaml_node *out, int *indent,
                            const zreg__content *content, const char *key, zreg_error *err)
{
    zreg__yaml_node document = zreg__yaml_document(content);
    *out_found = zreg__yaml_find(out, content, &document, key);
    if (*out_found && out->value.size > 0) {
        return fail_form(key, err);
    }
    *indent = *out_found ? zreg__yaml_child_indent(content, out) : 2;
    return ZREG_OK;
}

static zreg_status edit_mirrors(zreg__content *content, const zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    zreg__yaml_node mirrors;
    bool found = false;
    int indent = 0;
    for (const char *const *registry = plan->namespaces; *registry != NULL; registry++) {
        zreg__yaml_node node;
        ZREG__TRY(find_key(&found, &mirrors, &indent, content, "mirrors", err));
        if (found && zreg__yaml_find(&node, content, &mirrors, *registry)) {
            ZREG__TRY(put_first(content, &node, plan->connection->authority, *registry, err));
        } else {
            ZREG__TRY(add_mirror(&lines, indent, *registry, plan->connection->authority, err));
        }
    }
    ZREG__TRY(find_key(&found, &mirrors, &indent, content, "mirrors", err));
    return add_below(content, "mirrors", found ? &mirrors : NULL, &lines, err);
}

static zreg_status edit_configs(zreg__content *content, const zreg__steps *plan, const char *ca,
                                zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf lines = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    zreg__yaml_node configs;
    bool found = false;
    int indent = 0;
    if (plan->connection->ca_pem == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(find_key(&found, &configs, &indent, content, "configs", err));
    ZREG__TRY(add_config(&lines, indent, plan->connection->authority, ca, err));
    return add_below(content, "configs", found ? &configs : NULL, &lines, err);
}

static zreg_status plan_file(zreg__steps *plan, const char *path, const char *ca, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content content = {0};
    ZREG__TRY(zreg__steps_certificate(plan, ca, ZREG__WANTS_RESTART, err));
    ZREG__TRY(zreg__steps_read(&content, plan, path, err));
    if (!content.exists) {
        ZREG__TRY(zreg__content_text(&content, "", err));
    }
    zreg_status status = edit_mirrors(&content, plan, err);
    status = status == ZREG_OK ? edit_configs(&content, plan, ca, err) : status;
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", path);
    }
    return zreg__steps_write(plan, path, &zreg__format_block, ZREG__WANTS_RESTART, &content, err);
}

static zreg_status plan_k3s(zreg__steps *plan, zreg_error *err)
{
    return plan_file(plan, "/etc/rancher/k3s/registries.yaml",
                     "/etc/rancher/k3s/zreg-buildset-registry.crt", err);
}

static zreg_status plan_rke2(zreg__steps *plan, zreg_error *err)
{
    return plan_file(plan, "/etc/rancher/rke2/registries.yaml",
                     "/etc/rancher/rke2/zreg-buildset-registry.crt", err);
}

const zreg__node_driver zreg__node_driver_k3s = {
    .name = "k3s",
    .signs = {"/usr/local/bin/k3s", "/usr/bin/k3s", "/etc/rancher/k3s"},
    .plan = plan_k3s,
};

const zreg__node_driver zreg__node_driver_rke2 = {
    .name = "rke2",
    .signs = {"/usr/local/bin/rke2", "/usr/bin/rke2", "/etc/rancher/rke2"},
    .plan = plan_rke2,
};
