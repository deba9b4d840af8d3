/* SPDX-License-Identifier: Apache-2.0 */
/** Speculative resolution: which bytes a name means for this change, and why. */
#ifndef ZREG_RESOLVE_H
#define ZREG_RESOLVE_H

#include <zreg/artifact.h>
#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>

ZREG_BEGIN_DECLS

/** The answer to one resolution. */
typedef struct zreg_resolution zreg_resolution;

/** Where a candidate was looked for. */
typedef enum zreg_source {
    ZREG_SOURCE_BUILDSET = 1,     /**< the buildset registry */
    ZREG_SOURCE_INTERMEDIATE = 2, /**< an artifact in the intermediate registry */
    ZREG_SOURCE_UPSTREAM = 3,     /**< the registry that the name itself says */
} zreg_source;

/** One place that could answer. Text lives as long as the resolution; what is unset is "". */
typedef struct zreg_candidate {
    zreg_source source;
    const char *ref;    /**< where the bytes are */
    const char *digest; /**< "" when it could not be found out */
    const char *change; /**< the change that made it */
    const char *build;
    const char *reason; /**< why it won or lost, one sentence */
} zreg_candidate;

/** Settings of a resolution. */
typedef struct zreg_resolve_options {
    size_t size;
    const char *buildset;      /**< HOST:PORT of the buildset registry, or NULL */
    const char *intermediate;  /**< HOST:PORT to use instead of the artifacts' own, or NULL */
    int offline;               /**< 1: decide by the artifacts alone and ask no registry */
    const char *zuul_api;      /**< URL of Zuul's API (<zreg/zuul.h>), or NULL: do not ask Zuul */
    const char *zuul_tenant;   /**< or NULL when the URL is the tenant's own */
    const char *zuul_project;  /**< look at changes of this project only, or NULL */
    const char *zuul_pipeline; /**< the pipeline that merges changes; NULL: "gate" */
    const char *zuul_job;      /**< look at this job only, or NULL */
    const char *zuul_promote_pipeline; /**< the pipeline that promotes; NULL: "promote" */
} zreg_resolve_options;

/**
 * Decides what `ref` means.
 *
 * The order is: the buildset registry; the artifacts, the last change's last build first; with
 * `zuul_api`, the newest image of a change that has merged and is not promoted yet; the registry
 * that the name says. The first that exists wins; every other one is listed with the reason why it
 * lost. Places are asked only while nothing has won. `artifacts` may be NULL. Errors: NOTFOUND (no
 * place has it), INVAL, and those of the client and of zreg_zuul_builds_find.
 */
ZREG_API zreg_status zreg_resolve(zreg_resolution **out, zreg_client *client, const char *ref,
                                  const zreg_artifacts *artifacts,
                                  const zreg_resolve_options *options, zreg_cancel *cancel,
                                  zreg_error *err);

/** The winner. */
ZREG_API const zreg_candidate *zreg_resolution_winner(const zreg_resolution *resolution);

/** How many candidates there were, the winner included. */
ZREG_API size_t zreg_resolution_count(const zreg_resolution *resolution);

/** Candidate number `i`, best first (the winner is number 0), or NULL past the end. */
ZREG_API const zreg_candidate *zreg_resolution_at(const zreg_resolution *resolution, size_t i);

/**
 * The resolution as JSON: {"ref", "winner": {"source", "ref", "digest", "change", "reason"},
 * "candidates": [...]}. Free it with zreg_free.
 */
ZREG_API zreg_status zreg_resolution_json(char **out_json, const zreg_resolution *resolution,
                                          zreg_error *err);

/** Frees the resolution. Accepts NULL. */
ZREG_API void zreg_resolution_free(zreg_resolution *resolution);

ZREG_END_DECLS

#endif
