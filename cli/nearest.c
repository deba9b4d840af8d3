/* SPDX-License-Identifier: Apache-2.0 */
#include "nearest.h"

#include <stdbool.h>
#include <string.h>

/* Longer names are no slips of the finger. */
#define LONGEST 40

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters have to be put in, left out, replaced or swapped with the next one. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *now = rows[2];
    for (size_t k = 0; k <= b_size; k++) {
        last[k] = k;
    }
    for (size_t i = 1; i <= a_size; i++) {
        now[0] = i;
        for (size_t k = 1; k <= b_size; k++) {
            now[k] = smaller(smaller(last[k], now[k - 1]) + 1,
                             last[k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1));
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                now[k] = smaller(now[k], before[k - 2] + 1);
            }
        }
        size_t *oldest = before;
        before = last;
        last = now;
        now = oldest;
    }
    return last[b_size];
}

nearest nearest_start(const char *typed, size_t size)
{
    /* One letter in three may be wrong, and one in any case. */
    return (nearest){.typed = typed, .size = size, .distance = size / 3 + (size < 3 ? 2 : 1)};
}

void nearest_consider(nearest *n, const char *name)
{
    size_t size = strlen(name);
    if (n->size == 0 || n->size > LONGEST || size > LONGEST) {
        return;
    }
    bool begins = n->size > 2 && strncmp(n->typed, name, n->size) == 0;
    size_t found = begins ? 1 : distance(n->typed, n->size, name, size);
    if (found < n->distance) {
        n->name = name;
        n->distance = found;
    }
}
