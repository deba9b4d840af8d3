/* SPDX-License-Identifier: Apache-2.0 */
/** Verify: whether all of an image is there, and is what its digests say. */
#ifndef ZREG_VERIFY_H
#define ZREG_VERIFY_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/digest.h>

ZREG_BEGIN_DECLS

/** What was found of each part of an image. */
typedef struct zreg_verified zreg_verified;

/** One manifest or blob. Text lives as long as the result. */
typedef struct zreg_verified_part {
    zreg_digest digest;
    const char *media_type; /**< as the manifest says that names it, or "" */
    const char *reason; /**< what is wrong with it; of a good part what there is to say; or "" */
    uint64_t size_bytes;
    int is_manifest;
    int good; /**< 1: it is there, and right as far as it was looked at; 0: see `code` */
    zreg_status
        code; /**< OK when it is good; else NOTFOUND, CORRUPT, or why it could not be looked at */
} zreg_verified_part;

/** Settings of a verification. */
typedef struct zreg_verify_options {
    size_t size;
    int quick;     /**< 1: blobs are asked for, with their sizes, and not read */
    uint32_t jobs; /**< blobs read at once; 0: 8 */
    zreg_progress_fn progress;
    void *progress_user;
} zreg_verify_options;

/**
 * Walks through all of the image or index at `place` (zreg_copy): each manifest is fetched and each blob read, and
 * both are compared with the digest and the size in the manifest that names them. Nothing is kept or changed. A blob
 * that many name is read once. A layer that may not be distributed (nondistributable, foreign) may be missing.
 *
 * A part that is wrong does not stop the others; the call then fails in the end with the first error. `*out` is NULL,
 * or to be freed, whatever is returned: beside an error it tells of each part.
 * Errors: NOTFOUND, CORRUPT, LIMIT (more than 100,000 parts, indexes more than 8 deep), those of the client.
 */
ZREG_API zreg_status zreg_verify(zreg_verified **out, zreg_client *client, const char *place,
                                 const zreg_verify_options *options, zreg_cancel *cancel,
                                 zreg_error *err);

/** How many parts there are. */
ZREG_API size_t zreg_verified_count(const zreg_verified *verified);

/** Part number `i`: manifests first, parents before children, then blobs; NULL past the end. */
ZREG_API const zreg_verified_part *zreg_verified_at(const zreg_verified *verified, size_t i);

/**
 * {"ref", "digest", "quick", "good", "bad", "bytes", "parts": [{"digest", "media_type", "size", "kind":
 * "manifest"|"blob", "good", "code", "reason"}]}, where "code" is "OK" for a good part and "bytes" are those of
 * blobs that were read; zreg_free it.
 */
ZREG_API zreg_status zreg_verified_json(char **out_json, const zreg_verified *verified,
                                        zreg_error *err);

/** Frees the result. Accepts NULL. */
ZREG_API void zreg_verified_free(zreg_verified *verified);

ZREG_END_DECLS

#endif
