/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Manifests: OCI image manifest and index (image-spec 1.1), docker manifest and manifest list
 * (schema 2). The bytes are kept as they came, because the digest is theirs.
 */
#ifndef ZREG_MANIFEST_H
#define ZREG_MANIFEST_H

#include <zreg/common.h>
#include <zreg/digest.h>

ZREG_BEGIN_DECLS

/** A checked manifest or index. Never changes, so threads may share it. */
typedef struct zreg_manifest zreg_manifest;

/** What an image runs on (image-spec, image-index.md). Unset parts are "". */
typedef struct zreg_platform {
    const char *os;
    const char *architecture;
    const char *variant;
    const char *os_version;
} zreg_platform;

/**
 * Names content by digest (image-spec, descriptor.md). What the library gives out lives as long as
 * the object that it was asked of. The size is fixed for the life of the ABI: a field that is added
 * takes its room from `reserved`.
 */
typedef struct zreg_descriptor {
    const char *media_type;
    zreg_digest digest;
    uint64_t size_bytes;
    const char *artifact_type; /**< "" when unset */
    int has_platform;
    zreg_platform platform;
    const char *const *annotations; /**< key, value, key, value, ..., NULL; NULL: none */
    uint64_t reserved[8];
} zreg_descriptor;

/**
 * Reads a manifest of `size` bytes; a copy of the bytes is kept.
 *
 * `media_type` is the Content-Type it came with (parameters are ignored), or NULL to take the type
 * from the document. Refused: ambiguous documents (both layers and manifests), a mediaType that
 * contradicts `media_type`, bad digests and sizes, and docker schema 1.
 * Errors: INVAL, UNSUPPORTED (schema 1, unknown type), LIMIT (too large or too deep), NOMEM.
 */
ZREG_API zreg_status zreg_manifest_parse(zreg_manifest **out, const void *bytes, size_t size,
                                         const char *media_type, zreg_error *err);

/** The media type, without parameters. */
ZREG_API const char *zreg_manifest_media_type(const zreg_manifest *manifest);

/** The sha256 digest of the bytes, or the digest it was fetched by when that is another kind. */
ZREG_API const zreg_digest *zreg_manifest_digest(const zreg_manifest *manifest);

/** The bytes exactly as received; their count goes to `*size`. */
ZREG_API const void *zreg_manifest_bytes(const zreg_manifest *manifest, size_t *size);

/** 1 for an index or manifest list, 0 for an image manifest. */
ZREG_API int zreg_manifest_is_index(const zreg_manifest *manifest);

/** The config of an image manifest; NULL for an index. */
ZREG_API const zreg_descriptor *zreg_manifest_config(const zreg_manifest *manifest);

/** How many layers (image) or child manifests (index) there are. */
ZREG_API size_t zreg_manifest_count(const zreg_manifest *manifest);

/** Layer or child number `i`, in the document's order; NULL past the end. */
ZREG_API const zreg_descriptor *zreg_manifest_at(const zreg_manifest *manifest, size_t i);

/** The subject that this manifest refers to (image-spec 1.1 referrers), or NULL. */
ZREG_API const zreg_descriptor *zreg_manifest_subject(const zreg_manifest *manifest);

/** The artifactType, or the config's media type in its place (distribution-spec), or "". */
ZREG_API const char *zreg_manifest_artifact_type(const zreg_manifest *manifest);

/** The value of an annotation, or NULL. */
ZREG_API const char *zreg_manifest_annotation(const zreg_manifest *manifest, const char *key);

/** All annotations: key, value, key, value, ..., NULL; or NULL when there are none. */
ZREG_API const char *const *zreg_manifest_annotations(const zreg_manifest *manifest);

/** Frees the manifest. Accepts NULL. */
ZREG_API void zreg_manifest_free(zreg_manifest *manifest);

ZREG_END_DECLS

#endif
