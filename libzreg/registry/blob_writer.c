/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob that a program writes. Size and digest are checked before the last byte is sent, and the
 * commit sends it, without which nothing is stored.
 *
 * The bytes written last are kept in a window, so that what a registry lost can be sent again; of a
 * blob that fits into it nothing is lost for good. Who can give any byte again (zreg__blob_writer_feed)
 * needs no window.
 */
#include "base/cancel.h"
#include "base/error.h"
#include "base/fork.h"
#include "base/mem.h"
#include "base/str.h"
#include "registry/upload.h"
#include "registry/window.h"

/* A blob of this size is held until the commit, and goes out in one piece. */
#define SMALL_BYTES (64 * ZREG__KIB)

/* A failure is noticed at the latest after so much more was taken. */
#define STEP_BYTES (256 * ZREG__KIB)

struct zreg_blob_writer {
    zreg_client *client;
    zreg_cancel *cancel;
    zreg__upload upload;
    zreg__hash hash;
    uint64_t written;
    zreg__window window; /* up to `written` */
    bool fed;            /* by who verifies the bytes and can give them again */
    bool has_last;
    char last; /* of a blob of known size, the byte at its end */
    bool failed;
    bool over; /* the commit has tried all there is to try */
};

static zreg_status writer_new(zreg_blob_writer **out, zreg_client *client, const zreg_ref *ref,
                              const zreg_digest *digest, uint64_t size_bytes, zreg_cancel *cancel,
                              zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = zreg__new(zreg_blob_writer);

    if (writer == NULL) {
        return zreg__fail_nomem(err);
    }
    writer->client = zreg__client_share(client);
    writer->cancel = zreg__cancel_share(cancel);
    ZREG__TRY(zreg__upload_init(&writer->upload, client, ref, digest, size_bytes, cancel, err));
    zreg__hash_init_like(&writer->hash, digest != NULL ? digest->text : NULL);
    *out = zreg__steal(&writer);
    return ZREG_OK;
}

static bool mounts(const zreg__host *host)
{
    const zreg__quirks *quirks = host->quirks;

    return !quirks->no_mounts && !atomic_load(&host->mounts_fail);
}

bool zreg__client_mounts(zreg_client *client, const zreg_ref *ref)
{
    zreg__host *host = NULL;

    return zreg__client_host(&host, client, zreg_ref_host(ref), NULL) != ZREG_OK || mounts(host);
}

/* `*out_mounted`, else a session is there unless the registry refuses mounts altogether. */
static zreg_status try_mount(bool *out_mounted, zreg_blob_writer *writer, const char *from,
                             zreg_error *err)
{
    *out_mounted = false;
    return mounts(writer->upload.target.host)
               ? zreg__upload_mount(out_mounted, &writer->upload, from, err)
               : ZREG_OK;
}

zreg_status zreg_blob_create(zreg_blob_writer **out, zreg_client *client, const zreg_ref *ref,
                             const zreg_digest *digest, uint64_t size_bytes, zreg_cancel *cancel,
                             zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;

    zreg__error_clear(err);
    ZREG__TRY(writer_new(&writer, client, ref, digest, size_bytes, cancel, err));
    ZREG__TRY(zreg__upload_start(&writer->upload, err));
    *out = zreg__steal(&writer);
    return ZREG_OK;
}

zreg_status zreg__blob_mount_or_create(zreg_blob_writer **out, zreg_client *client,
                                       const zreg_ref *ref, const zreg_digest *digest,
                                       uint64_t size_bytes, const char *from, zreg_cancel *cancel,
                                       zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;
    bool mounted = false;

    ZREG__TRY(writer_new(&writer, client, ref, digest, size_bytes, cancel, err));
    if (from != NULL) {
        ZREG__TRY(try_mount(&mounted, writer, from, err));
    }
    if (mounted) {
        *out = NULL;
        return ZREG_OK;
    }
    if (!zreg__upload_has_session(&writer->upload)) {
        ZREG__TRY(zreg__upload_start(&writer->upload, err));
    }
    *out = zreg__steal(&writer);
    return ZREG_OK;
}

zreg_status zreg_blob_mount(int *out_mounted, zreg_client *client, const zreg_ref *ref,
                            const zreg_digest *digest, const char *from, zreg_cancel *cancel,
                            zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;
    bool mounted = false;

    zreg__error_clear(err);
    ZREG__TRY(writer_new(&writer, client, ref, digest, UINT64_MAX, cancel, err));
    ZREG__TRY(try_mount(&mounted, writer, from, err));
    *out_mounted = mounted;
    return ZREG_OK;
}

void zreg__blob_writer_feed(zreg_blob_writer *writer)
{
    writer->fed = writer->upload.has_digest && writer->written == 0;
}

/* Size and digest, as far as the caller named them, against what was written. */
static zreg_status check_content(zreg_blob_writer *writer, zreg_error *err)
{
    zreg__upload *upload = &writer->upload;
    char seen[136];

    if (upload->size != UINT64_MAX && writer->written != upload->size) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: %llu bytes were written in place of %llu",
                          upload->target.what, (unsigned long long)writer->written,
                          (unsigned long long)upload->size);
    }
    if (writer->fed) {
        return ZREG_OK;
    }
    zreg__hash_digest(&writer->hash, seen);
    if (!upload->has_digest) {
        return zreg_digest_parse(&upload->digest, seen, err);
    }
    return zreg__str_equal(seen, upload->digest.text)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "%s: what was written has the digest %s",
                            upload->target.what, seen);
}

/* Counts and hashes; the bytes that complete a blob are sent only when all is right. */
static zreg_status account(zreg_blob_writer *writer, const void *bytes, size_t size,
                           zreg_error *err)
{
    uint64_t most = writer->upload.size != UINT64_MAX ? writer->upload.size : ZREG__MAX_BLOB_BYTES;

    if (size > most - writer->written) {
        return zreg__fail(err, ZREG_CORRUPT, "%s: more bytes than its size says",
                          writer->upload.target.what);
    }
    writer->written += size;
    if (!writer->fed) {
        zreg__hash_update(&writer->hash, bytes, size);
    }
    return writer->written == writer->upload.size ? check_content(writer, err) : ZREG_OK;
}

static bool is_small(const zreg_blob_writer *writer)
{
    return writer->upload.has_digest && writer->upload.size <= SMALL_BYTES;
}

/* What can be given out again from byte `at` on, and is not the byte that the commit sends. */
static zreg_status send_window(zreg_blob_writer *writer, zreg_error *err)
{
    zreg__upload *upload = &writer->upload;
    uint64_t end = writer->written - (writer->has_last ? 1 : 0);

    while (upload->at < end) {
        size_t size = 0;
        const char *bytes = zreg__window_at(&size, &writer->window, upload->at);

        size = size < end - upload->at ? size : (size_t)(end - upload->at);
        ZREG__TRY(zreg__upload_send(upload, bytes, size, err));
    }
    return ZREG_OK;
}

/* Goes on after a failure until what was written is sent; else the failure that was final. */
static zreg_status mend(zreg_blob_writer *writer, zreg_error failed, zreg_error *err)
{
    do {
        ZREG__TRY(zreg__upload_recover(&writer->upload, &failed, err));
        if (writer->upload.stored) {
            return ZREG_OK;
        }
        if (!zreg__window_has(&writer->window, writer->upload.at)) {
            return zreg__fail_again(err, &failed);
        }
        zreg__error_clear(&failed);
    } while (send_window(writer, &failed) != ZREG_OK);
    return ZREG_OK;
}

static zreg_status send_bytes(zreg_blob_writer *writer, const char *bytes, size_t size,
                              zreg_error *err)
{
    zreg_error failed = {0};

    if (zreg__upload_send(&writer->upload, bytes, size, &failed) == ZREG_OK) {
        return ZREG_OK;
    }
    return writer->fed ? zreg__fail_again(err, &failed) : mend(writer, failed, err);
}

static zreg_status write_step(zreg_blob_writer *writer, const char *bytes, size_t size,
                              zreg_error *err)
{
    ZREG__TRY(account(writer, bytes, size, err));
    if (is_small(writer) || !writer->fed) {
        ZREG__TRY(zreg__window_add(&writer->window, bytes, size, err));
    }
    if (is_small(writer)) {
        return ZREG_OK;
    }
    if (writer->written == writer->upload.size) {
        size--;
        writer->last = bytes[size];
        writer->has_last = true;
    }
    return send_bytes(writer, bytes, size, err);
}

static zreg_status write_bytes(zreg_blob_writer *writer, const char *bytes, size_t size,
                               zreg_error *err)
{
    while (size > 0) {
        size_t step = size < STEP_BYTES ? size : STEP_BYTES;

        ZREG__TRY(write_step(writer, bytes, step, err));
        bytes += step;
        size -= step;
    }
    return ZREG_OK;
}

static zreg_status check_open(const zreg_blob_writer *writer, zreg_error *err)
{
    ZREG__TRY(zreg__fork_check(writer->client->maker, "the blob", err));
    if (writer->failed || writer->upload.stored) {
        return zreg__fail(err, ZREG_INVAL, "%s: the writer is finished",
                          writer->upload.target.what);
    }
    return ZREG_OK;
}

zreg_status zreg_blob_write(zreg_blob_writer *writer, const void *bytes, size_t size,
                            zreg_error *err)
{
    zreg_status status;

    zreg__error_clear(err);
    ZREG__TRY(check_open(writer, err));
    ZREG__TRY(zreg__cancel_check(writer->cancel, err));
    status = write_bytes(writer, bytes, size, err);
    writer->failed = status != ZREG_OK;
    return status;
}

static zreg_status send_end(zreg_blob_writer *writer, zreg_error *err)
{
    zreg__upload *upload = &writer->upload;

    if (is_small(writer) && zreg__upload_is_whole(upload)) {
        size_t size = 0;
        const void *bytes = zreg__window_at(&size, &writer->window, 0);

        return zreg__upload_put(upload, bytes, size, err);
    }
    if (is_small(writer) || !writer->fed) {
        ZREG__TRY(send_window(writer, err));
    }
    /* A registry that did not say so may have it already. */
    if (writer->has_last && upload->at < writer->written) {
        ZREG__TRY(zreg__upload_send(upload, &writer->last, 1, err));
    }
    return zreg__upload_finish(upload, err);
}

/* What a fed writer has not got any more is asked of who feeds it. */
static zreg_status commit(zreg_blob_writer *writer, zreg_error *err)
{
    for (;;) {
        zreg_error failed = {0};

        if (send_end(writer, &failed) == ZREG_OK) {
            return ZREG_OK;
        }
        if (writer->fed && !is_small(writer)) {
            return zreg__fail_again(err, &failed);
        }
        writer->over = true;
        ZREG__TRY(zreg__upload_recover(&writer->upload, &failed, err));
        writer->over = false;
        if (writer->upload.stored) {
            return ZREG_OK;
        }
        if (!zreg__window_has(&writer->window, writer->upload.at)) {
            return zreg__fail_again(err, &failed);
        }
    }
}

zreg_status zreg_blob_commit(zreg_digest *out, zreg_blob_writer *writer, zreg_error *err)
{
    zreg_status status;

    zreg__error_clear(err);
    ZREG__TRY(check_open(writer, err));
    status = check_content(writer, err);
    status = status == ZREG_OK ? commit(writer, err) : status;
    writer->failed = status != ZREG_OK;
    if (status == ZREG_OK && out != NULL) {
        *out = writer->upload.digest;
    }
    return status;
}

zreg_status zreg__blob_writer_recover(uint64_t *out_offset, bool *out_stored,
                                      zreg_blob_writer *writer, const zreg_error *failed,
                                      zreg_error *err)
{
    if (writer->over || !writer->fed) {
        return zreg__fail_again(err, failed);
    }
    ZREG__TRY(zreg__upload_recover(&writer->upload, failed, err));
    writer->failed = false;
    writer->has_last = false;
    writer->written = writer->upload.at;
    zreg__window_drop_from(&writer->window, writer->upload.at);
    *out_offset = writer->upload.at;
    *out_stored = writer->upload.stored;
    return ZREG_OK;
}

void zreg_blob_writer_free(zreg_blob_writer *writer)
{
    if (writer == NULL || zreg__forked(writer->client->maker)) {
        return;
    }
    zreg__upload_done(&writer->upload);
    zreg__window_finish(&writer->window);
    zreg_client_free(writer->client);
    zreg_cancel_free(writer->cancel);
    free(writer);
}
