/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/promoted.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"

static zreg_status take(const char **to, const char *text, zreg_error *err)
{
    char *copy = zreg__strdup(text);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    free((char *)*to);
    *to = copy;
    return ZREG_OK;
}

zreg_status zreg__promoted_new(zreg_promoted **out, const char *const *tags, size_t count,
                               zreg_error *err)
{
    ZREG__AUTO(zreg_promoted) zreg_promoted *promoted = zreg__new(zreg_promoted);
    if (promoted == NULL ||
        (promoted->tags = zreg__calloc(count, sizeof(zreg_promoted_tag))) == NULL) {
        return zreg__fail_nomem(err);
    }
    promoted->count = count;
    ZREG__TRY(take(&promoted->summary.cleanup_error, "", err));
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(take(&promoted->tags[i].tag, tags[i], err));
        ZREG__TRY(take(&promoted->tags[i].superseded_by, "", err));
    }
    *out = zreg__steal(&promoted);
    return ZREG_OK;
}

zreg_status zreg__promoted_supersede(zreg_promoted *promoted, size_t i, const char *change,
                                     zreg_error *err)
{
    promoted->tags[i].superseded = 1;
    return take(&promoted->tags[i].superseded_by, change, err);
}

zreg_status zreg__promoted_left(zreg_promoted *promoted, const char *why, zreg_error *err)
{
    const char **text = &promoted->summary.cleanup_error;
    return (*text)[0] == '\0' ? take(text, why, err) : ZREG_OK;
}

const zreg_promote_summary *zreg_promoted_summary(const zreg_promoted *promoted)
{
    return &promoted->summary;
}

size_t zreg_promoted_count(const zreg_promoted *promoted)
{
    return promoted->count;
}

const zreg_promoted_tag *zreg_promoted_at(const zreg_promoted *promoted, size_t i)
{
    return i < promoted->count ? &promoted->tags[i] : NULL;
}

static bool holds_it(const zreg_promoted *promoted, const zreg_promoted_tag *tag)
{
    return promoted->failed ? tag->set : !tag->superseded;
}

static bool is_superseded(const zreg_promoted *promoted, const zreg_promoted_tag *tag)
{
    (void)promoted;
    return tag->superseded;
}

static zreg_status add_tags(zreg__json *document, const char *name, const zreg_promoted *promoted,
                            bool (*wanted)(const zreg_promoted *, const zreg_promoted_tag *),
                            zreg_error *err)
{
    zreg__json *list = NULL;
    ZREG__TRY(zreg__json_set_array(&list, document, name, err));
    for (size_t i = 0; i < promoted->count; i++) {
        if (wanted(promoted, &promoted->tags[i])) {
            ZREG__TRY(zreg__json_add_text(list, promoted->tags[i].tag, err));
        }
    }
    return ZREG_OK;
}

/* That of the first tag that has one. */
static const char *superseded_by(const zreg_promoted *promoted)
{
    size_t i = 0;
    while (i + 1 < promoted->count && !promoted->tags[i].superseded) {
        i++;
    }
    return promoted->tags[i].superseded_by;
}

static zreg_status add_numbers(zreg__json *document, const zreg_promote_summary *summary,
                               zreg_error *err)
{
    const struct {
        const char *name;
        uint64_t number;
    } rows[] = {
        {"requests", summary->requests},
        {"auth_requests", summary->auth_requests},
        {"blob_requests", summary->blob_requests},
        {"cleanup_requests", summary->cleanup_requests},
        {"verify_requests", summary->verify_requests},
        {"bytes", summary->bytes},
        {"referrers", summary->referrers},
    };
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        ZREG__TRY(zreg__json_set_u64(document, rows[i].name, rows[i].number, err));
    }
    return ZREG_OK;
}

zreg_status zreg_promoted_json(char **out_json, const zreg_promoted *promoted, zreg_error *err)
{
    zreg__error_clear(err);
    const zreg_promote_summary *summary = &promoted->summary;
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    ZREG__TRY(zreg__json_set_known(document, "digest", summary->digest.text, err));
    ZREG__TRY(zreg__json_set_bool(document, "promoted", summary->promoted, err));
    ZREG__TRY(add_tags(document, "tags", promoted, holds_it, err));
    ZREG__TRY(add_tags(document, "superseded", promoted, is_superseded, err));
    ZREG__TRY(zreg__json_set_known(document, "superseded_by", superseded_by(promoted), err));
    ZREG__TRY(summary->order == 0 ? zreg__json_set_null(document, "order", err)
                                  : zreg__json_set_u64(document, "order", summary->order, err));
    ZREG__TRY(add_numbers(document, summary, err));
    ZREG__TRY(zreg__json_set_bool(document, "temporary_deleted", summary->temporary_deleted, err));
    ZREG__TRY(zreg__json_set_known(document, "cleanup_error", summary->cleanup_error, err));
    return zreg__json_print(out_json, document, err);
}

void zreg_promoted_free(zreg_promoted *promoted)
{
    if (promoted == NULL) {
        return;
    }
    for (size_t i = 0; promoted->tags != NULL && i < promoted->count; i++) {
        free((char *)promoted->tags[i].tag);
        free((char *)promoted->tags[i].superseded_by);
    }
    free((char *)promoted->summary.cleanup_error);
    free(promoted->tags);
    free(promoted);
}
