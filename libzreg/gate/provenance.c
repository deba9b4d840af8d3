/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a registry's access log says about who got which image. */
#include <zreg/provenance.h>

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include <string.h>

/* One row. The texts of `shown` are owned; NULL until the record is finished. */
typedef struct row {
    zreg_served_image shown;
    bool was_missing; /* only 404s so far */
    bool was_pushed;  /* those came from whoever pushed it then */
} row;

struct zreg_provenance {
    row *rows;
    size_t count;
    size_t capacity;
    zreg__map *by_key; /* "REPOSITORY TAG ARTIFACT" -> row number + 1, as a pointer */
    size_t strangers;  /* rows made for what was not here: anybody may ask for anything */
    uint64_t lines;    /* that could be read */
    uint64_t lost;
};

ZREG__DEFINE_AUTO(zreg_provenance, zreg_provenance_free)

/* The parts of one line that count here. */
typedef struct line {
    const char *method;
    const char *repository;
    const char *reference;
    const char *digest;
    const char *change;
    const char *build;
    const char *artifact;
    uint64_t status;
    uint64_t bytes;
    bool is_manifest;
    bool is_blob;
} line;

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static bool read_line(line *out, const zreg__json *json)
{
    const char *path = zreg__json_text(json, "path");
    *out = (line){
        .method = zreg__json_text(json, "method"),
        .repository = zreg__json_text(json, "repository"),
        .reference = zreg__json_text(json, "reference"),
        .digest = or_empty(zreg__json_text(json, "digest")),
        .change = or_empty(zreg__json_text(json, "change")),
        .build = or_empty(zreg__json_text(json, "build")),
        .artifact = or_empty(zreg__json_text(json, "artifact")),
    };
    if (out->method == NULL || path == NULL || !zreg__json_u64(json, "status", &out->status) ||
        !zreg__json_u64(json, "bytes", &out->bytes)) {
        return false;
    }
    out->is_manifest = strstr(path, "/manifests/") != NULL;
    out->is_blob = strstr(path, "/blobs/") != NULL && strstr(path, "/uploads") == NULL;
    return true;
}

static zreg_status grow(zreg_provenance *record, zreg_error *err)
{
    if (record->count - record->strangers >= ZREG__MAX_SERVED_IMAGES) {
        return zreg__fail(err, ZREG_LIMIT, "the access log names more than %d images",
                          ZREG__MAX_SERVED_IMAGES);
    }
    if (record->count < record->capacity) {
        return ZREG_OK;
    }
    size_t capacity = record->capacity == 0 ? 16 : 2 * record->capacity;
    row *rows = zreg__reallocarray(record->rows, capacity, sizeof(row));
    if (rows == NULL) {
        return zreg__fail_nomem(err);
    }
    record->rows = rows;
    record->capacity = capacity;
    return ZREG_OK;
}

static zreg_status set_text(const char **to, const char *text, zreg_error *err)
{
    char *copy = zreg__strdup(text);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    free((char *)*to);
    *to = copy;
    return ZREG_OK;
}

static zreg_status fill(row *to, const line *from, const char *tag, zreg_error *err)
{
    ZREG__TRY(set_text(&to->shown.repository, from->repository, err));
    ZREG__TRY(set_text(&to->shown.tag, tag, err));
    ZREG__TRY(set_text(&to->shown.digest, "", err));
    ZREG__TRY(set_text(&to->shown.change, from->change, err));
    ZREG__TRY(set_text(&to->shown.build, from->build, err));
    return set_text(&to->shown.artifact, from->artifact, err);
}

static char *key_of(const line *at, const char *tag)
{
    return zreg__asprintf("%s %s %s", at->repository, tag, at->artifact);
}

/* The row of a key; it is made when there is none. */
static zreg_status find_row(row **out, zreg_provenance *record, const line *at, const char *tag,
                            zreg_error *err)
{
    ZREG__AUTO_FREE char *key = key_of(at, tag);
    if (key == NULL) {
        return zreg__fail_nomem(err);
    }
    uintptr_t number = (uintptr_t)zreg__map_get(record->by_key, key);
    if (number == 0) {
        ZREG__TRY(grow(record, err));
        record->rows[record->count] = (row){.was_missing = true};
        number = ++record->count;
        ZREG__TRY(fill(&record->rows[number - 1], at, tag, err));
        ZREG__TRY(zreg__map_set(record->by_key, key, (void *)number, err));
    }
    *out = &record->rows[number - 1];
    return ZREG_OK;
}

/* What is asked for by digest belongs to the image that was asked for before from the same place. */
static zreg_status find_owner(row **out, zreg_provenance *record, const line *at, zreg_error *err)
{
    for (size_t i = record->count; i > 0; i--) {
        row *candidate = &record->rows[i - 1];
        if (!candidate->was_missing &&
            zreg__str_equal(candidate->shown.repository, at->repository) &&
            zreg__str_equal(candidate->shown.artifact, at->artifact)) {
            *out = candidate;
            return ZREG_OK;
        }
    }
    return find_row(out, record, at, "", err);
}

static zreg_status count_served(zreg_provenance *record, const line *at, zreg_error *err)
{
    bool by_tag = at->is_manifest && strchr(at->reference, ':') == NULL;
    row *to = NULL;
    ZREG__TRY(by_tag ? find_row(&to, record, at, at->reference, err)
                     : find_owner(&to, record, at, err));
    if (to->was_missing) {
        to->was_missing = false;
        to->shown.requests = 0; /* who asked before it was here did not get it from elsewhere */
    }
    to->shown.source = at->artifact[0] == '\0' ? ZREG_SERVED_BUILDSET : ZREG_SERVED_CHANGE;
    to->shown.requests++;
    to->shown.bytes += at->bytes;
    if (at->is_manifest && (by_tag || to->shown.digest[0] == '\0')) {
        return set_text(&to->shown.digest, at->digest, err);
    }
    return ZREG_OK;
}

/* Whether a name would be one too many of those that were not here. */
static bool is_beyond(const zreg_provenance *record, const line *at, const char *tag)
{
    if (record->strangers < ZREG__MAX_SERVED_IMAGES) {
        return false;
    }
    ZREG__AUTO_FREE char *key = key_of(at, tag);
    return key != NULL && zreg__map_get(record->by_key, key) == NULL;
}

static zreg_status count_missing(zreg_provenance *record, const line *told, zreg_error *err)
{
    line at = *told;
    at.change = at.build = at.artifact = ""; /* what is not here is of none */
    bool by_digest = strchr(at.reference, ':') != NULL;
    const char *tag = by_digest ? "" : at.reference;
    size_t before = record->count;
    row *to = NULL;
    if (is_beyond(record, &at, tag)) {
        record->lost++;
        return ZREG_OK;
    }
    ZREG__TRY(find_row(&to, record, &at, tag, err));
    record->strangers += record->count - before;
    if (to->was_missing) {
        to->shown.source = ZREG_SERVED_UPSTREAM;
        to->shown.requests++;
        return by_digest ? set_text(&to->shown.digest, at.reference, err) : ZREG_OK;
    }
    return ZREG_OK;
}

/* Whoever pushes a tag looks for it first. */
static zreg_status note_push(zreg_provenance *record, const line *at, zreg_error *err)
{
    row *to = NULL;
    ZREG__TRY(find_row(&to, record, at, at->reference, err));
    to->was_pushed = to->was_missing;
    return ZREG_OK;
}

static zreg_status take(zreg_provenance *record, const line *at, zreg_error *err)
{
    bool gets = zreg__str_equal(at->method, "GET");
    bool heads = zreg__str_equal(at->method, "HEAD");
    if (at->repository == NULL || at->reference == NULL) {
        return ZREG_OK;
    }
    if (zreg__str_equal(at->method, "PUT") && at->is_manifest && at->status == 201) {
        return note_push(record, at, err);
    }
    bool served = at->status == 200 || at->status == 206 || at->status == 304;
    if (served && ((gets && at->is_blob) || ((gets || heads) && at->is_manifest))) {
        return count_served(record, at, err);
    }
    return (gets || heads) && at->is_manifest && at->status == 404 ? count_missing(record, at, err)
                                                                   : ZREG_OK;
}

/* A name that was missing and came later, by a push or by populate, was not left to others. */
static bool was_served_later(const zreg_provenance *record, const row *missing)
{
    for (size_t i = 0; i < record->count; i++) {
        const row *other = &record->rows[i];
        if (!other->was_missing && zreg__str_equal(other->shown.tag, missing->shown.tag) &&
            zreg__str_equal(other->shown.repository, missing->shown.repository)) {
            return true;
        }
    }
    return false;
}

static void finish_row(row *old)
{
    free((char *)old->shown.repository);
    free((char *)old->shown.tag);
    free((char *)old->shown.digest);
    free((char *)old->shown.change);
    free((char *)old->shown.build);
    free((char *)old->shown.artifact);
}

static void drop_superseded(zreg_provenance *record)
{
    size_t kept = 0;
    for (size_t i = 0; i < record->count; i++) {
        row *at = &record->rows[i];
        if (at->was_missing && (at->was_pushed || was_served_later(record, at))) {
            finish_row(at);
            *at = (row){.was_missing = true, .shown = {.repository = NULL}};
        }
    }
    for (size_t i = 0; i < record->count; i++) {
        if (record->rows[i].shown.repository != NULL) {
            record->rows[kept++] = record->rows[i];
        }
    }
    record->count = kept;
}

/* One line, whatever it is. What cannot be read is counted, unless it is still being written; one bad line
 * is no reason to know nothing. */
static zreg_status take_line(zreg_provenance *record, const char *text, size_t size, bool is_whole,
                             zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    uint64_t dropped;
    line at;
    if (zreg__json_parse(&json, text, size, "line", NULL) != ZREG_OK) {
        record->lost += is_whole;
        return ZREG_OK;
    }
    if (read_line(&at, json)) {
        record->lines++;
        return take(record, &at, err);
    }
    bool is_note = zreg__json_u64(json, "dropped", &dropped);
    record->lost += is_note ? dropped : 1;
    record->lines += is_note;
    return ZREG_OK;
}

static zreg_status read_lines(zreg_provenance *record, const char *text, size_t size,
                              zreg_error *err)
{
    for (const char *end; (end = memchr(text, '\n', size)) != NULL;) {
        size_t length = (size_t)(end - text);
        if (length > 0) {
            ZREG__TRY(take_line(record, text, length, true, err));
        }
        text += length + 1;
        size -= length + 1;
    }
    if (size > 0) {
        ZREG__TRY(take_line(record, text, size, false, err));
    }
    if (record->lines == 0 && record->lost > 0) {
        return zreg__fail(err, ZREG_INVAL, "access log: none of its %llu lines is a registry's",
                          (unsigned long long)record->lost);
    }
    return ZREG_OK;
}

zreg_status zreg_provenance_read(zreg_provenance **out, const char *json, size_t size,
                                 zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg_provenance) zreg_provenance *record = zreg__new(zreg_provenance);
    if (record == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_new(&record->by_key, NULL, err));
    ZREG__TRY(read_lines(record, json, size, err));
    drop_superseded(record);
    *out = zreg__steal(&record);
    return ZREG_OK;
}

size_t zreg_provenance_count(const zreg_provenance *provenance)
{
    return provenance->count;
}

uint64_t zreg_provenance_lost(const zreg_provenance *provenance)
{
    return provenance->lost;
}

const zreg_served_image *zreg_provenance_at(const zreg_provenance *provenance, size_t i)
{
    return i < provenance->count ? &provenance->rows[i].shown : NULL;
}

static const char *source_name(zreg_served_from source)
{
    switch (source) {
    case ZREG_SERVED_CHANGE:
        return "change";
    case ZREG_SERVED_BUILDSET:
        return "buildset";
    case ZREG_SERVED_UPSTREAM:
        break;
    }
    return "upstream";
}

static zreg_status image_json(zreg__json *list, const zreg_served_image *image, zreg_error *err)
{
    zreg__json *object = NULL;
    ZREG__TRY(zreg__json_add_object(&object, list, err));
    ZREG__TRY(zreg__json_set_known(object, "repository", image->repository, err));
    ZREG__TRY(zreg__json_set_known(object, "tag", image->tag, err));
    ZREG__TRY(zreg__json_set_known(object, "digest", image->digest, err));
    ZREG__TRY(zreg__json_set_known(object, "source", source_name(image->source), err));
    ZREG__TRY(zreg__json_set_known(object, "change", image->change, err));
    ZREG__TRY(zreg__json_set_known(object, "build", image->build, err));
    ZREG__TRY(zreg__json_set_known(object, "artifact", image->artifact, err));
    ZREG__TRY(zreg__json_set_u64(object, "requests", image->requests, err));
    return zreg__json_set_u64(object, "bytes", image->bytes, err);
}

zreg_status zreg_provenance_json(char **out_json, const zreg_provenance *provenance,
                                 zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    zreg__json *list = NULL;
    ZREG__TRY(zreg__json_set_array(&list, document, "served", err));
    for (size_t i = 0; i < provenance->count; i++) {
        ZREG__TRY(image_json(list, &provenance->rows[i].shown, err));
    }
    ZREG__TRY(zreg__json_set_u64(document, "lost", provenance->lost, err));
    return zreg__json_print_report(out_json, document, err);
}

void zreg_provenance_free(zreg_provenance *provenance)
{
    if (provenance == NULL) {
        return;
    }
    for (size_t i = 0; i < provenance->count; i++) {
        finish_row(&provenance->rows[i]);
    }
    free(provenance->rows);
    zreg__map_free(provenance->by_key);
    free(provenance);
}
