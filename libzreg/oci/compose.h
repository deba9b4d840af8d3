/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The one place that makes descriptors and manifests (image-spec 1.1): keys in the order of the
 * specification, annotations sorted by key, so that the same parts always give the same bytes.
 * What is given was checked before; what is made is read back by zreg_manifest_parse.
 */
#ifndef ZREG_OCI_COMPOSE_H
#define ZREG_OCI_COMPOSE_H

#include "base/json.h"
#include <zreg/manifest.h>

/** What an artifact has where an image has something (manifest.md, "Guidance for an Empty
 *  Descriptor"): the two bytes "{}". */
extern const zreg_descriptor zreg__compose_empty;

/** A descriptor as JSON. Texts that are NULL or "" are left out, and the platform unless it has
 *  one. Errors: NOMEM. */
zreg_status zreg__compose_descriptor(zreg__json **out, const zreg_descriptor *descriptor,
                                     zreg_error *err);

/** A list of `count` descriptors. Errors: NOMEM. */
zreg_status zreg__compose_descriptors(zreg__json **out, const zreg_descriptor *descriptors,
                                      size_t count, zreg_error *err);

/** key, value, key, value, ..., NULL as an object; none gives NULL. Errors: NOMEM. */
zreg_status zreg__compose_annotations(zreg__json **out, const char *const *pairs, zreg_error *err);

/** What a manifest is made of; the caller's. NULL, and "", are left out. */
typedef struct zreg__parts {
    const char *media_type; /* of the manifest, which decides whether it is an index */
    const char *artifact_type;
    zreg__json *config; /* of an image */
    zreg__json *items;  /* the list of layers or children; NULL: an empty one */
    zreg__json *subject;
    zreg__json *annotations;
} zreg__parts;

/** The document of these parts. Errors: NOMEM. */
zreg_status zreg__compose_document(zreg__json **out, const zreg__parts *parts, zreg_error *err);

/** The manifest or index of these parts. Errors: those of zreg_manifest_parse. */
zreg_status zreg__compose_manifest(zreg_manifest **out, const zreg__parts *parts, zreg_error *err);

/** What names a manifest: its type, digest and size. Lives as long as the manifest. */
zreg_descriptor zreg__compose_name(const zreg_manifest *manifest);

#endif
