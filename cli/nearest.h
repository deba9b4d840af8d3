/* SPDX-License-Identifier: Apache-2.0 */
/** What somebody may have meant who wrote a name that is not known. */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

typedef struct nearest {
    const char *typed;
    size_t size;      /* of `typed`, which need not end there */
    const char *name; /* the nearest of those considered; NULL: none is near */
    size_t distance;
} nearest;

nearest nearest_start(const char *typed, size_t size);

/** Takes a name into account, also one that is only begun; of two that are equally near the first one stays. */
void nearest_consider(nearest *n, const char *name);

#endif
