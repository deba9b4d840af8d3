/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What fuzz targets share. A target is one function of bytes: libFuzzer calls it with
 * --enable-fuzzers, replay.c calls it with each file of corpus/NAME/ otherwise.
 */
#ifndef ZREG_FUZZ_H
#define ZREG_FUZZ_H

#include "base/mem.h"
#include "base/str.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Stops the run when something that must always hold does not. */
static inline void fuzz_check(int holds)
{
    if (!holds) {
        __builtin_trap();
    }
}

/** The input as a C string in memory of exactly its size, so that a read past it is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = zreg__strndup((const char *)data, size);
    fuzz_check(text != NULL);
    return text;
}

/** A failed call says why and leaves its output alone; one that succeeded reports nothing. */
static inline void fuzz_check_result(zreg_status status, const zreg_error *err)
{
    fuzz_check(status == err->code);
    fuzz_check((status == ZREG_OK) == (err->message[0] == '\0'));
    fuzz_check(memchr(err->message, '\0', sizeof(err->message)) != NULL);
}

#endif
