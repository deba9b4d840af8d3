/* SPDX-License-Identifier: Apache-2.0 */
/* Promotions of one tag in the order of their changes: docs/design/0006. */
#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/promotion.h"
#include "oci/manifest.h"
#include "oci/reference.h"

/* How often a promotion gives way or comes first again before it gives up, and how long it waits
 * when it has to do so again. Each round takes another promotion of the same tag meanwhile. */
#define MAX_ROUNDS 8
#define FIRST_PAUSE_MS 5

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

/* The tag of a later change is to hold what its record says: a promotion that died may have left it
 * otherwise. It is found out here, where nothing has been changed yet. */
static zreg_status look_at_superseded(zreg__promotion *run, size_t i, zreg_error *err)
{
    zreg_digest current;
    ZREG__TRY(zreg__promotion_head(&current, run, run->tags[i], err));
    if (zreg_digest_equal(&current, &run->records[i].digest)) {
        return ZREG_OK;
    }
    run->astray |= (uint64_t)1 << i;
    return zreg__promotion_allow(run, i, &current, err);
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
        if (run->records[i].order > run->set.order) {
            run->superseded |= (uint64_t)1 << i;
            ZREG__TRY(look_at_superseded(run, i, err));
        }
    }
    return ZREG_OK;
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

static void give_way(zreg__promotion *run, size_t i)
{
    run->pending &= ~((uint64_t)1 << i);
    run->superseded |= (uint64_t)1 << i;
}

/* An image that was not fetched, since every tag had been a later change's: but a record went back. */
static zreg_status find_late(zreg__promotion *run, zreg_error *err)
{
    if (run->manifest != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__promotion_find_image(run, err));
    return zreg__promotion_verify(run, err);
}

/* The record first: from then on no earlier change can take the tag, even if this one stops here. */
static zreg_status claim(zreg__promotion *run, size_t i, zreg_error *err)
{
    run->superseded &= ~((uint64_t)1 << i);
    run->pending |= (uint64_t)1 << i;
    ZREG__TRY(find_late(run, err));
    return put_record(run, i, err);
}

static zreg_status put_of_record(const zreg__promotion *run, size_t i, zreg_error *err)
{
    const zreg__record *record = &run->records[i];
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *later = NULL;
    ZREG__TRY(zreg_ref_with_digest(&ref, run->repository, &record->digest, err));
    zreg_status status = zreg_client_manifest_get(&later, run->client, ref, run->cancel, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status,
                                  "promote: tag %s does not hold the later image of its record, "
                                  "zreg-order_%s (promote that change again, or delete the record)",
                                  run->tags[i], run->tags[i]);
    }
    return zreg__promotion_put(run, run->tags[i], later, err);
}

/* One round: reads the record, and makes the tag follow it. `*held` is what the tag holds as far as
 * is known, "" for unknown; `*settled`: record and tag agreed before anything was written. */
static zreg_status follow(bool *settled, zreg_digest *held, zreg__promotion *run, size_t i,
                          zreg_error *err)
{
    bool claimed = false;
    zreg__record *record = &run->records[i];
    ZREG__TRY(read_record(record, run, i, err));
    if (record->order > run->set.order) {
        give_way(run, i);
    } else if (run->manifest == NULL || !says_this_image(run, record)) {
        ZREG__TRY(claim(run, i, err));
        claimed = true;
    }
    bool later = zreg__promotion_has(run->superseded, i);
    if (later && held->text[0] == '\0') {
        ZREG__TRY(zreg__promotion_head(held, run, run->tags[i], err));
    }
    *settled = !claimed && zreg_digest_equal(held, &record->digest);
    if (*settled) {
        return ZREG_OK;
    }
    *held = record->digest;
    return later ? put_of_record(run, i, err)
                 : zreg__promotion_put(run, run->tags[i], run->manifest, err);
}

zreg_status zreg__promotion_settle(zreg__promotion *run, size_t i, const zreg_digest *current,
                                   zreg_error *err)
{
    bool settled = false;
    zreg_digest held = *current;
    for (int round = 0; round < MAX_ROUNDS; round++) {
        if (round > 2) {
            ZREG__TRY(zreg__cancel_sleep(run->cancel, FIRST_PAUSE_MS << round, err));
        }
        ZREG__TRY(follow(&settled, &held, run, i, err));
        if (settled) {
            return ZREG_OK;
        }
    }
    return zreg__fail(err, ZREG_CONFLICT,
                      "promote: others promote tag %s at this moment; run it again", run->tags[i]);
}

zreg_status zreg__promotion_set(zreg__promotion *run, size_t i, zreg_error *err)
{
    static const zreg_digest unknown = {.text = ""};
    if (run->set.order == 0) {
        return zreg__promotion_put(run, run->tags[i], run->manifest, err);
    }
    return zreg__promotion_settle(run, i, &unknown, err);
}
