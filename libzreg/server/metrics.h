/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What is counted of requests, and the text that Prometheus reads.
 *
 * Each event thread has numbers of its own, which it alone raises: counting takes no lock. The labels
 * are those of the table of endpoints and of fixed lists, so that nobody can make there be more.
 */
#ifndef ZREG_SERVER_METRICS_H
#define ZREG_SERVER_METRICS_H

#include "base/counter.h"
#include "server/inside.h"

#define ZREG__METRICS_STATUSES 24
#define ZREG__METRICS_BUCKETS 13

/** Of one endpoint, by one event thread. */
typedef struct zreg__metrics_row {
    zreg__counter statuses[ZREG__METRICS_STATUSES];
    zreg__counter buckets[ZREG__METRICS_BUCKETS]; /* the last one: longer than all bounds */
    zreg__counter sum_ms;
    zreg__counter received_bytes;
    zreg__counter sent_bytes;
} zreg__metrics_row;

typedef enum zreg__metrics_fault {
    ZREG__METRICS_FAULT_SPACE,
    ZREG__METRICS_FAULT_DESCRIPTORS,
    ZREG__METRICS_FAULT_OTHER,
    ZREG__METRICS_FAULTS,
} zreg__metrics_fault;

struct zreg__metrics {
    int64_t started_s; /* Unix time */
    size_t loops;
    size_t rows;               /* of each loop: the endpoints, and one for what is none */
    zreg__metrics_row *counts; /* a loop's rows lie together */
    zreg__counter faults[ZREG__METRICS_FAULTS];
};

/** Errors: NOMEM. */
zreg_status zreg__metrics_new(zreg__metrics **out, size_t loops, size_t routes, zreg_error *err);
void zreg__metrics_free(zreg__metrics *metrics);

/** A call that is over, with the number of its endpoint; on its event thread. */
void zreg__metrics_count(zreg__metrics *metrics, size_t route, const zreg__call *call,
                         bool completed);

/** A call failed since the store did. Any thread. */
void zreg__metrics_count_fault(zreg__metrics *metrics, const zreg_error *err);

/** Status number `i` of those that are told apart; 0: the client left; -1: any other. */
int zreg__metrics_status(size_t i);

/** Bound number `i` of the times, in seconds. */
const char *zreg__metrics_bound(size_t i);

/* ---- metrics_text.c ---- */

#define ZREG__METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** All of it in the text format of Prometheus; NULL: no memory. Asks the disk for its free space. */
char *zreg__metrics_text(zreg_server *server, zreg__store *store);

#endif
