/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Zuul's artifacts: the records {name, url, metadata} by which one change's images become known
 * to the next. Only those with metadata.type "container_image" are kept.
 */
#ifndef ZREG_ARTIFACT_H
#define ZREG_ARTIFACT_H

#include <zreg/common.h>

ZREG_BEGIN_DECLS

/** A list of artifacts, in Zuul's order: furthest-ahead change first. */
typedef struct zreg_artifacts zreg_artifacts;

/** One artifact. Text lives as long as the list; what is unset is "". */
typedef struct zreg_artifact {
    const char *name;       /**< "REPOSITORY:TAG" */
    const char *url;        /**< where it is: "docker://HOST:PORT/REPOSITORY:BUILD_TAG" */
    const char *repository; /**< canonical: no host for docker.io, host for all others */
    const char *tag;
    const char *digest;     /**< of the manifest, when known */
    const char *media_type; /**< of the manifest, when known */
    const char *change;     /**< number of the change that made it */
    const char *patchset;
    const char *build;   /**< UUID of the build that made it */
    const char *project; /**< set by Zuul */
    const char *job;     /**< set by Zuul */
} zreg_artifact;

/**
 * Reads artifacts from JSON: a list, or an object that holds one at `artifacts` or at
 * `zuul.artifacts`. Artifacts of other types are left out, and one that Zuul names twice, as it
 * does with those of earlier jobs of the same change, is kept once. All of Zuul's variables,
 * {"zuul": {...}}, may be given; without `artifacts` in them the list is empty.
 * Errors: INVAL (no JSON, a container image without url, name or tag), LIMIT, NOMEM.
 */
ZREG_API zreg_status zreg_artifacts_parse(zreg_artifacts **out, const char *json, size_t size,
                                          zreg_error *err);

/** How many there are. */
ZREG_API size_t zreg_artifacts_count(const zreg_artifacts *artifacts);

/** Artifact number `i`, or NULL past the end. */
ZREG_API const zreg_artifact *zreg_artifacts_at(const zreg_artifacts *artifacts, size_t i);

/**
 * The list as JSON, {"artifacts": [...]}, ready for zuul_return under `zuul`: each has name, url
 * and metadata only, because Zuul refuses other keys. Free it with zreg_free.
 */
ZREG_API zreg_status zreg_artifacts_json(char **out_json, const zreg_artifacts *artifacts,
                                         zreg_error *err);

/** Frees the list. Accepts NULL. */
ZREG_API void zreg_artifacts_free(zreg_artifacts *artifacts);

ZREG_END_DECLS

#endif
