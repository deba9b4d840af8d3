/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The inside of a list of artifacts (public part: <zreg/artifact.h>).
 *
 * Invariants of each entry: every text is set ("" when unknown), short and free of control
 * characters; repository is canonical; url, tag and digest have been parsed once.
 */
#ifndef ZREG_GATE_ARTIFACT_H
#define ZREG_GATE_ARTIFACT_H

#include "base/compiler.h"
#include "base/json.h"
#include "gate/items.h"
#include <stdbool.h>
#include <zreg/artifact.h>

/** One entry. `shown` is what callers see; its texts belong to the entry. */
typedef struct zreg__artifact {
    zreg_artifact shown;
    zreg__json *platforms; /* array of "os/arch[/variant]", or NULL */
    bool turned_round;     /* Zuul has turned this part of its list round; see gate/order.h */
} zreg__artifact;

struct zreg_artifacts {
    zreg__artifact *items;
    size_t count;
    size_t capacity;
    zreg__items ahead; /* what the document says of the queue */
};

/** An empty list. Errors: NOMEM. */
zreg_status zreg__artifact_list_new(zreg_artifacts **out, zreg_error *err);

/** Adds a copy of `shown` (NULL texts become ""); shares `platforms`, which may be NULL.
 *  Errors: LIMIT, NOMEM. */
zreg_status zreg__artifact_list_add(zreg_artifacts *list, const zreg_artifact *shown,
                                    zreg__json *platforms, bool turned_round, zreg_error *err);

/** Makes one of the artifacts that are named twice (gate/order.h). Errors: NOMEM. */
zreg_status zreg__artifact_list_unite(zreg_artifacts *list, zreg_error *err);

/** Adds one of the artifacts of a build, which are newest first, if it is a container image.
 *  Errors: INVAL, LIMIT, NOMEM. */
zreg_status zreg__artifact_list_read(zreg_artifacts *list, const zreg__json *artifact,
                                     zreg_error *err);

/** Frees what an entry holds. */
void zreg__artifact_finish(zreg__artifact *artifact);

ZREG__DEFINE_AUTO(zreg_artifacts, zreg_artifacts_free)

#endif
