/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to the image that is promoted: it is tied to the image's digest, so that within one
 * repository it is where it should be: it is looked up, and nothing of it moves. */
#include "base/error.h"
#include "gate/promotion.h"
#include "oci/manifest.h"
#include "oci/reference.h"

zreg_status zreg__promotion_find_referrers(zreg__promotion *run, const zreg_ref *image,
                                           zreg_error *err)
{
    const zreg__endpoint_options from = {.client = run->client};
    const zreg__transfer_options options = {.jobs = run->set.jobs};
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *place = NULL;
    if (!run->set.with_referrers) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_open(&place, zreg_ref_text(image), &from, err));
    ZREG__TRY(zreg__belongings_find(&run->belongings, place, run->manifest, false, &options,
                                    run->cancel, err));
    run->referrers = (uint32_t)(run->belongings.referrers.count + run->belongings.tagged.count);
    return ZREG_OK;
}

static zreg_status add_list(zreg__plan *plan, const zreg__belonging_list *list, zreg_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        ZREG__TRY(zreg__plan_begin_with(plan, list->items[i].manifest, err));
    }
    return ZREG_OK;
}

zreg_status zreg__promotion_plan(zreg__plan **out, const zreg__promotion *run, zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    ZREG__TRY(zreg__plan_new(&plan, run->manifest, err));
    ZREG__TRY(add_list(plan, &run->belongings.referrers, err));
    ZREG__TRY(add_list(plan, &run->belongings.tagged, err));
    *out = zreg__steal(&plan);
    return ZREG_OK;
}
