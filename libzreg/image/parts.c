/* SPDX-License-Identifier: Apache-2.0 */
#include "image/parts.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/pool.h"

#include <pthread.h>
#include <string.h>

/* Parts that may be in memory: one for each stream, and what they are ahead. */
#define SLOTS 6

/* How often who waits for bytes looks at the cancel token. */
#define TICK_MS 40

typedef struct part {
    char *bytes; /* ZREG__PART_BYTES, made when first needed */
    size_t size;
    size_t filled;
} part;

struct zreg__parts {
    zreg__endpoint *src;
    const zreg_descriptor *blob;
    zreg_cancel *cancel; /* of who reads */
    zreg_cancel *stop;   /* of the streams */
    uint64_t first;
    size_t count;
    zreg__pool *pool;
    pthread_mutex_t lock; /* guards all below, but not bytes below `filled` */
    pthread_cond_t changed;
    size_t next;    /* the part to be fetched next */
    size_t current; /* the part that is read, and how far */
    size_t read;
    part slots[SLOTS];
    bool over;
    zreg_error failure;
};

static part *slot_of(zreg__parts *self, size_t i)
{
    return &self->slots[i % SLOTS];
}

static uint64_t offset_of(const zreg__parts *self, size_t i)
{
    return self->first + (uint64_t)i * ZREG__PART_BYTES;
}

static size_t size_of(const zreg__parts *self, size_t i)
{
    uint64_t rest = self->blob->size_bytes - offset_of(self, i);

    return rest < ZREG__PART_BYTES ? (size_t)rest : ZREG__PART_BYTES;
}

/* The next part to fetch, once there is a slot for it; false when there is none. */
static bool take(size_t *out, zreg__parts *self)
{
    bool found;

    pthread_mutex_lock(&self->lock);
    while (!self->over && self->next < self->count && self->next >= self->current + SLOTS) {
        pthread_cond_wait(&self->changed, &self->lock);
    }
    found = !self->over && self->next < self->count;
    *out = self->next;
    self->next += found;
    if (found) {
        slot_of(self, *out)->size = size_of(self, *out);
        slot_of(self, *out)->filled = 0;
    }
    pthread_mutex_unlock(&self->lock);
    return found;
}

static void tell_filled(zreg__parts *self, part *to, size_t filled)
{
    pthread_mutex_lock(&self->lock);
    to->filled = filled;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static zreg_status fetch(zreg__parts *self, size_t i, zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    part *to = slot_of(self, i);

    to->bytes = to->bytes != NULL ? to->bytes : malloc(ZREG__PART_BYTES);
    if (to->bytes == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__endpoint_blob_open_part(&source, self->src, self->blob, offset_of(self, i),
                                            to->size, self->stop, err));
    for (size_t filled = 0, got = 0; filled < to->size; filled += got) {
        ZREG__TRY(zreg__source_read(&got, source, to->bytes + filled, to->size - filled, err));
        if (got == 0) {
            return zreg__fail(err, ZREG_CORRUPT, "a part of the blob is too short");
        }
        tell_filled(self, to, filled + got);
    }
    return ZREG_OK;
}

static void end(zreg__parts *self, const zreg_error *failure)
{
    pthread_mutex_lock(&self->lock);
    if (!self->over && failure != NULL) {
        self->failure = *failure;
    }
    self->over = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    zreg_cancel_trigger(self->stop);
}

static void stream(void *job, const zreg__worker *on)
{
    zreg__parts *self = job;

    (void)on;
    for (size_t i; take(&i, self);) {
        zreg_error failure = {.code = ZREG_OK};

        if (fetch(self, i, &failure) != ZREG_OK) {
            end(self, &failure);
            return;
        }
    }
}

static zreg_status start(zreg__parts *self, unsigned streams, zreg_error *err)
{
    ZREG__TRY(zreg_cancel_new(&self->stop, err));
    ZREG__TRY(zreg__pool_new(&self->pool, streams, 0, err));
    for (unsigned i = 0; i < streams; i++) {
        ZREG__TRY(zreg__pool_submit(self->pool, 0, stream, self, err));
    }
    return ZREG_OK;
}

zreg_status zreg__parts_open(zreg__parts **out, zreg__endpoint *src, const zreg_descriptor *blob,
                             uint64_t first, unsigned streams, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__parts) zreg__parts *self = zreg__new(zreg__parts);
    pthread_condattr_t monotonic;

    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    self->src = src;
    self->blob = blob;
    self->cancel = cancel;
    self->first = first;
    self->count = (size_t)((blob->size_bytes - first + ZREG__PART_BYTES - 1) / ZREG__PART_BYTES);
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ZREG__TRY(start(self, streams, err));
    *out = zreg__steal(&self);
    return ZREG_OK;
}

bool zreg__parts_begun(zreg__parts *parts)
{
    bool begun;

    pthread_mutex_lock(&parts->lock);
    begun = !parts->over && parts->next > 0 && parts->slots[0].filled > 0;
    pthread_mutex_unlock(&parts->lock);
    return begun;
}

/* Waits until bytes of the current part are there; with the lock. */
static zreg_status await_bytes(zreg__parts *self, zreg_error *err)
{
    while (self->next <= self->current || slot_of(self, self->current)->filled == self->read) {
        struct timespec until = zreg__clock_deadline(TICK_MS);

        if (self->over) {
            return zreg__fail_again(err, &self->failure);
        }
        pthread_cond_timedwait(&self->changed, &self->lock, &until);
        ZREG__TRY(zreg__cancel_check(self->cancel, err));
    }
    return ZREG_OK;
}

static void leave_part(zreg__parts *self)
{
    self->current++;
    self->read = 0;
    pthread_cond_broadcast(&self->changed);
}

zreg_status zreg__parts_read(size_t *out_size, zreg__parts *parts, void *buffer, size_t capacity,
                             zreg_error *err)
{
    const part *from = slot_of(parts, parts->current);
    zreg_status status;

    *out_size = 0;
    if (parts->current == parts->count) {
        return ZREG_OK;
    }
    pthread_mutex_lock(&parts->lock);
    status = await_bytes(parts, err);
    if (status == ZREG_OK) {
        size_t ready = from->filled - parts->read;

        *out_size = ready < capacity ? ready : capacity;
        memcpy(buffer, from->bytes + parts->read, *out_size);
        parts->read += *out_size;
        if (parts->read == from->size) {
            leave_part(parts);
        }
    }
    pthread_mutex_unlock(&parts->lock);
    return status;
}

void zreg__parts_free(zreg__parts *parts)
{
    if (parts == NULL) {
        return;
    }
    end(parts, NULL);
    zreg__pool_free(parts->pool);
    for (size_t i = 0; i < SLOTS; i++) {
        free(parts->slots[i].bytes);
    }
    zreg_cancel_free(parts->stop);
    pthread_cond_destroy(&parts->changed);
    pthread_mutex_destroy(&parts->lock);
    free(parts);
}
