/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/homes.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include <pthread.h>
#include <stdio.h>

#define KEY_BYTES (ZREG__MAX_HOST + 1 + sizeof(zreg_digest))

struct zreg__homes {
    pthread_mutex_t lock;
    zreg__map *repositories; /* "REGISTRY DIGEST" -> repository */
};

zreg_status zreg__homes_new(zreg__homes **out, zreg_error *err)
{
    ZREG__AUTO_FREE zreg__homes *homes = zreg__new(zreg__homes);
    if (homes == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__map_new(&homes->repositories, free, err));
    pthread_mutex_init(&homes->lock, NULL);
    *out = zreg__steal(&homes);
    return ZREG_OK;
}

static void make_key(char to[KEY_BYTES], const char *registry, const zreg_digest *digest)
{
    (void)snprintf(to, KEY_BYTES, "%.*s %s", ZREG__MAX_HOST, registry, digest->text);
}

void zreg__homes_learn(zreg__homes *homes, const char *registry, const zreg_digest *digest,
                       const char *repository)
{
    char key[KEY_BYTES];
    ZREG__AUTO_FREE char *home = zreg__strdup(repository);
    make_key(key, registry, digest);
    pthread_mutex_lock(&homes->lock);
    if (home != NULL && zreg__map_count(homes->repositories) < ZREG__MAX_GRAPH_NODES &&
        zreg__map_set(homes->repositories, key, home, NULL) == ZREG_OK) {
        home = NULL;
    }
    pthread_mutex_unlock(&homes->lock);
}

bool zreg__homes_find(char to[ZREG__MAX_REPOSITORY + 1], zreg__homes *homes, const char *registry,
                      const zreg_digest *digest)
{
    char key[KEY_BYTES];
    make_key(key, registry, digest);
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
    pthread_mutex_destroy(&homes->lock);
    free(homes);
}
