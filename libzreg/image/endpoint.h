/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One end of a copy: a registry, an OCI layout, a server in this process, an archive.
 *
 * All look alike through one table of drivers, so copy, append and index are one algorithm each.
 * An endpoint names one image (a tag or a digest) in one repository. All calls are safe from many
 * threads at once. Errors name the place and the digest.
 */
#ifndef ZREG_IMAGE_ENDPOINT_H
#define ZREG_IMAGE_ENDPOINT_H

#include "base/buf.h"
#include "image/overlay.h"
#include "image/place.h"
#include "image/stream.h"
#include <stdbool.h>
#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/manifest.h>
#include <zreg/server.h>

typedef struct zreg__endpoint zreg__endpoint;

/** How a destination stands to a blob. */
typedef enum zreg__endpoint_blob_state {
    ZREG__BLOB_WANTED,  /* write it to the sink */
    ZREG__BLOB_PRESENT, /* it is there */
    ZREG__BLOB_MOUNTED, /* it was made to appear there without its bytes */
} zreg__endpoint_blob_state;

typedef struct zreg__endpoint_options {
    zreg_client *client;           /* needed for registries */
    zreg_server *server;           /* not NULL: this server instead of the place's host */
    bool write;                    /* it will be written to */
    bool dry_run;                  /* but for a dry run: what is written is dropped (image/dry.h) */
    const char *origin;            /* told with the named manifest (oci/origin.h), or NULL; must
                                      live as long as the endpoint */
    const char *const *mount_from; /* repositories of the same host that may hold blobs, or NULL */
} zreg__endpoint_options;

/** What a driver does; members of the other side are NULL in a driver that only reads or only writes. */
typedef struct zreg__endpoint_driver {
    const char *name;
    bool one_image; /* it holds one, and no index */
    bool local;     /* looking costs nothing, and a name proves nothing: look at each blob */
    zreg_status (*open)(zreg__endpoint **out, zreg__place *place,
                        const zreg__endpoint_options *options, zreg_error *err);
    zreg_status (*manifest_get)(zreg_manifest **out, zreg__endpoint *endpoint,
                                const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err);
    zreg_status (*manifest_head)(zreg_digest *out, zreg__endpoint *endpoint,
                                 const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err);
    /* NULL: it is asked by manifest_head. */
    zreg_status (*manifest_look)(bool *out_there, zreg__endpoint *endpoint,
                                 const zreg_manifest *manifest, zreg_cancel *cancel,
                                 zreg_error *err);
    zreg_status (*manifest_put)(zreg__endpoint *endpoint, const zreg_manifest *manifest, bool named,
                                zreg_cancel *cancel, zreg_error *err);
    /* A manifest of a type that we do not know. NULL: what is not read as a manifest is a blob. */
    zreg_status (*manifest_get_unknown)(zreg_manifest **out, zreg__endpoint *endpoint,
                                        const zreg_descriptor *manifest, zreg_cancel *cancel,
                                        zreg_error *err);
    zreg_status (*blob_open)(zreg__source **out, zreg__endpoint *endpoint,
                             const zreg_digest *digest, zreg_cancel *cancel, zreg_error *err);
    /* NULL: to open one costs nothing. */
    zreg_status (*blob_head)(zreg__endpoint *endpoint, const zreg_digest *digest,
                             zreg_cancel *cancel, zreg_error *err);
    /* From a byte on, of known size. NULL: it is opened, and what is before is dropped. */
    zreg_status (*blob_open_at)(zreg__source **out, zreg__endpoint *endpoint,
                                const zreg_descriptor *blob, uint64_t offset, zreg_cancel *cancel,
                                zreg_error *err);
    /* A part of one of known size, and no more. NULL: it gives none. */
    zreg_status (*blob_open_part)(zreg__source **out, zreg__endpoint *endpoint,
                                  const zreg_descriptor *blob, uint64_t offset, uint64_t length,
                                  zreg_cancel *cancel, zreg_error *err);
    zreg_status (*blob_create)(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                               zreg__endpoint *endpoint, const zreg_digest *digest,
                               uint64_t size_bytes, const zreg__endpoint *from, zreg_cancel *cancel,
                               zreg_error *err);
    /* What names `subject`, as the place lists it. NULL: it holds an image and nothing beside. */
    zreg_status (*referrers)(zreg_strings **out, zreg__endpoint *endpoint,
                             const zreg_digest *subject, zreg_cancel *cancel, zreg_error *err);
    /* Lists what was put and names `subject`. NULL: the place does so by itself. */
    zreg_status (*referrers_add)(zreg__endpoint *endpoint, const zreg_digest *subject,
                                 const zreg_manifest *const *manifests, size_t count,
                                 zreg_cancel *cancel, zreg_error *err);
    /* All is put. NULL: what was put is there. */
    zreg_status (*finish)(zreg__endpoint *endpoint, zreg_cancel *cancel, zreg_error *err);
    /* A blob is there, though it was not brought: others may mount it from there. NULL: nothing is
     * mounted. */
    void (*blob_known)(zreg__endpoint *endpoint, const zreg_digest *digest);
    /* Both are of this driver. NULL: never the same; nothing to tell. */
    bool (*same_repository)(const zreg__endpoint *a, const zreg__endpoint *b);
    zreg_status (*expect)(zreg__endpoint *endpoint, const zreg__endpoint *from, zreg_error *err);
    void (*free)(zreg__endpoint *endpoint);
} zreg__endpoint_driver;

/** What every driver's own struct begins with. */
struct zreg__endpoint {
    const zreg__endpoint_driver *driver;
    zreg__place *place;
    zreg__endpoint_options options; /* that it was opened with */
    zreg__overlay *overlay;         /* what it gives out beside what is there, or NULL */
};

/** Opens a place. Nothing is sent and nothing is made yet, so what is missing shows later. */
zreg_status zreg__endpoint_open(zreg__endpoint **out, const char *place,
                                const zreg__endpoint_options *options, zreg_error *err);

/** OK when the place can hold what belongs to an image. Errors: UNSUPPORTED. */
zreg_status zreg__endpoint_check_belongings(const zreg__endpoint *endpoint, zreg_error *err);

/** Opens what stands under another tag in the same repository or folder. Errors: UNSUPPORTED (an
 *  archive has no such thing), INVAL. */
zreg_status zreg__endpoint_beside(zreg__endpoint **out, const zreg__endpoint *endpoint,
                                  const char *tag, zreg_error *err);

/** The place as text for messages; lives as long as the endpoint. */
const char *zreg__endpoint_text(const zreg__endpoint *endpoint);

/** True when both are the same repository of the same host, or the same folder. */
bool zreg__endpoint_same_repository(const zreg__endpoint *a, const zreg__endpoint *b);

/** Tells a destination where its blobs will come from, so that the first token asked for covers
 *  mounts from there. Sends nothing. */
zreg_status zreg__endpoint_expect(zreg__endpoint *endpoint, const zreg__endpoint *from,
                                  zreg_error *err);

/** Fetches a manifest, verified: this one, or with a NULL digest the one that the place names. */
zreg_status zreg__endpoint_manifest_get(zreg_manifest **out, zreg__endpoint *endpoint,
                                        const zreg_digest *digest, zreg_cancel *cancel,
                                        zreg_error *err);

/** A manifest of a type that we do not know (zreg__manifest_opaque), unless its bytes are of one that
 *  we do. Errors: NOTFOUND (it is no manifest; it may be a blob). */
zreg_status zreg__endpoint_manifest_get_unknown(zreg_manifest **out, zreg__endpoint *endpoint,
                                                const zreg_descriptor *manifest,
                                                zreg_cancel *cancel, zreg_error *err);

/** The digest alone; NOTFOUND tells that it is not there. */
zreg_status zreg__endpoint_manifest_head(zreg_digest *out, zreg__endpoint *endpoint,
                                         const zreg_digest *digest, zreg_cancel *cancel,
                                         zreg_error *err);

/** Whether the place has a manifest; where that costs nothing, byte for byte. */
zreg_status zreg__endpoint_manifest_look(bool *out_there, zreg__endpoint *endpoint,
                                         const zreg_manifest *manifest, zreg_cancel *cancel,
                                         zreg_error *err);

/** Stores a manifest under its digest, and with `named` under the place's tag too. */
zreg_status zreg__endpoint_manifest_put(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                        bool named, zreg_cancel *cancel, zreg_error *err);

/** The digests of what names `subject`, as the place lists them: each is still to be looked at.
 *  Errors: UNSUPPORTED, LIMIT. */
zreg_status zreg__endpoint_referrers(zreg_strings **out, zreg__endpoint *endpoint,
                                     const zreg_digest *subject, zreg_cancel *cancel,
                                     zreg_error *err);

/** Sees to it that manifests which were put, and which name `subject`, are listed. Only after
 *  zreg__endpoint_referrers for that subject, which finds out who keeps the list. */
zreg_status zreg__endpoint_referrers_add(zreg__endpoint *endpoint, const zreg_digest *subject,
                                         const zreg_manifest *const *manifests, size_t count,
                                         zreg_cancel *cancel, zreg_error *err);

/** What the endpoint gives out beside what is there; made when it is first asked for. One thread. */
zreg_status zreg__endpoint_overlay(zreg__overlay **out, zreg__endpoint *endpoint, zreg_error *err);

/** Offers what the descriptors of a manifest carry within, for where the source does not serve it. */
zreg_status zreg__endpoint_offer(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                 zreg_error *err);

/** Whether a blob can be read there. Errors: NOTFOUND, and those of looking. */
zreg_status zreg__endpoint_blob_head(zreg__endpoint *endpoint, const zreg_digest *digest,
                                     zreg_cancel *cancel, zreg_error *err);

/** Opens a blob. Not every driver verifies what is read: a sink does. */
zreg_status zreg__endpoint_blob_open(zreg__source **out, zreg__endpoint *endpoint,
                                     const zreg_digest *digest, zreg_cancel *cancel,
                                     zreg_error *err);

/** The same from byte `offset` on, which is less than its size. */
zreg_status zreg__endpoint_blob_open_at(zreg__source **out, zreg__endpoint *endpoint,
                                        const zreg_descriptor *blob, uint64_t offset,
                                        zreg_cancel *cancel, zreg_error *err);

/** A part of a blob, and no more. Errors: UNSUPPORTED (the place gives only the whole). */
zreg_status zreg__endpoint_blob_open_part(zreg__source **out, zreg__endpoint *endpoint,
                                          const zreg_descriptor *blob, uint64_t offset,
                                          uint64_t length, zreg_cancel *cancel, zreg_error *err);

/**
 * Starts to store a blob. `*out` is set only when `*out_state` is WANTED. `digest` NULL: it is
 * computed. `size_bytes` may be UINT64_MAX for unknown. `from` (may be NULL) is an endpoint that
 * certainly holds the blob: it is mounted from there when that is the same host.
 */
zreg_status zreg__endpoint_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                       zreg__endpoint *endpoint, const zreg_digest *digest,
                                       uint64_t size_bytes, const zreg__endpoint *from,
                                       zreg_cancel *cancel, zreg_error *err);

/** Says that a destination has a blob that it was not asked for, because it has an image of which it is part. */
void zreg__endpoint_blob_known(zreg__endpoint *endpoint, const zreg_digest *digest);

/** Reads a whole blob, verified, into a buffer whose maximum is the limit. */
zreg_status zreg__endpoint_blob_bytes(zreg__buf *to, zreg__endpoint *endpoint,
                                      const zreg_descriptor *blob, zreg_cancel *cancel,
                                      zreg_error *err);

/** Stores a blob that is in memory, unless it is there; `out` (may be NULL) gets its digest. */
zreg_status zreg__endpoint_blob_put(zreg_digest *out, zreg__endpoint *endpoint, const void *bytes,
                                    size_t size, zreg_cancel *cancel, zreg_error *err);

/** Ends the writing, after the named manifest was put: an archive appears then, and not before. */
zreg_status zreg__endpoint_finish(zreg__endpoint *endpoint, zreg_cancel *cancel, zreg_error *err);

void zreg__endpoint_free(zreg__endpoint *endpoint);

ZREG__DEFINE_AUTO(zreg__endpoint, zreg__endpoint_free)

#endif
