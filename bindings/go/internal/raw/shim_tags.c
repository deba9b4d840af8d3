/* SPDX-License-Identifier: Apache-2.0 */
/* Listing and deleting tags; reading an access log. */
#include "shim_inside.h"

void zreg_go_client_set_tag_api(zreg_client *client, const char *host, int api, const char *url,
                                const char *token, zreg_error *err)
{
    const zreg_tag_api_options options = {
        .size = sizeof(options),
        .api = (zreg_tag_api)api,
        .url = optional(url),
        .token = optional(token),
    };

    zreg_client_set_tag_api(client, host, &options, err);
}

zreg_referrers *zreg_go_client_referrers(zreg_client *client, const zreg_ref *ref,
                                         const char *artifact_type, zreg_cancel *cancel,
                                         zreg_error *err)
{
    const zreg_referrers_options options = {
        .size = sizeof(options),
        .artifact_type = optional(artifact_type),
    };
    zreg_referrers *out = NULL;

    return zreg_client_referrers(&out, client, ref, &options, cancel, err) == ZREG_OK ? out : NULL;
}

zreg_strings *zreg_go_client_catalog(zreg_client *client, const char *host, zreg_cancel *cancel,
                                     zreg_error *err)
{
    zreg_strings *out = NULL;

    return zreg_client_catalog(&out, client, host, cancel, err) == ZREG_OK ? out : NULL;
}

zreg_cleaned *zreg_go_cleanup_tags(zreg_client *client, const char *repository, const char *match,
                                   uint64_t older_than_s, int any_age, int dry_run,
                                   uintptr_t progress, zreg_cancel *cancel, zreg_error *err)
{
    const zreg_cleanup_options options = {
        .size = sizeof(options),
        .match = optional(match),
        .older_than_s = older_than_s,
        .any_age = any_age,
        .dry_run = dry_run,
        PROGRESS(progress),
    };
    zreg_cleaned *out = NULL;

    return zreg_cleanup_tags(&out, client, repository, &options, cancel, err) == ZREG_OK ? out
                                                                                         : NULL;
}

zreg_provenance *zreg_go_provenance_read(zreg_go_bytes json, zreg_error *err)
{
    zreg_provenance *out = NULL;

    return zreg_provenance_read(&out, json.at, json.size, err) == ZREG_OK ? out : NULL;
}
