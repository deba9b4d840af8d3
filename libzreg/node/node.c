/* SPDX-License-Identifier: Apache-2.0 */
#include <zreg/node.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "node/carry_out.h"
#include "node/changes.h"
#include "node/driver.h"
#include "node/refresh.h"
#include "oci/reference.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *const shadowed[] = {"docker.io", "quay.io",         "ghcr.io",
                                       "gcr.io",    "registry.k8s.io", NULL};

/* Adds a registry by the one name that references have for it. */
static zreg_status add_namespace(zreg_strings *to, const char *given, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO_FREE char *text = zreg__asprintf("%s/a/b", given);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__reference_is_host(zreg__span_of(given)) ||
        zreg_ref_parse(&ref, text, NULL) != ZREG_OK ||
        zreg__str_equal(zreg_ref_repository(ref), text)) {
        return zreg__fail(err, ZREG_INVAL,
                          "registry \"%.100s\": write HOST or HOST:PORT, with a dot or a port",
                          given);
    }
    const char *name = zreg_ref_host(ref);
    for (size_t i = 0; i < zreg_strings_count(to); i++) {
        if (zreg__str_equal(zreg_strings_at(to, i), name)) {
            return ZREG_OK;
        }
    }
    return zreg__strings_add(to, name, ZREG__MAX_HOST_NAMESPACES, err);
}

static zreg_status add_namespaces(zreg_strings *to, const char *const *given, zreg_error *err)
{
    for (; given != NULL && *given != NULL; given++) {
        ZREG__TRY(add_namespace(to, *given, err));
    }
    return ZREG_OK;
}

/* Every registry that is shadowed, and of them those that names without a registry are looked for in. */
static zreg_status list_registries(zreg_strings **namespaces, zreg_strings **unqualified,
                                   const zreg_node_options *set, zreg_error *err)
{
    ZREG__TRY(zreg__strings_new(unqualified, err));
    ZREG__TRY(zreg__strings_new(namespaces, err));
    ZREG__TRY(add_namespaces(*unqualified, set->unqualified, err));
    ZREG__TRY(add_namespaces(*namespaces, shadowed, err));
    ZREG__TRY(add_namespaces(*namespaces, set->namespaces, err));
    return add_namespaces(*namespaces, set->unqualified, err);
}

/* The home folder without links on the way, which a tree would not follow. */
static zreg_status find_home(char **out, const char *given, const zreg__tree *tree, zreg_error *err)
{
    const char *home = given;
    if (zreg__str_empty(home)) {
        home = tree->is_machine ? getenv("HOME") : NULL;
        home = zreg__str_empty(home) ? "/root" : home;
    }
    if (home[0] != '/') {
        return zreg__fail(err, ZREG_INVAL, "home \"%.100s\": write an absolute path", home);
    }
    char real[PATH_MAX];
    bool resolved = tree->is_machine && realpath(home, real) != NULL;
    *out = zreg__strdup(resolved ? real : home);
    if (*out == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t size = strlen(*out); size > 0 && (*out)[size - 1] == '/'; size--) {
        (*out)[size - 1] = '\0';
    }
    return ZREG_OK;
}

static zreg_status tell(zreg_node_changes **out, const zreg__survey *survey, zreg_error *err)
{
    ZREG__AUTO(zreg_node_changes) zreg_node_changes *changes = NULL;
    const zreg__trust *row = zreg__refresh_needed(survey);
    ZREG__TRY(zreg__changes_new(&changes, survey->count + 1, err));
    for (size_t i = 0; i < survey->count; i++) {
        const zreg__survey_file *file = &survey->files[i];
        bool again = file->entry != NULL && file->entry->unfinished;
        const zreg__change change = {
            .path = file->path,
            .engine = file->engine,
            .wants = file->wants,
            .secret = file->secret,
            .same = !zreg__survey_differs(file),
            .before = again ? &file->entry->before : &file->now,
            .after = &file->after,
        };
        ZREG__TRY(zreg__changes_add(changes, &change, err));
    }
    if (row != NULL) {
        const zreg__change change = {.path = row->bundle, .engine = "trust"};
        ZREG__TRY(zreg__changes_add(changes, &change, err));
    }
    *out = zreg__steal(&changes);
    return ZREG_OK;
}

static zreg_status finish_run(zreg_node_changes **out, const zreg__survey *survey, bool check,
                              zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_node_changes) zreg_node_changes *changes = NULL;
    ZREG__TRY(tell(&changes, survey, err));
    if (!check) {
        ZREG__TRY(zreg__carry_out(survey, cancel, err));
    }
    *out = zreg__steal(&changes);
    return ZREG_OK;
}

/* Fills `survey` with what the drivers want. */
static zreg_status plan_all(zreg__survey *survey, const zreg__node_connection *connection,
                            const zreg_node_options *set, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *namespaces = NULL;
    ZREG__AUTO(zreg_strings) zreg_strings *unqualified = NULL;
    ZREG__AUTO_FREE char *home = NULL;
    ZREG__TRY(list_registries(&namespaces, &unqualified, set, err));
    ZREG__TRY(find_home(&home, set->home, survey->tree, err));
    zreg__owner owner = {0};
    zreg__tree_owner(&owner, survey->tree, home);
    ZREG__AUTO(zreg__steps)
    zreg__steps plan = {
        .connection = connection,
        .namespaces = zreg__strings_array(namespaces),
        .unqualified = zreg__strings_array(unqualified),
        .home = home,
        .uid = owner.uid,
        .edits_bundle = zreg__refresh_row(survey->tree) == NULL,
        .view = survey->view,
    };
    ZREG__TRY(zreg__drivers_plan(&plan, set->engines, err));
    return zreg__survey_apply(survey, &plan, err);
}

/* `connection` NULL: everything is taken back. */
static zreg_status run(zreg_node_changes **out, const zreg__node_connection *connection,
                       const zreg_node_options *set, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__tree) zreg__tree tree = {.fd = -1};
    ZREG__AUTO(zreg__state) zreg__state record = {0};
    ZREG__AUTO(zreg__survey) zreg__survey survey = {0};
    ZREG__TRY(zreg__cancel_check(cancel, err));
    ZREG__TRY(zreg__tree_open(&tree, set->root, err));
    ZREG__TRY(zreg__fd_lock(tree.fd, "the root", cancel, err)); /* one run at a time on one root */
    ZREG__TRY(zreg__state_load(&record, &tree, err));
    ZREG__TRY(zreg__survey_start(&survey, &tree, &record, err));
    if (connection != NULL) {
        ZREG__TRY(plan_all(&survey, connection, set, err));
    }
    return finish_run(out, &survey, set->check != 0, cancel, err);
}

zreg_status zreg_node_apply(zreg_node_changes **out, const char *json, size_t size,
                            const zreg_node_options *options, zreg_cancel *cancel, zreg_error *err)
{
    zreg_node_options set;
    ZREG__AUTO(zreg__node_connection) zreg__node_connection connection = {0};
    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(zreg__node_connection_read(&connection, json, size, err));
    return run(out, &connection, &set, cancel, err);
}

zreg_status zreg_node_revert(zreg_node_changes **out, const zreg_node_options *options,
                             zreg_cancel *cancel, zreg_error *err)
{
    zreg_node_options set;
    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    return run(out, NULL, &set, cancel, err);
}
