/* SPDX-License-Identifier: Apache-2.0 */
/* containerd: certs.d, and config_path of its CRI plugin, which leads kubelet's pulls there. */
#include "base/toml.h"
#include "node/block.h"
#include "node/driver.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

#define CONFIG "/etc/containerd/config.toml"
#define CERTSD "/etc/containerd/certs.d"

/* Where each version of the file has the plugin's registries. */
static const struct version_row {
    const char *version; /* of the file */
    const char *name;    /* of the table */
    const char *header;
} versions[] = {
    {"3", "plugins\nio.containerd.cri.v1.images\nregistry",
     "[plugins.\"io.containerd.cri.v1.images\".registry]\n"},
    {"2", "plugins\nio.containerd.grpc.v1.cri\nregistry",
     "[plugins.\"io.containerd.grpc.v1.cri\".registry]\n"},
    {"1", "plugins\ncri\nregistry", "[plugins.cri.registry]\n"},
};

static const struct version_row *version_of(const zreg__content *config)
{
    zreg__toml_table head = {0};
    zreg__toml_pair version;
    zreg__toml_next(&head, zreg__content_span(config));
    if (!config->exists) {
        return &versions[1];
    }
    bool told = zreg__toml_key(&version, zreg__content_span(config), &head, "version");
    for (size_t i = 0; i < ZREG__COUNT(versions); i++) {
        if (told && zreg__span_is(version.value, versions[i].version)) {
            return &versions[i];
        }
    }
    return &versions[2];
}

/* docker's packages install a file that turns the plugin off. */
static bool is_disabled(const zreg__content *config)
{
    zreg__toml_table head = {0};
    zreg__toml_pair disabled;
    zreg__span name;
    if (!config->exists || !zreg__toml_next(&head, zreg__content_span(config)) ||
        !zreg__toml_key(&disabled, zreg__content_span(config), &head, "disabled_plugins")) {
        return false;
    }
    while (zreg__toml_item(&name, &disabled.value)) {
        if (zreg__span_is(name, "cri") || zreg__span_is(name, "io.containerd.grpc.v1.cri") ||
            zreg__span_is(name, "io.containerd.cri.v1.images")) {
            return true;
        }
    }
    return false;
}

/* Tables of mirrors in the plugin's old form, which it refuses beside config_path. */
static bool has_mirrors(const zreg__content *config, const char *registry)
{
    zreg__toml_table table = {0};
    size_t size = strlen(registry);
    while (zreg__toml_next(&table, zreg__content_span(config))) {
        if (zreg__str_starts(table.name, registry) &&
            zreg__str_starts(table.name + size, "\nmirrors\n")) {
            return true;
        }
    }
    return false;
}

static zreg_status append_table(zreg__content *out, const zreg__content *config,
                                const struct version_row *row, zreg_error *err)
{
    ZREG__AUTO_FREE char *lines = zreg__asprintf(
        "%s%s  config_path = \"" CERTSD "\"\n", config->exists ? "" : "version = 2\n", row->header);
    return lines == NULL ? zreg__fail_nomem(err)
                         : zreg__block_insert(out, config, config->size, config->size, lines, err);
}

/* The first of the folders that config_path names. */
static zreg_status take_folder(char **out, zreg__span names, zreg_error *err)
{
    zreg__span first = zreg__span_cut(&names, ':');
    if (first.size == 0 || first.text[0] != '/') {
        return zreg__fail(err, ZREG_CONFLICT,
                          CONFIG ": config_path is not the absolute path of a folder");
    }
    *out = zreg__strndup(first.text, first.size);
    return *out == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

/* Leaves `*out` without a file when nothing is to be changed. */
static zreg_status edit_config(zreg__content *out, char **folder, const zreg__content *config,
                               zreg_error *err)
{
    static const char line[] = "  config_path = \"" CERTSD "\"\n";
    const struct version_row *row = version_of(config);
    zreg__toml_table table;
    zreg__toml_pair path;
    zreg__span text;
    if (has_mirrors(config, row->name)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          CONFIG " has tables registry.mirrors, which containerd refuses beside "
                                 "config_path; move them to " CERTSD);
    }
    if (!zreg__toml_find(&table, zreg__content_span(config), row->name)) {
        return append_table(out, config, row, err);
    }
    if (!zreg__toml_key(&path, zreg__content_span(config), &table, "config_path")) {
        return zreg__block_insert(out, config, table.body, table.body, line, err);
    }
    bool readable = zreg__toml_string(&text, path.value);
    if (readable && text.size == 0) {
        return zreg__block_insert(out, config, path.begin, path.end, line, err);
    }
    return take_folder(folder, readable ? text : (zreg__span){NULL, 0}, err);
}

static zreg_status plan_containerd(zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content config = {0};
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    ZREG__AUTO_FREE char *folder = NULL;
    ZREG__TRY(zreg__steps_read(&config, plan, CONFIG, err));
    if (!is_disabled(&config)) {
        ZREG__TRY(edit_config(&after, &folder, &config, err));
    }
    ZREG__TRY(zreg__certsd_plan(plan, folder == NULL ? CERTSD : folder, err));
    if (!after.exists) {
        return ZREG_OK;
    }
    return zreg__steps_write(plan, CONFIG, &zreg__format_block, ZREG__WANTS_RESTART, &after, err);
}

static zreg_status plan_microk8s(zreg__steps *plan, zreg_error *err)
{
    return zreg__certsd_plan(plan, "/var/snap/microk8s/current/args/certs.d", err);
}

const zreg__node_driver zreg__node_driver_containerd = {
    .name = "containerd",
    .signs = {"/usr/bin/containerd", "/usr/sbin/containerd", "/usr/local/bin/containerd",
              "/etc/containerd"},
    .plan = plan_containerd,
};

const zreg__node_driver zreg__node_driver_microk8s = {
    .name = "microk8s",
    .signs = {"/var/snap/microk8s/current/args"},
    .plan = plan_microk8s,
};
