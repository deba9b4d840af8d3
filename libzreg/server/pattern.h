/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Patterns for the names of repositories and tags: `*` stands for any text without a slash, `**` for any
 * text, both for none too; all else stands for itself. The whole name has to fit.
 */
#ifndef ZREG_SERVER_PATTERN_H
#define ZREG_SERVER_PATTERN_H

#include "base/str.h"
#include <stdbool.h>
#include <zreg/common.h>

/** Whether a pattern for repositories is one. Errors: INVAL, with the reason. */
zreg_status zreg__pattern_check(zreg__span pattern, zreg_error *err);

/** The same for tags. */
zreg_status zreg__pattern_check_tag(zreg__span pattern, zreg_error *err);

/** Whether a name fits. At most size(pattern) * size(name)^2 comparisons, usually about size(name). */
bool zreg__pattern_fits(zreg__span pattern, const char *name);

#endif
