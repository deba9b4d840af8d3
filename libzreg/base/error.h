/* SPDX-License-Identifier: Apache-2.0 */
/**
 * How errors are reported: once, where they are known; `return zreg__fail(err, CODE, ...)`.
 *
 * The first error wins: a second report into the same zreg_error changes nothing but is returned,
 * unless it was cleared. Public functions clear `err` on entry with zreg__error_clear. Text never
 * holds a secret.
 */
#ifndef ZREG_BASE_ERROR_H
#define ZREG_BASE_ERROR_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/common.h>

/** Sets `err` (may be NULL) and returns `code`. Control characters and bytes that
 *  are not UTF-8 become '?' in the text. */
zreg_status zreg__fail(zreg_error *err, zreg_status code, const char *format, ...)
    ZREG__PRINTF(3, 4);

/** zreg__fail(NOMEM). */
zreg_status zreg__fail_nomem(zreg_error *err);

/** zreg__fail(IO) with the text of `errno_value` at the end; ENOMEM becomes NOMEM. */
zreg_status zreg__fail_errno(zreg_error *err, int errno_value, const char *format, ...)
    ZREG__PRINTF(3, 4);

/** Whether the system had no room: the disk, a quota, or what a file may hold. */
bool zreg__error_lacks_space(const zreg_error *err);

/** Whether there was no descriptor left, of the process or of the system. */
bool zreg__error_lacks_descriptors(const zreg_error *err);

/** zreg__fail_errno about the file or folder `path`; where there is none, ENOENT, NOTFOUND. */
zreg_status zreg__fail_file(zreg_error *err, int errno_value, const char *path, const char *format,
                            ...) ZREG__PRINTF(4, 5);

/** Reports an error that was met elsewhere, with all that it says; returns its code. */
zreg_status zreg__fail_again(zreg_error *err, const zreg_error *met);

/** Puts "text: " before the message of an error that was reported already; returns `code`. */
zreg_status zreg__error_prefix(zreg_error *err, zreg_status code, const char *format, ...)
    ZREG__PRINTF(3, 4);

/** Says at which HOST:PORT or file an error was met that was reported already. The first to say it
 *  wins; a text that does not fit is left out. */
void zreg__error_about(zreg_error *err, const char *thing);

/** Empties `err`, which may be NULL. */
void zreg__error_clear(zreg_error *err);

#endif
