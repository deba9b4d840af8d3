/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text format 0.0.4. No label has a character that would have to be escaped. */
#include "server/metrics.h"

#include "base/limits.h"
#include "base/mem.h"
#include "server/routes.h"
#include "store/health.h"
#include <stdio.h>
#include <zreg/version.h>

#define MAX_TEXT_BYTES (4 * ZREG__MIB)

/* A row of all event threads together. */
typedef struct sums {
    char labels[200];
    uint64_t requests;
    uint64_t statuses[ZREG__METRICS_STATUSES];
    uint64_t buckets[ZREG__METRICS_BUCKETS];
    uint64_t sum_ms;
    uint64_t received_bytes;
    uint64_t sent_bytes;
} sums;

static void head(zreg__buf *to, const char *name, const char *type, const char *help)
{
    zreg__buf_printf(to, NULL, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void value(zreg__buf *to, const char *name, uint64_t number)
{
    zreg__buf_printf(to, NULL, "%s %llu\n", name, (unsigned long long)number);
}

static void labelled(zreg__buf *to, const char *name, const char *label, const char *text,
                     uint64_t number)
{
    zreg__buf_printf(to, NULL, "%s{%s=\"%s\"} %llu\n", name, label, text,
                     (unsigned long long)number);
}

/* ---- requests ---- */

static void name_row(sums *row, size_t number)
{
    const zreg__route *route = zreg__routes_at(number);
    if (route == NULL) {
        snprintf(row->labels, sizeof(row->labels), "method=\"\",route=\"\"");
        return;
    }
    snprintf(row->labels, sizeof(row->labels), "method=\"%s\",route=\"%s%s%s%s\"", route->method,
             route->prefix, route->tail == NULL ? "" : "{name}",
             route->tail == NULL ? "" : route->tail, route->has_last ? "{reference}" : "");
}

static void add_loop(sums *to, const zreg__metrics_row *from)
{
    for (size_t i = 0; i < ZREG__METRICS_STATUSES; i++) {
        to->statuses[i] += zreg__counter_get(&from->statuses[i]);
    }
    for (size_t i = 0; i < ZREG__METRICS_BUCKETS; i++) {
        uint64_t count = zreg__counter_get(&from->buckets[i]);
        to->buckets[i] += count;
        to->requests += count;
    }
    to->sum_ms += zreg__counter_get(&from->sum_ms);
    to->received_bytes += zreg__counter_get(&from->received_bytes);
    to->sent_bytes += zreg__counter_get(&from->sent_bytes);
}

static sums *add_up(const zreg__metrics *metrics)
{
    sums *rows = zreg__calloc(metrics->rows, sizeof(*rows));
    for (size_t i = 0; rows != NULL && i < metrics->rows; i++) {
        name_row(&rows[i], i);
        for (size_t loop = 0; loop < metrics->loops; loop++) {
            add_loop(&rows[i], &metrics->counts[loop * metrics->rows + i]);
        }
    }
    return rows;
}

static void put_status(zreg__buf *to, const sums *row, size_t i)
{
    char status[16] = "other";
    if (zreg__metrics_status(i) >= 0) {
        snprintf(status, sizeof(status), "%d", zreg__metrics_status(i));
    }
    zreg__buf_printf(to, NULL, "zreg_requests_total{%s,status=\"%s\"} %llu\n", row->labels, status,
                     (unsigned long long)row->statuses[i]);
}

static void put_requests(zreg__buf *to, const sums *row)
{
    for (size_t i = 0; i < ZREG__METRICS_STATUSES; i++) {
        if (row->statuses[i] > 0) {
            put_status(to, row, i);
        }
    }
}

static void put_bucket(zreg__buf *to, const sums *row, const char *bound, uint64_t count)
{
    zreg__buf_printf(to, NULL, "zreg_request_duration_seconds_bucket{%s,le=\"%s\"} %llu\n",
                     row->labels, bound, (unsigned long long)count);
}

static void put_times(zreg__buf *to, const sums *row)
{
    uint64_t count = 0;
    for (size_t i = 0; i < ZREG__METRICS_BUCKETS; i++) {
        count += row->buckets[i];
        put_bucket(to, row, zreg__metrics_bound(i), count);
    }
    zreg__buf_printf(to, NULL,
                     "zreg_request_duration_seconds_sum{%s} %llu.%03llu\n"
                     "zreg_request_duration_seconds_count{%s} %llu\n",
                     row->labels, (unsigned long long)row->sum_ms / 1000,
                     (unsigned long long)row->sum_ms % 1000, row->labels,
                     (unsigned long long)count);
}

static void put_received(zreg__buf *to, const sums *row)
{
    zreg__buf_printf(to, NULL, "zreg_received_bytes_total{%s} %llu\n", row->labels,
                     (unsigned long long)row->received_bytes);
}

static void put_sent(zreg__buf *to, const sums *row)
{
    zreg__buf_printf(to, NULL, "zreg_sent_bytes_total{%s} %llu\n", row->labels,
                     (unsigned long long)row->sent_bytes);
}

/* An endpoint that nobody has asked for is left out. */
static const struct {
    const char *name;
    const char *type;
    const char *help;
    void (*put)(zreg__buf *to, const sums *row);
} families[] = {
    {"zreg_requests_total", "counter",
     "Answered requests; status 0: the client left before the end.", put_requests},
    {"zreg_request_duration_seconds", "histogram",
     "From the head of a request to the last byte of its answer.", put_times},
    {"zreg_received_bytes_total", "counter", "Bytes of the bodies of requests.", put_received},
    {"zreg_sent_bytes_total", "counter", "Bytes of the bodies of answers.", put_sent},
};

static void put_rows(zreg__buf *to, const sums *rows, size_t count)
{
    for (size_t family = 0; family < ZREG__COUNT(families); family++) {
        head(to, families[family].name, families[family].type, families[family].help);
        for (size_t i = 0; i < count; i++) {
            if (rows[i].requests > 0) {
                families[family].put(to, &rows[i]);
            }
        }
    }
}

/* ---- connections and lanes ---- */

static void put_connections(zreg__buf *to, const zreg__serve_counts *counts)
{
    head(to, "zreg_connections", "gauge", "Open connections, by what they are at.");
    for (size_t i = 0; i < ZREG__SERVE_COUNTED_STAGES; i++) {
        labelled(to, "zreg_connections", "stage", counts->stages[i].stage,
                 counts->stages[i].connections);
    }
    head(to, "zreg_connections_accepted_total", "counter", "Connections that were accepted.");
    value(to, "zreg_connections_accepted_total", counts->accepted);
    head(to, "zreg_connections_turned_away_total", "counter",
         "Connections for which there was no place.");
    value(to, "zreg_connections_turned_away_total", counts->turned_away);
    head(to, "zreg_held_bytes", "gauge", "Memory that bodies and answers take.");
    value(to, "zreg_held_bytes", counts->held_bytes);
}

static void put_faults(zreg__buf *to, const zreg__serve_counts *counts)
{
    static const char name[] = "zreg_bad_requests_total";
    head(to, name, "counter",
         "Requests that were no HTTP, too large, too slow or one too many, by status.");
    for (size_t i = 0; i < ZREG__SERVE_COUNTED_FAULTS; i++) {
        char status[16] = "other";
        if (counts->faults[i].status != 0) {
            snprintf(status, sizeof(status), "%d", counts->faults[i].status);
        }
        labelled(to, name, "status", status, counts->faults[i].answers);
    }
}

static void put_lanes(zreg__buf *to, const zreg__serve_counts *counts)
{
    static const char *const names[ZREG__LANES] = {
        [ZREG__LANE_PASSWORDS] = "passwords",
        [ZREG__LANE_COMMITS] = "commits",
        [ZREG__LANE_LISTS] = "lists",
        [ZREG__LANE_HEALTH] = "health",
    };
    head(to, "zreg_lane_waiting", "gauge", "Requests that wait for a worker.");
    for (size_t i = 0; i < ZREG__LANES; i++) {
        labelled(to, "zreg_lane_waiting", "lane", names[i], counts->lanes[i].waiting);
    }
    head(to, "zreg_lane_running", "gauge", "Requests that are at a worker.");
    for (size_t i = 0; i < ZREG__LANES; i++) {
        labelled(to, "zreg_lane_running", "lane", names[i], counts->lanes[i].running);
    }
    head(to, "zreg_lane_refused_total", "counter", "Requests answered 503: the lane was full.");
    for (size_t i = 0; i < ZREG__LANES; i++) {
        labelled(to, "zreg_lane_refused_total", "lane", names[i], counts->lanes[i].refused);
    }
}

/* ---- the store and the server itself ---- */

static void put_store(zreg__buf *to, const zreg_server *server, zreg__store *store)
{
    static const char *const names[ZREG__METRICS_FAULTS] = {
        [ZREG__METRICS_FAULT_SPACE] = "space",
        [ZREG__METRICS_FAULT_DESCRIPTORS] = "descriptors",
        [ZREG__METRICS_FAULT_OTHER] = "other",
    };
    uint64_t free_bytes, size_bytes;
    head(to, "zreg_store_errors_total", "counter", "Requests that failed since the store did.");
    for (size_t i = 0; i < ZREG__METRICS_FAULTS; i++) {
        labelled(to, "zreg_store_errors_total", "cause", names[i],
                 zreg__counter_get(&server->metrics->faults[i]));
    }
    if (zreg__store_space(&free_bytes, &size_bytes, store, NULL) == ZREG_OK) {
        head(to, "zreg_store_free_bytes", "gauge", "Free space on the disk of the store.");
        value(to, "zreg_store_free_bytes", free_bytes);
        head(to, "zreg_store_size_bytes", "gauge", "Size of the disk of the store.");
        value(to, "zreg_store_size_bytes", size_bytes);
    }
    head(to, "zreg_uploads_open", "gauge", "Uploads that were begun and not ended.");
    value(to, "zreg_uploads_open", zreg__store_open_uploads(store));
}

static void put_server(zreg__buf *to, const zreg_server *server)
{
    head(to, "zreg_build_info", "gauge", "The version that runs.");
    labelled(to, "zreg_build_info", "version", zreg_version(), 1);
    head(to, "zreg_start_time_seconds", "gauge", "When the server started, in Unix time.");
    value(to, "zreg_start_time_seconds", (uint64_t)server->metrics->started_s);
    head(to, "zreg_draining", "gauge", "1 while the server is ending.");
    value(to, "zreg_draining", atomic_load(&server->is_draining) ? 1 : 0);
}

char *zreg__metrics_text(zreg_server *server, zreg__store *store)
{
    zreg__serve_counts counts;
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_TEXT_BYTES);
    ZREG__AUTO_FREE sums *rows = add_up(server->metrics);
    if (rows == NULL) {
        return NULL;
    }
    zreg__serve_count(&counts, server->serve);
    put_server(&text, server);
    put_rows(&text, rows, server->metrics->rows);
    put_connections(&text, &counts);
    put_faults(&text, &counts);
    put_lanes(&text, &counts);
    put_store(&text, server, store);
    return zreg__buf_steal(&text);
}
