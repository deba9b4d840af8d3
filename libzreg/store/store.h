/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where a registry keeps its content: one interface, a table of drivers (fs).
 *
 * Invariants: content is stored once by digest; a repository sees only the blobs that are members
 * of it; nothing is visible before it is whole; a tag is one digest. Names are checked by grammar
 * here again, so no caller can reach outside the root. All calls are safe from many threads; one
 * upload object is used by one thread at a time. Calls may block on disk.
 * Errors everywhere: NOTFOUND, INVAL (a name), IO, NOMEM.
 */
#ifndef ZREG_STORE_STORE_H
#define ZREG_STORE_STORE_H

#include "base/compiler.h"
#include "base/log.h"
#include <stdbool.h>
#include <zreg/client.h>
#include <zreg/digest.h>
#include <zreg/manifest.h>
#include <zreg/server.h>

typedef struct zreg__store zreg__store;
typedef struct zreg__store_blob zreg__store_blob;
typedef struct zreg__store_upload zreg__store_upload;

/** Opens, and makes if missing, the store at `root`. `durability` must not be DEFAULT. */
zreg_status zreg__store_open(zreg__store **out, const char *root, zreg_durability durability,
                             const zreg__log *log, zreg_error *err);
void zreg__store_close(zreg__store *store);

/** Whether pushes and deletes wait for the disk. */
bool zreg__store_syncs(const zreg__store *store);

/* Blobs. `digest_text` style: checked zreg_digest values only. */
zreg_status zreg__store_blob_stat(uint64_t *out_size_bytes, zreg__store *store,
                                  const char *repository, const zreg_digest *digest,
                                  zreg_error *err);
zreg_status zreg__store_blob_open(zreg__store_blob **out, zreg__store *store,
                                  const char *repository, const zreg_digest *digest,
                                  zreg_error *err);
uint64_t zreg__store_blob_size(const zreg__store_blob *blob);
zreg_status zreg__store_blob_read(size_t *out_size, zreg__store_blob *blob, uint64_t offset,
                                  void *buffer, size_t capacity, zreg_error *err);
/** A descriptor to send the blob's bytes from, or -1; valid until the blob is freed. */
int zreg__store_blob_descriptor(const zreg__store_blob *blob);
void zreg__store_blob_free(zreg__store_blob *blob);

/** Makes a blob of repository `from` a member of `repository` too. */
zreg_status zreg__store_blob_mount(zreg__store *store, const char *repository, const char *from,
                                   const zreg_digest *digest, zreg_error *err);
zreg_status zreg__store_blob_delete(zreg__store *store, const char *repository,
                                    const zreg_digest *digest, zreg_error *err);

/* Uploads. An upload that is freed without commit or abort stays, and can be opened again.
 * CONFLICT: it is open already. */
zreg_status zreg__store_upload_new(zreg__store_upload **out, zreg__store *store,
                                   const char *repository, zreg_error *err);
zreg_status zreg__store_upload_open(zreg__store_upload **out, zreg__store *store,
                                    const char *repository, const char *id, zreg_error *err);
const char *zreg__store_upload_id(const zreg__store_upload *upload);
uint64_t zreg__store_upload_size(const zreg__store_upload *upload); /* bytes received */
zreg_status zreg__store_upload_append(zreg__store_upload *upload, const void *bytes, size_t size,
                                      zreg_error *err);
/** Verifies (CORRUPT: nothing is stored and the upload stays) and makes the blob a member. */
zreg_status zreg__store_upload_commit(zreg__store_upload *upload, const zreg_digest *digest,
                                      zreg_error *err);
/** The digest of what was received, computed while it came. */
zreg_status zreg__store_upload_digest(zreg_digest *out, zreg__store_upload *upload,
                                      zreg_error *err);
/** Makes what was received so far outlast the process. Freeing does it too, silently. */
zreg_status zreg__store_upload_save(zreg__store_upload *upload, zreg_error *err);
zreg_status zreg__store_upload_abort(zreg__store_upload *upload, zreg_error *err);
void zreg__store_upload_free(zreg__store_upload *upload);

/* Manifests. `reference` is a tag or a digest's text. */
zreg_status zreg__store_manifest_get(zreg_manifest **out, zreg__store *store,
                                     const char *repository, const char *reference,
                                     zreg_error *err);
/** Stores the bytes under the manifest's digest and, when `tag` is not NULL, sets the tag.
 *  Errors: NOTFOUND with registry_code MANIFEST_BLOB_UNKNOWN when it refers to what is not there. */
zreg_status zreg__store_manifest_put(zreg__store *store, const char *repository, const char *tag,
                                     const zreg_manifest *manifest, zreg_error *err);
/** Gives a manifest of the repository one more tag. */
zreg_status zreg__store_tag_set(zreg__store *store, const char *repository, const char *tag,
                                const zreg_digest *digest, zreg_error *err);
/** Deletes a manifest by digest and all tags on it. */
zreg_status zreg__store_manifest_delete(zreg__store *store, const char *repository,
                                        const zreg_digest *digest, zreg_error *err);
zreg_status zreg__store_tag_delete(zreg__store *store, const char *repository, const char *tag,
                                   zreg_error *err);

/** Up to `maximum` tags in byte order after `after` (NULL: from the start); `*out_more` tells
 *  whether there are more. NOTFOUND: no such repository. */
zreg_status zreg__store_tags(zreg_strings **out, bool *out_more, zreg__store *store,
                             const char *repository, const char *after, size_t maximum,
                             zreg_error *err);

/** The digests of the manifests that name `subject`, in byte order. No such repository or no
 *  referrer: an empty list. */
zreg_status zreg__store_referrers(zreg_strings **out, bool *out_more, zreg__store *store,
                                  const char *repository, const zreg_digest *subject,
                                  const char *after, size_t maximum, zreg_error *err);

/** The same for the names of all repositories. */
zreg_status zreg__store_repositories(zreg_strings **out, bool *out_more, zreg__store *store,
                                     const char *after, size_t maximum, zreg_error *err);

ZREG__DEFINE_AUTO(zreg__store, zreg__store_close)
ZREG__DEFINE_AUTO(zreg__store_blob, zreg__store_blob_free)
ZREG__DEFINE_AUTO(zreg__store_upload, zreg__store_upload_free)

#endif
