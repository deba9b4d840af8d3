/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/referrer_list.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/manifest.h"

struct zreg_referrers {
    char *artifact_type;
    size_t count;
    const zreg_descriptor *items[ZREG__MAX_REFERRERS]; /* in the pages */
    zreg_manifest *pages[ZREG__MAX_REFERRERS];         /* each with one item at least */
    size_t page_count;
    size_t bytes; /* of the pages */
};

zreg_status zreg__referrer_list_new(zreg_referrers **out, const char *artifact_type,
                                    zreg_error *err)
{
    ZREG__AUTO(zreg_referrers) zreg_referrers *list = zreg__new(zreg_referrers);
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__str_empty(artifact_type)) {
        list->artifact_type = zreg__strdup(artifact_type);
        if (list->artifact_type == NULL) {
            return zreg__fail_nomem(err);
        }
    }
    *out = zreg__steal(&list);
    return ZREG_OK;
}

/* A registry may filter by type or not; what it sends of another type is left out here. */
static bool fits(const zreg_referrers *list, const zreg_descriptor *item)
{
    return list->artifact_type == NULL || zreg__str_equal(list->artifact_type, item->artifact_type);
}

static zreg_status keep_page(zreg_referrers *to, const zreg_manifest *index, const char *what,
                             zreg_error *err)
{
    size_t size = 0;
    (void)zreg_manifest_bytes(index, &size);
    if (size > ZREG__MAX_GRAPH_BYTES - to->bytes) {
        return zreg__fail(err, ZREG_LIMIT, "%s: the list is larger than %zu bytes", what,
                          ZREG__MAX_GRAPH_BYTES);
    }
    to->bytes += size;
    to->pages[to->page_count++] = zreg__manifest_share(index);
    return ZREG_OK;
}

zreg_status zreg__referrer_list_add(zreg_referrers *to, const zreg_manifest *index,
                                    const char *what, zreg_error *err)
{
    bool kept = false;
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *item = zreg_manifest_at(index, i);
        if (!fits(to, item)) {
            continue;
        }
        if (to->count == ZREG__MAX_REFERRERS) {
            return zreg__fail(err, ZREG_LIMIT, "%s: there are more than %d", what,
                              ZREG__MAX_REFERRERS);
        }
        if (!kept) {
            ZREG__TRY(keep_page(to, index, what, err));
            kept = true;
        }
        to->items[to->count++] = item;
    }
    return ZREG_OK;
}

size_t zreg_referrers_count(const zreg_referrers *referrers)
{
    return referrers->count;
}

const zreg_descriptor *zreg_referrers_at(const zreg_referrers *referrers, size_t i)
{
    return i < referrers->count ? referrers->items[i] : NULL;
}

void zreg_referrers_free(zreg_referrers *referrers)
{
    if (referrers == NULL) {
        return;
    }
    for (size_t i = 0; i < referrers->page_count; i++) {
        zreg_manifest_free(referrers->pages[i]);
    }
    free(referrers->artifact_type);
    free(referrers);
}
