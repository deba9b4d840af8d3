/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The manifests from one down, through indexes of indexes: each is read once, however often others name
 * it, so that a few small indexes that name each other many times cost no more than what they are. What a
 * repository does not hold is passed over. Bounded by ZREG__MAX_GRAPH_NODES and ZREG__MAX_GRAPH_BYTES.
 */
#ifndef ZREG_STORE_BELOW_H
#define ZREG_STORE_BELOW_H

#include "base/compiler.h"
#include "store/store.h"

typedef struct zreg__below zreg__below;

/** Is shown a manifest; false: that is enough. */
typedef bool zreg__below_see(const zreg_manifest *manifest, void *user);

zreg_status zreg__below_new(zreg__below **out, zreg__store *store, const char *repository,
                            zreg_error *err);

/** Shows the manifest of this digest and those below it, but none that this walk has shown before.
 *  Errors: LIMIT, NOMEM: not all was shown. */
zreg_status zreg__below_walk(zreg__below *below, const char *digest, zreg__below_see *see,
                             void *user, zreg_error *err);

/** The next walk looks once more for what was not in the repository. */
zreg_status zreg__below_again(zreg__below *below, zreg_error *err);

void zreg__below_free(zreg__below *below);

ZREG__DEFINE_AUTO(zreg__below, zreg__below_free)

#endif
