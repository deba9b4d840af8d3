/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How a public function reads the options struct it is given (ZREG_OPTIONS, <zreg/common.h>), and
 * fills a result whose size the caller tells:
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

/** Fills a result in the caller's memory, of `size` bytes, from one of ours: what an older caller does
 *  not know is left out, what a newer one knows and we do not is zero. A NULL `to` takes nothing. */
void zreg__result_write(void *to, size_t size, const void *from, size_t from_size);

#define ZREG__OPTIONS_READ(to, from, err) zreg__options_read((to), sizeof(*(to)), (from), (err))

#endif
