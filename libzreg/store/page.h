/* SPDX-License-Identifier: Apache-2.0 */
/** One page of a sorted list, taken from names that come in any order, in flat memory. */
#ifndef ZREG_STORE_PAGE_H
#define ZREG_STORE_PAGE_H

#include "base/compiler.h"
#include "base/strings.h"
#include <stdbool.h>

/** Holds the smallest `maximum` + 1 names after `after`; the one too many tells of a next page. */
typedef struct zreg__page {
    char **heap; /* the largest name first */
    size_t count;
    size_t maximum;
    const char *after; /* NULL: from the start */
} zreg__page;

zreg_status zreg__page_add(zreg__page *page, const char *name, zreg_error *err);

/** The names in byte order. */
zreg_status zreg__page_take(zreg_strings **out, bool *out_more, zreg__page *page, zreg_error *err);

void zreg__page_finish(zreg__page *page);

ZREG__DEFINE_AUTO_VALUE(zreg__page, zreg__page_finish)

#endif
