/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/resolution.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include <string.h>

zreg_status zreg__resolution_new(zreg_resolution **out, const char *ref, zreg_error *err)
{
    ZREG__AUTO(zreg_resolution) zreg_resolution *resolution = zreg__new(zreg_resolution);
    if (resolution == NULL || (resolution->ref = zreg__strdup(ref)) == NULL) {
        return zreg__fail_nomem(err);
    }
    *out = zreg__steal(&resolution);
    return ZREG_OK;
}

static void finish(zreg_candidate *candidate)
{
    free((char *)candidate->ref);
    free((char *)candidate->digest);
    free((char *)candidate->change);
    free((char *)candidate->build);
    free((char *)candidate->reason);
}

static char *copy_text(const char *text)
{
    return zreg__strdup(text == NULL ? "" : text);
}

zreg_status zreg__resolution_add(zreg_resolution *resolution, const zreg_candidate *candidate,
                                 zreg_error *err)
{
    ZREG__TRY(zreg__array_room((void **)&resolution->items, &resolution->capacity,
                               resolution->count, sizeof(zreg_candidate), err));
    zreg_candidate copy = {.source = candidate->source,
                           .ref = copy_text(candidate->ref),
                           .digest = copy_text(candidate->digest),
                           .change = copy_text(candidate->change),
                           .build = copy_text(candidate->build),
                           .reason = copy_text(candidate->reason)};
    if (copy.ref == NULL || copy.digest == NULL || copy.change == NULL || copy.build == NULL ||
        copy.reason == NULL) {
        finish(&copy);
        return zreg__fail_nomem(err);
    }
    resolution->items[resolution->count++] = copy;
    return ZREG_OK;
}

void zreg__resolution_decide(zreg_resolution *resolution)
{
    zreg_candidate winner = resolution->items[resolution->count - 1];
    memmove(resolution->items + 1, resolution->items,
            (resolution->count - 1) * sizeof(zreg_candidate));
    resolution->items[0] = winner;
    resolution->decided = true;
}

const zreg_candidate *zreg_resolution_winner(const zreg_resolution *resolution)
{
    return zreg_resolution_at(resolution, 0);
}

size_t zreg_resolution_count(const zreg_resolution *resolution)
{
    return resolution->count;
}

const zreg_candidate *zreg_resolution_at(const zreg_resolution *resolution, size_t i)
{
    return i < resolution->count ? &resolution->items[i] : NULL;
}

static const char *source_name(zreg_source source)
{
    switch (source) {
    case ZREG_SOURCE_BUILDSET:
        return "buildset";
    case ZREG_SOURCE_INTERMEDIATE:
        return "intermediate";
    case ZREG_SOURCE_UPSTREAM:
        break;
    }
    return "upstream";
}

static zreg_status describe(zreg__json *object, const zreg_candidate *candidate, zreg_error *err)
{
    ZREG__TRY(zreg__json_set_text(object, "source", source_name(candidate->source), err));
    ZREG__TRY(zreg__json_set_text(object, "ref", candidate->ref, err));
    ZREG__TRY(zreg__json_set_known(object, "digest", candidate->digest, err));
    ZREG__TRY(zreg__json_set_known(object, "change", candidate->change, err));
    return zreg__json_set_text(object, "reason", candidate->reason, err);
}

zreg_status zreg_resolution_json(char **out_json, const zreg_resolution *resolution,
                                 zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    zreg__json *candidates = NULL;
    zreg__json *entry = NULL;
    ZREG__TRY(zreg__json_set_text(document, "ref", resolution->ref, err));
    ZREG__TRY(zreg__json_set_object(&entry, document, "winner", err));
    ZREG__TRY(describe(entry, &resolution->items[0], err));
    ZREG__TRY(zreg__json_set_array(&candidates, document, "candidates", err));
    for (size_t i = 0; i < resolution->count; i++) {
        ZREG__TRY(zreg__json_add_object(&entry, candidates, err));
        ZREG__TRY(describe(entry, &resolution->items[i], err));
    }
    return zreg__json_print_report(out_json, document, err);
}

void zreg_resolution_free(zreg_resolution *resolution)
{
    if (resolution == NULL) {
        return;
    }
    for (size_t i = 0; i < resolution->count; i++) {
        finish(&resolution->items[i]);
    }
    free(resolution->items);
    free(resolution->ref);
    free(resolution);
}
