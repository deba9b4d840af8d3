/* SPDX-License-Identifier: Apache-2.0 */
/* Promotion from the intermediate registry. */
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/names.h"
#include "gate/order.h"
#include "gate/progress.h"
#include "gate/promotion.h"
#include "oci/reference.h"

static bool is_wanted(const zreg__promotion *run, const zreg_artifact *artifact)
{
    return zreg__str_equal(artifact->repository, zreg_ref_canonical_name(run->source)) &&
           zreg__str_equal(artifact->tag, run->tags[0]);
}

/* The image of the newest build that made it; NULL: none did. */
static const zreg_artifact *find_winner(const zreg__promotion *run, const zreg__order *order)
{
    for (size_t i = 0; i < order->count; i++) {
        const zreg__order_entry *entry = &order->entries[i];
        if (entry->winner == NULL && is_wanted(run, entry->artifact)) {
            return entry->artifact;
        }
    }
    return NULL;
}

zreg_status zreg__promotion_choose_artifact(zreg__promotion *run, const zreg_artifacts *artifacts,
                                            const char *repository, zreg_error *err)
{
    ZREG__AUTO(zreg__order) zreg__order order = {NULL};
    ZREG__TRY(zreg__names_repository(&run->repository, repository, err));
    ZREG__TRY(zreg_ref_with_tag(&run->source, run->repository, run->tags[0], err));
    ZREG__TRY(zreg__order_make(&order, artifacts, err));
    run->artifact = find_winner(run, &order);
    if (run->artifact == NULL) {
        return zreg__fail(err, ZREG_NOTFOUND, "promote: none of the artifacts is %s:%s",
                          zreg_ref_canonical_name(run->source), run->tags[0]);
    }
    return ZREG_OK;
}

/* Everything is pinned to the digest, so that no other image can come in between. */
static zreg_status pin(zreg_ref **out, zreg_digest *digest, const zreg__promotion *run,
                       zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *named = NULL;
    ZREG__TRY(zreg__names_artifact(&named, run->artifact, run->intermediate, err));
    if (zreg_ref_digest(named) != NULL) {
        *digest = *zreg_ref_digest(named);
    } else {
        ZREG__TRY(zreg_client_manifest_head(digest, run->client, named, run->cancel, err));
    }
    return zreg_ref_with_digest(out, named, digest, err);
}

static zreg_status fetch(zreg__promotion *run, zreg_error *err)
{
    zreg_digest digest;
    zreg_copy_result copied;
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    ZREG__AUTO(zreg_ref) zreg_ref *from = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *to = NULL;
    zreg__progress progress = {
        .phase = "promote", .write = run->set.progress, .user = run->set.progress_user};
    ZREG__TRY(pin(&from, &digest, run, err));
    if (run->set.expect_digest != NULL && !zreg_digest_equal(&digest, run->set.expect_digest)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "promote: the newest build made %s, not the expected %s; "
                          "nothing was changed",
                          digest.text, run->set.expect_digest->text);
    }
    if (run->set.dry_run) {
        ZREG__TRY(zreg_client_manifest_get(&run->manifest, run->client, from, run->cancel, err));
        return zreg__promotion_find_referrers(run, from, err);
    }
    ZREG__TRY(zreg_ref_with_digest(&to, run->repository, &digest, err));
    options.jobs = run->set.jobs;
    options.with_referrers = run->set.with_referrers;
    zreg__progress_begin(&progress, &options, zreg_ref_text(from));
    ZREG__TRY(zreg_copy(&copied, run->client, zreg_ref_text(from), zreg_ref_text(to), &options,
                        run->cancel, err));
    run->bytes = copied.bytes;
    run->referrers = copied.referrers_copied + copied.referrers_skipped;
    zreg_ref_free(run->source);
    run->source = zreg__steal(&to);
    return ZREG_OK;
}

zreg_status zreg__promotion_fetch(zreg__promotion *run, zreg_error *err)
{
    zreg_status status = fetch(run, err);
    return status == ZREG_OK
               ? status
               : zreg__error_prefix(err, status, "promote: from the intermediate registry");
}
