/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registries.conf of podman, buildah, skopeo and CRI-O (containers-registries.conf.d(5)): a drop-in
 * with a [[registry]] for each shadowed registry, whose first mirror is ours.
 *
 * An entry of a drop-in takes the place of an earlier one with the same prefix, and of all entries
 * the one with the longest prefix counts. So every entry of the site for a shadowed registry, or for
 * a part of it, stands in our drop-in again, with its own mirrors after ours.
 *
 * The list of registries for names without one is the last file's that has it. When it has several,
 * "enforcing" wants somebody at a terminal to choose among them, and nobody is; "permissive" then
 * tries one after the other.
 */
#include "base/toml.h"
#include "node/block.h"
#include "node/driver.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

#define MAIN "/etc/containers/registries.conf"
#define FOLDER "/etc/containers/registries.conf.d"
#define DROP_IN FOLDER "/zz-zreg-buildset-registry.conf"
#define CERTSD "/etc/containers/certs.d"

/* What the site says: its entries by their prefix, and the mode for names without a registry. */
typedef struct site {
    zreg__map *entries;
    bool enforcing;
} site;

/* A [[registry]] of the site: its own keys, and the tables of its mirrors. */
typedef struct entry {
    char *keys;
    char *mirrors;
} entry;

static void entry_free(void *pointer)
{
    entry *e = pointer;
    if (e != NULL) {
        free(e->keys);
        free(e->mirrors);
        free(e);
    }
}

/* The shadowed registry that `prefix` is, or is a part of; NULL: none. */
static const char *registry_of(const zreg__steps *plan, const char *prefix)
{
    for (const char *const *registry = plan->namespaces; *registry != NULL; registry++) {
        size_t size = strlen(*registry);
        if (zreg__str_starts(prefix, *registry) && (prefix[size] == '\0' || prefix[size] == '/')) {
            return *registry;
        }
    }
    return NULL;
}

/* The value of "prefix", else of "location", in new memory; NULL when there is neither. */
static char *prefix_of(const zreg__content *content, const zreg__toml_table *table)
{
    zreg__toml_pair pair;
    zreg__span text;
    if (!zreg__toml_key(&pair, zreg__content_span(content), table, "prefix") &&
        !zreg__toml_key(&pair, zreg__content_span(content), table, "location")) {
        return NULL;
    }
    return zreg__toml_string(&text, pair.value) ? zreg__strndup(text.text, text.size) : NULL;
}

/* Text that ends with a line end; also at the end of a file without one. */
static char *lines_of(const zreg__content *content, size_t begin, size_t end)
{
    bool open = end > begin && content->bytes[end - 1] != '\n';
    return zreg__asprintf("%.*s%s", (int)(end - begin), content->bytes + begin, open ? "\n" : "");
}

static zreg_status add_entry(zreg__map *entries, const zreg__content *content,
                             const zreg__toml_table *table, size_t end, zreg_error *err)
{
    ZREG__AUTO_FREE char *prefix = prefix_of(content, table);
    if (prefix == NULL) {
        return ZREG_OK;
    }
    entry *e = zreg__new(entry);
    if (e != NULL) {
        e->keys = lines_of(content, table->body, table->end);
        e->mirrors = lines_of(content, table->end, end);
    }
    if (e == NULL || e->keys == NULL || e->mirrors == NULL) {
        entry_free(e);
        return zreg__fail_nomem(err);
    }
    zreg_status status = zreg__map_set(entries, prefix, e, err);
    if (status != ZREG_OK) {
        entry_free(e);
    }
    return status;
}

/* Reads the mode from what stands before the first table. */
static void read_mode(site *of, const zreg__content *content, const zreg__toml_table *table)
{
    zreg__toml_pair pair;
    zreg__span text;
    if (table->name[0] == '\0' &&
        zreg__toml_key(&pair, zreg__content_span(content), table, "short-name-mode") &&
        zreg__toml_string(&text, pair.value) && text.size > 0) {
        of->enforcing = zreg__span_is_nocase(text, "enforcing");
    }
}

static zreg_status read_file(site *of, const zreg__steps *plan, const char *path, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content content = {0};
    zreg__toml_table table = {0};
    ZREG__TRY(zreg__steps_read(&content, plan, path, err));
    bool more = zreg__toml_next(&table, zreg__content_span(&content));
    if (more) {
        read_mode(of, &content, &table);
    }
    while (more) {
        zreg__toml_table registry = table;
        size_t end = table.end;
        more = zreg__toml_next(&table, zreg__content_span(&content));
        if (!registry.array || !zreg__str_equal(registry.name, "registry")) {
            continue;
        }
        while (more && zreg__str_equal(table.name, "registry\nmirror")) {
            end = table.end;
            more = zreg__toml_next(&table, zreg__content_span(&content));
        }
        ZREG__TRY(add_entry(of->entries, &content, &registry, end, err));
    }
    return ZREG_OK;
}

/* All that the site says, in the order in which podman reads the files. */
static zreg_status read_site(site *of, const zreg__steps *plan, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;
    ZREG__TRY(read_file(of, plan, MAIN, err));
    ZREG__TRY(plan->view.list(&names, plan->view.user, FOLDER, err));
    for (size_t i = 0; i < zreg_strings_count(names); i++) {
        const char *name = zreg_strings_at(names, i);
        ZREG__AUTO_FREE char *path = zreg__asprintf(FOLDER "/%s", name);
        if (path == NULL) {
            return zreg__fail_nomem(err);
        }
        if (zreg__str_ends(name, ".conf") && !zreg__str_equal(path, DROP_IN)) {
            ZREG__TRY(read_file(of, plan, path, err));
        }
    }
    return ZREG_OK;
}

/* TOML wants these keys before the first table. */
static zreg_status write_unqualified(zreg__buf *to, const zreg__steps *plan, bool enforcing,
                                     zreg_error *err)
{
    const char *const *registry = plan->unqualified;
    if (registry == NULL || *registry == NULL) {
        return ZREG_OK;
    }
    bool several = registry[1] != NULL;
    ZREG__TRY(zreg__buf_printf(to, err, "unqualified-search-registries = [\"%s\"", *registry));
    while (*++registry != NULL) {
        ZREG__TRY(zreg__buf_printf(to, err, ", \"%s\"", *registry));
    }
    ZREG__TRY(zreg__buf_text(to, "]\n", err));
    return zreg__buf_text(to, enforcing && several ? "short-name-mode = \"permissive\"\n" : "",
                          err);
}

static zreg_status write_entry(zreg__buf *to, const zreg__steps *plan, const char *prefix,
                               const entry *own, zreg_error *err)
{
    const char *registry = registry_of(plan, prefix);
    ZREG__TRY(zreg__buf_text(to, to->size == 0 ? "[[registry]]\n" : "\n[[registry]]\n", err));
    if (own == NULL) {
        ZREG__TRY(
            zreg__buf_printf(to, err, "prefix = \"%s\"\nlocation = \"%s\"\n", prefix, prefix));
    } else {
        ZREG__TRY(zreg__buf_text(to, own->keys, err));
    }
    ZREG__TRY(zreg__buf_text(to, "[[registry.mirror]]\n", err));
    ZREG__TRY(zreg__buf_printf(to, err, "location = \"%s", plan->connection->authority));
    ZREG__TRY(zreg__drivers_mirror_path(to, registry, err));
    ZREG__TRY(zreg__buf_printf(to, err, "%s\"\n", prefix + strlen(registry)));
    return zreg__buf_text(to, own == NULL ? "" : own->mirrors, err);
}

static zreg_status write_drop_in(zreg__buf *to, const zreg__steps *plan, const site *of,
                                 zreg_error *err)
{
    const char *prefix;
    void *own;
    ZREG__TRY(write_unqualified(to, plan, of->enforcing, err));
    for (const char *const *registry = plan->namespaces; *registry != NULL; registry++) {
        ZREG__TRY(write_entry(to, plan, *registry, zreg__map_get(of->entries, *registry), err));
    }
    for (size_t i = 0; zreg__map_next(of->entries, &i, &prefix, &own);) {
        const char *registry = registry_of(plan, prefix);
        if (registry != NULL && !zreg__str_equal(registry, prefix)) {
            ZREG__TRY(write_entry(to, plan, prefix, own, err));
        }
    }
    return ZREG_OK;
}

zreg_status zreg__containers_plan(zreg__steps *plan, zreg__wants wants, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    ZREG__AUTO(zreg__map) zreg__map *entries = NULL;
    site of = {0};
    ZREG__AUTO(zreg__content) zreg__content after = {0};
    const zreg__content nothing = {0};
    ZREG__AUTO_FREE char *ca = zreg__asprintf(CERTSD "/%s/ca.crt", plan->connection->authority);
    if (ca == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_new(&entries, entry_free, err));
    of.entries = entries;
    ZREG__TRY(read_site(&of, plan, err));
    ZREG__TRY(write_drop_in(&text, plan, &of, err));
    ZREG__TRY(zreg__block_insert(&after, &nothing, 0, 0, zreg__buf_cstr(&text), err));
    ZREG__TRY(zreg__steps_certificate(plan, ca, ZREG__WANTS_NOTHING, err));
    return zreg__steps_write(plan, DROP_IN, &zreg__format_block, wants, &after, err);
}

static zreg_status plan_podman(zreg__steps *plan, zreg_error *err)
{
    return zreg__containers_plan(plan, ZREG__WANTS_NOTHING, err);
}

static zreg_status plan_crio(zreg__steps *plan, zreg_error *err)
{
    return zreg__containers_plan(plan, ZREG__WANTS_RELOAD, err);
}

const zreg__node_driver zreg__node_driver_podman = {
    .name = "podman",
    .signs = {"/usr/bin/podman", "/usr/bin/buildah", "/usr/bin/skopeo", "/usr/local/bin/podman",
              "/etc/containers"},
    .plan = plan_podman,
};

const zreg__node_driver zreg__node_driver_crio = {
    .name = "crio",
    .signs = {"/usr/bin/crio", "/usr/local/bin/crio", "/etc/crio"},
    .plan = plan_crio,
};
