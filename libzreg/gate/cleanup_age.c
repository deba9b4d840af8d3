/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/cleanup_age.h"

#include "base/clock.h"
#include "base/error.h"
#include "image/endpoint.h"
#include "image/imageconfig.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/client.h"

#define CREATED "org.opencontainers.image.created"
#define YEAR_2000_S 946684800

/* What the images of one tag tell. */
typedef struct search {
    zreg__endpoint *endpoint;
    zreg_cancel *cancel;
    int64_t youngest_s; /* 0: none has told its time */
} search;

static void tell(search *run, const char *time)
{
    int64_t when_s;
    if (zreg__clock_parse_rfc3339(&when_s, time) && when_s >= YEAR_2000_S &&
        when_s > run->youngest_s) {
        run->youngest_s = when_s;
    }
}

/* True when the content is to blame, not the way to it: other tags may be cleaned up all the same. */
static bool is_unreadable(const zreg_error *why)
{
    return why->code == ZREG_INVAL || why->code == ZREG_UNSUPPORTED || why->code == ZREG_CORRUPT ||
           (why->code == ZREG_LIMIT && why->http_status == 0) || why->code == ZREG_NOTFOUND;
}

static zreg_status look_at_image(search *run, const zreg_manifest *manifest, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    zreg_error why = {ZREG_OK};
    tell(run, zreg_manifest_annotation(manifest, CREATED));
    if (run->youngest_s != 0 || zreg_manifest_is_index(manifest)) {
        return ZREG_OK;
    }
    zreg_status status =
        zreg__imageconfig_fetch(&config, run->endpoint, manifest, run->cancel, &why);
    if (status == ZREG_OK) {
        tell(run, zreg__json_text(config, "created"));
    }
    /* An artifact's config may be anything: then it tells no time. */
    return status == ZREG_OK || is_unreadable(&why) ? ZREG_OK
                                                    : zreg__fail_again(err, &why);
}

/* A child that is not there, as in a sparse index, tells nothing. */
static zreg_status look_at_child(search *run, const zreg_digest *digest, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *child = NULL;
    zreg_error why = {ZREG_OK};
    zreg_status status =
        zreg__endpoint_manifest_get(&child, run->endpoint, digest, run->cancel, &why);
    if (status == ZREG_OK) {
        return look_at_image(run, child, err);
    }
    return is_unreadable(&why) ? ZREG_OK : zreg__fail_again(err, &why);
}

static zreg_status look_at_children(search *run, const zreg_manifest *index, zreg_error *err)
{
    int64_t youngest_s = run->youngest_s;
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        run->youngest_s = 0; /* each child is asked, whatever the others told */
        ZREG__TRY(look_at_child(run, &zreg_manifest_at(index, i)->digest, err));
        youngest_s = run->youngest_s > youngest_s ? run->youngest_s : youngest_s;
    }
    run->youngest_s = youngest_s;
    return ZREG_OK;
}

static zreg_status find_build(int64_t *out_s, zreg_client *client, const zreg_ref *tag,
                              const zreg_manifest *manifest, zreg_cancel *cancel, zreg_error *err)
{
    const zreg__endpoint_options options = {.client = client};
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *endpoint = NULL;
    ZREG__TRY(zreg__endpoint_open(&endpoint, zreg_ref_text(tag), &options, err));
    search run = {.endpoint = endpoint, .cancel = cancel};
    ZREG__TRY(look_at_image(&run, manifest, err));
    if (run.youngest_s == 0 && zreg_manifest_is_index(manifest)) {
        ZREG__TRY(look_at_children(&run, manifest, err));
    }
    *out_s = run.youngest_s;
    return ZREG_OK;
}

static void set_age(zreg__cleanup_age *out, const char *of, int64_t when_s, int64_t now_s)
{
    out->of = of;
    out->age_s = when_s < now_s ? now_s - when_s : 0;
}

zreg_status zreg__cleanup_age_find(zreg__cleanup_age *out, zreg_client *client, const zreg_ref *tag,
                                   int64_t now_s, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    int64_t modified_s = 0;
    int64_t built_s = 0;
    *out = (zreg__cleanup_age){.age_s = -1};
    zreg_error why = {ZREG_OK};
    zreg_status status =
        zreg__client_manifest_get_dated(&manifest, &modified_s, client, tag, cancel, &why);
    if (status != ZREG_OK && is_unreadable(&why)) {
        out->unknown =
            status == ZREG_NOTFOUND ? "it is gone already" : "its manifest is unreadable";
        return ZREG_OK;
    }
    if (status != ZREG_OK) {
        return zreg__fail_again(err, &why);
    }
    if (modified_s != 0) {
        set_age(out, "pushed", modified_s, now_s);
        return ZREG_OK;
    }
    ZREG__TRY(find_build(&built_s, client, tag, manifest, cancel, err));
    if (built_s != 0) {
        set_age(out, "built", built_s, now_s);
    } else {
        out->unknown = "neither the registry nor the image tells it";
    }
    return ZREG_OK;
}
