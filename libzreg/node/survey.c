/* SPDX-License-Identifier: Apache-2.0 */
#include "node/survey.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/block.h"
#include <string.h>

static zreg__survey_file *find(const zreg__survey *survey, const char *path)
{
    for (size_t i = 0; i < survey->count; i++) {
        if (zreg__str_equal(survey->files[i].path, path)) {
            return &survey->files[i];
        }
    }
    return NULL;
}

/* A file that the record does not know, without what a run left in it whose record was lost. */
static zreg_status take_out_lost(zreg__content *out, const zreg__content *now, const char *path,
                                 zreg_error *err)
{
    if (!now->exists || strstr(now->bytes, ZREG__BLOCK_BEGIN) == NULL) {
        return zreg__content_copy(out, now, err);
    }
    zreg_status status = zreg__block_remove(out, now, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", path);
    }
    if (out->size == 0) {
        zreg__content_finish(out);
    }
    return ZREG_OK;
}

static zreg_status view_read(zreg__content *out, void *user, const char *path, zreg_error *err)
{
    const zreg__survey *survey = user;
    const zreg__survey_file *file = find(survey, path);
    ZREG__AUTO(zreg__content) zreg__content now = {0};
    if (file != NULL) {
        return zreg__content_copy(out, &file->base, err);
    }
    ZREG__TRY(zreg__tree_read(&now, NULL, survey->tree, path, ZREG__MAX_NODE_FILE_BYTES, err));
    return take_out_lost(out, &now, path, err);
}

static zreg_status view_exists(bool *out, void *user, const char *path, zreg_error *err)
{
    const zreg__survey *survey = user;
    return zreg__tree_exists(out, survey->tree, path, err);
}

static zreg_status view_list(zreg_strings **out, void *user, const char *folder, zreg_error *err)
{
    const zreg__survey *survey = user;
    return zreg__tree_list(out, survey->tree, folder, err);
}

static zreg_status add_file(zreg__survey_file **out, zreg__survey *survey, const char *path,
                            zreg_error *err)
{
    zreg__survey_file *files =
        zreg__reallocarray(survey->files, survey->count + 1, sizeof(zreg__survey_file));
    if (files == NULL) {
        return zreg__fail_nomem(err);
    }
    survey->files = files;
    files[survey->count] = (zreg__survey_file){.path = zreg__strdup(path)};
    if (files[survey->count].path == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = &files[survey->count++];
    return zreg__tree_read(&(*out)->now, &(*out)->owner, survey->tree, path,
                           ZREG__MAX_NODE_FILE_BYTES, err);
}

/* What others made of the file, without what a run wrote or, cut off, may have left. */
static zreg_status take_out(zreg__content *out, const zreg__state_entry *entry,
                            const zreg__content *now, zreg_error *err)
{
    ZREG__AUTO(zreg__content) zreg__content half = {0};
    if (!now->exists) {
        return zreg__content_copy(out, now, err);
    }
    if (!entry->unfinished || !entry->before.exists) {
        return entry->format->remove(out, &entry->original, &entry->written, now, err);
    }
    ZREG__TRY(entry->format->remove(&half, &entry->original, &entry->before, now, err));
    return half.exists ? entry->format->remove(out, &entry->original, &entry->written, &half, err)
                       : ZREG_OK;
}

static bool is_as_left(const zreg__state_entry *entry, const zreg__content *now)
{
    return zreg__content_equal(now, &entry->written) ||
           zreg__content_equal(now, &entry->original) ||
           (entry->unfinished && zreg__content_equal(now, &entry->before));
}

static zreg_status look_at_entry(zreg__survey *survey, const zreg__state_entry *entry,
                                 zreg_error *err)
{
    zreg__survey_file *file = NULL;
    ZREG__TRY(add_file(&file, survey, entry->path, err));
    file->entry = entry;
    file->engine = entry->engine;
    file->format = entry->format;
    file->wants = entry->wants;
    file->secret = entry->secret;
    file->base_owner = entry->owner;
    file->is_original = is_as_left(entry, &file->now);
    if (file->is_original) {
        ZREG__TRY(zreg__content_copy(&file->base, &entry->original, err));
    } else {
        file->base_owner = file->owner;
        zreg_status status = take_out(&file->base, entry, &file->now, err);
        if (status != ZREG_OK) {
            return zreg__error_prefix(err, status, "%s", entry->path);
        }
    }
    return zreg__content_copy(&file->after, &file->base, err);
}

zreg_status zreg__survey_start(zreg__survey *out, const zreg__tree *tree, const zreg__state *record,
                               zreg_error *err)
{
    *out = (zreg__survey){.tree = tree, .record = record};
    out->view = (zreg__view){view_read, view_exists, view_list, out};
    for (size_t i = 0; i < record->count; i++) {
        ZREG__TRY(look_at_entry(out, &record->entries[i], err));
    }
    return ZREG_OK;
}

static zreg_status take_step(zreg__survey *survey, zreg__step *step, zreg_error *err)
{
    zreg__survey_file *file = find(survey, step->path);
    if (file == NULL) {
        ZREG__TRY(add_file(&file, survey, step->path, err));
        ZREG__TRY(take_out_lost(&file->base, &file->now, step->path, err));
        file->base_owner = file->owner;
    }
    file->engine = step->engine;
    file->format = step->format;
    file->wants = step->wants;
    file->secret = step->secret;
    zreg__content_finish(&file->after);
    file->after = step->after;
    step->after = (zreg__content){0};
    return ZREG_OK;
}

zreg_status zreg__survey_apply(zreg__survey *survey, zreg__steps *plan, zreg_error *err)
{
    for (size_t i = 0; i < plan->count; i++) {
        ZREG__TRY(take_step(survey, &plan->items[i], err));
    }
    return ZREG_OK;
}

bool zreg__survey_differs(const zreg__survey_file *file)
{
    return !zreg__content_equal(&file->now, &file->after) ||
           (file->entry != NULL && file->entry->unfinished);
}

bool zreg__survey_is_ours(const zreg__survey_file *file)
{
    return !zreg__content_equal(&file->base, &file->after);
}

void zreg__survey_finish(zreg__survey *survey)
{
    for (size_t i = 0; i < survey->count; i++) {
        free(survey->files[i].path);
        zreg__content_finish(&survey->files[i].now);
        zreg__content_finish(&survey->files[i].base);
        zreg__content_finish(&survey->files[i].after);
    }
    free(survey->files);
    survey->files = NULL;
    survey->count = 0;
}
