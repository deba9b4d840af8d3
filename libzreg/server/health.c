/* SPDX-License-Identifier: Apache-2.0 */
#include "server/health.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "server/inside.h"
#include "store/health.h"

/* What was found counts so long: whoever asks more often does not ask the disk. */
#define KNOWN_MS 1000

void zreg__health_init(zreg__health *health)
{
    pthread_mutex_init(&health->probing, NULL);
    pthread_mutex_init(&health->lock, NULL);
}

void zreg__health_finish(zreg__health *health)
{
    pthread_mutex_destroy(&health->lock);
    pthread_mutex_destroy(&health->probing);
}

static bool is_fresh(zreg__health *health)
{
    pthread_mutex_lock(&health->lock);
    bool fresh = zreg__clock_ms() < health->until_ms;
    pthread_mutex_unlock(&health->lock);
    return fresh;
}

bool zreg__health_is_known(zreg_server *server)
{
    return atomic_load(&server->is_draining) || is_fresh(&server->health);
}

/* NULL: the store is fit. The cause is for the operator. */
static const char *find_fault(zreg__store *store, zreg_error *err)
{
    uint64_t free_bytes, size_bytes;
    if (zreg__store_probe(store, err) != ZREG_OK ||
        zreg__store_space(&free_bytes, &size_bytes, store, err) != ZREG_OK) {
        return "the store cannot be written";
    }
    if (free_bytes < ZREG__MIN_FREE_BYTES) {
        zreg__fail(err, ZREG_IO, "%llu bytes are free", (unsigned long long)free_bytes);
        return "the disk of the store is almost full";
    }
    return NULL;
}

static void note(zreg_server *server, const char *fault, const zreg_error *err)
{
    zreg__health *health = &server->health;
    pthread_mutex_lock(&health->lock);
    bool has_changed = fault != health->fault;
    health->fault = fault;
    health->until_ms = zreg__clock_ms() + KNOWN_MS;
    pthread_mutex_unlock(&health->lock);
    if (has_changed && fault != NULL) {
        zreg__log_line(&server->log, ZREG_LOG_ERROR, "not ready: %s: %s", fault, err->message);
    } else if (has_changed) {
        zreg__log_line(&server->log, ZREG_LOG_WARNING, "ready again");
    }
}

void zreg__health_probe(zreg_server *server, zreg__store *store)
{
    zreg_error err;
    zreg__error_clear(&err);
    pthread_mutex_lock(&server->health.probing);
    if (!is_fresh(&server->health)) {
        note(server, find_fault(store, &err), &err);
    }
    pthread_mutex_unlock(&server->health.probing);
}

int zreg__health_ready(char **out_text, zreg_server *server)
{
    pthread_mutex_lock(&server->health.lock);
    const char *fault = server->health.fault;
    pthread_mutex_unlock(&server->health.lock);
    if (atomic_load(&server->is_draining)) {
        fault = "the server is ending";
    }
    *out_text = fault == NULL
                    ? zreg__health_alive()
                    : zreg__asprintf("{\"status\":\"unavailable\",\"reason\":\"%s\"}", fault);
    return fault == NULL ? 200 : 503;
}

char *zreg__health_alive(void)
{
    return zreg__strdup("{\"status\":\"ok\"}");
}
