/* SPDX-License-Identifier: Apache-2.0 */
/** Blobs as streams: pulled by a reader, pushed by a writer, verified on the way. */
#ifndef ZREG_BLOB_H
#define ZREG_BLOB_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/ref.h>

ZREG_BEGIN_DECLS

/** A blob being pulled. */
typedef struct zreg_blob_reader zreg_blob_reader;

/** A blob being pushed. */
typedef struct zreg_blob_writer zreg_blob_writer;

/** The size of a blob, by HEAD. The repository is that of `ref`. Errors: NOTFOUND, ... */
ZREG_API zreg_status zreg_blob_head(uint64_t *out_size_bytes, zreg_client *client,
                                    const zreg_ref *ref, const zreg_digest *digest,
                                    zreg_cancel *cancel, zreg_error *err);

/** Opens a blob of the repository of `ref` for reading. */
ZREG_API zreg_status zreg_blob_open(zreg_blob_reader **out, zreg_client *client,
                                    const zreg_ref *ref, const zreg_digest *digest,
                                    zreg_cancel *cancel, zreg_error *err);

/**
 * Opens `length` bytes of a blob from byte `offset` on (RFC 9110, 14.2); UINT64_MAX: up to its end.
 * Fewer come only where the blob ends. A registry that sends the whole all the same is read up to
 * the part's end, and what is before the part is dropped.
 *
 * A digest is that of the whole: the bytes of a part are not verified. Trust them no more than the
 * registry and the way to it, or open the whole.
 * Errors: INVAL (length 0, or the blob ends at or before `offset`), PROTO (another range came), and
 * those of zreg_blob_open.
 */
ZREG_API zreg_status zreg_blob_open_range(zreg_blob_reader **out, zreg_client *client,
                                          const zreg_ref *ref, const zreg_digest *digest,
                                          uint64_t offset, uint64_t length, zreg_cancel *cancel,
                                          zreg_error *err);

/**
 * Reads up to `capacity` bytes and blocks until there is at least one; `*out_size` is 0 only at
 * the end, and the end of a whole blob is reported only after the digest was found right. An error ends the
 * reader: each further read reports it again.
 * Errors: CORRUPT (digest or size do not match), NET, TIMEOUT, CANCELLED.
 */
ZREG_API zreg_status zreg_blob_read(size_t *out_size, zreg_blob_reader *reader, void *buffer,
                                    size_t capacity, zreg_error *err);

/** The size in bytes of the whole, or of the part that was opened, as far as the blob has it;
 *  UINT64_MAX when the registry did not tell. */
ZREG_API uint64_t zreg_blob_size(const zreg_blob_reader *reader);

/** Ends the transfer wherever it is and frees the reader. Accepts NULL. */
ZREG_API void zreg_blob_reader_free(zreg_blob_reader *reader);

/**
 * Starts to push a blob into the repository of `ref`.
 *
 * With `digest` and `size_bytes` (UINT64_MAX: unknown) the commit happens only if both turn out
 * right. Without a digest (NULL) it is computed.
 */
ZREG_API zreg_status zreg_blob_create(zreg_blob_writer **out, zreg_client *client,
                                      const zreg_ref *ref, const zreg_digest *digest,
                                      uint64_t size_bytes, zreg_cancel *cancel, zreg_error *err);

/** Sends `size` bytes; blocks until they are taken. After an error only _free is allowed. */
ZREG_API zreg_status zreg_blob_write(zreg_blob_writer *writer, const void *bytes, size_t size,
                                     zreg_error *err);

/** Finishes the push; `out` (may be NULL) gets the digest. Errors: CORRUPT, NET, ... */
ZREG_API zreg_status zreg_blob_commit(zreg_digest *out, zreg_blob_writer *writer, zreg_error *err);

/** Frees the writer. What was not committed is abandoned and its session deleted. */
ZREG_API void zreg_blob_writer_free(zreg_blob_writer *writer);

/**
 * Makes a blob of repository `from` appear in the repository of `ref` on the same host.
 * `*out_mounted` is 0 when the registry would want an upload instead; that is no error.
 */
ZREG_API zreg_status zreg_blob_mount(int *out_mounted, zreg_client *client, const zreg_ref *ref,
                                     const zreg_digest *digest, const char *from,
                                     zreg_cancel *cancel, zreg_error *err);

/** Deletes a blob from the repository of `ref`. Errors: NOTFOUND, DENIED, UNSUPPORTED, ... */
ZREG_API zreg_status zreg_blob_delete(zreg_client *client, const zreg_ref *ref,
                                      const zreg_digest *digest, zreg_cancel *cancel,
                                      zreg_error *err);

ZREG_END_DECLS

#endif
