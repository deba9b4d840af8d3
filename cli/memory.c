/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define LARGE_BYTES (256 * 1024)

void *memory_check(void *pointer)
{
    if (pointer == NULL) {
        fputs("zreg: memory ran out\n", stderr);
        exit(1);
    }
    return pointer;
}

void *memory_array(size_t count, size_t size)
{
    return memory_check(calloc(count == 0 ? 1 : count, size));
}

char *memory_printf(const char *format, ...)
{
    char *text = NULL;
    va_list values;
    va_start(values, format);
    int size = vasprintf(&text, format, values);
    va_end(values);
    return memory_check(size < 0 ? NULL : text);
}

void memory_free_secret(char *secret)
{
    if (secret != NULL) {
        explicit_bzero(secret, strlen(secret));
        free(secret);
    }
}

void memory_auto_free(void *pointer)
{
    free(*(void **)pointer);
}

void memory_auto_secret(char **secret)
{
    memory_free_secret(*secret);
}

/* Else glibc learns from the first large block that such blocks stay: bodies of 4 MiB by the dozen. */
void memory_return_large(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
#endif
}
