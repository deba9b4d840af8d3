/* SPDX-License-Identifier: Apache-2.0 */
/* Bringing repositories up to date; verifying and exporting images. */
#include "shim_inside.h"

zreg_synced *zreg_go_sync(zreg_client *client, const char *src, const char *dst, zreg_go_list tags,
                          zreg_go_list exclude, zreg_go_list platforms, uint32_t jobs,
                          int with_referrers, int delete_others, int dry_run, int force,
                          uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    AUTOLIST tag_list = NULL;
    AUTOLIST exclude_list = NULL;
    AUTOLIST platform_list = NULL;
    zreg_synced *out = NULL;

    if (split(&tag_list, tags, err) != ZREG_OK || split(&exclude_list, exclude, err) != ZREG_OK ||
        split(&platform_list, platforms, err) != ZREG_OK)
        return NULL;
    const zreg_sync_options options = {
        .size = sizeof(options),
        .tags = tag_list,
        .exclude = exclude_list,
        .platforms = platform_list,
        .jobs = jobs,
        .with_referrers = with_referrers,
        .delete_others = delete_others,
        .dry_run = dry_run,
        .force = force,
        PROGRESS(progress),
    };
    zreg_sync(&out, client, src, dst, &options, cancel, err);
    return out;
}

zreg_verified *zreg_go_verify(zreg_client *client, const char *place, int quick, uint32_t jobs,
                              uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    const zreg_verify_options options = {
        .size = sizeof(options),
        .quick = quick,
        .jobs = jobs,
        PROGRESS(progress),
    };
    zreg_verified *out = NULL;

    zreg_verify(&out, client, place, &options, cancel, err);
    return out;
}

void zreg_go_export(zreg_digest *out, zreg_client *client, const char *place, int fd,
                    const char *platform, zreg_server *src_server, uintptr_t progress,
                    zreg_cancel *cancel, zreg_error *err)
{
    const zreg_export_options options = {
        .size = sizeof(options),
        .platform = optional(platform),
        .src_server = src_server,
        PROGRESS(progress),
    };

    zreg_export(out, client, place, fd, &options, cancel, err);
}
