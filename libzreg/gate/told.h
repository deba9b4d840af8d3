/* SPDX-License-Identifier: Apache-2.0 */
/** Texts that Zuul tells: kept if they are short, UTF-8 and without control characters. */
#ifndef ZREG_GATE_TOLD_H
#define ZREG_GATE_TOLD_H

#include "base/json.h"
#include <stdbool.h>
#include <zreg/common.h>

/** True for a text that is kept. */
bool zreg__told_is_clean(const char *text);

/** A string or an integer at `key` of the object, or else of the other one (either may be NULL), as
 *  text in new memory; "" when there is none. Errors: INVAL (not to be kept, or a number that is no
 *  integer of 64 bits), NOMEM. */
zreg_status zreg__told_text(char **out, const zreg__json *from, const zreg__json *other,
                            const char *key, zreg_error *err);

#endif
