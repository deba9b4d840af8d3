/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/homes.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include <pthread.h>
#include <stdio.h>

/* A repository is no shorter than the text of a digest. */
#define KEY_BYTES (ZREG__MAX_HOST + 1 + ZREG__MAX_REPOSITORY + 1)

struct zreg__homes {
    pthread_mutex_t lock;
    zreg__map *repositories; /* "REGISTRY DIGEST" -> repository */
    zreg__map *known;        /* "REGISTRY REPOSITORY" -> homes; those of the other map */
};

zreg_status zreg__homes_new(zreg__homes **out, zreg_error *err)
{
    ZREG__AUTO_FREE zreg__homes *homes = zreg__new(zreg__homes);
    if (homes == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_new(&homes->repositories, free, err));
    zreg_status status = zreg__map_new(&homes->known, NULL, err);
    if (status != ZREG_OK) {
        zreg__map_free(homes->repositories);
        return status;
    }
    pthread_mutex_init(&homes->lock, NULL);
    *out = zreg__steal(&homes);
    return ZREG_OK;
}

static void make_key(char to[KEY_BYTES], const char *registry, const char *what)
{
    (void)snprintf(to, KEY_BYTES, "%.*s %s", ZREG__MAX_HOST, registry, what);
}

/* Keeps `*home`, unless there is no room; with the lock held. */
static void keep(zreg__homes *homes, const char *key, const char *home_key, char **home)
{
    if (zreg__map_count(homes->repositories) < ZREG__MAX_GRAPH_NODES &&
        zreg__map_set(homes->repositories, key, *home, NULL) == ZREG_OK) {
        *home = NULL;
        (void)zreg__map_set(homes->known, home_key, homes, NULL);
    }
}

void zreg__homes_learn(zreg__homes *homes, const char *registry, const zreg_digest *digest,
                       const char *repository)
{
    char key[KEY_BYTES];
    char home_key[KEY_BYTES];
    ZREG__AUTO_FREE char *home = zreg__strdup(repository);
    make_key(key, registry, digest->text);
    make_key(home_key, registry, repository);
    pthread_mutex_lock(&homes->lock);
    if (home != NULL) {
        keep(homes, key, home_key, &home);
    }
    pthread_mutex_unlock(&homes->lock);
}

bool zreg__homes_knows(zreg__homes *homes, const char *registry, const char *repository)
{
    char key[KEY_BYTES];
    make_key(key, registry, repository);
    pthread_mutex_lock(&homes->lock);
    bool knows = zreg__map_get(homes->known, key) != NULL;
    pthread_mutex_unlock(&homes->lock);
    return knows;
}

bool zreg__homes_find(char to[ZREG__MAX_REPOSITORY + 1], zreg__homes *homes, const char *registry,
                      const zreg_digest *digest)
{
    char key[KEY_BYTES];
    make_key(key, registry, digest->text);
    pthread_mutex_lock(&homes->lock);
    const char *home = zreg__map_get(homes->repositories, key);
    bool found = home != NULL && zreg__str_copy(to, ZREG__MAX_REPOSITORY + 1, home);
    pthread_mutex_unlock(&homes->lock);
    return found;
}

void zreg__homes_free(zreg__homes *homes)
{
    if (homes == NULL) {
        return;
    }
    zreg__map_free(homes->repositories);
    zreg__map_free(homes->known);
    pthread_mutex_destroy(&homes->lock);
    free(homes);
}
