/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "gate/artifact.h"

/* A line feed cannot stand in any of the parts. */
static char *key_of(const zreg_artifact *shown)
{
    return zreg__asprintf("%s\n%s\n%s\n%s\n%s\n%s\n%s", shown->url, shown->digest,
                          shown->repository, shown->tag, shown->project, shown->change, shown->job);
}

/* Marks the one to drop. An artifact stands where its build returned it last, and what Zuul has
 * appended stands before what it has turned round, because only the former names earlier jobs. */
static zreg_status compare_with_earlier(bool *dropped, zreg__map *seen, const zreg_artifacts *list,
                                        size_t i, zreg_error *err)
{
    ZREG__AUTO_FREE char *key = key_of(&list->items[i].shown);
    if (key == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__artifact *earlier = zreg__map_get(seen, key);
    if (earlier != NULL && !earlier->turned_round) {
        dropped[i] = true;
        return ZREG_OK;
    }
    if (earlier != NULL) {
        dropped[earlier - list->items] = true;
    }
    return zreg__map_set(seen, key, &list->items[i], err);
}

zreg_status zreg__artifact_list_unite(zreg_artifacts *list, zreg_error *err)
{
    size_t kept = 0;
    ZREG__AUTO(zreg__map) zreg__map *seen = NULL;
    ZREG__AUTO_FREE bool *dropped = zreg__calloc(list->count + 1, sizeof(bool));
    ZREG__TRY(zreg__map_new(&seen, NULL, err));
    if (dropped == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < list->count; i++) {
        ZREG__TRY(compare_with_earlier(dropped, seen, list, i, err));
    }
    for (size_t i = 0; i < list->count; i++) {
        if (dropped[i]) {
            zreg__artifact_finish(&list->items[i]);
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
    return ZREG_OK;
}
