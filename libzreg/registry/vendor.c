/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/vendor.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "registry/pages.h"

static zreg_status find_host(zreg__host **out, const zreg__tagapi *api, zreg_client *client,
                             zreg__host *registry, zreg_error *err)
{
    zreg__host *set = zreg__host_tag_api(registry)->host;

    if (set != NULL) {
        *out = set;
        return ZREG_OK;
    }
    if (api->host == NULL) {
        *out = registry;
        return ZREG_OK;
    }
    return zreg__client_host(out, client, api->host, err);
}

zreg_status zreg__vendor_send(zreg__fetch_exchange **out, const zreg__tagapi *api,
                              zreg_client *client, zreg__host *registry,
                              const zreg__vendor_call *call, zreg_cancel *cancel, zreg_error *err)
{
    const char *prefix = zreg__host_tag_api(registry)->path;
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s%s", prefix != NULL ? prefix : "", call->path);
    zreg__host *host = NULL;
    zreg__request request = {
        .method = call->method,
        .path = path,
        .headers = {"Accept: application/json"},
        .own_authorization = true,
        .authorization = call->authorization,
        .json = call->json,
        .json_bytes = ZREG__MAX_TAGS_PAGE_BYTES,
        .out_in_doubt = call->out_in_doubt,
        .what = call->what,
    };

    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    if (call->body != NULL) {
        request.headers[1] = "Content-Type: application/json";
        request.body = call->body->data;
        request.body_bytes = call->body->size;
        request.secret_body = true;
    }
    ZREG__TRY(find_host(&host, api, client, registry, err));
    return zreg__request_send(out, client, host, &request, cancel, err);
}

/* `*out` stays NULL where there is nobody to log in as. */
static zreg_status authorize(char **out, const zreg__tagapi *api, zreg_client *client,
                             zreg__host *host, const char *repository, zreg_cancel *cancel,
                             zreg_error *err)
{
    const char *token = zreg__host_tag_api(host)->token;

    if (token != NULL) {
        *out = zreg__asprintf("Bearer %s", token);
        return *out != NULL ? ZREG_OK : zreg__fail_nomem(err);
    }
    *out = zreg__host_login(host);
    if (*out != NULL || api->log_in == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(api->log_in(out, client, host, repository, cancel, err));
    zreg__host_keep_login(host, *out);
    return ZREG_OK;
}

/* A login lives for minutes, and many deletions take longer: a 401 is answered by one new login. */
static zreg_status send_as_user(zreg__fetch_exchange **out, const zreg__tagapi *api,
                                zreg_client *client, zreg__host *host, const char *repository,
                                zreg__vendor_call *call, zreg_cancel *cancel, zreg_error *err)
{
    for (int round = 0;; round++) {
        ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
        ZREG__AUTO_SECRET char *authorization = NULL;

        ZREG__TRY(authorize(&authorization, api, client, host, repository, cancel, err));
        call->authorization = authorization;
        ZREG__TRY(zreg__vendor_send(&exchange, api, client, host, call, cancel, err));
        if (zreg__fetch_status(exchange) != 401 || round > 0 || api->log_in == NULL ||
            zreg__host_tag_api(host)->token != NULL) {
            *out = zreg__steal(&exchange);
            return ZREG_OK;
        }
        zreg__host_keep_login(host, NULL);
    }
}

/* A list that is being collected. */
typedef struct collection {
    zreg__dated_tags *tags;
    const zreg__tagapi *api;
    zreg_client *client;
    zreg__host *host;
    const char *repository;
    const char *what;
    zreg_cancel *cancel;
} collection;

static zreg_status add_page(bool *out_more, const collection *self, const zreg__json *page,
                            zreg_error *err)
{
    const zreg__json *list = zreg__json_get(page, self->api->key);

    if (!zreg__json_is_array(list)) {
        return zreg__fail(err, ZREG_PROTO, "%s: the answer has no %s", self->what, self->api->key);
    }
    for (size_t i = 0; i < zreg__json_length(list); i++) {
        const zreg__json *tag = zreg__json_at(list, i);

        ZREG__TRY(zreg__dated_tags_add(self->tags, zreg__json_text(tag, "name"),
                                       self->api->pushed_s(tag), err));
    }
    *out_more = self->api->has_more(page) && zreg__json_length(list) > 0;
    return ZREG_OK;
}

static zreg_status take_page(bool *out_more, size_t number, void *user, zreg_error *err)
{
    const collection *self = user;
    const zreg__tagapi *api = self->api;
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO(zreg__json) zreg__json *page = NULL;
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s%s%s%s&page=%zu", api->repositories,
                                                self->repository, api->tags, api->query, number);
    zreg__vendor_call call = {.method = "GET", .path = path, .json = &page, .what = self->what};

    if (path == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(send_as_user(&exchange, api, self->client, self->host, self->repository, &call,
                           self->cancel, err));
    ZREG__TRY(zreg__answer_expect(exchange, 200, self->what, err));
    return add_page(out_more, self, page, err);
}

zreg_status zreg__vendor_list(zreg__dated_tags *out, const zreg__tagapi *api, zreg_client *client,
                              const zreg_ref *ref, zreg_cancel *cancel, zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    ZREG__AUTO_FREE char *what = zreg__asprintf("tags of %s on %s", repository, api->name);
    collection self = {
        .tags = out,
        .api = api,
        .client = client,
        .repository = repository,
        .what = what,
        .cancel = cancel,
    };

    if (what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&self.host, client, zreg_ref_host(ref), err));
    return zreg__pages_walk(what, ZREG__MAX_TAGS_PAGES, take_page, &self, err);
}

/* They answer 204, and at times 200 or 202. */
zreg_status zreg__vendor_remove(const zreg__tagapi *api, zreg_client *client, const zreg_ref *ref,
                                zreg_cancel *cancel, zreg_error *err)
{
    const char *repository = zreg_ref_repository(ref);
    const char *tag = zreg_ref_tag(ref);
    ZREG__AUTO(zreg__fetch_exchange) zreg__fetch_exchange *exchange = NULL;
    ZREG__AUTO_FREE char *path =
        zreg__asprintf("%s%s%s%s%s", api->repositories, repository, api->tags, tag, api->tag_end);
    ZREG__AUTO_FREE char *what = zreg__asprintf("tag %s:%s on %s", repository, tag, api->name);
    bool in_doubt = false;
    zreg__vendor_call call = {
        .method = "DELETE", .path = path, .out_in_doubt = &in_doubt, .what = what};
    zreg__host *host = NULL;

    if (path == NULL || what == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    if (api->wants_token != NULL && zreg__host_tag_api(host)->token == NULL) {
        return zreg__fail(err, ZREG_DENIED, "%s: %s", what, api->wants_token);
    }
    ZREG__TRY(send_as_user(&exchange, api, client, host, repository, &call, cancel, err));
    return zreg__answer_expect_deleted(exchange, host, in_doubt, what, err);
}
