/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/zuul.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "registry/client.h"

#define USUAL_LIMIT 50
#define MAX_LIMIT 1000

zreg_status zreg__zuul_open(zreg__web *out, zreg_client *client, const char *api,
                            const char *tenant, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf url = ZREG__BUF(ZREG__MAX_URL);
    if (zreg__str_empty(tenant)) {
        return zreg__web_open(out, client, api, "Zuul's API", err);
    }
    ZREG__TRY(zreg__buf_text(&url, api, err));
    ZREG__TRY(zreg__buf_text(&url, zreg__str_ends(api, "/") ? "tenant/" : "/tenant/", err));
    ZREG__TRY(zreg__buf_query(&url, tenant, err));
    return zreg__web_open(out, client, zreg__buf_cstr(&url), "Zuul's API", err);
}

static zreg_status add_parameter(zreg__buf *path, const char *key, const char *value,
                                 zreg_error *err)
{
    if (zreg__str_empty(value)) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__buf_printf(path, err, "&%s=", key));
    return zreg__buf_query(path, value, err);
}

zreg_status zreg__zuul_get(zreg__json **out, const zreg__web *web, const char *path,
                           const zreg_zuul_options *query, const char *result, zreg_cancel *cancel,
                           zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf full = ZREG__BUF(ZREG__MAX_URL);
    uint32_t limit = query->limit == 0 ? USUAL_LIMIT : query->limit;
    limit = limit < MAX_LIMIT ? limit : MAX_LIMIT;
    ZREG__TRY(zreg__buf_printf(&full, err, "%s?limit=%u", path, (unsigned)limit));
    ZREG__TRY(add_parameter(&full, "project", query->project, err));
    ZREG__TRY(add_parameter(&full, "pipeline", query->pipeline, err));
    ZREG__TRY(add_parameter(&full, "job_name", query->job, err));
    ZREG__TRY(add_parameter(&full, "branch", query->branch, err));
    ZREG__TRY(add_parameter(&full, "change", query->change, err));
    ZREG__TRY(add_parameter(&full, "patchset", query->patchset, err));
    ZREG__TRY(add_parameter(&full, "result", result, err));
    return zreg__web_get(out, web, zreg__buf_cstr(&full), ZREG__MAX_ZUUL_BYTES, cancel, err);
}

zreg_status zreg_zuul_builds_find(zreg_zuul_builds **out, zreg_client *client, const char *api,
                                  const zreg_zuul_options *options, zreg_cancel *cancel,
                                  zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    zreg_zuul_options query;
    ZREG__AUTO(zreg__web) zreg__web web = {.prefix = NULL};
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__TRY(ZREG__OPTIONS_READ(&query, options, err));
    ZREG__TRY(zreg__zuul_open(&web, client, api, query.tenant, err));
    ZREG__TRY(zreg__zuul_get(&document, &web, "/builds", &query, "SUCCESS", cancel, err));
    return zreg__zuul_builds_read(out, document, err);
}

static const char *shown(const char *text)
{
    return zreg__str_empty(text) ? "?" : text;
}

zreg_status zreg_zuul_order(uint64_t *out_order, zreg_client *client, const char *api,
                            const zreg_zuul_options *options, zreg_cancel *cancel, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    uint64_t order = 0;
    zreg_zuul_options query;
    ZREG__AUTO(zreg__web) zreg__web web = {.prefix = NULL};
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__TRY(ZREG__OPTIONS_READ(&query, options, err));
    if (zreg__str_empty(query.change)) {
        return zreg__fail(err, ZREG_INVAL, "Zuul's API: give the change whose order is wanted");
    }
    query.pipeline = query.pipeline == NULL ? "promote" : query.pipeline;
    query.job = NULL;
    query.limit = MAX_LIMIT;
    ZREG__TRY(zreg__zuul_open(&web, client, api, query.tenant, err));
    ZREG__TRY(zreg__zuul_get(&document, &web, "/buildsets", &query, NULL, cancel, err));
    ZREG__TRY(zreg__zuul_order_read(&order, document, err));
    if (order == 0) {
        return zreg__fail(err, ZREG_NOTFOUND,
                          "Zuul's API: change %s,%s has not been in the pipeline %s, so the order "
                          "of its merge is not known; name the pipeline, or give the order",
                          query.change, shown(query.patchset), query.pipeline);
    }
    *out_order = order;
    return ZREG_OK;
}
