/* SPDX-License-Identifier: Apache-2.0 */
#include "store/below.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/strings.h"
#include "oci/manifest.h"
#include "store/inside.h"

struct zreg__below {
    zreg__store *store;
    const char *repository;
    zreg__map *met;        /* digests; their values mean nothing */
    zreg_strings *waiting; /* the same in the order in which they were met */
    size_t next;           /* of them, the first that was not looked at */
    zreg_strings *absent;  /* those that were looked at and not there */
    uint64_t bytes;        /* of all that were read */
};

zreg_status zreg__below_new(zreg__below **out, zreg__store *store, const char *repository,
                            zreg_error *err)
{
    ZREG__AUTO(zreg__below) zreg__below *below = zreg__new(zreg__below);
    if (below == NULL) {
        return zreg__fail_nomem(err);
    }
    below->store = store;
    below->repository = repository;
    ZREG__TRY(zreg__map_new(&below->met, NULL, err));
    ZREG__TRY(zreg__strings_new(&below->waiting, err));
    ZREG__TRY(zreg__strings_new(&below->absent, err));
    *out = zreg__steal(&below);
    return ZREG_OK;
}

static zreg_status meet(zreg__below *below, const char *digest, zreg_error *err)
{
    if (zreg__map_get(below->met, digest) != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__strings_add(below->waiting, digest, ZREG__MAX_GRAPH_NODES, err));
    return zreg__map_set(below->met, digest, below, err);
}

static zreg_status meet_children(zreg__below *below, const zreg_manifest *manifest, zreg_error *err)
{
    size_t count = zreg_manifest_is_index(manifest) ? zreg_manifest_count(manifest) : 0;
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(meet(below, zreg_manifest_at(manifest, i)->digest.text, err));
    }
    return ZREG_OK;
}

static zreg_status look_at(bool *out_enough, zreg__below *below, const char *digest,
                           zreg__below_see *see, void *user, zreg_error *err)
{
    size_t size;
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    zreg_error why;
    zreg__error_clear(&why);
    if (zreg__store_manifest_get(&manifest, below->store, below->repository, digest, &why) !=
        ZREG_OK) {
        return zreg__store_is_for_now(&why)
                   ? zreg__fail_again(err, &why)
                   : zreg__strings_add(below->absent, digest, ZREG__MAX_GRAPH_NODES, err);
    }
    zreg_manifest_bytes(manifest, &size);
    below->bytes += size;
    if (below->bytes > ZREG__MAX_GRAPH_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "the manifests have more than %zu bytes together",
                          ZREG__MAX_GRAPH_BYTES);
    }
    *out_enough = !see(manifest, user);
    return meet_children(below, manifest, err);
}

zreg_status zreg__below_walk(zreg__below *below, const char *digest, zreg__below_see *see,
                             void *user, zreg_error *err)
{
    bool is_enough = false;
    ZREG__TRY(meet(below, digest, err));
    while (below->next < zreg_strings_count(below->waiting) && !is_enough) {
        const char *next = zreg_strings_at(below->waiting, below->next++);
        ZREG__TRY(look_at(&is_enough, below, next, see, user, err));
    }
    return ZREG_OK;
}

zreg_status zreg__below_again(zreg__below *below, zreg_error *err)
{
    zreg_strings *none = NULL;
    ZREG__TRY(zreg__strings_new(&none, err));
    ZREG__AUTO(zreg_strings) zreg_strings *absent = below->absent;
    below->absent = none;
    for (size_t i = 0; i < zreg_strings_count(absent); i++) {
        ZREG__TRY(zreg__strings_add(below->waiting, zreg_strings_at(absent, i),
                                    ZREG__MAX_GRAPH_NODES, err));
    }
    return ZREG_OK;
}

void zreg__below_free(zreg__below *below)
{
    if (below != NULL) {
        zreg__map_free(below->met);
        zreg_strings_free(below->waiting);
        zreg_strings_free(below->absent);
        free(below);
    }
}
