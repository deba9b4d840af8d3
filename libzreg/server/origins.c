/* SPDX-License-Identifier: Apache-2.0 */
#include "server/origins.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "oci/manifest.h"
#include <pthread.h>
#include <string.h>

struct zreg__origins {
    pthread_mutex_t lock;
    zreg__map *names;     /* "REPOSITORY:TAG", "REPOSITORY@DIGEST" -> zreg__origins_list */
    zreg__origin **known; /* each origin once; never taken out, so pointers to them stay good */
    size_t known_count;
};

zreg_status zreg__origins_new(zreg__origins **out, zreg_error *err)
{
    zreg__origins *origins = zreg__new(zreg__origins);
    if (origins == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg_status status = zreg__map_new(&origins->names, free, err);
    if (status != ZREG_OK) {
        free(origins);
        return status;
    }
    pthread_mutex_init(&origins->lock, NULL);
    *out = origins;
    return ZREG_OK;
}

void zreg__origins_free(zreg__origins *origins)
{
    if (origins == NULL) {
        return;
    }
    for (size_t i = 0; i < origins->known_count; i++) {
        free(origins->known[i]);
    }
    free(origins->known);
    zreg__map_free(origins->names);
    pthread_mutex_destroy(&origins->lock);
    free(origins);
}

static char *key_of(const char *repository, const char *reference)
{
    bool is_digest = strchr(reference, ':') != NULL;
    return zreg__asprintf("%s%c%s", repository, is_digest ? '@' : ':', reference);
}

/* The one copy of this origin; NULL: there is no room. With the lock held, as the next four. */
static const zreg__origin *intern(zreg__origins *origins, const zreg__origin *origin)
{
    for (size_t i = origins->known_count; i > 0; i--) {
        if (zreg__origin_equal(origins->known[i - 1], origin)) {
            return origins->known[i - 1];
        }
    }
    if (origins->known_count == ZREG__MAX_ARTIFACTS) {
        return NULL;
    }
    zreg__origin **known =
        zreg__reallocarray(origins->known, origins->known_count + 1, sizeof(zreg__origin *));
    zreg__origin *copy = zreg__new(zreg__origin);
    origins->known = known != NULL ? known : origins->known;
    if (known == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    *copy = *origin;
    origins->known[origins->known_count++] = copy;
    return copy;
}

/* Puts the origin first, and drops the oldest when there are too many. */
static void put_first(zreg__origins_list *list, const zreg__origin *origin)
{
    size_t at = 0;
    while (at < list->count && list->items[at] != origin) {
        at++;
    }
    if (at == list->count) {
        list->count += list->count < ZREG__ORIGINS_OF_ONE ? 1 : 0;
        at = list->count - 1;
    }
    memmove(list->items + 1, list->items, at * sizeof(list->items[0]));
    list->items[0] = origin;
}

static void add(zreg__origins *origins, const char *repository, const char *reference,
                const zreg__origin *origin)
{
    ZREG__AUTO_FREE char *key = key_of(repository, reference);
    zreg__origins_list *list = key == NULL ? NULL : zreg__map_get(origins->names, key);
    if (list != NULL) {
        put_first(list, origin);
        return;
    }
    if (key == NULL || zreg__map_count(origins->names) >= ZREG__MAX_ORIGIN_NAMES) {
        return;
    }
    list = zreg__new(zreg__origins_list);
    if (list != NULL) {
        put_first(list, origin);
        if (zreg__map_set(origins->names, key, list, NULL) != ZREG_OK) {
            free(list);
        }
    }
}

static void forget(zreg__origins *origins, const char *repository, const char *tag)
{
    ZREG__AUTO_FREE char *key = key_of(repository, tag);
    if (key != NULL) {
        zreg__map_remove(origins->names, key);
    }
}

static void add_image(zreg__origins *origins, const char *repository, const zreg_manifest *manifest,
                      const zreg__origin *origin)
{
    const zreg_descriptor *config = zreg_manifest_config(manifest);
    add(origins, repository, zreg_manifest_digest(manifest)->text, origin);
    if (config != NULL) {
        add(origins, repository, config->digest.text, origin);
    }
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        add(origins, repository, zreg_manifest_at(manifest, i)->digest.text, origin);
    }
}

/* The children of an index are in the store already: a parent is stored after them. The lock is not
 * held while they are read. */
static void add_tree(zreg__origins *origins, zreg__store *store, const char *repository,
                     const zreg_manifest *manifest, const zreg__origin *origin, unsigned depth)
{
    pthread_mutex_lock(&origins->lock);
    add_image(origins, repository, manifest, origin);
    pthread_mutex_unlock(&origins->lock);
    if (!zreg_manifest_is_index(manifest) || depth == ZREG__MAX_INDEX_DEPTH) {
        return;
    }
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        ZREG__AUTO(zreg_manifest) zreg_manifest *child = NULL;
        const char *digest = zreg_manifest_at(manifest, i)->digest.text;
        if (zreg__store_manifest_get(&child, store, repository, digest, NULL) == ZREG_OK) {
            add_tree(origins, store, repository, child, origin, depth + 1);
        }
    }
}

void zreg__origins_note(zreg__origins *origins, zreg__store *store, const char *repository,
                        const char *tag, const zreg_manifest *manifest, const zreg__origin *origin)
{
    pthread_mutex_lock(&origins->lock);
    const zreg__origin *kept = origin == NULL ? NULL : intern(origins, origin);
    if (tag != NULL) {
        forget(origins, repository, tag); /* a tag is one image: what it was no longer counts */
    }
    if (kept != NULL && tag != NULL) {
        add(origins, repository, tag, kept);
    }
    pthread_mutex_unlock(&origins->lock);
    if (kept != NULL) {
        add_tree(origins, store, repository, manifest, kept, 0);
    }
}

zreg__origins_list zreg__origins_find(zreg__origins *origins, const char *repository,
                                      const char *reference)
{
    zreg__origins_list found = {.count = 0};
    ZREG__AUTO_FREE char *key = key_of(repository, reference);
    if (key == NULL) {
        return found;
    }
    pthread_mutex_lock(&origins->lock);
    const zreg__origins_list *list = zreg__map_get(origins->names, key);
    if (list != NULL) {
        found = *list;
    }
    pthread_mutex_unlock(&origins->lock);
    return found;
}
