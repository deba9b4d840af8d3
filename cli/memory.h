/* SPDX-License-Identifier: Apache-2.0 */
/** Memory for the command: it ends when there is none. */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stddef.h>

/** `count` zeroed items; at least one. */
void *memory_array(size_t count, size_t size);

/** printf into new memory. */
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** `pointer`, or the end of the process when it is NULL. */
void *memory_check(void *pointer);

/** Overwrites and frees a text. Accepts NULL. */
void memory_free_secret(char *secret);

/** Local text that frees itself. */
#define AUTO_FREE __attribute__((cleanup(memory_auto_free)))
#define AUTO_SECRET __attribute__((cleanup(memory_auto_secret)))

void memory_auto_free(void *pointer);
void memory_auto_secret(char **secret);

/** For a program that runs long and serves many: what is large is freed to the system. */
void memory_return_large(void);

#endif
