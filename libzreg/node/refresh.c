/* SPDX-License-Identifier: Apache-2.0 */
#include "node/refresh.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/str.h"
#include <string.h>

#define TOOL_MS 120000

static bool is_there(const zreg__tree *tree, const char *path)
{
    bool there = false;
    return zreg__tree_exists(&there, tree, path, NULL) == ZREG_OK && there;
}

const zreg__trust *zreg__refresh_row(const zreg__tree *tree)
{
    for (const zreg__trust *row = zreg__trusts; tree->is_machine && row->folder != NULL; row++) {
        if (is_there(tree, row->bundle) && is_there(tree, row->tool)) {
            return row;
        }
    }
    return NULL;
}

/* Whether the bundle has the first certificate of `pem`. */
static bool has(const zreg__content *bundle, const zreg__content *pem)
{
    if (!pem->exists || !bundle->exists) {
        return false;
    }
    const char *begin = strchr(pem->bytes, '\n');
    const char *end = strstr(pem->bytes, "-----END");
    return begin != NULL && end != NULL && begin < end &&
           memmem(bundle->bytes, bundle->size, begin, (size_t)(end - begin)) != NULL;
}

static const zreg__survey_file *find_anchor(const zreg__survey *survey, const zreg__trust *row)
{
    size_t size = strlen(row->folder);
    for (size_t i = 0; i < survey->count; i++) {
        const char *path = survey->files[i].path;
        if (zreg__str_starts(path, row->folder) &&
            zreg__str_equal(path + size, "/" ZREG__TRUST_FILE)) {
            return &survey->files[i];
        }
    }
    return NULL;
}

static bool read_bundle(zreg__content *out, const zreg__survey *survey, const zreg__trust *row)
{
    return zreg__tree_read(out, NULL, survey->tree, row->bundle, ZREG__MAX_NODE_FILE_BYTES, NULL) ==
           ZREG_OK;
}

/* Whether the bundle lacks what the folder is to have, or keeps what it no longer has. */
static bool is_stale(const zreg__content *bundle, const zreg__survey_file *anchor)
{
    const zreg__state_entry *entry = anchor->entry;
    if (anchor->after.exists) {
        return !has(bundle, &anchor->after);
    }
    return entry != NULL && (has(bundle, &entry->written) || has(bundle, &entry->before));
}

const zreg__trust *zreg__refresh_needed(const zreg__survey *survey)
{
    ZREG__AUTO(zreg__content) zreg__content bundle = {0};
    const zreg__trust *row = zreg__refresh_row(survey->tree);
    const zreg__survey_file *anchor = row == NULL ? NULL : find_anchor(survey, row);
    if (anchor == NULL || !read_bundle(&bundle, survey, row)) {
        return NULL;
    }
    bool changes = !zreg__content_equal(&anchor->now, &anchor->after);
    return changes || is_stale(&bundle, anchor) ? row : NULL;
}

/* Where nothing tells how the tool ended its work does. */
static bool has_refreshed(int how, const zreg__survey *survey, const zreg__trust *row,
                          const zreg__survey_file *anchor)
{
    ZREG__AUTO(zreg__content) zreg__content bundle = {0};
    if (how != ZREG__PROCESS_UNKNOWN) {
        return how == 0;
    }
    return read_bundle(&bundle, survey, row) && !is_stale(&bundle, anchor);
}

zreg_status zreg__refresh_run(const zreg__survey *survey, zreg_cancel *cancel, zreg_error *err)
{
    const zreg__trust *row = zreg__refresh_needed(survey);
    if (row == NULL) {
        return ZREG_OK;
    }
    const zreg__survey_file *anchor = find_anchor(survey, row);
    bool gone = !anchor->after.exists;
    const char *const argv[] = {row->tool, gone ? row->anew : NULL, NULL};
    pid_t pid = 0;
    int how = 0;
    ZREG__TRY(zreg__process_start(&pid, argv, (const int[]){-1, -1, -1}, err));
    ZREG__TRY(zreg__process_wait(&how, pid, row->tool, TOOL_MS, cancel, err));
    return has_refreshed(how, survey, row, anchor)
               ? ZREG_OK
               : zreg__fail(err, ZREG_IO, "%s failed; run it by hand to see why", row->tool);
}
