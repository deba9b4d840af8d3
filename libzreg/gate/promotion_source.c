/* SPDX-License-Identifier: Apache-2.0 */
/* Which image a promotion is about. */
#include "base/error.h"
#include "base/mem.h"
#include "gate/names.h"
#include "gate/promotion.h"
#include "oci/manifest.h"
#include "oci/reference.h"

zreg_status zreg__promotion_find_source(zreg__promotion *run, const char *repository,
                                        zreg_error *err)
{
    ZREG__AUTO_FREE char *temporary = NULL;
    const char *tag = run->set.from_tag;
    ZREG__TRY(zreg__names_repository(&run->repository, repository, err));
    if (tag == NULL) {
        ZREG__TRY(
            zreg_temporary_tag(&temporary, run->set.change, run->set.pipeline, run->tags[0], err));
        tag = temporary;
    }
    return zreg_ref_with_tag(&run->source, run->repository, tag, err);
}

/* An earlier run may have promoted the image and deleted its temporary tag. Whoever told the digest
 * or the order gets the rest done; nobody else can know whether it is the right image. */
static const zreg_digest *told_digest(const zreg__promotion *run)
{
    return run->set.expect_digest != NULL ? run->set.expect_digest : zreg__promotion_known(run);
}

static zreg_status get_by_digest(zreg__promotion *run, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *pinned = NULL;
    ZREG__TRY(zreg_ref_with_digest(&pinned, run->repository, told_digest(run), err));
    return zreg_client_manifest_get(&run->manifest, run->client, pinned, run->cancel, err);
}

static zreg_status get_source(zreg__promotion *run, zreg_error *err)
{
    if (run->manifest != NULL) {
        return ZREG_OK;
    }
    zreg_status status =
        zreg_client_manifest_get(&run->manifest, run->client, run->source, run->cancel, err);
    if (status == ZREG_NOTFOUND && told_digest(run) != NULL) {
        zreg__error_clear(err);
        status = get_by_digest(run, err);
    }
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "promote");
    }
    const zreg_digest *found = zreg_manifest_digest(run->manifest);
    if (run->set.expect_digest != NULL && !zreg_digest_equal(found, run->set.expect_digest)) {
        return zreg__fail(err, ZREG_CONFLICT,
                          "promote: %s is %s, not the expected %s; nothing was changed",
                          zreg_ref_text(run->source), found->text, run->set.expect_digest->text);
    }
    return ZREG_OK;
}

zreg_status zreg__promotion_find_image(zreg__promotion *run, zreg_error *err)
{
    if (run->artifact != NULL) {
        ZREG__TRY(zreg__promotion_fetch(run, err));
    }
    return get_source(run, err);
}
