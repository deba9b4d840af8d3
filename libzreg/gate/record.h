/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The record of the last promotion of a tag, which stands beside it under a tag of its own. Pure:
 * no I/O. What it is for, and why it looks like this: docs/design/0006.
 *
 * It is an index whose one child is the promoted image (or whose children are those of the promoted
 * index), so that it needs no blob; its annotations say the order, the change and the digest.
 */
#ifndef ZREG_GATE_RECORD_H
#define ZREG_GATE_RECORD_H

#include "base/compiler.h"
#include <zreg/manifest.h>

/** What a record says. */
typedef struct zreg__record {
    uint64_t order;     /* 0: there is no record */
    char change[24];    /* "" when unknown */
    zreg_digest digest; /* what the tag was given */
} zreg__record;

/** The tag of the record of `tag`: zreg-order_TAG. Errors: INVAL (too long), NOMEM. */
zreg_status zreg__record_tag(char **out, const char *tag, zreg_error *err);

/** The record as a manifest; `promoted` is the manifest with its digest. Errors: NOMEM, INVAL. */
zreg_status zreg__record_make(zreg_manifest **out, const zreg__record *record,
                              const zreg_manifest *promoted, zreg_error *err);

/** Reads a record; `tag` is the one that it belongs to, for errors. Errors: CONFLICT (it is none). */
zreg_status zreg__record_read(zreg__record *out, const zreg_manifest *manifest, const char *tag,
                              zreg_error *err);

#endif
