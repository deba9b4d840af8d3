/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Zuul's REST API, for what the gate asks of it: which builds succeeded with which artifacts, and
 * in which order changes merged.
 *
 * `api` is the URL of a tenant's API, "https://zuul.example.org/api/tenant/example", or of all
 * tenants, "https://zuul.example.org/api", with the tenant in the options. Its host is reached with
 * what the client knows of it (zreg_client_set_host, zreg_client_set_credentials). Plain HTTP works
 * only on loopback hosts and those that it was allowed for.
 */
#ifndef ZREG_ZUUL_H
#define ZREG_ZUUL_H

#include <zreg/artifact.h>
#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>

ZREG_BEGIN_DECLS

/** Builds, newest first. */
typedef struct zreg_zuul_builds zreg_zuul_builds;

/** One build. Text lives as long as the list; what is unset is "". */
typedef struct zreg_zuul_build {
    const char *uuid;
    const char *job;
    const char *pipeline;
    const char *project;
    const char *branch;
    const char *change;
    const char *patchset;
    const char *buildset; /**< UUID */
    const char *ended;    /**< "2026-01-31T12:00:00", UTC */
} zreg_zuul_build;

/** Which builds, or which change. What is NULL does not count. */
typedef struct zreg_zuul_options {
    size_t size;
    const char *tenant;
    const char *project;
    const char *pipeline;
    const char *job;
    const char *branch;
    const char *change;
    const char *patchset;
    uint32_t limit; /**< most builds to look at; 0: 50 */
} zreg_zuul_options;

/**
 * The builds that succeeded, newest first; a build that failed, or still runs, is never among them.
 * Errors: INVAL (the URL), NOTFOUND (no such tenant), PROTO (not Zuul's API), LIMIT, those of the
 * client.
 */
ZREG_API zreg_status zreg_zuul_builds_find(zreg_zuul_builds **out, zreg_client *client,
                                           const char *api, const zreg_zuul_options *options,
                                           zreg_cancel *cancel, zreg_error *err);

/** How many there are. */
ZREG_API size_t zreg_zuul_builds_count(const zreg_zuul_builds *builds);

/** Build number `i`, or NULL past the end. */
ZREG_API const zreg_zuul_build *zreg_zuul_builds_at(const zreg_zuul_builds *builds, size_t i);

/** The artifacts of all builds as one list, which is the caller's: the last build's come last, so
 *  that they win. Only container images that can be read. Errors: NOMEM, LIMIT. */
ZREG_API zreg_status zreg_zuul_builds_artifacts(zreg_artifacts **out,
                                                const zreg_zuul_builds *builds, zreg_error *err);

/** Frees the list. Accepts NULL. */
ZREG_API void zreg_zuul_builds_free(zreg_zuul_builds *builds);

/**
 * Where a change stands in the order of merging, for zreg_promote: when its merge first triggered
 * the promote pipeline (`pipeline`; NULL: "promote"), in microseconds since 1970. The same however
 * often it is promoted, and larger for what merged later. `change` is required.
 * Errors: NOTFOUND (the change has never been in that pipeline), those of zreg_zuul_builds_find.
 */
ZREG_API zreg_status zreg_zuul_order(uint64_t *out_order, zreg_client *client, const char *api,
                                     const zreg_zuul_options *options, zreg_cancel *cancel,
                                     zreg_error *err);

ZREG_END_DECLS

#endif
