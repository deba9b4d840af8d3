/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include "base/error.h"
#include <string.h>

/* No options struct will ever be larger; a greater size is memory that was never set. */
#define MAX_SIZE 4096

zreg_status zreg__options_read(void *to, size_t size, const void *from, zreg_error *err)
{
    memset(to, 0, size);
    if (from == NULL) {
        return ZREG_OK;
    }
    size_t given = 0;
    memcpy(&given, from, sizeof(given));
    if (given < sizeof(given) || given > MAX_SIZE) {
        return zreg__fail(err, ZREG_INVAL, "options: the size is not set; start with ZREG_OPTIONS");
    }
    const unsigned char *bytes = from;
    for (size_t i = size; i < given; i++) {
        if (bytes[i] != 0) {
            return zreg__fail(err, ZREG_INVAL,
                              "options: a field is set that this version of the library lacks");
        }
    }
    memcpy(to, from, given < size ? given : size);
    return ZREG_OK;
}

void zreg__result_write(void *to, size_t size, const void *from, size_t from_size)
{
    if (to != NULL) {
        memset(to, 0, size);
        memcpy(to, from, from_size < size ? from_size : size);
    }
}
