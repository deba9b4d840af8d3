/* SPDX-License-Identifier: Apache-2.0 */
/** A blob that is being pulled, and what its answers must be. */
#ifndef ZREG_REGISTRY_BLOB_READER_H
#define ZREG_REGISTRY_BLOB_READER_H

#include "registry/attempt.h"
#include "registry/blob_target.h"

struct zreg_blob_reader {
    zreg_client *client;
    zreg_cancel *cancel;
    zreg__blob_target target;
    zreg_digest digest;
    zreg__fetch_exchange *exchange;
    zreg__hash hash; /* of the bytes received, unless it is a part */
    uint64_t received;
    bool is_part;    /* then nothing can be verified */
    bool beside;     /* another stream, which has the patience: one try */
    uint64_t whole;  /* the size that the blob must have; UINT64_MAX: any */
    uint64_t first;  /* where the part begins; else 0 */
    uint64_t wanted; /* bytes asked for; UINT64_MAX: to the end */
    uint64_t size;   /* of what is read; UINT64_MAX: unknown */
    uint64_t skip;   /* bytes that are sent again, to be dropped */
    zreg__attempt attempt;
    uint64_t resumed_at; /* bytes received when it was last resumed */
    bool verified;
    zreg_error failure; /* what ended it */
    /* While the size is not known, one byte is kept back: it may be the last, and the digest wrong. */
    bool holds;
    char held;
    char *mirror; /* that sent some of it; NULL: the registry sent all */
    bool given;   /* the caller has some of it */
};

/** Takes the answer to what was asked for: the whole, the rest, or a part. Errors: PROTO and CORRUPT (it is another
 *  one, which may pass), LIMIT, INVAL, UNSUPPORTED, those of zreg__answer_expect. */
zreg_status zreg__blob_answer_take(zreg_blob_reader *reader, zreg_error *err);

/** Says that it ended before it should. */
zreg_status zreg__blob_answer_short(const zreg_blob_reader *reader, zreg_error *err);

#endif
