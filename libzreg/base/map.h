/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A map from text to pointers.
 *
 * Keys are copied; values belong to the map when it was made with a free function. Not locked.
 * Hashing is keyed at random per map, so a peer cannot choose colliding keys.
 */
#ifndef ZREG_BASE_MAP_H
#define ZREG_BASE_MAP_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

typedef struct zreg__map zreg__map;

/** Makes a map. `free_value` may be NULL. Errors: NOMEM. */
zreg_status zreg__map_new(zreg__map **out, void (*free_value)(void *), zreg_error *err);

/** The value, or NULL. */
void *zreg__map_get(const zreg__map *map, const char *key);

/** Sets a value (never NULL) and frees the one that was there. On error `value` stays the caller's. */
zreg_status zreg__map_set(zreg__map *map, const char *key, void *value, zreg_error *err);

/** Takes a key out and frees its value; false when it was not there. */
bool zreg__map_remove(zreg__map *map, const char *key);

size_t zreg__map_count(const zreg__map *map);

/** Walks in insertion order: `for (size_t i = 0; zreg__map_next(map, &i, &key, &value);)`. The map must
 *  not change meanwhile. */
bool zreg__map_next(const zreg__map *map, size_t *position, const char **key, void **value);

void zreg__map_free(zreg__map *map);

ZREG__DEFINE_AUTO(zreg__map, zreg__map_free)

#endif
