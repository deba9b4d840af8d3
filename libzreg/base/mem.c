/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include "base/error.h"
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

void zreg_free(void *memory)
{
    free(memory);
}

void *zreg__calloc(size_t count, size_t size)
{
    return calloc(count, size);
}

void *zreg__reallocarray(void *memory, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    return realloc(memory, total == 0 ? 1 : total);
}

zreg_status zreg__array_room(void **array, size_t *capacity, size_t count, size_t size,
                             zreg_error *err)
{
    if (count < *capacity) {
        return ZREG_OK;
    }
    size_t larger = *capacity == 0 ? 16 : 2 * *capacity;
    void *grown = zreg__reallocarray(*array, larger, size);
    if (grown == NULL) {
        return zreg__fail_nomem(err);
    }
    *array = grown;
    *capacity = larger;
    return ZREG_OK;
}

char *zreg__strdup(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

char *zreg__strndup(const char *text, size_t size)
{
    char *copy = size == SIZE_MAX ? NULL : malloc(size + 1);
    if (copy != NULL) {
        if (size > 0) {
            memcpy(copy, text, size);
        }
        copy[size] = '\0';
    }
    return copy;
}

char *zreg__asprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0) {
        text = NULL;
    }
    va_end(arguments);
    return text;
}

char *zreg__concat(const char *first, const char *second, const char *third)
{
    size_t sizes[] = {strlen(first), strlen(second), strlen(third)};
    char *text = malloc(sizes[0] + sizes[1] + sizes[2] + 1);
    if (text != NULL) {
        memcpy(text, first, sizes[0]);
        memcpy(text + sizes[0], second, sizes[1]);
        memcpy(text + sizes[0] + sizes[1], third, sizes[2] + 1);
    }
    return text;
}

void zreg__free_secret(char *secret)
{
    if (secret != NULL) {
        OPENSSL_cleanse(secret, strlen(secret));
        free(secret);
    }
}

void zreg__mem_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
