/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/notices.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "oci/warning.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct zreg__notices {
    pthread_mutex_t lock;
    zreg__map *told; /* what was said, by whom */
};

zreg_status zreg__notices_new(zreg__notices **out, zreg_error *err)
{
    ZREG__AUTO(zreg__notices) zreg__notices *notices = zreg__new(zreg__notices);

    if (notices == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&notices->lock, NULL);
    ZREG__TRY(zreg__map_new(&notices->told, NULL, err));
    *out = zreg__steal(&notices);
    return ZREG_OK;
}

void zreg__notices_free(zreg__notices *notices)
{
    if (notices != NULL) {
        zreg__map_free(notices->told);
        pthread_mutex_destroy(&notices->lock);
        free(notices);
    }
}

/* Whether it was not said before. A host that never says the same twice is heard so often only. */
static bool is_news(zreg__notices *notices, const char *host, const char *text)
{
    ZREG__AUTO_FREE char *key = zreg__concat(host, " ", text);

    pthread_mutex_lock(&notices->lock);
    bool is_new = key != NULL && zreg__map_get(notices->told, key) == NULL &&
                  zreg__map_count(notices->told) < ZREG__MAX_NOTICES &&
                  zreg__map_set(notices->told, key, notices, NULL) == ZREG_OK;
    pthread_mutex_unlock(&notices->lock);
    return is_new;
}

static void take_warnings(zreg__notices *notices, const zreg__log *log, const char *host,
                          const char *header)
{
    zreg__field field = zreg__field_of(header);

    for (;;) {
        ZREG__AUTO_FREE char *text = NULL;

        if (zreg__warning_next(&text, &field, NULL) != ZREG_OK || text == NULL) {
            return;
        }
        if (is_news(notices, host, text)) {
            zreg__log_line(log, ZREG_LOG_WARNING, "%s: %.*s", host, ZREG__MAX_WARNING_BYTES, text);
        }
    }
}

/* The headers have several names. */
static bool find_limit(zreg__rate_limit *out, const zreg__fetch_exchange *exchange)
{
    static const char *const names[][2] = {
        {"ratelimit-limit", "ratelimit-remaining"},
        {"x-ratelimit-limit", "x-ratelimit-remaining"},
    };

    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        if (zreg__rate_limit_read(out, zreg__fetch_header(exchange, names[i][0]),
                                  zreg__fetch_header(exchange, names[i][1]))) {
            return true;
        }
    }
    return false;
}

static void print_limit(char *to, size_t capacity, const zreg__rate_limit *limit)
{
    int used = snprintf(to, capacity, "%llu of %llu requests are left",
                        (unsigned long long)limit->remaining, (unsigned long long)limit->limit);

    if (limit->window_s > 0) {
        snprintf(to + used, capacity - (size_t)used, " within %llu s",
                 (unsigned long long)limit->window_s);
    }
}

void zreg__notices_take(zreg__notices *notices, const zreg__log *log,
                        const zreg__fetch_exchange *exchange)
{
    const char *host = zreg__fetch_answerer(exchange)->host;
    const char *warning = zreg__fetch_header(exchange, "warning");
    zreg__rate_limit limit;
    char text[128];

    if (warning != NULL) {
        take_warnings(notices, log, host, warning);
    }
    if (find_limit(&limit, exchange)) {
        print_limit(text, sizeof(text), &limit);
        if (is_news(notices, host, limit.remaining == 0 ? "limit: nothing" : "limit: some")) {
            zreg__log_line(log, limit.remaining == 0 ? ZREG_LOG_WARNING : ZREG_LOG_INFO, "%s: %s",
                           host, text);
        }
    }
}

void zreg__notices_explain(zreg_error *err, const zreg__fetch_exchange *exchange)
{
    zreg__rate_limit limit;
    char text[128];
    size_t used = strlen(err->message);

    if (zreg__fetch_status(exchange) == 429 && find_limit(&limit, exchange)) {
        print_limit(text, sizeof(text), &limit);
        snprintf(err->message + used, sizeof(err->message) - used, "; %s", text);
    }
}
