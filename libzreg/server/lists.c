/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages (distribution-spec, "Listing Tags", "Listing Referrers"). */
#include "server/handlers.h"

#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/referrers.h"
#include "server/access.h"
#include "server/call.h"
#include <string.h>

#define MAX_PAGE 10000
/* What clients take of a manifest, which a page is, without its own first and last bytes. */
#define MAX_REFERRERS_BYTES (ZREG__MAX_MANIFEST_BYTES - 1024)
#define MAX_REFERRERS_PAGE 500
/* Of manifests that are read for a page: their descriptors may be small, and take long to be made. */
#define MAX_READ_BYTES (8 * ZREG__MIB)

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

/* Hands on a parameter of the request, if it has it. */
static zreg_status hand_on(zreg__buf *to, const zreg__call *call, const char *name, zreg_error *err)
{
    ZREG__AUTO_FREE char *value = zreg__call_query(call, name, 0);
    if (value == NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__buf_printf(to, err, "&%s=", name));
    return zreg__buf_query(to, value, err);
}

static zreg_status print_query(zreg__buf *to, const zreg__call *call, const char *last,
                               size_t maximum, zreg_error *err)
{
    ZREG__TRY(zreg__buf_printf(to, err, "n=%zu&last=", maximum));
    ZREG__TRY(zreg__buf_query(to, last, err));
    ZREG__TRY(hand_on(to, call, "ns", err));
    return hand_on(to, call, "artifactType", err);
}

/* The Link to the page after the one that ends with `last`. */
static void link_next(zreg__call *call, const char *last, size_t maximum)
{
    ZREG__AUTO(zreg__buf) zreg__buf query = ZREG__BUF(ZREG__SERVE_MAX_FIELDS_BYTES);
    zreg__span rest = zreg__span_of(call->request->target);
    zreg__span path = zreg__span_cut(&rest, '?');
    if (print_query(&query, call, last, maximum, NULL) != ZREG_OK) {
        call->lacks_header = true;
        return;
    }
    zreg__call_header(call, "Link", "<%s%.*s?%s>; rel=\"next\"", zreg__call_prefix(call),
                      (int)path.size, path.text, zreg__buf_cstr(&query));
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

typedef zreg_status read_names(zreg_strings **out, bool *out_more, zreg__store *store,
                               zreg__call *call, const page *asked, zreg_error *err);

/* The page of names that is asked for. */
static void list_names(zreg__call *call, zreg__store *store, const char *key, read_names *read)
{
    page asked = {.after = NULL};
    zreg_error err;
    zreg__error_clear(&err);
    bool more = false;
    ZREG__AUTO(zreg_strings) zreg_strings *names = NULL;
    if (!read_page(&asked, call)) {
        return;
    }
    zreg_status status = read(&names, &more, store, call, &asked, &err);
    free(asked.after);
    if (status != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__NAME_UNKNOWN);
        return;
    }
    answer_names(call, key, names, more, asked.maximum);
}

static zreg_status read_tags(zreg_strings **out, bool *out_more, zreg__store *store,
                             zreg__call *call, const page *asked, zreg_error *err)
{
    return zreg__store_tags(out, out_more, store, call->repository, asked->after, asked->maximum,
                            err);
}

void zreg__lists_tags(zreg__call *call, zreg__store *store)
{
    list_names(call, store, "tags", read_tags);
}

static bool sees(const char *repository, const void *user)
{
    return zreg__access_sees(user, repository);
}

static zreg_status read_repositories(zreg_strings **out, bool *out_more, zreg__store *store,
                                     zreg__call *call, const page *asked, zreg_error *err)
{
    return zreg__store_repositories(out, out_more, store, asked->after, asked->maximum, sees, call,
                                    err);
}

void zreg__lists_catalog(zreg__call *call, zreg__store *store)
{
    list_names(call, store, "repositories", read_repositories);
}

/* A page of referrers on its way to a client. */
typedef struct listing {
    zreg__call *call;
    zreg__store *store;
    const char *type; /* NULL: any */
    zreg__json *list;
    size_t size;      /* of the descriptors, as they are printed */
    size_t read;      /* of the manifests that were looked at */
    const char *last; /* the digest that was looked at last, NULL: none */
    bool is_full;
} listing;

/* Whether a descriptor still fits on the page; one always does. */
static zreg_status fits(bool *out, listing *of, zreg__json *descriptor, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__TRY(zreg__json_print(&text, descriptor, err));
    size_t size = strlen(text) + 1;
    *out = of->size == 0 || of->size + size <= MAX_REFERRERS_BYTES;
    of->size += *out ? size : 0;
    return ZREG_OK;
}

/* `*out` is NULL when it is gone. */
static zreg_status read_referrer(zreg_manifest **out, listing *to, const char *digest,
                                 zreg_error *err)
{
    size_t size;
    zreg_status status =
        zreg__store_manifest_get(out, to->store, to->call->repository, digest, err);
    if (status == ZREG_NOTFOUND) {
        zreg__error_clear(err);
        return ZREG_OK;
    }
    ZREG__TRY(status);
    zreg_manifest_bytes(*out, &size);
    to->read += size;
    return ZREG_OK;
}

/* Adds one referrer, unless it is gone or of another type. */
static zreg_status add_referrer(listing *to, const char *digest, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *descriptor = NULL;
    if (to->read > MAX_READ_BYTES) {
        to->is_full = true;
        return ZREG_OK;
    }
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    ZREG__TRY(read_referrer(&manifest, to, digest, err));
    if (manifest != NULL &&
        (to->type == NULL || zreg__str_equal(to->type, zreg_manifest_artifact_type(manifest)))) {
        bool is_taken;
        ZREG__TRY(zreg__referrers_describe(&descriptor, manifest, err));
        ZREG__TRY(fits(&is_taken, to, descriptor, err));
        if (!is_taken) {
            to->is_full = true;
            return ZREG_OK;
        }
        ZREG__TRY(zreg__json_add(to->list, zreg__steal(&descriptor), err));
    }
    to->last = digest;
    return ZREG_OK;
}

static zreg_status print_referrers(char **out, listing *of, const zreg_strings *digests,
                                   zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    ZREG__TRY(zreg__referrers_new_list(&json, err));
    of->list = zreg__json_get(json, "manifests");
    for (size_t i = 0; i < zreg_strings_count(digests) && !of->is_full; i++) {
        ZREG__TRY(add_referrer(of, zreg_strings_at(digests, i), err));
    }
    return zreg__json_print(out, json, err);
}

void zreg__lists_referrers(zreg__call *call, zreg__store *store)
{
    zreg_digest subject;
    zreg_error err;
    zreg__error_clear(&err);
    bool more = false;
    ZREG__AUTO(zreg_strings) zreg_strings *digests = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__AUTO_FREE char *after = zreg__call_query(call, "last", 0);
    ZREG__AUTO_FREE char *type = zreg__call_query(call, "artifactType", 0);
    listing of = {.call = call, .store = store, .type = type};
    if (!zreg__call_digest(&subject, call, call->last)) {
        return;
    }
    if (zreg__store_referrers(&digests, &more, store, call->repository, &subject, after,
                              MAX_REFERRERS_PAGE, &err) != ZREG_OK ||
        print_referrers(&text, &of, digests, &err) != ZREG_OK) {
        zreg__call_error(call, &err, ZREG__NAME_UNKNOWN);
        return;
    }
    if (type != NULL) {
        zreg__call_field(call, "OCI-Filters-Applied", "artifactType");
    }
    if ((more || of.is_full) && of.last != NULL) {
        link_next(call, of.last, MAX_REFERRERS_PAGE);
    }
    zreg__call_text(call, 200, ZREG__TYPE_OCI_INDEX, zreg__steal(&text));
}
