/* SPDX-License-Identifier: Apache-2.0 */
#include "server/metrics.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

/* The usual ones first: they are found soonest. */
static const int statuses[ZREG__METRICS_STATUSES] = {
    200, 201, 202, 206, 304, 404, 401, 204, 400, 403, 405, 409,
    412, 413, 414, 416, 429, 500, 501, 503, 507, 408, 0,   -1,
};

/* Texts too: what printf makes of a fraction is a matter of the program's locale. */
static const struct {
    uint64_t ms;
    const char *seconds;
} bounds[ZREG__METRICS_BUCKETS] = {
    {1, "0.001"},  {5, "0.005"},  {10, "0.01"},         {25, "0.025"}, {50, "0.05"},
    {100, "0.1"},  {250, "0.25"}, {500, "0.5"},         {1000, "1"},   {2500, "2.5"},
    {10000, "10"}, {60000, "60"}, {UINT64_MAX, "+Inf"},
};

int zreg__metrics_status(size_t i)
{
    return statuses[i];
}

const char *zreg__metrics_bound(size_t i)
{
    return bounds[i].seconds;
}

zreg_status zreg__metrics_new(zreg__metrics **out, size_t loops, size_t routes, zreg_error *err)
{
    zreg__metrics *metrics = zreg__new(zreg__metrics);
    size_t rows = routes + 1;
    if (metrics != NULL) {
        metrics->counts = zreg__calloc(loops * rows, sizeof(*metrics->counts));
    }
    if (metrics == NULL || metrics->counts == NULL) {
        free(metrics);
        return zreg__fail_nomem(err);
    }
    metrics->started_s = zreg__clock_unix_s();
    metrics->loops = loops;
    metrics->rows = rows;
    *out = metrics;
    return ZREG_OK;
}

void zreg__metrics_free(zreg__metrics *metrics)
{
    if (metrics != NULL) {
        free(metrics->counts);
        free(metrics);
    }
}

static size_t place_of_status(int status)
{
    size_t at = 0;
    while (statuses[at] != status && statuses[at] != -1) {
        at++;
    }
    return at;
}

static size_t place_of_time(uint64_t ms)
{
    size_t at = 0;
    while (bounds[at].ms < ms) {
        at++;
    }
    return at;
}

void zreg__metrics_count(zreg__metrics *metrics, size_t route, const zreg__call *call,
                         bool completed)
{
    const zreg__serve_request *request = call->request;
    zreg__metrics_row *row = &metrics->counts[request->loop * metrics->rows + route];
    uint64_t ms = zreg__clock_ms() - request->started_ms;
    zreg__counter_add(&row->statuses[place_of_status(completed ? request->response.status : 0)], 1);
    zreg__counter_add(&row->buckets[place_of_time(ms)], 1);
    zreg__counter_add(&row->sum_ms, ms);
    zreg__counter_add(&row->received_bytes, call->body_bytes);
    zreg__counter_add(&row->sent_bytes, request->sent_bytes);
}

void zreg__metrics_count_fault(zreg__metrics *metrics, const zreg_error *err)
{
    zreg__metrics_fault fault = zreg__error_lacks_space(err) ? ZREG__METRICS_FAULT_SPACE
                                : zreg__error_lacks_descriptors(err)
                                    ? ZREG__METRICS_FAULT_DESCRIPTORS
                                    : ZREG__METRICS_FAULT_OTHER;
    atomic_fetch_add(&metrics->faults[fault], 1);
}
