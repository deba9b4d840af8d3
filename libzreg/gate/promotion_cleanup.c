/* SPDX-License-Identifier: Apache-2.0 */
/* What comes after a promotion: the temporary tags go, once the final tags are seen to be right. */
#include "base/cancel.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/promotion.h"
#include "oci/reference.h"
#include "registry/client.h"

/* A registry with copies may answer from one that is a moment behind. */
#define MAX_LOOKS 4
#define FIRST_PAUSE_MS 100
#define MAX_PAUSE_MS 800

/* With an order, each other promotion of the tag that is under way may set it in between. */
#define MAX_LOOKS_IN_ORDER 8

static uint64_t pause_ms(int look)
{
    uint64_t ms = FIRST_PAUSE_MS << look;
    return ms < MAX_PAUSE_MS ? ms : MAX_PAUSE_MS;
}

static zreg_status fail_disturbed(const zreg__promotion *run, size_t i, const zreg_digest *found,
                                  zreg_error *err)
{
    return zreg__fail(err, ZREG_CONFLICT,
                      "promote: tag %s was set to %s and answers %s; something else sets it too. "
                      "The temporary tag stays",
                      run->tags[i], zreg_manifest_digest(run->manifest)->text,
                      found->text[0] == '\0' ? "that it does not exist" : found->text);
}

static bool is_right(const zreg__promotion *run, const zreg_digest *found)
{
    return zreg_digest_equal(found, zreg_manifest_digest(run->manifest));
}

/* With an order, what is found may be due to an older promotion under way, or to a later one. */
static zreg_status settle(bool *later, zreg__promotion *run, size_t i, const zreg_digest *found,
                          zreg_error *err)
{
    if (run->set.order != 0) {
        ZREG__TRY(zreg__promotion_settle(run, i, found, err));
    }
    *later = zreg__promotion_has(run->superseded, i);
    return ZREG_OK;
}

/* Looks again at a tag that answered with something else. */
static zreg_status look_again(zreg__promotion *run, size_t i, zreg_digest *found, zreg_error *err)
{
    int looks = run->set.order == 0 ? MAX_LOOKS : MAX_LOOKS_IN_ORDER;
    for (int look = 1; look < looks; look++) {
        bool later = false;
        ZREG__TRY(settle(&later, run, i, found, err));
        if (later) {
            return ZREG_OK;
        }
        ZREG__TRY(zreg__cancel_sleep(run->cancel, pause_ms(look), err));
        ZREG__TRY(zreg__promotion_head(found, run, run->tags[i], err));
        if (is_right(run, found)) {
            return ZREG_OK;
        }
    }
    return fail_disturbed(run, i, found, err);
}

zreg_status zreg__promotion_confirm(zreg__promotion *run, zreg_error *unseen, zreg_error *err)
{
    zreg_digest found;
    for (size_t i = 0; i < run->count; i++) {
        if (zreg__promotion_has(run->superseded, i)) {
            continue;
        }
        if (zreg__promotion_head(&found, run, run->tags[i], unseen) != ZREG_OK) {
            return ZREG_OK;
        }
        if (!is_right(run, &found)) {
            ZREG__TRY(look_again(run, i, &found, err));
        }
    }
    return ZREG_OK;
}

static bool is_final(const zreg__promotion *run, const char *tag)
{
    for (size_t i = 0; i < run->count; i++) {
        if (zreg__str_equal(run->tags[i], tag)) {
            return true;
        }
    }
    return false;
}

/* Only the first tag's temporary tag is known to hold the image. The others were uploaded by
 * themselves, if they were, and may still have to be promoted. */
static zreg_status may_go(bool *out, const zreg__promotion *run, size_t i, const char *temporary,
                          zreg_error *err)
{
    zreg_digest found;
    *out = !is_final(run, temporary);
    if (!*out || i == 0 || zreg__promotion_has(run->superseded, i)) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__promotion_head(&found, run, temporary, err));
    *out = zreg_digest_equal(&found, zreg_manifest_digest(run->manifest));
    if (!*out && found.text[0] != '\0') {
        zreg__log_line(zreg__client_log(run->client), ZREG_LOG_WARNING,
                       "promote: tag %s stays: it holds another image, %s", temporary, found.text);
    }
    return ZREG_OK;
}

static zreg_status delete_tag(const zreg__promotion *run, const char *temporary, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__TRY(zreg_ref_with_tag(&ref, run->repository, temporary, err));
    zreg_status status = zreg_client_tag_delete(run->client, ref, run->cancel, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return ZREG_OK;
    }
    return status;
}

static zreg_status delete_temporary(int *deleted, const zreg__promotion *run, size_t i,
                                    zreg_error *err)
{
    bool go = false;
    ZREG__AUTO_FREE char *temporary = NULL;
    zreg_status status =
        zreg_temporary_tag(&temporary, run->set.change, run->set.pipeline, run->tags[i], NULL);
    if (status == ZREG_INVAL) {
        return ZREG_OK; /* too long to be a tag, so there is none */
    }
    ZREG__TRY(status == ZREG_OK ? status : zreg__fail_nomem(err));
    ZREG__TRY(may_go(&go, run, i, temporary, err));
    if (i == 0 && !go) {
        *deleted = 0;
    }
    return go ? delete_tag(run, temporary, err) : ZREG_OK;
}

/* The first tag's goes last: whoever finds it can finish the rest. */
zreg_status zreg__promotion_clean_up(int *deleted, const zreg__promotion *run, zreg_error *err)
{
    int all = 1;
    *deleted = 0;
    for (size_t i = run->count; i > 0; i--) {
        ZREG__TRY(delete_temporary(&all, run, i - 1, err));
    }
    *deleted = all;
    return ZREG_OK;
}
