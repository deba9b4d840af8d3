/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a source gives out beside what it holds: manifests and layers that were made from its own, and
 * the bytes that descriptors carry within (image-spec, descriptor.md, `data`).
 *
 * Everything is found by its digest. Safe from many threads.
 */
#ifndef ZREG_IMAGE_OVERLAY_H
#define ZREG_IMAGE_OVERLAY_H

#include "base/compiler.h"
#include "image/stream.h"
#include <zreg/cancel.h>
#include <zreg/manifest.h>

typedef struct zreg__overlay zreg__overlay;

zreg_status zreg__overlay_new(zreg__overlay **out, zreg_error *err);

/** Adds a manifest, which is shared. */
zreg_status zreg__overlay_add_manifest(zreg__overlay *self, const zreg_manifest *manifest,
                                       zreg_error *err);

/** Adds a blob in memory, copied, for when the source does not serve it. */
zreg_status zreg__overlay_add_bytes(zreg__overlay *self, const zreg_digest *digest,
                                    const void *bytes, size_t size, zreg_error *err);

/** Adds a blob that is the whole of a file; the descriptor is the overlay's, on error too. */
zreg_status zreg__overlay_add_file(zreg__overlay *self, const zreg_digest *digest, int fd,
                                   uint64_t size_bytes, zreg_error *err);

/** The manifest, shared, or NULL. `self` may be NULL, here and below. */
zreg_manifest *zreg__overlay_manifest(zreg__overlay *self, const zreg_digest *digest);

/** Opens a blob that is a file. `*out` stays NULL where there is none. Errors: NOMEM. */
zreg_status zreg__overlay_open_file(zreg__source **out, zreg__overlay *self,
                                    const zreg_digest *digest, zreg_cancel *cancel,
                                    zreg_error *err);

/** Opens a blob in memory, likewise. */
zreg_status zreg__overlay_open_bytes(zreg__source **out, zreg__overlay *self,
                                     const zreg_digest *digest, zreg_error *err);

/** The size of a blob in memory; false without. */
bool zreg__overlay_has_bytes(zreg__overlay *self, const zreg_digest *digest, uint64_t *out_size);

void zreg__overlay_free(zreg__overlay *self);

#endif
