/* SPDX-License-Identifier: Apache-2.0 */
#include "image/flow.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"

/* What is in hand between a source and a sink, which have buffers of their own: read until half of it
 * is full, so that a source always has room for as much as it is given at once. */
#define BLOCK_BYTES ZREG__STREAM_BYTES
#define FULL_BYTES (ZREG__STREAM_BYTES / 2)

/* A sink that lost bytes seldom lost more than what was on the wire, so a few states of the hash on
 * the way are kept: from the last one before, the source is opened and hashed anew. */
#define MARK_BYTES (4 * ZREG__MIB)
#define MARKS 8

typedef struct mark {
    uint64_t at;
    zreg__hash hash;
} mark;

typedef struct flow {
    zreg__flow_counts *counts;
    zreg__sink *sink;
    zreg__endpoint *src;
    const zreg_descriptor *blob;
    zreg_cancel *cancel;
    zreg__source *source; /* stands at `at`; NULL: to be opened there */
    char *block;
    size_t capacity;
    bool hashes; /* the sink does not */
    zreg__hash hash;
    uint64_t at;       /* bytes taken from the source */
    uint64_t sunk;     /* bytes that the sink has */
    bool sink_failed;  /* what failed was the sink, not the source */
    mark start;        /* all that follow have at > 0 */
    mark marks[MARKS]; /* in a ring */
    size_t next_mark;
} flow;

static void flow_finish(flow *self)
{
    zreg__source_free(self->source);
    free(self->block);
    atomic_fetch_sub(&self->counts->streams.open, 1);
}

ZREG__DEFINE_AUTO_VALUE(flow, flow_finish)

static zreg_status check_digest(const flow *self, zreg_error *err)
{
    char seen[136];

    zreg__hash_digest(&self->hash, seen);
    return zreg__str_equal(seen, self->blob->digest.text)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "the source gave bytes of digest %s", seen);
}

/* Fills the block: few large writes, and a small blob in one. */
static zreg_status fill(size_t *out_size, flow *self, zreg_error *err)
{
    uint64_t rest = self->blob->size_bytes - self->at;
    size_t room = rest < self->capacity ? (size_t)rest : self->capacity;
    size_t enough = room < FULL_BYTES ? room : FULL_BYTES;

    if (self->source == NULL) {
        ZREG__TRY(zreg__ranges_open(&self->source, &self->counts->streams, self->src, self->blob,
                                    self->at, self->cancel, err));
    }
    *out_size = 0;
    for (size_t got = 0; *out_size < enough; *out_size += got) {
        ZREG__TRY(
            zreg__source_read(&got, self->source, self->block + *out_size, room - *out_size, err));
        if (got == 0) {
            return zreg__fail(err, ZREG_CORRUPT, "the source gave %llu of %llu bytes",
                              (unsigned long long)(self->at + *out_size),
                              (unsigned long long)self->blob->size_bytes);
        }
    }
    return ZREG_OK;
}

static void set_mark(flow *self)
{
    const mark *last = &self->marks[(self->next_mark + MARKS - 1) % MARKS];

    if (self->hashes && self->at >= last->at + MARK_BYTES) {
        self->marks[self->next_mark] = (mark){.at = self->at, .hash = self->hash};
        self->next_mark = (self->next_mark + 1) % MARKS;
    }
}

/* Gives the sink what it has not got of the last `size` bytes. */
static zreg_status sink_block(flow *self, size_t size, zreg_error *err)
{
    uint64_t first = self->at - size;
    size_t known = self->sunk > first ? (size_t)(self->sunk - first) : 0;
    zreg_status status;

    if (known >= size) {
        return ZREG_OK;
    }
    status = zreg__sink_write(self->sink, self->block + known, size - known, err);
    self->sink_failed = status != ZREG_OK;
    if (status == ZREG_OK) {
        self->sunk = self->at;
        self->counts->moved += size - known;
    }
    return status;
}

/* The last bytes are given only when all is right. */
static zreg_status move_block(flow *self, zreg_error *err)
{
    size_t size = 0;

    ZREG__TRY(fill(&size, self, err));
    if (self->hashes) {
        zreg__hash_update(&self->hash, self->block, size);
    }
    self->at += size;
    self->counts->done += size;
    set_mark(self);
    if (self->hashes && self->at == self->blob->size_bytes) {
        ZREG__TRY(check_digest(self, err));
    }
    return sink_block(self, size, err);
}

static zreg_status carry(flow *self, zreg_error *err)
{
    zreg_status status;

    self->sink_failed = false;
    while (self->at < self->blob->size_bytes) {
        ZREG__TRY(move_block(self, err));
    }
    status = zreg__sink_commit(NULL, self->sink, err);
    self->sink_failed = status != ZREG_OK;
    return status;
}

/* The last mark at or before a position. */
static const mark *mark_before(const flow *self, uint64_t at)
{
    const mark *found = &self->start;

    for (size_t i = 0; i < MARKS; i++) {
        if (self->marks[i].at > found->at && self->marks[i].at <= at) {
            found = &self->marks[i];
        }
    }
    return found;
}

static void forget_marks_after(flow *self, uint64_t at)
{
    for (size_t i = 0; i < MARKS; i++) {
        if (self->marks[i].at > at) {
            self->marks[i].at = 0;
        }
    }
}

/* Goes back so that the sink gets all from byte `sunk` on. */
static void go_back(flow *self, uint64_t sunk)
{
    const mark *from = mark_before(self, sunk);

    self->sunk = sunk;
    if (sunk >= self->at) {
        return;
    }
    zreg__source_free(zreg__steal(&self->source));
    self->counts->done -= self->at - from->at;
    self->at = from->at;
    self->hash = from->hash;
    forget_marks_after(self, self->at);
}

static zreg_status start(flow *self, zreg_error *err)
{
    uint64_t size = self->blob->size_bytes;
    zreg__hash_kind kind;

    self->capacity = size < BLOCK_BYTES ? (size_t)size + 1 : BLOCK_BYTES;
    self->block = zreg__reallocarray(NULL, self->capacity, 1);
    if (self->block == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__hash_kind_of(&kind, self->blob->digest.text)) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "%s: unknown algorithm", self->blob->digest.text);
    }
    zreg__hash_init(&self->hash, kind);
    self->start.hash = self->hash;
    self->hashes = zreg__sink_feed(self->sink);
    return size == 0 && self->hashes ? check_digest(self, err) : ZREG_OK;
}

zreg_status zreg__flow_run(zreg__flow_counts *counts, zreg__sink *sink, zreg__endpoint *src,
                           const zreg_descriptor *blob, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(flow)
    flow self = {.counts = counts, .sink = sink, .src = src, .blob = blob, .cancel = cancel};

    atomic_fetch_add(&counts->streams.open, 1);
    ZREG__TRY(start(&self, err));
    for (;;) {
        zreg_error failed = {0};
        uint64_t sunk = 0;
        bool stored = false;

        if (carry(&self, &failed) == ZREG_OK) {
            return ZREG_OK;
        }
        if (!self.sink_failed) {
            counts->done -= self.at;
            return zreg__fail_again(err, &failed);
        }
        ZREG__TRY(zreg__sink_recover(&sunk, &stored, sink, &failed, err));
        if (stored) {
            return ZREG_OK;
        }
        go_back(&self, sunk);
    }
}
