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
        uint64_t drops; /* how often what was here was dropped */
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

zreg_manifest *zreg__cache_get(uint64_t *out_drops, zreg__cache *cache, const char *key)
{
    size_t i = slot_of(key);
    zreg_manifest *found = NULL;
    pthread_mutex_lock(&cache->lock);
    *out_drops = cache->slots[i].drops;
    if (cache->slots[i].key != NULL && strcmp(cache->slots[i].key, key) == 0) {
        found = zreg__manifest_share(cache->slots[i].manifest);
    }
    pthread_mutex_unlock(&cache->lock);
    return found;
}

/* Puts a pair in the slot, or nothing; gives back in its place what was there. With the lock held. */
static void swap(zreg__cache *cache, size_t i, char **key, zreg_manifest **manifest)
{
    char *old_key = cache->slots[i].key;
    zreg_manifest *old = cache->slots[i].manifest;
    cache->slots[i].key = *key;
    cache->slots[i].manifest = *manifest;
    *key = old_key;
    *manifest = old;
}

void zreg__cache_put(zreg__cache *cache, const char *key, const zreg_manifest *manifest,
                     uint64_t drops)
{
    size_t size, i = slot_of(key);
    zreg_manifest_bytes(manifest, &size);
    ZREG__AUTO_FREE char *copy = size > ZREG__STORE_SMALL_BYTES ? NULL : zreg__strdup(key);
    if (copy == NULL) {
        return;
    }
    ZREG__AUTO(zreg_manifest) zreg_manifest *share = zreg__manifest_share(manifest);
    pthread_mutex_lock(&cache->lock);
    if (cache->slots[i].drops == drops) {
        swap(cache, i, &copy, &share);
    }
    pthread_mutex_unlock(&cache->lock);
}

void zreg__cache_drop(zreg__cache *cache, const char *key)
{
    size_t i = slot_of(key);
    ZREG__AUTO_FREE char *old_key = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *old = NULL;
    pthread_mutex_lock(&cache->lock);
    swap(cache, i, &old_key, &old);
    cache->slots[i].drops++;
    pthread_mutex_unlock(&cache->lock);
}

void zreg__cache_free(zreg__cache *cache)
{
    if (cache == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        free(cache->slots[i].key);
        zreg_manifest_free(cache->slots[i].manifest);
    }
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}
