/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages (distribution-spec, "Listing Tags", "Listing Referrers"). */
#include "server/handlers.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/referrers.h"
#include "server/call.h"

#define MAX_PAGE 10000
#define MAX_REFERRERS_PAGE 500

/* Which page is asked for. */
typedef struct page {
    size_t maximum;
    char *after; /* owned */
} page;

static bool read_page(page *out, zreg__call *call)
{
    ZREG__AUTO_FREE char *count = zreg__call_query(call, "n", 0);
    uint64_t number = MAX_PAGE;
    if (count != NULL && !zreg__span_u64(zreg__span_of(count), &number)) {
        zreg__call_fail_as(call, 400, ZREG__CODE_UNSUPPORTED, "n must be a number");
        return false;
    }
    out->maximum = number < MAX_PAGE ? (size_t)number : MAX_PAGE;
    out->after = zreg__call_query(call, "last", 0);
    return true;
}

static zreg_status add_all(zreg__json *array, const zreg_strings *names, zreg_error *err)
{
    for (size_t i = 0; i < zreg_strings_count(names); i++) {
        ZREG__TRY(zreg__json_add_text(array, zreg_strings_at(names, i), err));
    }
    return ZREG_OK;
}

/* {"name": ..., "tags": [...]}, or {"repositories": [...]} without a name. */
static zreg_status print_names(char **out, const char *name, const char *key,
                               const zreg_strings *names, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = zreg__json_new_object();
    zreg__json *array = NULL;
    ZREG__TRY(zreg__json_set_if_known(json, "name", name, err));
    ZREG__TRY(zreg__json_set_array(&array, json, key, err));
    ZREG__TRY(add_all(array, names, err));
    return zreg__json_print(out, json, err);
}

/* The Link to the page after the one that ends with `last`. */
static void link_next(zreg__call *call, const char *last, size_t maximum)
{
    ZREG__AUTO(zreg__buf) zreg__buf query = ZREG__BUF(4096);
    ZREG__AUTO_FREE char *namespace = zreg__call_query(call, "ns", 0);
    ZREG__AUTO_FREE char *type = zreg__call_query(call, "artifactType", 0);
    const char *target = call->request->target;
    zreg__span rest = zreg__span_of(target);
    zreg__span path = zreg__span_cut(&rest, '?');
    zreg__buf_printf(&query, NULL, "n=%zu&last=", maximum);
    zreg__buf_query(&query, last, NULL);
    if (namespace != NULL) {
        zreg__buf_text(&query, "&ns=", NULL);
        zreg__buf_query(&query, namespace, NULL);
    }
    if (type != NULL) {
        zreg__buf_text(&query, "&artifactType=", NULL);
        zreg__buf_query(&query, type, NULL);
    }
    zreg__call_header(call, "Link", "<%.*s?%s>; rel=\"next\"", (int)path.size, path.text,
                      zreg__buf_cstr(&query));
}

static void answer_names(zreg__call *call, const char *key, const zreg_strings *names, bool more,
                         size_t maximum)
{
    ZREG__AUTO_FREE char *text = NULL;
    size_t count = zreg_strings_count(names);
    if (print_names(&text, call->name, key, names, NULL) != ZREG_OK) {
        zreg__call_empty(call, 500);
        return;
    }
    if (more && count > 0) {
        link_next(call, zreg_strings_at(names, count - 1), maximum);
    }
    zreg__call_text(call, 200, "application/json", zreg__steal(&text));
}

void zreg__lists_tags(zreg__call *call)
{
    page p = {.after = NULL};
    zreg_error err;
    zreg__error_clear(&err);
    bool more = false;
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;
    if (!read_page(&p, call)) {
        return;
    }
    zreg_status status = zreg__store_tags(&names, &more, call->server->store, call->repository,
                                          p.after, p.maximum, &err);
    free(p.after);
    if (status != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__NAME_UNKNOWN);
        return;
    }
    answer_names(call, "tags", names, more, p.maximum);
}

void zreg__lists_catalog(zreg__call *call)
{
    page p = {.after = NULL};
    zreg_error err;
    zreg__error_clear(&err);
    bool more = false;
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;
    if (!read_page(&p, call)) {
        return;
    }
    zreg_status status =
        zreg__store_repositories(&names, &more, call->server->store, p.after, p.maximum, &err);
    free(p.after);
    if (status != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__NAME_UNKNOWN);
        return;
    }
    answer_names(call, "repositories", names, more, p.maximum);
}

/* Adds one referrer, unless it is gone or of another type. */
static zreg_status add_referrer(zreg__json *list, zreg__call *call, const char *digest,
                                const char *type, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    if (zreg__store_manifest_get(&manifest, call->server->store, call->repository, digest, NULL) !=
            ZREG_OK ||
        (type != NULL && !zreg__str_equal(type, zreg_manifest_artifact_type(manifest)))) {
        return ZREG_OK;
    }
    zreg__json *descriptor = NULL;
    ZREG__TRY(zreg__referrers_describe(&descriptor, manifest, err));
    return zreg__json_add(list, descriptor, err);
}

static zreg_status print_referrers(char **out, zreg__call *call, const zreg_strings *digests,
                                   const char *type, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__TRY(zreg__referrers_new_list(&json, err));
    zreg__json *list = zreg__json_get(json, "manifests");
    for (size_t i = 0; i < zreg_strings_count(digests); i++) {
        ZREG__TRY(add_referrer(list, call, zreg_strings_at(digests, i), type, err));
    }
    return zreg__json_print(out, json, err);
}

void zreg__lists_referrers(zreg__call *call)
{
    zreg_digest subject;
    zreg_error err;
    zreg__error_clear(&err);
    bool more = false;
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__AUTO_FREE char *after = zreg__call_query(call, "last", 0);
    ZREG__AUTO_FREE char *type = zreg__call_query(call, "artifactType", 0);
    if (!zreg__call_digest(&subject, call, call->last)) {
        return;
    }
    if (zreg__store_referrers(&digests, &more, call->server->store, call->repository, &subject,
                              after, MAX_REFERRERS_PAGE, &err) != ZREG_OK ||
        print_referrers(&text, call, digests, type, &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__NAME_UNKNOWN);
        return;
    }
    if (type != NULL) {
        zreg__call_header(call, "OCI-Filters-Applied", "artifactType");
    }
    if (more) {
        link_next(call, zreg_strings_at(digests, zreg_strings_count(digests) - 1),
                  MAX_REFERRERS_PAGE);
    }
    zreg__call_text(call, 200, ZREG__TYPE_OCI_INDEX, zreg__steal(&text));
}
