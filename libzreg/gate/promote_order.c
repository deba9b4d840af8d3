/* SPDX-License-Identifier: Apache-2.0 */
/* Promotions of one tag in the order of their changes: docs/design/0006. */
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/promotion.h"
#include "oci/manifest.h"
#include "oci/reference.h"

/* How often a promotion gives way or comes first again before it gives up. Each round takes another
 * promotion of the same tag within milliseconds. */
#define MAX_ROUNDS 8

static zreg_status read_record(zreg__record *out, const zreg__promotion *run, size_t i,
                               zreg_error *err)
{
    ZREG__AUTO_FREE char *tag = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__TRY(zreg__record_tag(&tag, run->tags[i], err));
    ZREG__TRY(zreg_ref_with_tag(&ref, run->repository, tag, err));
    zreg_status status = zreg_client_manifest_get(&manifest, run->client, ref, run->cancel, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        *out = (zreg__record){.order = 0};
        return ZREG_OK;
    }
    ZREG__TRY(status);
    return zreg__record_read(out, manifest, run->tags[i], err);
}

zreg_status zreg__promotion_read_records(zreg__promotion *run, zreg_error *err)
{
    if (run->set.order == 0) {
        return ZREG_OK;
    }
    run->records = zreg__calloc(run->count, sizeof(zreg__record));
    if (run->records == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < run->count; i++) {
        ZREG__TRY(read_record(&run->records[i], run, i, err));
        run->superseded |= (uint64_t)(run->records[i].order > run->set.order) << i;
    }
    return ZREG_OK;
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

static zreg_status put_record(zreg__promotion *run, size_t i, zreg_error *err)
{
    ZREG__AUTO_FREE char *tag = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    zreg__record record = {.order = run->set.order, .digest = *zreg_manifest_digest(run->manifest)};
    zreg__str_copy(record.change, sizeof(record.change),
                   run->set.change == NULL ? "" : run->set.change);
    ZREG__TRY(zreg__record_tag(&tag, run->tags[i], err));
    ZREG__TRY(zreg__record_make(&manifest, &record, run->manifest, err));
    ZREG__TRY(zreg__promotion_put(run, tag, manifest, err));
    run->records[i] = record;
    return ZREG_OK;
}

static bool says_this_image(const zreg__promotion *run, const zreg__record *record)
{
    return record->order == run->set.order &&
           zreg_digest_equal(&record->digest, zreg_manifest_digest(run->manifest));
}

/* The record first: from then on no earlier change can take the tag, even if this one stops here. */
static zreg_status claim(zreg__promotion *run, size_t i, zreg_error *err)
{
    if (run->set.order != 0 && !says_this_image(run, &run->records[i])) {
        ZREG__TRY(put_record(run, i, err));
    }
    return zreg__promotion_put(run, run->tags[i], run->manifest, err);
}

/* A later change came between our two steps, and we may have taken its tag: it gets it back. */
static zreg_status give_way(zreg__promotion *run, size_t i, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *later = NULL;
    run->pending &= ~((uint64_t)1 << i);
    run->superseded |= (uint64_t)1 << i;
    ZREG__TRY(zreg_ref_with_digest(&ref, run->repository, &run->records[i].digest, err));
    ZREG__TRY(zreg_client_manifest_get(&later, run->client, ref, run->cancel, err));
    return zreg__promotion_put(run, run->tags[i], later, err);
}

zreg_status zreg__promotion_set(zreg__promotion *run, size_t i, zreg_error *err)
{
    zreg_digest held = *zreg_manifest_digest(run->manifest);
    ZREG__TRY(claim(run, i, err));
    if (run->set.order == 0) {
        return ZREG_OK;
    }
    for (int round = 0; round < MAX_ROUNDS; round++) {
        ZREG__TRY(read_record(&run->records[i], run, i, err));
        bool is_later = run->records[i].order > run->set.order;
        if (zreg_digest_equal(&run->records[i].digest, &held) &&
            (is_later || run->records[i].order == run->set.order)) {
            return ZREG_OK;
        }
        ZREG__TRY(is_later ? give_way(run, i, err) : claim(run, i, err));
        held = is_later ? run->records[i].digest : *zreg_manifest_digest(run->manifest);
    }
    return zreg__fail(err, ZREG_CONFLICT,
                      "promote: others promote tag %s at this moment; run it again", run->tags[i]);
}
