/* SPDX-License-Identifier: Apache-2.0 */
#include "node/state.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include <string.h>

#define VERSION 1

static zreg_status fail_corrupt(zreg_error *err)
{
    return zreg__fail(err, ZREG_CORRUPT,
                      ZREG__STATE_PATH " is not as zreg wrote it; put the files that it names "
                                       "right by hand, then remove it");
}

/* --- reading */

static zreg_status read_content(zreg__content *out, const zreg__json *from, const char *key,
                                zreg_error *err)
{
    const char *text = zreg__json_text(from, key);
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_NODE_FILE_BYTES);
    if (text == NULL) {
        return zreg__json_get(from, key) == NULL ? ZREG_OK : fail_corrupt(err);
    }
    if (zreg__base64_decode(&bytes, text, strlen(text), 0, NULL) != ZREG_OK) {
        return fail_corrupt(err);
    }
    return zreg__content_take(out, &bytes, err);
}

static zreg_status read_owner(zreg__owner *out, const zreg__json *from, zreg_error *err)
{
    uint64_t mode = 0;
    uint64_t uid = 0;
    uint64_t gid = 0;
    if (!zreg__json_u64(from, "mode", &mode) || !zreg__json_u64(from, "uid", &uid) ||
        !zreg__json_u64(from, "gid", &gid) || mode > 07777 || uid > UINT32_MAX ||
        gid > UINT32_MAX) {
        return fail_corrupt(err);
    }
    *out = (zreg__owner){(mode_t)mode, (uid_t)uid, (gid_t)gid};
    return ZREG_OK;
}

static zreg_status read_flags(zreg__state_entry *out, const zreg__json *from, zreg_error *err)
{
    uint64_t wants = 0;
    if (!zreg__json_u64(from, "wants", &wants) || wants > ZREG__WANTS_RESTART) {
        return fail_corrupt(err);
    }
    out->wants = (zreg__wants)wants;
    out->secret = zreg__json_bool(from, "secret");
    out->unfinished = zreg__json_bool(from, "unfinished");
    return ZREG_OK;
}

static zreg_status read_entry(zreg__state *to, const zreg__json *from, zreg_error *err)
{
    const char *path = zreg__json_text(from, "path");
    const char *engine = zreg__json_text(from, "engine");
    const char *name = zreg__json_text(from, "format");
    const zreg__format *format = name == NULL ? NULL : zreg__formats_find(name);
    zreg__state_entry *entry = NULL;
    if (path == NULL || path[0] != '/' || engine == NULL || format == NULL) {
        return fail_corrupt(err);
    }
    ZREG__TRY(zreg__state_add(&entry, to, path, engine, err));
    entry->format = format;
    ZREG__TRY(read_owner(&entry->owner, from, err));
    ZREG__TRY(read_flags(entry, from, err));
    ZREG__TRY(read_content(&entry->original, from, "original", err));
    ZREG__TRY(read_content(&entry->written, from, "written", err));
    return read_content(&entry->before, from, "before", err);
}

static zreg_status read_record(zreg__state *to, const zreg__json *from, zreg_error *err)
{
    uint64_t version = 0;
    const zreg__json *files = zreg__json_get(from, "files");
    const zreg__json *folders = zreg__json_get(from, "folders");
    if (!zreg__json_u64(from, "version", &version) || version != VERSION) {
        return fail_corrupt(err);
    }
    for (size_t i = 0; i < zreg__json_length(files); i++) {
        ZREG__TRY(read_entry(to, zreg__json_at(files, i), err));
    }
    for (size_t i = 0; i < zreg__json_length(folders); i++) {
        const char *folder = zreg__json_as_text(zreg__json_at(folders, i));
        if (zreg__str_empty(folder) || folder[0] != '/') {
            return fail_corrupt(err);
        }
        ZREG__TRY(zreg__strings_add(to->folders, folder, ZREG__MAX_NODE_FILES, err));
    }
    return ZREG_OK;
}

zreg_status zreg__state_load(zreg__state *out, const zreg__tree *tree, zreg_error *err)
{
    ZREG__AUTO(zreg__state) zreg__state record = {0};
    ZREG__AUTO(zreg__content) zreg__content content = {0};
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__TRY(zreg__strings_new(&record.folders, err));
    ZREG__TRY(
        zreg__tree_read(&content, NULL, tree, ZREG__STATE_PATH, ZREG__MAX_HOST_RECORD_BYTES, err));
    if (content.exists) {
        if (zreg__json_parse(&json, content.bytes, content.size, "record", NULL) != ZREG_OK) {
            return fail_corrupt(err);
        }
        ZREG__TRY(read_record(&record, json, err));
    }
    *out = record;
    record = (zreg__state){0};
    return ZREG_OK;
}

/* --- writing */

static zreg_status set_content(zreg__json *to, const char *key, const zreg__content *content,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(2 * ZREG__MAX_NODE_FILE_BYTES);
    if (!content->exists) {
        return zreg__json_set_null(to, key, err);
    }
    ZREG__TRY(zreg__base64_encode(&text, content->bytes, content->size, 0, err));
    zreg_status status = zreg__json_set_text(to, key, zreg__buf_cstr(&text), err);
    if (text.data != NULL) {
        explicit_bzero(text.data, text.size);
    }
    return status;
}

static zreg_status set_entry(zreg__json *to, const zreg__state_entry *entry, zreg_error *err)
{
    ZREG__TRY(zreg__json_set_text(to, "path", entry->path, err));
    ZREG__TRY(zreg__json_set_text(to, "format", entry->format->name, err));
    ZREG__TRY(zreg__json_set_text(to, "engine", entry->engine, err));
    ZREG__TRY(zreg__json_set_u64(to, "wants", (uint64_t)entry->wants, err));
    ZREG__TRY(zreg__json_set_bool(to, "secret", entry->secret, err));
    ZREG__TRY(zreg__json_set_u64(to, "mode", entry->owner.mode, err));
    ZREG__TRY(zreg__json_set_u64(to, "uid", entry->owner.uid, err));
    ZREG__TRY(zreg__json_set_u64(to, "gid", entry->owner.gid, err));
    ZREG__TRY(zreg__json_set_bool(to, "unfinished", entry->unfinished, err));
    ZREG__TRY(set_content(to, "original", &entry->original, err));
    ZREG__TRY(set_content(to, "written", &entry->written, err));
    return set_content(to, "before", &entry->before, err);
}

static zreg_status set_all(zreg__json *to, const zreg__state *record, zreg_error *err)
{
    zreg__json *list = NULL;
    ZREG__TRY(zreg__json_set_u64(to, "version", VERSION, err));
    ZREG__TRY(zreg__json_set_array(&list, to, "folders", err));
    for (size_t i = 0; i < zreg_strings_count(record->folders); i++) {
        ZREG__TRY(zreg__json_add_text(list, zreg_strings_at(record->folders, i), err));
    }
    ZREG__TRY(zreg__json_set_array(&list, to, "files", err));
    for (size_t i = 0; i < record->count; i++) {
        zreg__json *file = NULL;
        ZREG__TRY(zreg__json_add_object(&file, list, err));
        ZREG__TRY(set_entry(file, &record->entries[i], err));
    }
    return ZREG_OK;
}

zreg_status zreg__state_save(const zreg__state *record, const zreg__tree *tree, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    ZREG__AUTO(zreg__content) zreg__content content = {0};
    char *text = NULL;
    ZREG__TRY(set_all(json, record, err));
    ZREG__TRY(zreg__json_print(&text, json, err));
    content = (zreg__content){true, text, strlen(text)};
    return zreg__tree_write(tree, ZREG__STATE_PATH, &content, NULL, 0600, err);
}

/* --- entries */

zreg__state_entry *zreg__state_find(const zreg__state *record, const char *path)
{
    for (size_t i = 0; i < record->count; i++) {
        if (zreg__str_equal(record->entries[i].path, path)) {
            return &record->entries[i];
        }
    }
    return NULL;
}

zreg_status zreg__state_add(zreg__state_entry **out, zreg__state *record, const char *path,
                            const char *engine, zreg_error *err)
{
    if (record->count == ZREG__MAX_NODE_FILES) {
        return zreg__fail(err, ZREG_LIMIT, "more than %d files to change", ZREG__MAX_NODE_FILES);
    }
    zreg__state_entry *entries =
        zreg__reallocarray(record->entries, record->count + 1, sizeof(zreg__state_entry));
    if (entries == NULL) {
        return zreg__fail_nomem(err);
    }
    record->entries = entries;
    zreg__state_entry entry = {.path = zreg__strdup(path), .engine = zreg__strdup(engine)};
    if (entry.path == NULL || entry.engine == NULL) {
        zreg__state_entry_finish(&entry);
        return zreg__fail_nomem(err);
    }
    entries[record->count] = entry;
    *out = &entries[record->count++];
    return ZREG_OK;
}

void zreg__state_entry_finish(zreg__state_entry *entry)
{
    free(entry->path);
    free(entry->engine);
    zreg__content_finish(&entry->original);
    zreg__content_finish(&entry->written);
    zreg__content_finish(&entry->before);
    *entry = (zreg__state_entry){0};
}

void zreg__state_finish(zreg__state *record)
{
    for (size_t i = 0; i < record->count; i++) {
        zreg__state_entry_finish(&record->entries[i]);
    }
    free(record->entries);
    zreg_strings_free(record->folders);
    *record = (zreg__state){0};
}
