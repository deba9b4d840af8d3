/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What zreg changed on a machine, and what was there before: /var/lib/zreg/node.json beneath the
 * root, for root alone since credentials are among the files. It is written before the first file
 * is touched and removed after the last one is back.
 */
#ifndef ZREG_HOST_STATE_H
#define ZREG_HOST_STATE_H

#include "node/formats.h"
#include "node/steps.h"
#include "node/tree.h"

#define ZREG__STATE_FOLDER "/var/lib/zreg"
#define ZREG__STATE_PATH ZREG__STATE_FOLDER "/node.json"

/** One file that was changed. */
typedef struct zreg__state_entry {
    char *path;
    const zreg__format *format;
    char *engine;
    zreg__wants wants;
    bool secret;
    zreg__content original; /* before zreg came, as far as is known */
    zreg__owner owner;      /* of the original */
    zreg__content written;  /* by zreg, or about to be */
    bool unfinished;        /* a run was cut off: the file holds `before` or `written` */
    zreg__content before;
} zreg__state_entry;

typedef struct zreg__state {
    zreg__state_entry *entries;
    size_t count;
    zreg_strings *folders; /* made by zreg, parents first */
} zreg__state;

/** Reads the record; an empty one when there is none. Errors: CORRUPT (it is no record), IO. */
zreg_status zreg__state_load(zreg__state *out, const zreg__tree *tree, zreg_error *err);

/** Writes the record, for its owner alone. */
zreg_status zreg__state_save(const zreg__state *record, const zreg__tree *tree, zreg_error *err);

/** The entry of a file, or NULL. */
zreg__state_entry *zreg__state_find(const zreg__state *record, const char *path);

/** A new entry. Errors: NOMEM, LIMIT. */
zreg_status zreg__state_add(zreg__state_entry **out, zreg__state *record, const char *path,
                            const char *engine, zreg_error *err);

void zreg__state_entry_finish(zreg__state_entry *entry);
void zreg__state_finish(zreg__state *record);

ZREG__DEFINE_AUTO_VALUE(zreg__state, zreg__state_finish)

#endif
