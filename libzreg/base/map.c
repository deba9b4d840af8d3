/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/random.h"
#include <string.h>

/* Entries stand in insertion order; a removed one has a NULL key until the next rebuild. `slots`
 * is an open-addressing table of entry numbers plus one, at most half full. */
typedef struct entry {
    char *key;
    void *value;
    uint64_t hash;
} entry;

struct zreg__map {
    entry *entries;
    size_t *slots;
    size_t used;  /* entries, removed ones included */
    size_t count; /* without the removed ones */
    size_t size;  /* of slots, a power of two; entries has room for half of it */
    uint64_t key[2];
    void (*free_value)(void *);
};

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein), the text's length included as its last byte. */
static uint64_t hash_of(const zreg__map *map, const char *text)
{
    uint64_t v[4] = {map->key[0] ^ 0x736f6d6570736575, map->key[1] ^ 0x646f72616e646f6d,
                     map->key[0] ^ 0x6c7967656e657261, map->key[1] ^ 0x7465646279746573};
    size_t size = strlen(text);
    for (size_t at = 0; at <= size; at += 8) {
        uint64_t word = 0;
        size_t left = size - at;
        memcpy(&word, text + at, left < 8 ? left : 8);
        word |= left < 8 ? (uint64_t)size << 56 : 0;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static size_t *find_slot(const zreg__map *map, const char *key, uint64_t hash)
{
    size_t mask = map->size - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        size_t number = map->slots[i];
        if (number == 0) {
            return &map->slots[i];
        }
        const entry *e = &map->entries[number - 1];
        if (e->key != NULL && e->hash == hash && strcmp(e->key, key) == 0) {
            return &map->slots[i];
        }
    }
}

static void place(const zreg__map *map, size_t number)
{
    size_t mask = map->size - 1;
    size_t i = map->entries[number].hash & mask;
    while (map->slots[i] != 0) {
        i = (i + 1) & mask;
    }
    map->slots[i] = number + 1;
}

static zreg_status rebuild(zreg__map *map, size_t size, zreg_error *err)
{
    ZREG__AUTO_FREE entry *entries = zreg__calloc(size / 2, sizeof(entry));
    ZREG__AUTO_FREE size_t *slots = zreg__calloc(size, sizeof(size_t));
    if (entries == NULL || slots == NULL) {
        return zreg__fail_nomem(err);
    }
    size_t used = 0;
    for (size_t i = 0; i < map->used; i++) {
        if (map->entries[i].key != NULL) {
            entries[used++] = map->entries[i];
        }
    }
    free(map->entries);
    free(map->slots);
    map->entries = zreg__steal(&entries);
    map->slots = zreg__steal(&slots);
    map->used = used;
    map->size = size;
    for (size_t i = 0; i < used; i++) {
        place(map, i);
    }
    return ZREG_OK;
}

zreg_status zreg__map_new(zreg__map **out, void (*free_value)(void *), zreg_error *err)
{
    ZREG__AUTO(zreg__map) zreg__map *map = zreg__new(zreg__map);
    if (map == NULL) {
        return zreg__fail_nomem(err);
    }
    map->free_value = free_value;
    ZREG__TRY(zreg__random(map->key, sizeof(map->key), err));
    ZREG__TRY(rebuild(map, 16, err));
    *out = zreg__steal(&map);
    return ZREG_OK;
}

void *zreg__map_get(const zreg__map *map, const char *key)
{
    size_t number = *find_slot(map, key, hash_of(map, key));
    return number == 0 ? NULL : map->entries[number - 1].value;
}

static void drop_value(const zreg__map *map, void *value)
{
    if (map->free_value != NULL) {
        map->free_value(value);
    }
}

zreg_status zreg__map_set(zreg__map *map, const char *key, void *value, zreg_error *err)
{
    uint64_t hash = hash_of(map, key);
    size_t number = *find_slot(map, key, hash);
    if (number != 0) {
        entry *e = &map->entries[number - 1];
        if (e->value != value) {
            drop_value(map, e->value);
        }
        e->value = value;
        return ZREG_OK;
    }
    if (map->used == map->size / 2) {
        size_t size = map->count * 4 > map->size ? map->size * 2 : map->size;
        ZREG__TRY(rebuild(map, size, err));
    }
    char *copy = zreg__strdup(key);
    if (copy == NULL) {
        return zreg__fail_nomem(err);
    }
    map->entries[map->used] = (entry){copy, value, hash};
    place(map, map->used++);
    map->count++;
    return ZREG_OK;
}

bool zreg__map_remove(zreg__map *map, const char *key)
{
    size_t number = *find_slot(map, key, hash_of(map, key));
    if (number == 0) {
        return false;
    }
    entry *e = &map->entries[number - 1];
    drop_value(map, e->value);
    free(e->key);
    e->key = NULL;
    e->value = NULL;
    map->count--;
    return true;
}

size_t zreg__map_count(const zreg__map *map)
{
    return map->count;
}

bool zreg__map_next(const zreg__map *map, size_t *position, const char **key, void **value)
{
    while (*position < map->used) {
        const entry *e = &map->entries[(*position)++];
        if (e->key != NULL) {
            *key = e->key;
            *value = e->value;
            return true;
        }
    }
    return false;
}

void zreg__map_free(zreg__map *map)
{
    if (map == NULL) {
        return;
    }
    for (size_t i = 0; i < map->used; i++) {
        if (map->entries[i].key != NULL) {
            drop_value(map, map->entries[i].value);
            free(map->entries[i].key);
        }
    }
    free(map->entries);
    free(map->slots);
    free(map);
}
