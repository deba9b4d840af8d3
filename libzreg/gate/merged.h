/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The promotion gap: once a change has merged, its artifacts are no longer told to the changes
 * behind it, but until its promotion has finished the public registry has the image before. Zuul's
 * API tells which image that is.
 */
#ifndef ZREG_GATE_MERGED_H
#define ZREG_GATE_MERGED_H

#include "base/compiler.h"
#include "base/map.h"
#include "gate/zuul.h"

/** Why the image of a merged change is taken. */
#define ZREG__MERGED_REASON "it has merged, and its promotion has not finished"

/** Where to look. What is NULL does not count, but `api` is needed. */
typedef struct zreg__merged_query {
    const char *api;
    const char *tenant;
    const char *project;
    const char *pipeline; /* that merges changes; NULL: "gate" */
    const char *job;
    const char *promote_pipeline; /* NULL: "promote" */
} zreg__merged_query;

/** The newest image that a merged change made. */
typedef struct zreg__merged {
    zreg_zuul_builds *builds;      /* owns the artifact */
    const zreg_artifact *artifact; /* NULL: no such build is known */
    bool promoted;                 /* the promotion of its change has succeeded */
} zreg__merged;

/** True for the artifact that is looked for. */
typedef bool (*zreg__merged_match)(const void *user, const zreg_artifact *artifact);

/** Looks for one image. Errors: those of zreg_zuul_builds_find. */
zreg_status zreg__merged_find(zreg__merged *out, zreg_client *client,
                              const zreg__merged_query *query, zreg__merged_match matches,
                              const void *user, zreg_cancel *cancel, zreg_error *err);

/**
 * All images whose newest merged change is not promoted, among the newest 100 builds: of each name
 * one. `decided` has as keys the names (zreg__merged_name) that are not looked for, and gets those
 * that were found or are promoted. Requests: two, and at most two for each buildset that is not
 * promoted. Errors: as above.
 */
zreg_status zreg__merged_list(zreg_artifacts **out, zreg__map *decided, zreg_client *client,
                              const zreg__merged_query *query, zreg_cancel *cancel,
                              zreg_error *err);

/** Makes items of the changes that made the artifacts and that are not among `ahead`; they have
 *  merged. `out` is to be finished also after an error. Errors: NOMEM. */
zreg_status zreg__merged_items(zreg__items *out, const zreg__items *ahead,
                               const zreg_artifacts *artifacts, zreg_error *err);

/** The name of an artifact's image as a key, in new memory, or NULL. */
char *zreg__merged_name(const zreg_artifact *artifact);

void zreg__merged_finish(zreg__merged *merged);

ZREG__DEFINE_AUTO_VALUE(zreg__merged, zreg__merged_finish)

#endif
