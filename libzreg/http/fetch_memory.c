/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's memory. It has copies of what it sends and of the options that it was given, passwords among them, and
 * frees them as they are. So what it frees is overwritten. The functions stay those of the C library for all else:
 * what libcurl gives out may be freed by anybody, and what it was given too. Where the program itself has started
 * libcurl before, its functions stay.
 */
#include "http/fetch_inner.h"

#include "base/error.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <string.h>

static void wipe_and_free(void *memory)
{
    if (memory != NULL) {
        OPENSSL_cleanse(memory, malloc_usable_size(memory));
        free(memory);
    }
}

static void *move(void *memory, size_t size)
{
    size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
    void *larger;

    if (memory != NULL && size > 0 && size <= before && size >= before / 2) {
        return memory;
    }
    larger = malloc(size);
    if (larger != NULL && memory != NULL) {
        memcpy(larger, memory, before < size ? before : size);
        wipe_and_free(memory);
    }
    return larger;
}

static char *duplicate(const char *text)
{
    return strdup(text);
}

static void *allocate(size_t size)
{
    return malloc(size);
}

static void *allocate_zeroed(size_t count, size_t size)
{
    return calloc(count, size);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode ready;

static void start(void)
{
    ready = curl_global_init_mem(CURL_GLOBAL_DEFAULT, allocate, wipe_and_free, move, duplicate,
                                 allocate_zeroed);
}

zreg_status zreg__fetch_start_curl(zreg_error *err)
{
    pthread_once(&once, start);
    return ready == CURLE_OK
               ? ZREG_OK
               : zreg__fail(err, ZREG_NET, "libcurl does not start: %s", curl_easy_strerror(ready));
}
