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
 * the object that it was asked of. What it is given (zreg_manifest_options) begins with all zero, where
 * NULL is as good as ""; `reserved` stays zero. The size is fixed for the life of the ABI: a field that is added
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

/** What a manifest or an index is made of: zreg_manifest_build_image, zreg_manifest_build_index. All is
 *  read during the call only. */
typedef struct zreg_manifest_options {
    size_t size;
    const char *artifact_type;      /**< NULL or "": unset */
    const zreg_descriptor *config;  /**< of an image; NULL: the empty one, for an artifact */
    const zreg_descriptor *items;   /**< layers of an image, children of an index, in this order */
    size_t count;                   /**< of `items`: up to 4096 */
    const zreg_descriptor *subject; /**< the manifest that this one belongs to; NULL: none */
    const char *const
        *annotations; /**< key, value, key, value, ..., NULL in any order; NULL: none */
} zreg_manifest_options;

/**
 * Makes an OCI image manifest, of an image or an artifact (image-spec 1.1, manifest.md, "Guidelines
 * for Artifact Usage").
 *
 * The same options give the same bytes, and so the same digest: keys stand in the order of the
 * specification, annotations are sorted by key. Of an artifact, where `artifact_type` is set or the
 * config is no image's, the config may be missing and so may the items: in their place stands the
 * empty descriptor, of the two bytes `{}` with the media type application/vnd.oci.empty.v1+json. Like
 * all that a manifest names, that blob must be in the registry before the manifest is put there
 * (zreg_blob_create). Of a descriptor all fields are written; its `urls` and `data`, which it has no
 * fields for, are not. Nothing waits, and any thread may call it.
 * Errors, which name the field, such as `items[3].digest`: INVAL (neither config nor artifact_type;
 * the empty config without an artifact_type; a digest, a media type that is none by RFC 6838, a text
 * that is no UTF-8, a platform without os or architecture, a key that stands twice in annotations),
 * UNSUPPORTED (another digest than sha256 and sha512), LIMIT (too many items, an absurd size, more than
 * 4 MiB), NOMEM.
 */
ZREG_API zreg_status zreg_manifest_build_image(zreg_manifest **out,
                                               const zreg_manifest_options *options,
                                               zreg_error *err);

/**
 * Makes an OCI image index (image-spec 1.1, image-index.md), by the rules of zreg_manifest_build_image.
 *
 * It may have no children, as an index has that is an artifact of its own; their platforms are those of
 * the descriptors. Errors: as there, and INVAL for a config, which an index does not have.
 */
ZREG_API zreg_status zreg_manifest_build_index(zreg_manifest **out,
                                               const zreg_manifest_options *options,
                                               zreg_error *err);

/** The media type, without parameters. */
ZREG_API const char *zreg_manifest_media_type(const zreg_manifest *manifest);

/** The sha256 digest of the bytes, or the digest it was fetched by when that is another kind. */
ZREG_API const zreg_digest *zreg_manifest_digest(const zreg_manifest *manifest);

/** The bytes exactly as received or made; their count goes to `*size`. */
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
