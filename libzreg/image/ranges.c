/* SPDX-License-Identifier: Apache-2.0 */
#include "image/ranges.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "image/segments.h"

/* A smaller rest is over before it is worth the requests. */
#define WORTH_BYTES (32 * ZREG__MIB)

/* One stream is judged each time it brought so much: it is slow when it brings less than this in a second,
 * and has made the reader wait for more than half of the time. */
#define TASTE_BYTES (8 * ZREG__MIB)
#define SLOW_BYTES (64 * ZREG__MIB)

/* Streams beside the first, and what that still brings while they begin. */
#define MORE_STREAMS 3
#define AHEAD_BYTES (2 * ZREG__SEGMENT_BYTES)

typedef struct ranges {
    zreg__source base;
    zreg__streams *streams;
    zreg__endpoint *src;
    const zreg_descriptor *blob;
    zreg_cancel *cancel;
    uint64_t at;              /* bytes before are read */
    zreg__source *stream;     /* one stream, */
    uint64_t stream_end;      /* which is left there, if what follows has come */
    zreg__segments *segments; /* what follows it, or NULL */
    unsigned taken;           /* streams beside the caller's */
    uint64_t taste_at;        /* where the stream is judged from */
    uint64_t taste_ms;
    uint64_t waited_ms;
} ranges;

static void begin_taste(ranges *self)
{
    self->taste_at = self->at;
    self->taste_ms = zreg__clock_ms();
    self->waited_ms = 0;
}

static zreg_status open_stream(ranges *self, zreg_error *err)
{
    self->stream_end = self->blob->size_bytes;
    ZREG__TRY(zreg__endpoint_blob_open_at(&self->stream, self->src, self->blob, self->at,
                                          self->cancel, err));
    begin_taste(self);
    return ZREG_OK;
}

static unsigned take_streams(zreg__streams *streams, unsigned most)
{
    unsigned open = atomic_load(&streams->open);
    unsigned more;

    do {
        more = open < streams->most ? streams->most - open : 0;
        more = more < most ? more : most;
    } while (!atomic_compare_exchange_weak(&streams->open, &open, open + more));
    return more;
}

static void give_streams_back(ranges *self)
{
    atomic_fetch_sub(&self->streams->open, self->taken);
    self->taken = 0;
}

static void end_segments(ranges *self)
{
    zreg__segments_free(zreg__steal(&self->segments));
    give_streams_back(self);
}

/* It is not tried again: to ask for more than a source gives may cost what it gives. */
static void refuse_segments(ranges *self)
{
    atomic_store(&self->streams->alone, true);
    end_segments(self);
}

static void divide(ranges *self)
{
    uint64_t end = self->at + AHEAD_BYTES;

    self->taken = take_streams(self->streams, MORE_STREAMS);
    if (self->taken == 0) {
        return;
    }
    if (zreg__segments_open(&self->segments, self->src, self->blob, end, self->taken + 1,
                            self->cancel, NULL) != ZREG_OK) {
        give_streams_back(self);
        return;
    }
    self->stream_end = end;
}

/* Looks whether the stream is what all wait for. */
static void judge(ranges *self)
{
    uint64_t size = self->at - self->taste_at;
    uint64_t now = zreg__clock_ms();
    uint64_t ms = now - self->taste_ms;

    if (atomic_load(&self->streams->alone) || size < TASTE_BYTES ||
        self->blob->size_bytes - self->at < WORTH_BYTES) {
        return;
    }
    if (size * 1000 < SLOW_BYTES * ms && self->waited_ms * 2 > ms) {
        divide(self);
    }
    begin_taste(self);
}

static zreg_status read_stream(size_t *out_size, ranges *self, void *buffer, size_t capacity,
                               zreg_error *err)
{
    uint64_t rest = self->stream_end - self->at;
    uint64_t began = zreg__clock_ms();

    if (self->stream == NULL) {
        ZREG__TRY(open_stream(self, err));
        rest = self->stream_end - self->at;
    }
    ZREG__TRY(zreg__source_read(out_size, self->stream, buffer,
                                rest < capacity ? (size_t)rest : capacity, err));
    self->waited_ms += zreg__clock_ms() - began;
    self->at += *out_size;
    if (self->segments == NULL) {
        judge(self);
    }
    return ZREG_OK;
}

/* What does not come in segments, or fails there, is read by one stream, which has patience of its own. */
static zreg_status read_segments(size_t *out_size, ranges *self, void *buffer, size_t capacity,
                                 zreg_error *err)
{
    if (self->stream != NULL && !zreg__segments_begun(self->segments)) {
        refuse_segments(self);
        self->stream_end = self->blob->size_bytes;
        return read_stream(out_size, self, buffer, capacity, err);
    }
    zreg__source_free(zreg__steal(&self->stream));
    if (zreg__segments_read(out_size, self->segments, buffer, capacity, NULL) == ZREG_OK) {
        self->at += *out_size;
        return ZREG_OK;
    }
    refuse_segments(self);
    ZREG__TRY(zreg__cancel_check(self->cancel, err));
    return read_stream(out_size, self, buffer, capacity, err);
}

static zreg_status ranges_read(size_t *out_size, zreg__source *source, void *buffer,
                               size_t capacity, zreg_error *err)
{
    ranges *self = (ranges *)source;

    return self->segments != NULL && self->at >= self->stream_end
               ? read_segments(out_size, self, buffer, capacity, err)
               : read_stream(out_size, self, buffer, capacity, err);
}

static void ranges_free(zreg__source *source)
{
    ranges *self = (ranges *)source;

    end_segments(self);
    zreg__source_free(self->stream);
    free(self);
}

zreg_status zreg__ranges_open(zreg__source **out, zreg__streams *streams, zreg__endpoint *src,
                              const zreg_descriptor *blob, uint64_t offset, zreg_cancel *cancel,
                              zreg_error *err)
{
    ranges *self = zreg__new(ranges);

    if (self == NULL) {
        return zreg__fail_nomem(err);
    }
    *self = (ranges){.base = {.read = ranges_read, .free = ranges_free},
                     .streams = streams,
                     .src = src,
                     .blob = blob,
                     .cancel = cancel,
                     .at = offset};
    ZREG__AUTO(zreg__source) zreg__source *owned = &self->base;
    ZREG__TRY(open_stream(self, err));
    *out = zreg__steal(&owned);
    return ZREG_OK;
}
