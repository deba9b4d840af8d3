/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A tar archive that passes by: bytes go in, entries and their contents come out, nothing is kept.
 *
 * Reads ustar, old tar, GNU long names and pax headers. Sparse files are refused. Names and headers are bounded.
 */
#ifndef ZREG_IMAGE_TARSTREAM_H
#define ZREG_IMAGE_TARSTREAM_H

#include "base/buf.h"
#include "image/tarheader.h"
#include <stdint.h>

/** One entry. Texts live as long as the call. */
typedef struct zreg__tarentry {
    char type;            /* '0' for every regular file, '5' for every folder; else as it came */
    const char *name;     /* as it came */
    const char *target;   /* of a link, else "" */
    uint64_t size_bytes;  /* of a regular file's content, which follows; else 0 */
    const void *block;    /* its header */
    const zreg__buf *pax; /* its records but those of the name, the target and the size */
} zreg__tarentry;

/** Who is told; anything but OK ends the stream. */
typedef struct zreg__tarstream_reader {
    zreg_status (*entry)(void *user, const zreg__tarentry *entry, zreg_error *err);
    zreg_status (*data)(void *user, const void *bytes, size_t size, zreg_error *err);
    zreg_status (*end)(void *user, zreg_error *err); /* of an entry */
    void *user;
} zreg__tarstream_reader;

typedef struct zreg__tarstream {
    zreg__tarstream_reader reader;
    unsigned char block[ZREG__TAR_BLOCK];
    size_t filled;  /* of the block that comes */
    uint64_t left;  /* bytes of the content that is passing */
    size_t padding; /* and of zeros behind it */
    char extension; /* 'x', 'L', 'K', 'g': the content is a header; 0: it is a file's */
    bool over;      /* the end of the archive was there */
    zreg__buf text; /* of an extension */
    zreg__buf pax;  /* kept records */
    char *name;     /* from an extension, or NULL */
    char *target;
    bool has_size;
    uint64_t size_bytes; /* from a pax header */
} zreg__tarstream;

/** Begins. */
void zreg__tarstream_begin(zreg__tarstream *tar, const zreg__tarstream_reader *reader);

/** Takes the next bytes. Errors: CORRUPT (no tar, damaged), UNSUPPORTED (a sparse file), LIMIT, those of the reader. */
zreg_status zreg__tarstream_feed(zreg__tarstream *tar, const void *bytes, size_t size,
                                 zreg_error *err);

/** No more bytes come. Errors: CORRUPT (cut off). */
zreg_status zreg__tarstream_end(const zreg__tarstream *tar, zreg_error *err);

void zreg__tarstream_finish(zreg__tarstream *tar);

ZREG__DEFINE_AUTO_VALUE(zreg__tarstream, zreg__tarstream_finish)

#endif
