/* SPDX-License-Identifier: Apache-2.0 */
#include "node/carry_out.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "node/refresh.h"
#include "node/settle.h"
#include <string.h>

static bool holds(const zreg_strings *list, const char *text)
{
    for (size_t i = 0; i < zreg_strings_count(list); i++) {
        if (zreg__str_equal(zreg_strings_at(list, i), text)) {
            return true;
        }
    }
    return false;
}

/* Adds the folders on the way to `path` that are missing now. */
static zreg_status add_folders(zreg_strings *to, const zreg__tree *tree, const char *path,
                               zreg_error *err)
{
    ZREG__AUTO_FREE char *part = zreg__strdup(path);
    if (part == NULL) {
        return zreg__fail_nomem(err);
    }
    for (char *slash = part; (slash = strchr(slash + 1, '/')) != NULL;) {
        bool there = true;
        *slash = '\0';
        ZREG__TRY(zreg__tree_exists(&there, tree, part, err));
        if (!there && !holds(to, part)) {
            ZREG__TRY(zreg__strings_add(to, part, ZREG__MAX_NODE_FILES, err));
        }
        *slash = '/';
    }
    return ZREG_OK;
}

static zreg_status list_folders(zreg_strings **out, const zreg__survey *survey, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *folders = NULL;
    const zreg_strings *known = survey->record->folders;
    ZREG__TRY(zreg__strings_new(&folders, err));
    for (size_t i = 0; i < zreg_strings_count(known); i++) {
        ZREG__TRY(zreg__strings_add(folders, zreg_strings_at(known, i), ZREG__MAX_NODE_FILES, err));
    }
    ZREG__TRY(add_folders(folders, survey->tree, ZREG__STATE_PATH, err));
    if (!holds(folders, ZREG__STATE_FOLDER)) { /* a run cut off has made it; it is ours alone */
        ZREG__TRY(zreg__strings_add(folders, ZREG__STATE_FOLDER, ZREG__MAX_NODE_FILES, err));
    }
    for (size_t i = 0; i < survey->count; i++) {
        if (survey->files[i].after.exists) {
            ZREG__TRY(add_folders(folders, survey->tree, survey->files[i].path, err));
        }
    }
    *out = zreg__steal(&folders);
    return ZREG_OK;
}

static zreg_status add_entry(zreg__state *record, const zreg__survey_file *file, bool done,
                             zreg_error *err)
{
    zreg__state_entry *entry = NULL;
    ZREG__TRY(zreg__state_add(&entry, record, file->path, file->engine, err));
    entry->format = file->format;
    entry->wants = file->wants;
    entry->secret = file->secret;
    entry->owner = file->base_owner;
    entry->unfinished = !done && zreg__survey_differs(file);
    ZREG__TRY(zreg__content_copy(&entry->original, &file->base, err));
    ZREG__TRY(zreg__content_copy(&entry->written, &file->after, err));
    return entry->unfinished ? zreg__content_copy(&entry->before, &file->now, err) : ZREG_OK;
}

/* The record before the files are written, with what they hold now, or after. */
static zreg_status make_record(zreg__state *out, const zreg__survey *survey, bool done,
                               zreg_error *err)
{
    for (size_t i = 0; i < survey->count; i++) {
        const zreg__survey_file *file = &survey->files[i];
        if (zreg__survey_is_ours(file) || (!done && zreg__survey_differs(file))) {
            ZREG__TRY(add_entry(out, file, done, err));
        }
    }
    return ZREG_OK;
}

/* A password goes into no file that others can read. */
static zreg_status write_file(const zreg__survey *survey, const zreg__survey_file *file,
                              zreg_error *err)
{
    zreg__owner owner = file->owner;
    bool restores = !zreg__survey_is_ours(file) && file->is_original;
    bool tightens = file->secret && file->now.exists;
    if (!file->after.exists) {
        return zreg__tree_remove(survey->tree, file->path, err);
    }
    owner.mode &= (mode_t)~077;
    const zreg__owner *given = restores ? &file->base_owner : tightens ? &owner : NULL;
    return zreg__tree_write(survey->tree, file->path, &file->after, given,
                            file->secret ? 0600 : 0644, err);
}

static zreg_status write_files(const zreg__survey *survey, zreg_cancel *cancel, zreg_error *err)
{
    for (size_t i = 0; i < survey->count; i++) {
        const zreg__survey_file *file = &survey->files[i];
        ZREG__TRY(zreg__cancel_check(cancel, err));
        if (!zreg__content_equal(&file->now, &file->after)) {
            ZREG__TRY(write_file(survey, file, err));
        } else if (zreg__survey_differs(file)) {
            zreg__tree_clean(survey->tree, file->path);
        }
    }
    return ZREG_OK;
}

/* Removes the folders that are empty again, the inner ones first; `*out` has the others. */
static zreg_status remove_folders(zreg_strings **out, const zreg__tree *tree,
                                  const zreg_strings *folders, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *left = NULL;
    bool gone = false;
    ZREG__TRY(zreg__strings_new(&left, err));
    for (size_t i = zreg_strings_count(folders); i-- > 0;) {
        ZREG__TRY(zreg__tree_remove_folder(&gone, tree, zreg_strings_at(folders, i), err));
    }
    for (size_t i = 0; i < zreg_strings_count(folders); i++) {
        const char *folder = zreg_strings_at(folders, i);
        ZREG__TRY(zreg__tree_exists(&gone, tree, folder, err));
        if (gone) {
            ZREG__TRY(zreg__strings_add(left, folder, ZREG__MAX_NODE_FILES, err));
        }
    }
    zreg_strings_free(*out);
    *out = zreg__steal(&left);
    return ZREG_OK;
}

/* The record of what is left to undo. When that is nothing, the record goes after all folders but
 * its own. */
static zreg_status close_record(const zreg__survey *survey, const zreg_strings *folders,
                                zreg_error *err)
{
    ZREG__AUTO(zreg__state) zreg__state record = {0};
    ZREG__TRY(make_record(&record, survey, true, err));
    ZREG__TRY(remove_folders(&record.folders, survey->tree, folders, err));
    if (record.count > 0) {
        return zreg__state_save(&record, survey->tree, err);
    }
    ZREG__TRY(zreg__tree_remove(survey->tree, ZREG__STATE_PATH, err));
    return remove_folders(&record.folders, survey->tree, folders, err);
}

/* Whether the record says of each file what is true now. */
static bool is_settled(const zreg__survey *survey)
{
    size_t ours = 0;
    for (size_t i = 0; i < survey->count; i++) {
        const zreg__survey_file *file = &survey->files[i];
        if (zreg__survey_differs(file)) {
            return false;
        }
        if (zreg__survey_is_ours(file)) {
            ours++;
            if (file->entry == NULL || !zreg__content_equal(&file->entry->original, &file->base) ||
                !zreg__content_equal(&file->entry->written, &file->after)) {
                return false;
            }
        }
    }
    return ours == survey->record->count && zreg__refresh_needed(survey) == NULL;
}

/* A run that was cut off before its record was there has touched nothing else. */
static zreg_status remove_traces(const zreg__tree *tree, zreg_error *err)
{
    bool gone = false;
    zreg__tree_clean(tree, ZREG__STATE_PATH);
    return zreg__tree_remove_folder(&gone, tree, ZREG__STATE_FOLDER, err);
}

zreg_status zreg__carry_out(const zreg__survey *survey, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__state) zreg__state record = {0};
    if (is_settled(survey)) {
        return survey->count == 0 ? remove_traces(survey->tree, err) : ZREG_OK;
    }
    ZREG__TRY(list_folders(&record.folders, survey, err));
    ZREG__TRY(make_record(&record, survey, false, err));
    ZREG__TRY(zreg__state_save(&record, survey->tree, err));
    ZREG__TRY(write_files(survey, cancel, err));
    uint64_t written_ms = zreg__clock_ms();
    ZREG__TRY(zreg__refresh_run(survey, cancel, err));
    ZREG__TRY(close_record(survey, record.folders, err));
    return zreg__settle(survey, written_ms, cancel, err);
}
