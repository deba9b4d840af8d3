/* SPDX-License-Identifier: Apache-2.0 */
/* An upload is a file that grows, and the state of its hash, saved so that neither a dropped
 * connection nor a restart makes anyone hash or send it again. */
#include "store/inside.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include <string.h>

#define SAVE_EVERY_BYTES (64 * ZREG__MIB)
#define AT_ONCE_BYTES (4 * ZREG__MIB)

/* What the state file holds. */
typedef struct saved_state {
    char magic[16];
    char repository[ZREG__MAX_REPOSITORY + 1];
    zreg__hash hash;
} saved_state;

static const char magic[16] = "zreg upload v1\n";

struct zreg__store_upload {
    const zreg__store *store;
    zreg__store_driver_file *file;
    char id[33];
    saved_state state;
    uint64_t saved_bytes; /* how far the state on disk reaches */
    bool is_saved;        /* a state is on disk */
    bool is_last;         /* what comes counts when it is committed, and else not at all */
    bool is_gone;         /* committed or aborted */
};

static zreg_status save(zreg__store_upload *upload, zreg_error *err)
{
    zreg__key key;
    const zreg__store *store = upload->store;
    ZREG__TRY(zreg__keys_upload(&key, upload->id, "state", err));
    ZREG__TRY(store->driver->put(store->self, key.text, &upload->state, sizeof(upload->state),
                                 false, err));
    upload->saved_bytes = upload->state.hash.bytes;
    upload->is_saved = true;
    return ZREG_OK;
}

zreg_status zreg__store_upload_save(zreg__store_upload *upload, zreg_error *err)
{
    if (upload->is_gone || upload->is_last ||
        (upload->is_saved && upload->saved_bytes == upload->state.hash.bytes)) {
        return ZREG_OK;
    }
    return save(upload, err);
}

zreg_status zreg__store_upload_new(zreg__store_upload **out, const zreg__store *store,
                                   const char *repository, zreg_error *err)
{
    ZREG__TRY(zreg__keys_check_repository(repository, err));
    ZREG__AUTO_FREE zreg__store_upload *upload = zreg__new(zreg__store_upload);
    if (upload == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__key key;
    upload->store = store;
    memcpy(upload->state.magic, magic, sizeof(magic));
    zreg__str_copy(upload->state.repository, sizeof(upload->state.repository), repository);
    zreg__hash_init(&upload->state.hash, ZREG__SHA256);
    ZREG__TRY(zreg__random_hex(upload->id, 16, err));
    ZREG__TRY(zreg__keys_upload(&key, upload->id, "data", err));
    ZREG__TRY(store->driver->file_write_open(&upload->file, store->self, key.text, true, err));
    atomic_fetch_add(&store->whole->uploads, 1);
    *out = zreg__steal(&upload);
    return ZREG_OK;
}

/* In the place of what the driver said. */
static zreg_status unknown(zreg_error *err)
{
    zreg__error_clear(err);
    return zreg__fail(err, ZREG_NOTFOUND, "no such upload");
}

/* A state that is not one, or is another repository's, is none. */
static zreg_status load(saved_state *out, const zreg__store *store, const char *repository,
                        const char *id, zreg_error *err)
{
    zreg__key key;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(sizeof(saved_state));
    ZREG__TRY(zreg__keys_upload(&key, id, "state", err));
    zreg_status status = store->driver->get(&bytes, store->self, key.text, err);
    if (status != ZREG_OK && status != ZREG_LIMIT && status != ZREG_NOTFOUND) {
        return status;
    }
    if (status == ZREG_OK && bytes.size == sizeof(*out)) {
        memcpy(out, bytes.data, sizeof(*out));
    }
    if (status != ZREG_OK || bytes.size != sizeof(*out) ||
        memcmp(out->magic, magic, sizeof(magic)) != 0 ||
        memchr(out->repository, '\0', sizeof(out->repository)) == NULL ||
        !zreg__str_equal(out->repository, repository)) {
        return unknown(err);
    }
    return ZREG_OK;
}

/* Bytes past the state do not count: they are of a request that a crash, or its own failure, has undone.
 * The next ones are written over them, and what is left is cut off at the end. */
static zreg_status match_file(const zreg__store_upload *upload, zreg_error *err)
{
    return upload->store->driver->file_size(upload->file) < upload->state.hash.bytes
               ? zreg__fail(err, ZREG_NOTFOUND, "the upload has lost bytes; start it again")
               : ZREG_OK;
}

zreg_status zreg__store_upload_open(zreg__store_upload **out, const zreg__store *store,
                                    const char *repository, const char *id, zreg_error *err)
{
    zreg__key key;
    ZREG__TRY(zreg__keys_upload(&key, id, "data", err));
    ZREG__AUTO(zreg__store_upload) zreg__store_upload *upload = zreg__new(zreg__store_upload);
    if (upload == NULL) {
        return zreg__fail_nomem(err);
    }
    upload->store = store;
    upload->is_gone = true; /* until it is open, freeing must save nothing */
    zreg_status status =
        store->driver->file_write_open(&upload->file, store->self, key.text, false, err);
    if (status != ZREG_OK) {
        return status == ZREG_NOTFOUND ? unknown(err) : status;
    }
    ZREG__TRY(load(&upload->state, store, repository, id, err));
    ZREG__TRY(match_file(upload, err));
    zreg__str_copy(upload->id, sizeof(upload->id), id);
    upload->saved_bytes = upload->state.hash.bytes;
    upload->is_saved = true;
    upload->is_gone = false;
    *out = zreg__steal(&upload);
    return ZREG_OK;
}

const char *zreg__store_upload_id(const zreg__store_upload *upload)
{
    return upload->id;
}

uint64_t zreg__store_upload_size(const zreg__store_upload *upload)
{
    return upload->state.hash.bytes;
}

void zreg__store_upload_begin_last(zreg__store_upload *upload)
{
    upload->is_last = true;
}

zreg_status zreg__store_upload_append(zreg__store_upload *upload, const void *bytes, size_t size,
                                      zreg_error *err)
{
    uint64_t before = upload->state.hash.bytes;
    if (size > ZREG__MAX_BLOB_BYTES - before) {
        return zreg__fail(err, ZREG_LIMIT, "a blob of more than 32 TiB");
    }
    ZREG__TRY(upload->store->driver->file_write(upload->file, before, bytes, size, err));
    zreg__hash_update(&upload->state.hash, bytes, size);
    bool saves = !upload->is_last && before + size - upload->saved_bytes >= SAVE_EVERY_BYTES;
    return saves ? save(upload, err) : ZREG_OK;
}

zreg_status zreg__store_upload_digest(zreg_digest *out, zreg__store_upload *upload, zreg_error *err)
{
    (void)err;
    zreg__hash_digest(&upload->state.hash, out->text);
    return ZREG_OK;
}

/* What was received, by an algorithm other than the one that ran along. */
static zreg_status hash_again(zreg_digest *out, zreg__store_upload *upload, zreg__hash_kind kind,
                              zreg_error *err)
{
    const zreg__store_driver *driver = upload->store->driver;
    ZREG__AUTO_FREE char *block = zreg__calloc(1, ZREG__STREAM_BYTES);
    if (block == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__hash hash;
    zreg__hash_init(&hash, kind);
    while (hash.bytes < upload->state.hash.bytes) {
        size_t got;
        ZREG__TRY(
            driver->file_read(&got, upload->file, hash.bytes, block, ZREG__STREAM_BYTES, err));
        if (got == 0) {
            return zreg__fail(err, ZREG_IO, "the upload has lost bytes");
        }
        zreg__hash_update(&hash, block, got);
    }
    zreg__hash_digest(&hash, out->text);
    return ZREG_OK;
}

static zreg_status verify(zreg__store_upload *upload, const zreg_digest *digest, zreg_error *err)
{
    zreg__hash_kind kind = ZREG__SHA256;
    zreg_digest found;
    if (zreg__hash_kind_of(&kind, digest->text) && kind != ZREG__SHA256) {
        ZREG__TRY(hash_again(&found, upload, kind, err));
    } else {
        ZREG__TRY(zreg__store_upload_digest(&found, upload, err));
    }
    if (!zreg_digest_equal(&found, digest)) {
        return zreg__fail(err, ZREG_CORRUPT, "%s was promised, but the bytes have %s", digest->text,
                          found.text);
    }
    return ZREG_OK;
}

/* It is committed or aborted, once. */
static void end_upload(zreg__store_upload *upload)
{
    if (!upload->is_gone) {
        upload->is_gone = true;
        atomic_fetch_sub(&upload->store->whole->uploads, 1);
    }
}

static zreg_status abort_upload(zreg__store_upload *upload, zreg_error *err)
{
    zreg__key folder;
    const zreg__store *store = upload->store;
    end_upload(upload);
    ZREG__TRY(zreg__keys_upload(&folder, upload->id, NULL, err));
    return store->driver->remove_folder(store->self, folder.text, err);
}

static bool has_tail(const zreg__store_upload *upload)
{
    return upload->store->driver->file_size(upload->file) > upload->state.hash.bytes;
}

/* After a sync that failed the kernel may have dropped the pages: what was written is lost. */
static zreg_status sync_or_drop(zreg__store_upload *upload, zreg_error *err)
{
    zreg_status status = upload->store->driver->file_sync(upload->file, err);
    if (status != ZREG_OK) {
        abort_upload(upload, NULL);
    }
    return status;
}

/* Bytes past the end, see match_file. */
static zreg_status cut(zreg__store_upload *upload, zreg_error *err)
{
    return has_tail(upload)
               ? upload->store->driver->file_truncate(upload->file, upload->state.hash.bytes, err)
               : ZREG_OK;
}

static zreg_status commit(zreg__store_upload *upload, const zreg_digest *digest, zreg_error *err)
{
    const zreg__store *store = upload->store;
    const zreg__store_driver *driver = store->driver;
    bool durable = zreg__store_syncs_blobs(store);
    zreg__key data, state, blob, folder;
    ZREG__TRY(cut(upload, err));
    ZREG__TRY(verify(upload, digest, err));
    ZREG__TRY(zreg__keys_upload(&data, upload->id, "data", err));
    ZREG__TRY(zreg__keys_upload(&state, upload->id, "state", err));
    ZREG__TRY(zreg__keys_upload(&folder, upload->id, NULL, err));
    zreg__keys_blob(&blob, digest);
    if (durable) {
        ZREG__TRY(sync_or_drop(upload, err));
    }
    /* Replacing what is there repairs it, and gives every one of several pushers a success. */
    ZREG__TRY(driver->move(store->self, data.text, blob.text, durable, err));
    end_upload(upload);
    if (upload->is_saved) {
        driver->remove(store->self, state.text, false, NULL); /* else the folder had to be listed */
    }
    driver->remove_folder(store->self, folder.text, NULL);
    return zreg__store_blob_join(store, upload->state.repository, digest, upload->state.hash.bytes,
                                 err);
}

zreg_status zreg__store_upload_commit(zreg__store *store, zreg__store_upload *upload,
                                      const zreg_digest *digest, zreg_error *err)
{
    (void)store;
    return commit(upload, digest, err);
}

zreg_status zreg__store_upload_commit_at_once(bool *out_done, zreg__store_upload *upload,
                                              const zreg_digest *digest, zreg_error *err)
{
    zreg__hash_kind kind = ZREG__SHA256;
    *out_done = !zreg__store_syncs_blobs(upload->store) && !has_tail(upload) &&
                upload->state.hash.bytes < AT_ONCE_BYTES &&
                zreg__hash_kind_of(&kind, digest->text) && kind == ZREG__SHA256;
    return *out_done ? commit(upload, digest, err) : ZREG_OK;
}

zreg_status zreg__store_upload_abort(zreg__store *store, zreg__store_upload *upload,
                                     zreg_error *err)
{
    (void)store;
    return abort_upload(upload, err);
}

/* Nobody knows of an upload that was to come in one request, and did not. */
static bool is_to_vanish(const zreg__store_upload *upload)
{
    return upload->is_last && !upload->is_saved && !upload->is_gone;
}

bool zreg__store_upload_is_over(const zreg__store_upload *upload)
{
    return upload->is_gone || is_to_vanish(upload);
}

bool zreg__store_upload_drops_much(const zreg__store_upload *upload)
{
    return is_to_vanish(upload) && upload->state.hash.bytes >= AT_ONCE_BYTES;
}

void zreg__store_upload_free(zreg__store_upload *upload)
{
    if (upload == NULL) {
        return;
    }
    if (is_to_vanish(upload)) {
        abort_upload(upload, NULL);
    }
    zreg__store_upload_save(upload, NULL);
    if (upload->file != NULL) {
        upload->store->driver->file_close(upload->file);
    }
    free(upload);
}
