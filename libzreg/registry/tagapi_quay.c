/* SPDX-License-Identifier: Apache-2.0 */
/* Quay's API, which tells when a tag was set and deletes one tag. */
#include "registry/tagapi.h"

#include "base/error.h"
#include "base/mem.h"

#define PAGE 100 /* more is refused */

static zreg_status send_call(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                             zreg__vendor_call *call, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_SECRET char *authorization = NULL;

    const char *token = zreg__host_tag_api(host)->token;

    if (token != NULL) {
        authorization = zreg__asprintf("Bearer %s", token);
        if (authorization == NULL) {
            return zreg__fail_nomem(err);
        }
    }
    call->authorization = authorization;
    return zreg__vendor_send(out, client, host, call, cancel, err);
}

/* When the tag came to hold what it holds: start_ts in seconds, last_modified as a date. */
static int64_t time_of(const zreg__json *tag)
{
    uint64_t seconds;
    int64_t when = zreg__fetch_date(zreg__json_text(tag, "last_modified"));

    if (zreg__json_u64(tag, "start_ts", &seconds) && seconds > 0) {
        return (int64_t)seconds;
    }
    return when > 0 ? when : ZREG__NO_TIME;
}

static zreg_status add_page(bool *out_more, zreg__dated_tags *out, const zreg__json *page,
                            const char *what, zreg_error *err)
{
    const zreg__json *tags = zreg__json_get(page, "tags");

    if (!zreg__json_is_array(tags)) {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer has no tags", what);
    }
    for (size_t i = 0; i < zreg__json_length(tags); i++) {
        const zreg__json *tag = zreg__json_at(tags, i);

        ZREG__TRY(zreg__dated_tags_add(out, zreg__json_text(tag, "name"), time_of(tag), err));
    }
    *out_more = zreg__json_bool(page, "has_additional") && zreg__json_length(tags) > 0;
    return ZREG_OK;
}

static zreg_status take_page(bool *out_more, zreg__dated_tags *out, zreg_client *client,
                             const zreg_ref *ref, unsigned number, zreg_cancel *cancel,
                             zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__json) zreg__json *page = NULL;
    ZREG__AUTO_FREE char *path =
        zreg__asprintf("/api/v1/repository/%s/tag/?onlyActiveTags=true&limit=%d&page=%u",
                       repository, PAGE, number);
    ZREG__AUTO_FREE char *what = zreg__asprintf("tags of %s on Quay", repository);
    zreg__vendor_call call = {.method = "GET", .path = path, .what = what};
    zreg__host *host = NULL;

    if (path == NULL || what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    ZREG__TRY(send_call(&exchange, client, host, &call, cancel, err));
    ZREG__TRY(zreg__vendor_json(&page, exchange, what, err));
    return add_page(out_more, out, page, what, err);
}

static zreg_status list(zreg__dated_tags *out, zreg_client *client, const zreg_ref *ref,
                        zreg_cancel *cancel, zreg_error *err)
{
    bool more = true;

    for (unsigned number = 1; more; number++) {
        if (number > ZREG__MAX_TAGS_PAGES) {
            return zreg__fail(err, ZREG_LIMIT, "tags of %s: the pages never end",
                              zreg_ref_repository(ref));
        }
        ZREG__TRY(take_page(&more, out, client, ref, number, cancel, err));
    }
    return ZREG_OK;
}

static zreg_status remove_tag(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                              zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *path =
        zreg__asprintf("/api/v1/repository/%s/tag/%s", repository, zreg_ref_tag(ref));
    ZREG__AUTO_FREE char *what = zreg__asprintf("tag %s:%s on Quay", repository, zreg_ref_tag(ref));
    zreg__vendor_call call = {.method = "DELETE", .path = path, .what = what};
    zreg__host *host = NULL;

    if (path == NULL || what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    if (zreg__host_tag_api(host)->token == NULL) {
        return zreg__fail(err, ZREG_DENIED,
                          "%s: Quay deletes tags for an OAuth token only; give one", what);
    }
    ZREG__TRY(send_call(&exchange, client, host, &call, cancel, err));
    return zreg__fetch_status(exchange) / 100 == 2 ? ZREG_OK
                                                   : zreg__request_fail(exchange, what, err);
}

const zreg__tagapi zreg__tagapi_quay = {true, list, remove_tag};
