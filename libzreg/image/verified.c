/* SPDX-License-Identifier: Apache-2.0 */
#include "image/verified.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include <string.h>

zreg_status zreg__verified_new(zreg_verified **out, const char *place, bool quick, zreg_error *err)
{
    ZREG__AUTO(zreg_verified) zreg_verified *made = zreg__new(zreg_verified);
    if (made == NULL || (made->place = zreg__strdup(place)) == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_new(&made->seen, NULL, err));
    made->quick = quick;
    *out = zreg__steal(&made);
    return ZREG_OK;
}

typedef struct part_key {
    char text[sizeof(zreg_digest) + 1];
} part_key;

static part_key key_of(const zreg_digest *digest, bool is_manifest)
{
    part_key key;
    key.text[0] = is_manifest ? 'm' : 'b';
    memcpy(key.text + 1, digest->text, strlen(digest->text) + 1);
    return key;
}

bool zreg__verified_has_manifest(const zreg_verified *verified, const zreg_digest *digest)
{
    const part_key key = key_of(digest, true);
    return zreg__map_get(verified->seen, key.text) != NULL;
}

static zreg_status remember(bool *out_new, zreg_verified *to, const zreg_digest *digest,
                            bool is_manifest, zreg_error *err)
{
    const part_key key = key_of(digest, is_manifest);
    *out_new = zreg__map_get(to->seen, key.text) == NULL;
    return *out_new ? zreg__map_set(to->seen, key.text, to, err) : ZREG_OK;
}

zreg_status zreg__verified_add(bool *out_new, zreg_verified *to, const zreg_descriptor *part,
                               bool is_manifest, zreg_error *err)
{
    ZREG__TRY(remember(out_new, to, &part->digest, is_manifest, err));
    if (!*out_new) {
        return ZREG_OK;
    }
    if (to->count >= ZREG__MAX_GRAPH_NODES) {
        return zreg__fail(err, ZREG_LIMIT, "verify: %s has more than %d parts", to->place,
                          ZREG__MAX_GRAPH_NODES);
    }
    ZREG__AUTO_FREE char *type = zreg__strdup(part->media_type == NULL ? "" : part->media_type);
    ZREG__AUTO_FREE char *reason = zreg__strdup("");
    ZREG__TRY(
        zreg__array_room((void **)&to->parts, &to->capacity, to->count, sizeof(*to->parts), err));
    if (type == NULL || reason == NULL) {
        return zreg__fail_nomem(err);
    }
    to->parts[to->count++] = (zreg_verified_part){.digest = part->digest,
                                                  .media_type = zreg__steal(&type),
                                                  .reason = zreg__steal(&reason),
                                                  .size_bytes = part->size_bytes,
                                                  .is_manifest = is_manifest,
                                                  .good = 1};
    return ZREG_OK;
}

zreg_status zreg__verified_say(zreg_verified_part *part, zreg_status code, const char *reason,
                               zreg_error *err)
{
    char *copy = zreg__strdup(reason);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    free((char *)part->reason);
    part->reason = copy;
    part->code = code;
    part->good = code == ZREG_OK;
    return ZREG_OK;
}

size_t zreg_verified_count(const zreg_verified *verified)
{
    return verified->count;
}

const zreg_verified_part *zreg_verified_at(const zreg_verified *verified, size_t i)
{
    return i < verified->count ? &verified->parts[i] : NULL;
}

static zreg_status part_json(zreg__json *list, const zreg_verified_part *part, zreg_error *err)
{
    zreg__json *object = NULL;
    ZREG__TRY(zreg__json_add_object(&object, list, err));
    ZREG__TRY(zreg__json_set_text(object, "digest", part->digest.text, err));
    ZREG__TRY(zreg__json_set_known(object, "media_type", part->media_type, err));
    ZREG__TRY(zreg__json_set_u64(object, "size", part->size_bytes, err));
    ZREG__TRY(zreg__json_set_text(object, "kind", part->is_manifest ? "manifest" : "blob", err));
    ZREG__TRY(zreg__json_set_bool(object, "good", part->good, err));
    ZREG__TRY(zreg__json_set_text(object, "code", zreg_status_name(part->code), err));
    return zreg__json_set_known(object, "reason", part->reason, err);
}

zreg_status zreg_verified_json(char **out_json, const zreg_verified *verified, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    zreg__json *list = NULL;
    uint64_t good = 0;
    for (size_t i = 0; i < verified->count; i++) {
        good += verified->parts[i].good ? 1 : 0;
    }
    ZREG__TRY(zreg__json_set_text(document, "ref", verified->place, err));
    ZREG__TRY(zreg__json_set_known(document, "digest", verified->digest.text, err));
    ZREG__TRY(zreg__json_set_bool(document, "quick", verified->quick, err));
    ZREG__TRY(zreg__json_set_u64(document, "good", good, err));
    ZREG__TRY(zreg__json_set_u64(document, "bad", verified->count - good, err));
    ZREG__TRY(zreg__json_set_u64(document, "bytes", verified->bytes, err));
    ZREG__TRY(zreg__json_set_array(&list, document, "parts", err));
    for (size_t i = 0; i < verified->count; i++) {
        ZREG__TRY(part_json(list, &verified->parts[i], err));
    }
    return zreg__json_print_report(out_json, document, err);
}

void zreg_verified_free(zreg_verified *verified)
{
    if (verified == NULL) {
        return;
    }
    for (size_t i = 0; i < verified->count; i++) {
        free((char *)verified->parts[i].media_type);
        free((char *)verified->parts[i].reason);
    }
    zreg__map_free(verified->seen);
    free(verified->parts);
    free(verified->place);
    free(verified);
}
