/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The inside of Zuul's API (public part: <zreg/zuul.h>). What its documents mean is decided in
 * zuul_parse.c, without I/O.
 *
 * A build's change, project and so on stand in `ref` today, and stood beside the build before;
 * both are read. Documents come from outside: every text is short and clean, or left out.
 */
#ifndef ZREG_GATE_ZUUL_H
#define ZREG_GATE_ZUUL_H

#include "base/compiler.h"
#include "base/map.h"
#include "gate/artifact.h"
#include "registry/web.h"
#include <stdbool.h>
#include <zreg/zuul.h>

/** One build. `shown` is what callers see; its texts belong to the entry. */
typedef struct zreg__zuul_entry {
    zreg_zuul_build shown;
    zreg_artifacts *artifacts; /* newest first, as Zuul keeps them */
} zreg__zuul_entry;

struct zreg_zuul_builds {
    zreg__zuul_entry *items;
    size_t count;
};

/** Reads the list at /builds; what did not succeed is left out. Errors: PROTO, NOMEM. */
zreg_status zreg__zuul_builds_read(zreg_zuul_builds **out, const zreg__json *document,
                                   zreg_error *err);

/** Reads the list at /buildsets: the order of the one that was triggered first; `*out` is 0 when
 *  there is none. Errors: PROTO. */
zreg_status zreg__zuul_order_read(uint64_t *out, const zreg__json *document, zreg_error *err);

/** A change as a key, in new memory, or NULL. */
char *zreg__zuul_change_key(const char *project, const char *change, const char *patchset);

/** Reads the list at /buildsets: the keys of their changes. Errors: PROTO, NOMEM. */
zreg_status zreg__zuul_changes_read(zreg__map *out, const zreg__json *document, zreg_error *err);

/** True when the document is a buildset that succeeded: its change has merged, if its pipeline
 *  merges changes. */
bool zreg__zuul_buildset_succeeded(const zreg__json *document);

/** The API of a tenant. */
zreg_status zreg__zuul_open(zreg__web *out, zreg_client *client, const char *api,
                            const char *tenant, zreg_error *err);

/** GETs a path such as "/builds", with the parameters of `query`; `result` is one more, or NULL. */
zreg_status zreg__zuul_get(zreg__json **out, const zreg__web *web, const char *path,
                           const zreg_zuul_options *query, const char *result, zreg_cancel *cancel,
                           zreg_error *err);

ZREG__DEFINE_AUTO(zreg_zuul_builds, zreg_zuul_builds_free)

#endif
