/* SPDX-License-Identifier: Apache-2.0 */
#include "server/origins.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "oci/manifest.h"
#include "store/below.h"
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

/* Whose content came from where. */
typedef struct noting {
    zreg__origins *origins;
    const char *repository;
    const zreg__origin *origin;
} noting;

static bool note_image(const zreg_manifest *manifest, void *user)
{
    const noting *n = user;
    pthread_mutex_lock(&n->origins->lock);
    add_image(n->origins, n->repository, manifest, n->origin);
    pthread_mutex_unlock(&n->origins->lock);
    return true;
}

/* The children of an index are in the store already: a parent is stored after them. The lock is not
 * held while they are read. */
static void note_all(noting *n, zreg__store *store, const zreg_manifest *manifest)
{
    ZREG__AUTO(zreg__below) zreg__below *below = NULL;
    note_image(manifest, n);
    size_t count = zreg_manifest_is_index(manifest) ? zreg_manifest_count(manifest) : 0;
    zreg_status status = zreg__below_new(&below, store, n->repository, NULL);
    for (size_t i = 0; i < count && status == ZREG_OK; i++) {
        const char *child = zreg_manifest_at(manifest, i)->digest.text;
        status = zreg__below_walk(below, child, note_image, n, NULL);
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
        note_all(&(noting){origins, repository, kept}, store, manifest);
    }
}

zreg__origins_list zreg__origins_find(zreg__origins *origins, const char *repository,
                                      const char *reference)
{
    zreg__origins_list found = {.count = 0};
    pthread_mutex_lock(&origins->lock);
    bool is_empty = zreg__map_count(origins->names) == 0; /* as on any server but that of a job */
    ZREG__AUTO_FREE char *key = is_empty ? NULL : key_of(repository, reference);
    const zreg__origins_list *list = key == NULL ? NULL : zreg__map_get(origins->names, key);
    if (list != NULL) {
        found = *list;
    }
    pthread_mutex_unlock(&origins->lock);
    return found;
}
