/* SPDX-License-Identifier: Apache-2.0 */
/* A position is at its remainder by the window's full size, which is where it is anyway while the
 * memory still grows. */
#include "registry/window.h"

#include "base/error.h"
#include "base/mem.h"

#include <string.h>

#define FIRST_BYTES ((size_t)64 << 10)

static size_t place_of(uint64_t at)
{
    return (size_t)(at % ZREG__WINDOW_BYTES);
}

static zreg_status make_room(zreg__window *window, size_t size, zreg_error *err)
{
    uint64_t wanted = window->end + size;
    size_t capacity = window->capacity > 0 ? window->capacity : FIRST_BYTES;
    char *longer;

    while (capacity < wanted && capacity < ZREG__WINDOW_BYTES) {
        capacity *= 2;
    }
    if (capacity == window->capacity) {
        return ZREG_OK;
    }
    longer = zreg__reallocarray(window->bytes, capacity, 1);
    if (longer == NULL) {
        return zreg__fail_nomem(err);
    }
    window->bytes = longer;
    window->capacity = capacity;
    return ZREG_OK;
}

zreg_status zreg__window_add(zreg__window *window, const char *bytes, size_t size, zreg_error *err)
{
    ZREG__TRY(make_room(window, size, err));
    while (size > 0) {
        size_t place = place_of(window->end);
        size_t room = window->capacity - place;
        size_t take = size < room ? size : room;

        memcpy(window->bytes + place, bytes, take);
        window->end += take;
        bytes += take;
        size -= take;
    }
    return ZREG_OK;
}

void zreg__window_drop_from(zreg__window *window, uint64_t at)
{
    window->end = at < window->end ? at : window->end;
}

bool zreg__window_has(const zreg__window *window, uint64_t at)
{
    uint64_t start = window->end > ZREG__WINDOW_BYTES ? window->end - ZREG__WINDOW_BYTES : 0;

    return at >= start && at <= window->end;
}

const char *zreg__window_at(size_t *out_size, const zreg__window *window, uint64_t at)
{
    size_t place = place_of(at);
    uint64_t rest = window->end - at;
    size_t together = window->capacity - place;

    *out_size = rest < together ? (size_t)rest : together;
    return window->bytes + place;
}

void zreg__window_finish(zreg__window *window)
{
    free(window->bytes);
}
