/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/tagapi.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/reference.h"

#include <string.h>

static zreg_status grow(zreg__dated_tags *tags, zreg_error *err)
{
    size_t capacity = tags->capacity == 0 ? 64 : 2 * tags->capacity;
    zreg__dated_tag *items;

    if (tags->count < tags->capacity) {
        return ZREG_OK;
    }
    if (tags->count >= ZREG__MAX_TAGS) {
        return zreg__fail(err, ZREG_LIMIT, "there are more than %u tags", (unsigned)ZREG__MAX_TAGS);
    }
    items = zreg__reallocarray(tags->items, capacity, sizeof(*items));
    if (items == NULL) {
        return zreg__fail_nomem(err);
    }
    tags->items = items;
    tags->capacity = capacity;
    return ZREG_OK;
}

zreg_status zreg__dated_tags_add(zreg__dated_tags *tags, const char *name, int64_t pushed_s,
                                 zreg_error *err)
{
    zreg__dated_tag tag = {NULL, pushed_s};

    if (name == NULL || !zreg__reference_is_tag(zreg__span_of(name))) {
        return zreg__fail(err, ZREG_PROTO, "the list of tags holds something that is no tag");
    }
    if (tags->seen == NULL) {
        ZREG__TRY(zreg__map_new(&tags->seen, NULL, err));
    }
    if (zreg__map_get(tags->seen, name) != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(grow(tags, err));
    ZREG__TRY(zreg__map_set(tags->seen, name, tags, err));
    tag.name = zreg__strdup(name);
    if (tag.name == NULL) {
        return zreg__fail_nomem(err);
    }
    tags->items[tags->count++] = tag;
    return ZREG_OK;
}

void zreg__dated_tags_finish(zreg__dated_tags *tags)
{
    for (size_t i = 0; i < tags->count; i++) {
        free(tags->items[i].name);
    }
    free(tags->items);
    zreg__map_free(tags->seen);
}

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

static const zreg__tagapi oci = {false, list_oci, zreg__manifest_tag_delete};

const zreg__tagapi *zreg__tagapi_of(const zreg__host *host)
{
    const zreg__tagapi_settings *set = zreg__host_tag_api(host);

    switch (set->api) {
    case ZREG_TAG_API_OCI:
        return &oci;
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
    return zreg__str_equal(host->name, "quay.io") && set->token != NULL ? &zreg__tagapi_quay : &oci;
}

zreg_status zreg_client_tag_delete(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                                   zreg_error *err)
{
    zreg__host *host = NULL;

    zreg__error_clear(err);
    if (zreg_ref_tag(ref) == NULL || zreg_ref_digest(ref) != NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: write the tag to delete, without a digest",
                          zreg_ref_text(ref));
    }
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    return zreg__tagapi_of(host)->remove(client, ref, cancel, err);
}

/* A token or password must not travel in the clear. */
static zreg_status check_scheme(zreg__host *host, bool tls, zreg_error *err)
{
    if (!tls && !zreg__host_speaks_plain(host)) {
        return zreg__fail(err, ZREG_INVAL,
                          "API of tags: http://%s would show a password to the network; use "
                          "https://, or allow plain HTTP for that host",
                          host->name);
    }
    return ZREG_OK;
}

/* "https://HOST/PREFIX/": the place where the interface answers. */
static zreg_status take_url(zreg__tagapi_settings *to, zreg_client *client, const char *text,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
    ZREG__AUTO_FREE char *authority = NULL;
    size_t size;

    if (zreg__fetch_url_parse(&url, text, NULL) != ZREG_OK || strchr(url.target, '?') != NULL) {
        return zreg__fail(err, ZREG_INVAL, "API of tags: \"%.100s\" is no URL; write https://HOST",
                          text);
    }
    authority = url.port == (url.tls ? 443 : 80)
                    ? zreg__strdup(url.host)
                    : zreg__asprintf("%s:%u", url.host, (unsigned)url.port);
    for (size = strlen(url.target); size > 0 && url.target[size - 1] == '/';) {
        size--;
    }
    to->path = zreg__strndup(url.target, size);
    if (authority == NULL || to->path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&to->host, client, authority, err));
    return check_scheme(to->host, url.tls, err);
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
