/* SPDX-License-Identifier: Apache-2.0 */
#include "server/limits.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/options.h"
#include <sys/resource.h>

#define OWN_DESCRIPTORS 48
#define MIN_CONNECTIONS 16
#define MAX_HEAD_BYTES 65536 /* what a connection's buffer takes, and as much again behind it */
#define MIN_HELD_BYTES (8 * ZREG__MIB)

/* Each connection is a descriptor, and its request may have a file open. Those that are told that they
 * are one too many have one too, and the rest of the process needs some. */
static unsigned possible_connections(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > UINT32_MAX) {
        return UINT32_MAX;
    }
    unsigned all = (unsigned)limit.rlim_cur;
    unsigned left = all > OWN_DESCRIPTORS ? all - OWN_DESCRIPTORS : 0;
    unsigned told = zreg__serve_most_turned_away(left / 2);
    unsigned usable = left > told ? (left - told) / 2 : 0;
    return usable > MIN_CONNECTIONS ? usable : MIN_CONNECTIONS;
}

static unsigned choose_connections(unsigned given, const zreg__log *log)
{
    unsigned possible = possible_connections();
    if (given > possible && log != NULL) {
        zreg__log_line(log, ZREG_LOG_WARNING,
                       "%u connections are not possible with the descriptors of this process: it "
                       "takes %u; raise the limit of open files (LimitNOFILE, ulimit -n)",
                       given, possible);
    }
    unsigned wanted = given != 0 ? given : ZREG__MAX_CONNECTIONS;
    return wanted < possible ? wanted : possible;
}

static zreg_status check(const zreg_server_limits *given, zreg_error *err)
{
    if (given->head_bytes > MAX_HEAD_BYTES || given->request_line_bytes > MAX_HEAD_BYTES) {
        return zreg__fail(err, ZREG_INVAL, "the head of a request may have %d bytes at most",
                          MAX_HEAD_BYTES);
    }
    if (given->head_fields > ZREG__WIRE_MAX_FIELDS) {
        return zreg__fail(err, ZREG_INVAL, "a request may have %d header fields at most",
                          ZREG__WIRE_MAX_FIELDS);
    }
    if (given->held_bytes != 0 && given->held_bytes < MIN_HELD_BYTES) {
        return zreg__fail(
            err, ZREG_INVAL, "held_bytes is %llu; one manifest and its answer may need %llu",
            (unsigned long long)given->held_bytes, (unsigned long long)MIN_HELD_BYTES);
    }
    return ZREG_OK;
}

static uint32_t or_usual(uint32_t given, uint32_t usual)
{
    return given != 0 ? given : usual;
}

zreg_status zreg__server_limits_read(zreg__serve_limits *out, uint64_t *out_body,
                                     const zreg_server_limits *given, const zreg__log *log,
                                     zreg_error *err)
{
    zreg_server_limits set;
    ZREG__TRY(ZREG__OPTIONS_READ(&set, given, err));
    ZREG__TRY(check(&set, err));
    unsigned connections = choose_connections(set.connections, log);
    *out = (zreg__serve_limits){
        .head = {or_usual(set.request_line_bytes, 8192), or_usual(set.head_bytes, 40960),
                 or_usual(set.head_fields, ZREG__WIRE_MAX_FIELDS)},
        .head_ms = or_usual(set.head_ms, 20000),
        .body_ms = or_usual(set.body_ms, 30000),
        .answer_ms = or_usual(set.answer_ms, 30000),
        .idle_ms = or_usual(set.idle_ms, 120000),
        .total_ms = set.total_ms,
        .least_bytes = or_usual(set.least_bytes, 30 * 1024),
        .connections = connections,
        .connections_per_network = or_usual(set.connections_per_address, (connections + 1) / 2),
        .held_bytes = set.held_bytes != 0 ? set.held_bytes : 128 * ZREG__MIB,
    };
    *out_body = set.body_bytes != 0 ? set.body_bytes : ZREG__MAX_BLOB_BYTES;
    return ZREG_OK;
}
