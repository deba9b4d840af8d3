/* SPDX-License-Identifier: Apache-2.0 */
#include "store/cache.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/manifest.h"
#include "store/store.h"
#include <pthread.h>
#include <string.h>

#define SLOTS 64

/* Each key has one place; the last one that came is there. */
struct zreg__cache {
    pthread_mutex_t lock;
    struct {
        char *key;
        zreg_manifest *manifest;
    } slots[SLOTS];
};

zreg_status zreg__cache_new(zreg__cache **out, zreg_error *err)
{
    zreg__cache *cache = zreg__new(zreg__cache);
    if (cache == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&cache->lock, NULL);
    *out = cache;
    return ZREG_OK;
}

/* The end of a key is the hex of a digest, which is as good as random. */
static size_t slot_of(const char *key)
{
    size_t number = 0;
    for (const char *c = key + strlen(key) - 4; *c != '\0'; c++) {
        number = number * 31 + (unsigned char)*c;
    }
    return number % SLOTS;
}

zreg_manifest *zreg__cache_get(zreg__cache *cache, const char *key)
{
    size_t i = slot_of(key);
    zreg_manifest *found = NULL;
    pthread_mutex_lock(&cache->lock);
    if (cache->slots[i].key != NULL && strcmp(cache->slots[i].key, key) == 0) {
        found = zreg__manifest_share(cache->slots[i].manifest);
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* Puts a pair in the slot, or nothing, and frees what was there outside the lock. */
static void replace(zreg__cache *cache, size_t i, char *key, zreg_manifest *manifest)
{
    pthread_mutex_lock(&cache->lock);
    char *old_key = cache->slots[i].key;
    zreg_manifest *old = cache->slots[i].manifest;
    cache->slots[i].key = key;
    cache->slots[i].manifest = manifest;
    pthread_mutex_unlock(&cache->lock);
    free(old_key);
    zreg_manifest_free(old);
}

void zreg__cache_put(zreg__cache *cache, const char *key, const zreg_manifest *manifest)
{
    size_t size;
    zreg_manifest_bytes(manifest, &size);
    char *copy = size > ZREG__STORE_SMALL_BYTES ? NULL : zreg__strdup(key);
    if (copy != NULL) {
        replace(cache, slot_of(key), copy, zreg__manifest_share(manifest));
    }
}

void zreg__cache_drop(zreg__cache *cache, const char *key)
{
    replace(cache, slot_of(key), NULL, NULL);
}

void zreg__cache_free(zreg__cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        replace(cache, i, NULL, NULL);
    }
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}
