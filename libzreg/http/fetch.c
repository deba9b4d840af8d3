/* SPDX-License-Identifier: Apache-2.0 */
#include "http/fetch.h"

#include "base/error.h"
#include "base/mem.h"
#include "http/fetch_inner.h"

#include <string.h>

/* More idle connections than this are closed, the oldest first. */
#define MAX_IDLE_LANES 32

static zreg_status take_options(zreg__fetch *fetch, const zreg__fetch_options *options,
                                zreg_error *err)
{
    static const zreg__fetch_options defaults = {0};

    options = options != NULL ? options : &defaults;
    fetch->connect_timeout_ms =
        options->connect_timeout_ms != 0 ? options->connect_timeout_ms : 30000;
    fetch->idle_timeout_ms = options->idle_timeout_ms != 0 ? options->idle_timeout_ms : 60000;
    fetch->user_agent = options->user_agent != NULL ? zreg__strdup(options->user_agent)
                                                    : zreg__asprintf("zreg/%s", zreg_version());
    fetch->ca_pem = zreg__strdup(options->ca_pem);
    if (fetch->user_agent == NULL || (options->ca_pem != NULL && fetch->ca_pem == NULL)) {
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

static const char *variable(const char *name)
{
    return getenv(name);
}

zreg_status zreg__fetch_new(zreg__fetch **out, const zreg__fetch_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch) zreg__fetch *fetch = NULL;

    ZREG__TRY(zreg__fetch_start_curl(err));
    fetch = zreg__new(zreg__fetch);
    if (fetch == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&fetch->lock, NULL);
    for (size_t i = 0; i < ZREG__COUNT(fetch->share_locks); i++) {
        pthread_mutex_init(&fetch->share_locks[i], NULL);
    }
    ZREG__TRY(take_options(fetch, options, err));
    ZREG__TRY(zreg__proxies_read(&fetch->proxies, variable, err));
    ZREG__TRY(zreg__fetch_share_new(&fetch->share, fetch, err));
    *out = zreg__steal(&fetch);
    return ZREG_OK;
}

void zreg__fetch_lane_drop(zreg__fetch_lane *lane)
{
    if (lane == NULL) {
        return;
    }
    if (lane->easy != NULL) {
        curl_easy_cleanup(lane->easy);
    }
    if (lane->multi != NULL) {
        curl_multi_cleanup(lane->multi);
    }
    free(lane->key);
    free(lane);
}

ZREG__DEFINE_AUTO(zreg__fetch_lane, zreg__fetch_lane_drop)

void zreg__fetch_free(zreg__fetch *fetch)
{
    if (fetch == NULL) {
        return;
    }
    while (fetch->idle != NULL) {
        zreg__fetch_lane *lane = fetch->idle;

        fetch->idle = lane->next;
        zreg__fetch_lane_drop(lane);
    }
    zreg__fetch_trust_free_all(fetch->trusts);
    zreg__fetch_share_free(fetch->share);
    for (size_t i = 0; i < ZREG__COUNT(fetch->share_locks); i++) {
        pthread_mutex_destroy(&fetch->share_locks[i]);
    }
    pthread_mutex_destroy(&fetch->lock);
    zreg__proxies_finish(&fetch->proxies);
    free(fetch->user_agent);
    free(fetch->ca_pem);
    free(fetch);
}

/* The lane of this key that was used last: its connection is the least likely to have gone. */
static zreg__fetch_lane *take_idle(zreg__fetch *fetch, const char *key)
{
    zreg__fetch_lane *found = NULL;

    pthread_mutex_lock(&fetch->lock);
    for (zreg__fetch_lane **at = &fetch->idle; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->key, key) == 0) {
            found = *at;
            *at = found->next;
            fetch->idle_count--;
            break;
        }
    }
    pthread_mutex_unlock(&fetch->lock);
    return found;
}

static zreg_status lane_new(zreg__fetch_lane **out, const char *key, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_lane) zreg__fetch_lane *lane = zreg__new(zreg__fetch_lane);

    if (lane == NULL) {
        return zreg__fail_nomem(err);
    }
    lane->key = zreg__strdup(key);
    lane->multi = curl_multi_init();
    lane->easy = curl_easy_init();
    if (lane->key == NULL || lane->multi == NULL || lane->easy == NULL ||
        curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, 1L) != CURLM_OK) {
        return zreg__fail_nomem(err);
    }
    *out = zreg__steal(&lane);
    return ZREG_OK;
}

zreg_status zreg__fetch_lane_take(zreg__fetch_lane **out, zreg__fetch *fetch, const char *key,
                                  zreg_error *err)
{
    zreg__fetch_lane *lane = take_idle(fetch, key);

    if (lane != NULL) {
        *out = lane;
        return ZREG_OK;
    }
    return lane_new(out, key, err);
}

/* Cuts the oldest lane off; the list is not empty. */
static zreg__fetch_lane *drop_oldest(zreg__fetch *fetch)
{
    zreg__fetch_lane **at = &fetch->idle;

    while ((*at)->next != NULL) {
        at = &(*at)->next;
    }
    fetch->idle_count--;
    return zreg__steal(at);
}

void zreg__fetch_lane_return(zreg__fetch *fetch, zreg__fetch_lane *lane)
{
    zreg__fetch_lane *excess = NULL;

    curl_easy_reset(lane->easy);
    pthread_mutex_lock(&fetch->lock);
    lane->next = fetch->idle;
    fetch->idle = lane;
    fetch->idle_count++;
    if (fetch->idle_count > MAX_IDLE_LANES) {
        excess = drop_oldest(fetch);
    }
    pthread_mutex_unlock(&fetch->lock);
    zreg__fetch_lane_drop(excess);
}
