/* SPDX-License-Identifier: Apache-2.0 */
/** Memory: zeroed allocation, checked products, secrets that are wiped. */
#ifndef ZREG_BASE_MEM_H
#define ZREG_BASE_MEM_H

#include "base/compiler.h"
#include <stdint.h>
#include <stdlib.h>
#include <zreg/common.h>

/** `count` zeroed items of `size` bytes; NULL when memory runs out or the product overflows. */
void *zreg__calloc(size_t count, size_t size);

/** Resizes an array; NULL leaves it as it was. The only place where sizes are multiplied. */
void *zreg__reallocarray(void *memory, size_t count, size_t size);

/** Makes room for one more item in an array that has `count`: its capacity doubles when it is full. After an
 *  error it is as it was. Errors: NOMEM. */
zreg_status zreg__array_room(void **array, size_t *capacity, size_t count, size_t size,
                             zreg_error *err);

/** A copy of text (NULL gives NULL), or NULL when memory runs out. */
char *zreg__strdup(const char *text);

/** A copy of `size` bytes with a NUL after them. */
char *zreg__strndup(const char *text, size_t size);

/** printf into new memory; NULL when memory runs out. */
char *zreg__asprintf(const char *format, ...) ZREG__PRINTF(1, 2);

/** Three texts as one, in new memory that has its size from the start: for secrets, of which what prints leaves
 *  pieces behind where it grows. */
char *zreg__concat(const char *first, const char *second, const char *third);

/** Overwrites a text, then frees it. Accepts NULL. */
void zreg__free_secret(char *secret);

/** Gives memory that was freed back to the system, where the C library would keep it: for after work that
 *  took far more than is usual. Takes milliseconds. */
void zreg__mem_give_back(void);

/** A new zeroed object of a type. */
#define zreg__new(type) ((type *)zreg__calloc(1, sizeof(type)))

/** Local memory that frees itself: `ZREG__AUTO_FREE char *text = ...`. */
#define ZREG__AUTO_FREE ZREG__CLEANUP(zreg__auto_free)
#define ZREG__AUTO_SECRET ZREG__CLEANUP(zreg__auto_secret)

static inline void zreg__auto_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline void zreg__auto_secret(char **secret)
{
    zreg__free_secret(*secret);
}

#endif
