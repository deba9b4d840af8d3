/* SPDX-License-Identifier: Apache-2.0 */
/** What the image and gate layers need of the client beyond the public API. */
#ifndef ZREG_REGISTRY_CLIENT_H
#define ZREG_REGISTRY_CLIENT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/log.h"
#include "registry/homes.h"
#include <stdbool.h>
#include <zreg/blob.h>
#include <zreg/client.h>

/** Errors: INVAL (this is a forked child of the client's process). Whatever takes a client and may get
 *  along without it asks this first. */
zreg_status zreg__client_check(const zreg_client *client, zreg_error *err);

/**
 * Says which rights on a repository will be needed ("pull" or "pull,push"), so that the first
 * token asked for covers them all. `from` (may be NULL) is a further repository to pull from, for
 * mounts. Sends nothing.
 */
zreg_status zreg__client_expect(zreg_client *client, const zreg_ref *ref, const char *actions,
                                const char *from, zreg_error *err);

/** Says that a repository is written to, so that what is read of it comes from the registry itself and from no
 *  mirror, which may be late. Sends nothing. Errors: INVAL, NOMEM. */
zreg_status zreg__client_writes(zreg_client *client, const zreg_ref *ref, zreg_error *err);

/**
 * Mounts a blob, or starts to push it, with one POST: `*out` is NULL when it was mounted. `from`
 * NULL: no mount is tried.
 */
zreg_status zreg__blob_mount_or_create(zreg_blob_writer **out, zreg_client *client,
                                       const zreg_ref *ref, const zreg_digest *digest,
                                       uint64_t size_bytes, const char *from, zreg_cancel *cancel,
                                       zreg_error *err);

/** False when it is known already that the host of `ref` mounts nothing. Sends nothing. */
bool zreg__client_mounts(zreg_client *client, const zreg_ref *ref);

/** Whether the host of `ref` was pushed to already, so that it is known what it asks for then. */
bool zreg__client_has_pushed(zreg_client *client, const zreg_ref *ref);

/** A first push was answered. */
void zreg__client_learn_pushed(zreg_client *client, const zreg_ref *ref);

/** Where the client's log lines go; lives as long as the client. */
const zreg__log *zreg__client_log(const zreg_client *client);

/**
 * Says that whoever writes verifies size and digest itself before it gives the last byte, and can give
 * any byte again: the writer neither hashes nor keeps them. Before the first write; without a digest it
 * changes nothing.
 */
void zreg__blob_writer_feed(zreg_blob_writer *writer);

/**
 * After a write or commit of a writer that is fed failed with `failed`: OK when it is to be written again from byte
 * `*out_offset` on, or when the blob turns out to be stored. Waits as long as is fit. Errors: the
 * failure, if it is final; CANCELLED.
 */
zreg_status zreg__blob_writer_recover(uint64_t *out_offset, bool *out_stored,
                                      zreg_blob_writer *writer, const zreg_error *failed,
                                      zreg_error *err);

/**
 * Opens a blob of known size from byte `offset` on. Nothing is verified but the size: the caller does
 * that. Errors: CORRUPT (it has another size), and those of zreg_blob_open.
 */
zreg_status zreg__blob_open_at(zreg_blob_reader **out, zreg_client *client, const zreg_ref *ref,
                               const zreg_descriptor *blob, uint64_t offset, zreg_cancel *cancel,
                               zreg_error *err);

/**
 * The same of `length` bytes alone, beside another stream: one try is made, and what the registry says
 * to it holds up nobody. Errors: UNSUPPORTED (the whole came, and the part ends before it does).
 */
zreg_status zreg__blob_open_part(zreg_blob_reader **out, zreg_client *client, const zreg_ref *ref,
                                 const zreg_descriptor *blob, uint64_t offset, uint64_t length,
                                 zreg_cancel *cancel, zreg_error *err);

/** Says that what a reader gave is not the blob, or that this was found. True: a mirror sent some of it, which is left
 *  alone from now on; the blob, opened once more, comes from elsewhere. */
bool zreg__blob_reader_doubt(zreg_blob_reader *reader);

/** Counts a try of `what` that failed, `*count` of them so far, and waits before the next. Errors:
 *  `failed` (there are no more tries), CANCELLED. */
zreg_status zreg__client_again(unsigned *count, zreg_client *client, const char *what,
                               const zreg_error *failed, zreg_cancel *cancel, zreg_error *err);

/** What this session knows of where blobs are; lives as long as the client. */
zreg__homes *zreg__client_homes(const zreg_client *client);

/** zreg_client_manifest_get, and the answer's Last-Modified in seconds since 1970; 0: none. */
zreg_status zreg__client_manifest_get_dated(zreg_manifest **out, int64_t *out_modified_s,
                                            zreg_client *client, const zreg_ref *ref,
                                            zreg_cancel *cancel, zreg_error *err);

/** The bytes of a manifest whose type is that of a descriptor, whatever it is; of its digest, and not
 *  looked into. `*out_is_blob`: no manifest came, but there is a blob of that digest. Errors: NOTFOUND,
 *  LIMIT, those of requests. */
zreg_status zreg__client_manifest_get_unknown(zreg__buf *to, bool *out_is_blob, zreg_client *client,
                                              const zreg_ref *ref, const zreg_descriptor *manifest,
                                              zreg_cancel *cancel, zreg_error *err);

/** zreg_client_manifest_put, telling where the image came from (oci/origin.h); `origin` may be NULL. Blobs
 *  that the registry says it lacks are added to `missing`, which may be NULL. */
zreg_status zreg__client_manifest_put_from(zreg_client *client, const zreg_ref *ref,
                                           const zreg_manifest *manifest, const char *origin,
                                           zreg_strings *missing, zreg_cancel *cancel,
                                           zreg_error *err);

/** Deletes a tag by the registry's own protocol. */
zreg_status zreg__client_manifest_untag(zreg_client *client, const zreg_ref *ref,
                                        zreg_cancel *cancel, zreg_error *err);

/** Whether a host counts how often a manifest is fetched, and not how often it is looked at. */
bool zreg__client_counts_pulls(const char *host);

/** True when both hosts are the same to this client ("docker.io", "index.docker.io"). */
bool zreg__client_same_host(const char *a, const char *b);

ZREG__DEFINE_AUTO(zreg_client, zreg_client_free)
ZREG__DEFINE_AUTO(zreg_blob_reader, zreg_blob_reader_free)
ZREG__DEFINE_AUTO(zreg_blob_writer, zreg_blob_writer_free)

#endif
