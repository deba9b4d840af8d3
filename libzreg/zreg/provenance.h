/* SPDX-License-Identifier: Apache-2.0 */
/** Provenance: which images a buildset registry gave to the job, and which change each came from. */
#ifndef ZREG_PROVENANCE_H
#define ZREG_PROVENANCE_H

#include <zreg/common.h>

ZREG_BEGIN_DECLS

/** What a registry gave out, as its access log tells. */
typedef struct zreg_provenance zreg_provenance;

/** Where the bytes of an image came from. */
typedef enum zreg_served_from {
    ZREG_SERVED_CHANGE = 1,   /**< an artifact of a change ahead, brought by populate */
    ZREG_SERVED_BUILDSET = 2, /**< this buildset pushed it */
    ZREG_SERVED_UPSTREAM =
        3, /**< not here: the asker was left to the registry that the name says */
} zreg_served_from;

/** One image that was asked for. Text lives as long as the record; what is unset is "". */
typedef struct zreg_served_image {
    const char *repository; /**< as Zuul's artifacts name it */
    const char *tag;        /**< "" when it was asked for by digest only */
    const char *digest;     /**< of its manifest, the last one given out */
    zreg_served_from source;
    const char *change;
    const char *build;
    const char *artifact; /**< URL of the artifact */
    uint64_t requests;    /**< for its manifests and blobs; pushing does not count */
    uint64_t bytes;       /**< body bytes given out */
} zreg_served_image;

/**
 * Reads an access log (zreg_access_fn, one line each). Each image is one row, in the order in which
 * they were asked for first; its blobs count for the row of the same repository and artifact.
 * A last line that was cut off is left out, and so are lines that are none of an access log, which
 * are counted (zreg_provenance_lost), with names asked for in vain beyond 10,000. Errors: INVAL (no
 * line is one), LIMIT (more than 10,000 images), NOMEM.
 */
ZREG_API zreg_status zreg_provenance_read(zreg_provenance **out, const char *json, size_t size,
                                          zreg_error *err);

/** How many images there are. */
ZREG_API size_t zreg_provenance_count(const zreg_provenance *provenance);

/** Image number `i`, or NULL past the end. */
ZREG_API const zreg_served_image *zreg_provenance_at(const zreg_provenance *provenance, size_t i);

/** How many lines are missing, so that there may have been more: those that the server had to leave
 *  out, by its own {"dropped": N}, and those that could not be read, or taken. */
ZREG_API uint64_t zreg_provenance_lost(const zreg_provenance *provenance);

/** {"served": [{repository, tag, digest, source, change, build, artifact, requests, bytes}], "lost": N},
 *  where source is "change", "buildset" or "upstream" and what is unset is null; zreg_free it. */
ZREG_API zreg_status zreg_provenance_json(char **out_json, const zreg_provenance *provenance,
                                          zreg_error *err);

/** Frees the record. Accepts NULL. */
ZREG_API void zreg_provenance_free(zreg_provenance *provenance);

ZREG_END_DECLS

#endif
