/* SPDX-License-Identifier: Apache-2.0 */
#include "store/inside.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include <stdio.h>

struct zreg__store_blob {
    const zreg__store_driver *driver;
    zreg__store_driver_file *file;
    uint64_t size;
};

/* In the place of what the driver said. */
static zreg_status unknown(const zreg_digest *digest, const char *repository, zreg_error *err)
{
    zreg__error_clear(err);
    return zreg__fail(err, ZREG_NOTFOUND, "%s holds no blob %s", repository, digest->text);
}

/* The size that the blob had when it became a member. */
static zreg_status member_size(uint64_t *out, const zreg__store *store, const char *repository,
                               const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(32);
    ZREG__TRY(zreg__keys_member(&key, repository, digest, err));
    zreg_status status = store->driver->get(&text, store->self, key.text, err);
    if (status == ZREG_NOTFOUND) {
        return unknown(digest, repository, err);
    }
    if (status != ZREG_OK || !zreg__span_u64((zreg__span){zreg__buf_cstr(&text), text.size}, out)) {
        return zreg__store_unread(err, status, "the record %s", key.text);
    }
    return ZREG_OK;
}

/* A blob whose size is not the one it had is treated as absent, so that a push repairs it. */
static zreg_status damaged(const zreg__store *store, const char *repository,
                           const zreg_digest *digest, zreg_error *err)
{
    zreg__log_line(&store->log, ZREG_LOG_ERROR, "blob %s has lost its content; push it again",
                   digest->text);
    return unknown(digest, repository, err);
}

zreg_status zreg__store_blob_stat(uint64_t *out_size_bytes, const zreg__store *store,
                                  const char *repository, const zreg_digest *digest,
                                  zreg_error *err)
{
    uint64_t wanted, found;
    zreg__key key;
    ZREG__TRY(member_size(&wanted, store, repository, digest, err));
    zreg__keys_blob(&key, digest);
    zreg_status status = store->driver->stat(&found, store->self, key.text, err);
    if (status == ZREG_NOTFOUND || (status == ZREG_OK && found != wanted)) {
        return damaged(store, repository, digest, err);
    }
    if (status != ZREG_OK) {
        return zreg__store_unread(err, status, "blob %s", digest->text);
    }
    *out_size_bytes = found;
    return ZREG_OK;
}

zreg_status zreg__store_blob_open_content(zreg__store_blob **out, const zreg__store *store,
                                          const zreg_digest *digest, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = zreg__new(zreg__store_blob);
    if (blob == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__keys_blob(&key, digest);
    blob->driver = store->driver;
    ZREG__TRY(store->driver->file_read_open(&blob->file, store->self, key.text, err));
    blob->size = store->driver->file_size(blob->file);
    *out = zreg__steal(&blob);
    return ZREG_OK;
}

zreg_status zreg__store_blob_open(zreg__store_blob **out, const zreg__store *store,
                                  const char *repository, const zreg_digest *digest,
                                  zreg_error *err)
{
    uint64_t wanted;
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = NULL;
    ZREG__TRY(member_size(&wanted, store, repository, digest, err));
    zreg_status status = zreg__store_blob_open_content(&blob, store, digest, err);
    if (status == ZREG_NOTFOUND || (status == ZREG_OK && blob->size != wanted)) {
        return damaged(store, repository, digest, err);
    }
    if (status != ZREG_OK) {
        return zreg__store_unread(err, status, "blob %s", digest->text);
    }
    *out = zreg__steal(&blob);
    return ZREG_OK;
}

zreg_status zreg__store_blob_aside(zreg__store_blob **out, zreg__store *store, const void *bytes,
                                   size_t size, zreg_error *err)
{
    ZREG__AUTO(zreg__store_blob) zreg__store_blob *blob = zreg__new(zreg__store_blob);
    if (blob == NULL) {
        return zreg__fail_nomem(err);
    }
    blob->driver = store->driver;
    blob->size = size;
    ZREG__TRY(store->driver->file_unnamed(&blob->file, store->self, err));
    ZREG__TRY(store->driver->file_write(blob->file, 0, bytes, size, err));
    *out = zreg__steal(&blob);
    return ZREG_OK;
}

uint64_t zreg__store_blob_size(const zreg__store_blob *blob)
{
    return blob->size;
}

int zreg__store_blob_descriptor(const zreg__store_blob *blob)
{
    return blob->driver->file_descriptor(blob->file);
}

zreg_status zreg__store_blob_read(size_t *out_size, zreg__store_blob *blob, uint64_t offset,
                                  void *buffer, size_t capacity, zreg_error *err)
{
    return blob->driver->file_read(out_size, blob->file, offset, buffer, capacity, err);
}

void zreg__store_blob_free(zreg__store_blob *blob)
{
    if (blob == NULL) {
        return;
    }
    if (blob->file != NULL) {
        blob->driver->file_close(blob->file);
    }
    free(blob);
}

zreg_status zreg__store_blob_join(const zreg__store *store, const char *repository,
                                  const zreg_digest *digest, uint64_t size_bytes, zreg_error *err)
{
    zreg__key key;
    char text[32];
    ZREG__TRY(zreg__keys_member(&key, repository, digest, err));
    int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)size_bytes);
    return store->driver->put(store->self, key.text, text, (size_t)size,
                              zreg__store_syncs_blobs(store), err);
}

zreg_status zreg__store_blob_mount(zreg__store *store, const char *repository, const char *from,
                                   const zreg_digest *digest, zreg_error *err)
{
    uint64_t size;
    ZREG__TRY(zreg__store_blob_stat(&size, store, from, digest, err));
    return zreg__store_blob_join(store, repository, digest, size, err);
}
