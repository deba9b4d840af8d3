/* SPDX-License-Identifier: Apache-2.0 */
#include "server/slots.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/address.h"
#include <pthread.h>

#define IDLE_MS ((uint64_t)3600 * 1000)

typedef struct slot {
    char *owner;
    char id[33];
    uint64_t heard_ms;
} slot;

struct zreg__slots {
    uint32_t most;
    pthread_mutex_t lock; /* guards all below */
    slot *slots;
    size_t count;
    size_t capacity;
};

zreg_status zreg__slots_new(zreg__slots **out, uint32_t most, zreg_error *err)
{
    zreg__slots *slots = zreg__new(zreg__slots);
    if (slots == NULL) {
        return zreg__fail_nomem(err);
    }
    slots->most = most;
    pthread_mutex_init(&slots->lock, NULL);
    *out = slots;
    return ZREG_OK;
}

void zreg__slots_free(zreg__slots *slots)
{
    if (slots == NULL) {
        return;
    }
    for (size_t i = 0; i < slots->count; i++) {
        free(slots->slots[i].owner);
    }
    free(slots->slots);
    pthread_mutex_destroy(&slots->lock);
    free(slots);
}

/* --- under the lock */

static void drop(zreg__slots *slots, size_t i)
{
    free(slots->slots[i].owner);
    slots->slots[i] = slots->slots[--slots->count];
}

/* Those of whom nothing was heard; and, where the table is full, the one of whom least was. Another thread
 * may have read the clock later, and been here sooner. */
static void drop_old(zreg__slots *slots, uint64_t now)
{
    size_t oldest = 0;
    for (size_t i = slots->count; i-- > 0;) {
        if (slots->slots[i].heard_ms + IDLE_MS < now) {
            drop(slots, i);
        }
    }
    for (size_t i = 1; i < slots->count; i++) {
        oldest = slots->slots[i].heard_ms < slots->slots[oldest].heard_ms ? i : oldest;
    }
    if (slots->count >= ZREG__MAX_OPEN_UPLOADS) {
        drop(slots, oldest);
    }
}

static uint32_t count_of(const zreg__slots *slots, const char *owner)
{
    uint32_t count = 0;
    for (size_t i = 0; i < slots->count; i++) {
        count += zreg__str_equal(slots->slots[i].owner, owner) ? 1 : 0;
    }
    return count;
}

/* Takes the owner over. */
static bool add(zreg__slots *slots, char *owner, const char *id, uint64_t now_ms)
{
    drop_old(slots, now_ms);
    if (count_of(slots, owner) >= slots->most ||
        zreg__array_room((void **)&slots->slots, &slots->capacity, slots->count, sizeof(slot),
                         NULL) != ZREG_OK) {
        free(owner);
        return false;
    }
    slot *added = &slots->slots[slots->count++];
    *added = (slot){.owner = owner, .heard_ms = now_ms};
    zreg__str_copy(added->id, sizeof(added->id), id);
    return true;
}

/* --- from outside */

static char *owner_of(const zreg__call *call)
{
    zreg__address home = {.port = 0};
    char text[ZREG__ADDRESS_TEXT];
    zreg__address_home(home.bytes, call->request->peer);
    zreg__address_print(text, &home);
    return call->identity.name != NULL ? zreg__asprintf("user:%s", call->identity.name)
                                       : zreg__asprintf("address:%s", text);
}

bool zreg__slots_take(zreg__slots *slots, const zreg__call *call, const char *upload_id,
                      uint64_t now_ms)
{
    if (slots->most == 0) {
        return true;
    }
    char *owner = owner_of(call);
    if (owner == NULL) {
        return false;
    }
    pthread_mutex_lock(&slots->lock);
    bool is_taken = add(slots, owner, upload_id, now_ms);
    pthread_mutex_unlock(&slots->lock);
    return is_taken;
}

void zreg__slots_settle(zreg__slots *slots, const char *upload_id, bool is_over, uint64_t now_ms)
{
    pthread_mutex_lock(&slots->lock);
    for (size_t i = 0; i < slots->count; i++) {
        if (!zreg__str_equal(slots->slots[i].id, upload_id)) {
            continue;
        }
        slots->slots[i].heard_ms = now_ms;
        if (is_over) {
            drop(slots, i);
        }
        break;
    }
    pthread_mutex_unlock(&slots->lock);
}
