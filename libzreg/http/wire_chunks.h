/* SPDX-License-Identifier: Apache-2.0 */
/** A body in chunks (RFC 9112 section 7.1), taken apart as it comes. No I/O, no memory. */
#ifndef ZREG_HTTP_WIRE_CHUNKS_H
#define ZREG_HTTP_WIRE_CHUNKS_H

#include "base/str.h"

/* What may stand beside the data: extensions of one chunk, all trailers. Both are dropped. */
#define ZREG__WIRE_MAX_EXTENSION ((size_t)1024)
#define ZREG__WIRE_MAX_EXTENSIONS ((size_t)16 * 1024) /* of all chunks, beyond what they bring */
#define ZREG__WIRE_MAX_TRAILERS ((size_t)8192)

typedef enum zreg__wire_chunks_state {
    ZREG__WIRE_CHUNKS_SIZE,
    ZREG__WIRE_CHUNKS_BLANK,     /* behind a size, before ";" */
    ZREG__WIRE_CHUNKS_EXTENSION, /* behind ";" */
    ZREG__WIRE_CHUNKS_SIZE_FEED, /* the line feed of the size's line is to come */
    ZREG__WIRE_CHUNKS_DATA,
    ZREG__WIRE_CHUNKS_DATA_RETURN,
    ZREG__WIRE_CHUNKS_DATA_FEED,
    ZREG__WIRE_CHUNKS_TRAILER_BEGIN,
    ZREG__WIRE_CHUNKS_TRAILER_NAME,
    ZREG__WIRE_CHUNKS_TRAILER, /* behind ":" */
    ZREG__WIRE_CHUNKS_TRAILER_FEED,
    ZREG__WIRE_CHUNKS_END_FEED,
    ZREG__WIRE_CHUNKS_DONE,
    ZREG__WIRE_CHUNKS_BAD, /* the stream cannot be followed any further */
} zreg__wire_chunks_state;

/** Begins as zero. */
typedef struct zreg__wire_chunks {
    zreg__wire_chunks_state state;
    uint64_t left; /* of this chunk's data */
    size_t digits; /* of this chunk's size */
    size_t beside; /* bytes of this extension, or of all trailers */
    size_t excess; /* bytes of extensions so far, less those of data */
} zreg__wire_chunks;

/**
 * Goes on in the stream: up to the next run of data, or through all bytes. Returns how many bytes
 * were used; `*out_data` is the run, which lies at their end, or empty. Call it again with what is
 * left until nothing is, or the state is DONE or BAD.
 */
size_t zreg__wire_chunks_next(zreg__span *out_data, zreg__wire_chunks *chunks, const char *bytes,
                              size_t size);

#endif
