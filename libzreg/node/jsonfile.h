/* SPDX-License-Identifier: Apache-2.0 */
/** Files of engines that are one JSON object. Keys keep their order. No I/O. */
#ifndef ZREG_HOST_JSONFILE_H
#define ZREG_HOST_JSONFILE_H

#include "base/json.h"
#include "node/content.h"

/** The object in a file; a new one for no file or an empty one. Errors: INVAL (no JSON object). */
zreg_status zreg__jsonfile_parse(zreg__json **out, const zreg__content *content, zreg_error *err);

/** The object as a file: `before` itself when it says the same, else indented as that is, with tabs,
 *  or with two spaces. */
zreg_status zreg__jsonfile_print(zreg__content *out, zreg__json *object,
                                 const zreg__content *before, zreg_error *err);

/** The object member `key` of `object`, made when it is missing; borrowed. Errors: INVAL (it is
 *  something else). */
zreg_status zreg__jsonfile_object(zreg__json **out, zreg__json *object, const char *key,
                                  zreg_error *err);

/** Puts `text` first in the list `key` and keeps the others. Errors: INVAL (it is no list). */
zreg_status zreg__jsonfile_put_first(zreg__json *object, const char *key, const char *text,
                                     zreg_error *err);

/** What `current` is when the change from `original` to `written` is taken back, and what others
 *  changed since is kept. Errors: INVAL (a file is no JSON object). */
zreg_status zreg__jsonfile_remove(zreg__content *out, const zreg__content *original,
                                  const zreg__content *written, const zreg__content *current,
                                  zreg_error *err);

#endif
