/* SPDX-License-Identifier: Apache-2.0 */
#include "image/segments.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/pool.h"

#include <pthread.h>
#include <string.h>

/* Segments that may be in memory: one for each stream, and what they are ahead. */
#define SLOTS 6

/* How often who waits for bytes looks at the cancel token. */
#define TICK_MS 40

typedef struct segment {
    char *bytes; /* ZREG__SEGMENT_BYTES, made when first needed */
    size_t size;
    size_t filled;
} segment;

struct zreg__segments {
    zreg__endpoint *src;
    const zreg_descriptor *blob;
    zreg_cancel *cancel; /* of who reads */
    zreg_cancel *stop;   /* of the streams */
    uint64_t first;
    size_t count;
    zreg__pool *pool;
    pthread_mutex_t lock; /* guards all below, but not bytes below `filled` */
    pthread_cond_t changed;
    size_t next;    /* the segment to be fetched next */
    size_t current; /* the segment that is read, and how far */
    size_t read;
    segment slots[SLOTS];
    bool over;
    zreg_error failure;
};

static segment *slot_of(zreg__segments *self, size_t i)
{
    return &self->slots[i % SLOTS];
}

static uint64_t offset_of(const zreg__segments *self, size_t i)
{
    return self->first + (uint64_t)i * ZREG__SEGMENT_BYTES;
}

static size_t size_of(const zreg__segments *self, size_t i)
{
    uint64_t rest = self->blob->size_bytes - offset_of(self, i);

    return rest < ZREG__SEGMENT_BYTES ? (size_t)rest : ZREG__SEGMENT_BYTES;
}

/* The next segment to fetch, once there is a slot for it; false when there is none. */
static bool take(size_t *out, zreg__segments *self)
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

static void tell_filled(zreg__segments *self, segment *to, size_t filled)
{
    pthread_mutex_lock(&self->lock);
    to->filled = filled;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static zreg_status fetch(zreg__segments *self, size_t i, zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    segment *to = slot_of(self, i);

    to->bytes = to->bytes != NULL ? to->bytes : malloc(ZREG__SEGMENT_BYTES);
    if (to->bytes == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__endpoint_blob_open_part(&source, self->src, self->blob, offset_of(self, i),
                                            to->size, self->stop, err));
    for (size_t filled = 0, got = 0; filled < to->size; filled += got) {
        ZREG__TRY(zreg__source_read(&got, source, to->bytes + filled, to->size - filled, err));
        if (got == 0) {
            return zreg__fail(err, ZREG_CORRUPT, "a segment of the blob is too short");
        }
        tell_filled(self, to, filled + got);
    }
    return ZREG_OK;
}

static void end(zreg__segments *self, const zreg_error *failure)
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
    zreg__segments *self = job;

    (void)on;
    for (size_t i; take(&i, self);) {
        zreg_error failure = {.code = ZREG_OK};

        if (fetch(self, i, &failure) != ZREG_OK) {
            end(self, &failure);
            return;
        }
    }
}

static zreg_status start(zreg__segments *self, unsigned streams, zreg_error *err)
{
    ZREG__TRY(zreg_cancel_new(&self->stop, err));
    ZREG__TRY(zreg__pool_new(&self->pool, streams, 0, err));
    for (unsigned i = 0; i < streams; i++) {
        ZREG__TRY(zreg__pool_submit(self->pool, 0, stream, self, err));
    }
    return ZREG_OK;
}

zreg_status zreg__segments_open(zreg__segments **out, zreg__endpoint *src,
                                const zreg_descriptor *blob, uint64_t first, unsigned streams,
                                zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__segments) zreg__segments *self = zreg__new(zreg__segments);
    pthread_condattr_t monotonic;

    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    self->src = src;
    self->blob = blob;
    self->cancel = cancel;
    self->first = first;
    self->count =
        (size_t)((blob->size_bytes - first + ZREG__SEGMENT_BYTES - 1) / ZREG__SEGMENT_BYTES);
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ZREG__TRY(start(self, streams, err));
    *out = zreg__steal(&self);
    return ZREG_OK;
}

bool zreg__segments_begun(zreg__segments *segments)
{
    bool begun;

    pthread_mutex_lock(&segments->lock);
    begun = !segments->over && segments->next > 0 && segments->slots[0].filled > 0;
    pthread_mutex_unlock(&segments->lock);
    return begun;
}

/* Waits until bytes of the current segment are there; with the lock. */
static zreg_status await_bytes(zreg__segments *self, zreg_error *err)
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

static void leave_segment(zreg__segments *self)
{
    self->current++;
    self->read = 0;
    pthread_cond_broadcast(&self->changed);
}

zreg_status zreg__segments_read(size_t *out_size, zreg__segments *segments, void *buffer,
                                size_t capacity, zreg_error *err)
{
    const segment *from = slot_of(segments, segments->current);
    zreg_status status;

    *out_size = 0;
    if (segments->current == segments->count) {
        return ZREG_OK;
    }
    pthread_mutex_lock(&segments->lock);
    status = await_bytes(segments, err);
    if (status == ZREG_OK) {
        size_t ready = from->filled - segments->read;

        *out_size = ready < capacity ? ready : capacity;
        memcpy(buffer, from->bytes + segments->read, *out_size);
        segments->read += *out_size;
        if (segments->read == from->size) {
            leave_segment(segments);
        }
    }
    pthread_mutex_unlock(&segments->lock);
    return status;
}

void zreg__segments_free(zreg__segments *segments)
{
    if (segments == NULL) {
        return;
    }
    end(segments, NULL);
    zreg__pool_free(segments->pool);
    for (size_t i = 0; i < SLOTS; i++) {
        free(segments->slots[i].bytes);
    }
    zreg_cancel_free(segments->stop);
    pthread_cond_destroy(&segments->changed);
    pthread_mutex_destroy(&segments->lock);
    free(segments);
}
