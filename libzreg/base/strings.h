/* SPDX-License-Identifier: Apache-2.0 */
/** The list of strings that the library gives out (zreg_strings, <zreg/client.h>). */
#ifndef ZREG_BASE_STRINGS_H
#define ZREG_BASE_STRINGS_H

#include "base/compiler.h"
#include <zreg/client.h>

/** An empty list. Errors: NOMEM. */
zreg_status zreg__strings_new(zreg_strings **out, zreg_error *err);

/** Adds a copy of the text. Errors: NOMEM, LIMIT (over `maximum` entries). */
zreg_status zreg__strings_add(zreg_strings *strings, const char *text, size_t maximum,
                              zreg_error *err);

/** The strings as an array that ends with NULL; lives until the next add. */
const char *const *zreg__strings_array(const zreg_strings *strings);

ZREG__DEFINE_AUTO(zreg_strings, zreg_strings_free)

#endif
