/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/order.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include <stdio.h>

/* What the ranks of all artifacts are computed with: each key's position in the list. */
typedef struct positions {
    zreg__map *images;  /* REPOSITORY:TAG -> first position */
    zreg__map *changes; /* change -> last position */
    zreg__map *builds;  /* change and build -> last position */
} positions;

static void positions_finish(positions *known)
{
    zreg__map_free(known->images);
    zreg__map_free(known->changes);
    zreg__map_free(known->builds);
}

ZREG__DEFINE_AUTO_VALUE(positions, positions_finish)

/* The keys under which one artifact is known. A line feed cannot stand in any of the parts. */
typedef struct keys {
    char *image;
    char *change;
    char *build;
} keys;

static void keys_finish(keys *of)
{
    free(of->image);
    free(of->change);
    free(of->build);
}

ZREG__DEFINE_AUTO_VALUE(keys, keys_finish)

static char *build_key(const char *change, const zreg_artifact *artifact, size_t position)
{
    if (artifact->build[0] != '\0') {
        return zreg__asprintf("%s\nbuild\n%s", change, artifact->build);
    }
    if (artifact->job[0] != '\0') {
        return zreg__asprintf("%s\njob\n%s", change, artifact->job);
    }
    return zreg__asprintf("%s\nposition\n%zu", change, position);
}

static zreg_status keys_of(keys *out, const zreg_artifact *artifact, size_t position,
                           zreg_error *err)
{
    out->image = zreg__asprintf("%s\n%s", artifact->repository, artifact->tag);
    out->change = zreg__asprintf("%s\n%s", artifact->project, artifact->change);
    if (out->image == NULL || out->change == NULL) {
        return zreg__fail_nomem(err);
    }
    out->build = build_key(out->change, artifact, position);
    return out->build == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

/* Positions are kept as pointers, one up, because a map holds no NULL. */
static zreg_status set_position(zreg__map *map, const char *key, size_t position, zreg_error *err)
{
    return zreg__map_set(map, key, (void *)(uintptr_t)(position + 1), err);
}

static size_t get_position(const zreg__map *map, const char *key)
{
    return (size_t)(uintptr_t)zreg__map_get(map, key) - 1;
}

static zreg_status find_positions(positions *known, const zreg_artifacts *artifacts,
                                  zreg_error *err)
{
    ZREG__TRY(zreg__map_new(&known->images, NULL, err));
    ZREG__TRY(zreg__map_new(&known->changes, NULL, err));
    ZREG__TRY(zreg__map_new(&known->builds, NULL, err));
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        ZREG__AUTO(keys) keys of = {NULL};
        ZREG__TRY(keys_of(&of, zreg_artifacts_at(artifacts, i), i, err));
        if (zreg__map_get(known->images, of.image) == NULL) {
            ZREG__TRY(set_position(known->images, of.image, i, err));
        }
        ZREG__TRY(set_position(known->changes, of.change, i, err));
        ZREG__TRY(set_position(known->builds, of.build, i, err));
    }
    return ZREG_OK;
}

/* What was turned round ranks from the middle down, what was appended from the middle up. */
static size_t build_rank(const zreg__artifact *artifact, size_t position)
{
    const size_t middle = SIZE_MAX / 2;
    return artifact->turned_round ? middle - position : middle + 1 + position;
}

static zreg_status rank(zreg__order_entry *entry, const zreg__artifact *artifact, size_t position,
                        const positions *known, zreg_error *err)
{
    ZREG__AUTO(keys) keys of = {NULL};
    ZREG__TRY(keys_of(&of, &artifact->shown, position, err));
    entry->artifact = &artifact->shown;
    entry->group = get_position(known->images, of.image);
    entry->change_rank = get_position(known->changes, of.change);
    entry->build_rank = build_rank(artifact, get_position(known->builds, of.build));
    entry->upload_rank = artifact->turned_round ? position : SIZE_MAX - position;
    return ZREG_OK;
}

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int best_first(const void *left, const void *right)
{
    const zreg__order_entry *a = left;
    const zreg__order_entry *b = right;
    int order = compare(a->group, b->group);
    order = order != 0 ? order : compare(b->change_rank, a->change_rank);
    order = order != 0 ? order : compare(b->build_rank, a->build_rank);
    return order != 0 ? order : compare(b->upload_rank, a->upload_rank);
}

/* "change 12" or, for an item without a change, "build 0a1b". */
static void name_maker(char *to, size_t capacity, const zreg_artifact *artifact)
{
    bool has_change = artifact->change[0] != '\0';
    snprintf(to, capacity, "%s %s", has_change ? "change" : "build",
             has_change ? artifact->change : artifact->build);
}

static void explain(zreg__order_entry *entry, const zreg__order_entry *best)
{
    char maker[80];
    size_t capacity = sizeof(entry->reason);
    name_maker(maker, sizeof(maker), best->artifact);
    if (entry == best) {
        snprintf(entry->reason, capacity, "%s is the last in the list that made this image", maker);
        return;
    }
    entry->winner = best->artifact;
    if (entry->change_rank != best->change_rank) {
        snprintf(entry->reason, capacity, "superseded by %s, which is nearer", maker);
    } else if (entry->build_rank != best->build_rank) {
        snprintf(entry->reason, capacity, "superseded by a later build of the same change");
    } else {
        snprintf(entry->reason, capacity, "superseded by a newer image of the same build");
    }
}

zreg_status zreg__order_make(zreg__order *out, const zreg_artifacts *artifacts, zreg_error *err)
{
    size_t count = zreg_artifacts_count(artifacts);
    ZREG__AUTO(positions) positions known = {NULL};
    ZREG__AUTO(zreg__order) zreg__order order = {.count = count};
    ZREG__TRY(find_positions(&known, artifacts, err));
    order.entries = zreg__calloc(count == 0 ? 1 : count, sizeof(zreg__order_entry));
    if (order.entries == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(rank(&order.entries[i], &artifacts->items[i], i, &known, err));
    }
    qsort(order.entries, count, sizeof(zreg__order_entry), best_first);
    for (size_t i = 0, best = 0; i < count; i++) {
        best = order.entries[i].group == order.entries[best].group ? best : i;
        explain(&order.entries[i], &order.entries[best]);
    }
    out->entries = zreg__steal(&order.entries);
    out->count = count;
    return ZREG_OK;
}

size_t zreg__order_group_end(const zreg__order *order, size_t i)
{
    size_t end = i;
    while (end < order->count && order->entries[end].group == order->entries[i].group) {
        end++;
    }
    return end;
}

void zreg__order_finish(zreg__order *order)
{
    free(order->entries);
    order->entries = NULL;
    order->count = 0;
}
