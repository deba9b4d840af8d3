/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/promotion.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/client.h"

void zreg__promotion_finish(zreg__promotion *run)
{
    zreg_ref_free(run->repository);
    zreg_ref_free(run->source);
    zreg_manifest_free(run->manifest);
    zreg__belongings_finish(&run->belongings);
    free(run->records);
}

uint64_t zreg__promotion_all(const zreg__promotion *run)
{
    return run->count == 64 ? UINT64_MAX : ((uint64_t)1 << run->count) - 1;
}

static bool is_of_this_change(const zreg__promotion *run, const zreg__record *record)
{
    const char *change = run->set.change == NULL ? "" : run->set.change;
    return record->order == run->set.order && zreg__str_equal(record->change, change);
}

const zreg_digest *zreg__promotion_known(const zreg__promotion *run)
{
    for (size_t i = 0; run->records != NULL && i < run->count; i++) {
        if (is_of_this_change(run, &run->records[i])) {
            return &run->records[i].digest;
        }
    }
    return NULL;
}

zreg_status zreg__promotion_put(const zreg__promotion *run, const char *tag,
                                const zreg_manifest *manifest, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_tag(&ref, run->repository, tag, err));
    return zreg_client_manifest_put(run->client, ref, manifest, run->cancel, err);
}

zreg_status zreg__promotion_head(zreg_digest *out, const zreg__promotion *run, const char *tag,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_tag(&ref, run->repository, tag, err));
    zreg_status status = zreg_client_manifest_head(out, run->client, ref, run->cancel, err);
    if (status != ZREG_NOTFOUND) {
        return status;
    }
    zreg__error_clear(err);
    out->text[0] = '\0';
    return ZREG_OK;
}

static bool is_allowed(const zreg__promotion *run, const zreg_digest *current)
{
    const char *wanted = run->set.if_current;
    return wanted == NULL ||
           zreg__str_equal(current->text, zreg__str_equal(wanted, "absent") ? "" : wanted);
}

/* What would be promoted, when it was not fetched yet; "" when that is gone. */
static zreg_status own_digest(zreg_digest *out, const zreg__promotion *run, zreg_error *err)
{
    if (run->manifest != NULL) {
        *out = *zreg_manifest_digest(run->manifest);
        return ZREG_OK;
    }
    if (run->artifact != NULL) {
        *out = (zreg_digest){""};
        return run->artifact->digest[0] == '\0'
                   ? ZREG_OK
                   : zreg_digest_parse(out, run->artifact->digest, err);
    }
    return zreg__promotion_head(out, run, zreg_ref_tag(run->source), err);
}

/* A tag that holds the image already is done, whatever the condition says: so a promotion that was
 * cut off can be run again. */
zreg_status zreg__promotion_allow(zreg__promotion *run, size_t i, const zreg_digest *current,
                                  zreg_error *err)
{
    zreg_digest own;
    if (is_allowed(run, current)) {
        return ZREG_OK;
    }
    ZREG__TRY(own_digest(&own, run, err));
    if (current->text[0] != '\0' && zreg_digest_equal(current, &own)) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_CONFLICT, "promote: tag %s is %s, not %s; nothing was changed",
                      run->tags[i], current->text[0] == '\0' ? "absent" : current->text,
                      run->set.if_current);
}
