/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How a public function reads the options struct it is given (ZREG_OPTIONS, <zreg/common.h>):
 *
 *     zreg_copy_options set;
 *     ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
 */
#ifndef ZREG_BASE_OPTIONS_H
#define ZREG_BASE_OPTIONS_H

#include <stddef.h>
#include <zreg/common.h>

/**
 * Copies the caller's struct, of whatever version, into one of ours: fields that an older caller
 * does not have are zero, NULL gives all zero. Errors: INVAL (the size field was not set, or a
 * newer caller sets a field that this library does not know).
 */
zreg_status zreg__options_read(void *to, size_t size, const void *from, zreg_error *err);

#define ZREG__OPTIONS_READ(to, from, err) zreg__options_read((to), sizeof(*(to)), (from), (err))

#endif
