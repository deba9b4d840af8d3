/* SPDX-License-Identifier: Apache-2.0 */
/** Tags, and when each was pushed where that is known. */
#ifndef ZREG_REGISTRY_DATED_TAGS_H
#define ZREG_REGISTRY_DATED_TAGS_H

#include "base/compiler.h"
#include "base/map.h"
#include <stdint.h>
#include <zreg/common.h>

/** A tag whose age is not known. */
#define ZREG__NO_TIME INT64_MIN

typedef struct zreg__dated_tag {
    char *name;
    int64_t pushed_s; /* since 1970, or ZREG__NO_TIME */
} zreg__dated_tag;

/** Tags in the order of the answers, each once; begin with all zero. */
typedef struct zreg__dated_tags {
    zreg__dated_tag *items;
    size_t count;
    size_t capacity;
    zreg__map *seen;
} zreg__dated_tags;

/** Adds a tag, unless it is there: pages move when somebody pushes meanwhile. Errors: PROTO (no
 *  tag), LIMIT, NOMEM. */
zreg_status zreg__dated_tags_add(zreg__dated_tags *tags, const char *name, int64_t pushed_s,
                                 zreg_error *err);

void zreg__dated_tags_finish(zreg__dated_tags *tags);

ZREG__DEFINE_AUTO_VALUE(zreg__dated_tags, zreg__dated_tags_finish)

#endif
