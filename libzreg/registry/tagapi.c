/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/tagapi.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "base/strings.h"
#include "registry/untag.h"
#include "registry/vendor.h"
#include "registry/web.h"

#include <string.h>

/* The protocol knows names only. */
static zreg_status list_oci(zreg__dated_tags *out, zreg_client *client, const zreg_ref *ref,
                            zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;

    ZREG__TRY(zreg_client_tags(&names, client, ref, cancel, err));
    for (size_t i = 0; i < zreg_strings_count(names); i++) {
        ZREG__TRY(zreg__dated_tags_add(out, zreg_strings_at(names, i), ZREG__NO_TIME, err));
    }
    return ZREG_OK;
}

zreg_status zreg__tagapi_list(zreg__dated_tags *out, const zreg__tagapi *api, zreg_client *client,
                              const zreg_ref *ref, zreg_cancel *cancel, zreg_error *err)
{
    return api != NULL ? zreg__vendor_list(out, api, client, ref, cancel, err)
                       : list_oci(out, client, ref, cancel, err);
}

const zreg__tagapi *zreg__tagapi_of(const zreg__host *host)
{
    const zreg__tagapi_settings *set = zreg__host_tag_api(host);

    switch (set->api) {
    case ZREG_TAG_API_OCI:
        return NULL;
    case ZREG_TAG_API_HUB:
        return &zreg__tagapi_hub;
    case ZREG_TAG_API_QUAY:
        return &zreg__tagapi_quay;
    case ZREG_TAG_API_AUTO:
        break;
    }
    if (zreg__str_equal(host->name, "docker.io")) {
        return &zreg__tagapi_hub;
    }
    return zreg__str_equal(host->name, "quay.io") && set->token != NULL ? &zreg__tagapi_quay : NULL;
}

/* By the specification, or where that is refused by a manifest that takes the tag with it. */
static zreg_status delete_oci(zreg_client *client, const zreg__host *host, const zreg_ref *ref,
                              zreg_cancel *cancel, zreg_error *err)
{
    zreg_status status = zreg__client_manifest_untag(client, ref, cancel, err);
    const zreg__quirks *quirks = host->quirks;

    if (status != ZREG_UNSUPPORTED || quirks->no_deletes) {
        return status;
    }
    zreg__error_clear(err);
    return zreg__untag(client, ref, cancel, err);
}

zreg_status zreg_client_tag_delete(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                                   zreg_error *err)
{
    zreg__host *host = NULL;
    const zreg__tagapi *api;

    zreg__error_clear(err);
    if (zreg_ref_tag(ref) == NULL || zreg_ref_digest(ref) != NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: write the tag to delete, without a digest",
                          zreg_ref_text(ref));
    }
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    ZREG__TRY(zreg__client_writes(client, ref, err));
    api = zreg__tagapi_of(host);
    return api != NULL ? zreg__vendor_remove(api, client, ref, cancel, err)
                       : delete_oci(client, host, ref, cancel, err);
}

/* "https://HOST/PREFIX/": the place where the interface answers. */
static zreg_status take_url(zreg__tagapi_settings *to, zreg_client *client, const char *text,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__web) zreg__web place = {0};

    ZREG__TRY(zreg__web_open(&place, client, text, "API of tags", err));
    to->host = place.host;
    to->path = zreg__steal(&place.prefix);
    return ZREG_OK;
}

static zreg_status take_token(zreg__tagapi_settings *to, const char *token, zreg_error *err)
{
    size_t size = strcspn(token, "\r\n");

    if (size == 0 || token[size + strspn(token + size, "\r\n")] != '\0') {
        return zreg__fail(err, ZREG_INVAL, "API of tags: the token is empty or has several lines");
    }
    to->token = zreg__strndup(token, size);
    return to->token != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status make_settings(zreg__tagapi_settings *to, zreg_client *client,
                                 const zreg_tag_api_options *set, zreg_error *err)
{
    if ((unsigned)set->api > ZREG_TAG_API_QUAY) {
        return zreg__fail(err, ZREG_INVAL, "API of tags: there is no interface number %d",
                          (int)set->api);
    }
    if (set->url != NULL && set->api != ZREG_TAG_API_HUB && set->api != ZREG_TAG_API_QUAY) {
        return zreg__fail(err, ZREG_INVAL,
                          "API of tags: a URL needs the kind of interface: hub or quay");
    }
    to->api = set->api;
    if (set->url != NULL) {
        ZREG__TRY(take_url(to, client, set->url, err));
    }
    return set->token != NULL ? take_token(to, set->token, err) : ZREG_OK;
}

zreg_status zreg_client_set_tag_api(zreg_client *client, const char *host,
                                    const zreg_tag_api_options *options, zreg_error *err)
{
    zreg_tag_api_options set;
    ZREG__AUTO(zreg__tagapi_settings) zreg__tagapi_settings *settings = NULL;
    zreg__host *known = NULL;

    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(zreg__client_host(&known, client, host, err));
    settings = zreg__new(zreg__tagapi_settings);
    if (settings == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(make_settings(settings, client, &set, err));
    zreg__host_set_tag_api(known, &settings);
    return ZREG_OK;
}
