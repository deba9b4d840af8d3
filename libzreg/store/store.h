/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where a registry keeps its content: one interface, a table of drivers (fs).
 *
 * Invariants: content is stored once by digest; a repository sees only the blobs that are members
 * of it; nothing is visible before it is whole; a tag is one digest. Names are checked by grammar
 * here again, so no caller can reach outside the root. All calls are safe from many threads; one
 * upload object is used by one thread at a time.
 *
 * The type says who may wait: what takes a `const zreg__store *`, or no store, is done at once (few
 * system calls on small files, or on one open file), and so may be called on an event thread, which has
 * no other pointer. What takes a `zreg__store *` may wait for the disk, or go through folders.
 * Errors everywhere: NOTFOUND, INVAL (a name), IO, NOMEM.
 */
#ifndef ZREG_STORE_STORE_H
#define ZREG_STORE_STORE_H

#include "base/compiler.h"
#include "base/log.h"
#include "base/pool.h"
#include <stdbool.h>
#include <zreg/client.h>
#include <zreg/digest.h>
#include <zreg/manifest.h>
#include <zreg/server.h>

typedef struct zreg__store zreg__store;
typedef struct zreg__store_blob zreg__store_blob;
typedef struct zreg__store_upload zreg__store_upload;

/** Says whether a tag stays as it is once it is set; `tag` NULL: whether some of the repository may.
 *  Called from any thread, several at once. */
typedef bool zreg__store_keeps(const char *repository, const char *tag, void *user);

typedef struct zreg__store_options {
    const char *root;
    zreg_durability durability; /* not DEFAULT */
    bool is_sparse;             /* manifests may refer to what is not there */
    zreg__log log;
    zreg__store_keeps *keeps; /* such tags are neither moved nor deleted, nor what they stand for:
                               * DENIED; NULL: no tag stays */
    void *keeps_user;
} zreg__store_options;

/** Opens, and makes if missing, the store at its root. */
zreg_status zreg__store_open(zreg__store **out, const zreg__store_options *options,
                             zreg_error *err);
void zreg__store_close(zreg__store *store);

/** All of the store, for one who may wait. */
zreg__store *zreg__store_for_worker(const zreg__store *store, const zreg__worker *on);

/* What is small enough to be handed out of memory. */
#define ZREG__STORE_SMALL_BYTES ((size_t)16384)

/* Blobs. `digest_text` style: checked zreg_digest values only. */
zreg_status zreg__store_blob_stat(uint64_t *out_size_bytes, const zreg__store *store,
                                  const char *repository, const zreg_digest *digest,
                                  zreg_error *err);
zreg_status zreg__store_blob_open(zreg__store_blob **out, const zreg__store *store,
                                  const char *repository, const zreg_digest *digest,
                                  zreg_error *err);
uint64_t zreg__store_blob_size(const zreg__store_blob *blob);
zreg_status zreg__store_blob_read(size_t *out_size, zreg__store_blob *blob, uint64_t offset,
                                  void *buffer, size_t capacity, zreg_error *err);
/** A descriptor to send the blob's bytes from, or -1; valid until the blob is freed. */
int zreg__store_blob_descriptor(const zreg__store_blob *blob);
void zreg__store_blob_free(zreg__store_blob *blob);

/** Bytes in a file that has no name: what a slow reader is to get need not wait in memory. */
zreg_status zreg__store_blob_aside(zreg__store_blob **out, zreg__store *store, const void *bytes,
                                   size_t size, zreg_error *err);

/** Looks for a repository that holds a blob, among those that `may` allows: into `repository`, of
 *  ZREG__MAX_REPOSITORY + 1 bytes. At most `most` repositories are looked at. */
zreg_status zreg__store_blob_find(char *repository, zreg__store *store, const zreg_digest *digest,
                                  bool (*may)(const char *repository, void *user), void *user,
                                  size_t most, zreg_error *err);

/** Makes a blob of repository `from` a member of `repository` too. */
zreg_status zreg__store_blob_mount(zreg__store *store, const char *repository, const char *from,
                                   const zreg_digest *digest, zreg_error *err);
zreg_status zreg__store_blob_delete(zreg__store *store, const char *repository,
                                    const zreg_digest *digest, zreg_error *err);

/* Uploads. An upload that is freed without commit or abort stays, and can be opened again.
 * CONFLICT: it is open already. */
zreg_status zreg__store_upload_new(zreg__store_upload **out, const zreg__store *store,
                                   const char *repository, zreg_error *err);
zreg_status zreg__store_upload_open(zreg__store_upload **out, const zreg__store *store,
                                    const char *repository, const char *id, zreg_error *err);
const char *zreg__store_upload_id(const zreg__store_upload *upload);
uint64_t zreg__store_upload_size(const zreg__store_upload *upload); /* bytes received */
/** Whether it was committed or aborted, or ends with this object. */
bool zreg__store_upload_is_over(const zreg__store_upload *upload);
zreg_status zreg__store_upload_append(zreg__store_upload *upload, const void *bytes, size_t size,
                                      zreg_error *err);
/** The last request to this upload begins: unless it ends with a commit, the upload stays as it was
 *  before, so that the request can be sent again, or, if nobody knows it yet, vanishes. */
void zreg__store_upload_begin_last(zreg__store_upload *upload);
/** Verifies (CORRUPT: nothing is stored) and makes the blob a member. */
zreg_status zreg__store_upload_commit(zreg__store *store, zreg__store_upload *upload,
                                      const zreg_digest *digest, zreg_error *err);
/** The same where it needs no waiting, that is, for a small blob under the digest that was made as it
 *  came, when nothing is synced; else `*out_done` is false. */
zreg_status zreg__store_upload_commit_at_once(bool *out_done, zreg__store_upload *upload,
                                              const zreg_digest *digest, zreg_error *err);
/** The digest of what was received, computed while it came. */
zreg_status zreg__store_upload_digest(zreg_digest *out, zreg__store_upload *upload,
                                      zreg_error *err);
/** Makes what was received so far outlast the process. Freeing does it too, silently. */
zreg_status zreg__store_upload_save(zreg__store_upload *upload, zreg_error *err);
zreg_status zreg__store_upload_abort(zreg__store *store, zreg__store_upload *upload,
                                     zreg_error *err);
/** Whether freeing throws away much, and so takes its time. */
bool zreg__store_upload_drops_much(const zreg__store_upload *upload);
void zreg__store_upload_free(zreg__store_upload *upload);

/* Manifests. `reference` is a tag or a digest's text. */
zreg_status zreg__store_manifest_get(zreg_manifest **out, zreg__store *store,
                                     const char *repository, const char *reference,
                                     zreg_error *err);
/** The same as bytes, of a large one that nobody needs parsed: its file, whose digest was verified.
 *  `media_type` has room for ZREG__MAX_MEDIA_TYPE and NUL. */
zreg_status zreg__store_manifest_open(zreg__store_blob **out, zreg_digest *out_digest,
                                      char *media_type, zreg__store *store, const char *repository,
                                      const char *reference, zreg_error *err);
/** zreg__store_manifest_get on an event thread: `*out` is NULL for one of more than ZREG__STORE_SMALL_BYTES. */
zreg_status zreg__store_manifest_get_small(zreg_manifest **out, const zreg__store *store,
                                           const char *repository, const char *reference,
                                           zreg_error *err);
/** Stores the bytes under the manifest's digest and, when `tag` is not NULL, sets the tag. `*out_stored`
 *  (it may be NULL) tells whether the manifest is there, on an error too: that may be one of the tag.
 *  Errors: NOTFOUND with registry_code MANIFEST_BLOB_UNKNOWN when it refers to what is not there. */
zreg_status zreg__store_manifest_put(bool *out_stored, zreg__store *store, const char *repository,
                                     const char *tag, const zreg_manifest *manifest,
                                     zreg_error *err);
/** Whether a tag may be set to `digest`, or deleted (NULL). Errors: DENIED. */
zreg_status zreg__store_tag_check(zreg__store *store, const char *repository, const char *tag,
                                  const zreg_digest *digest, zreg_error *err);

/** What it refers to that is not there: digests, at most `maximum`. */
zreg_status zreg__store_manifest_missing(zreg_strings **out, zreg__store *store,
                                         const char *repository, const zreg_manifest *manifest,
                                         size_t maximum, zreg_error *err);
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

/** The same for the names of those repositories that `shows` says yes to. */
zreg_status zreg__store_repositories(zreg_strings **out, bool *out_more, zreg__store *store,
                                     const char *after, size_t maximum,
                                     bool (*shows)(const char *repository, const void *user),
                                     const void *user, zreg_error *err);

ZREG__DEFINE_AUTO(zreg__store, zreg__store_close)
ZREG__DEFINE_AUTO(zreg__store_blob, zreg__store_blob_free)
ZREG__DEFINE_AUTO(zreg__store_upload, zreg__store_upload_free)

#endif
