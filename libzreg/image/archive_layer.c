/* SPDX-License-Identifier: Apache-2.0 */
#include "image/archive_layer.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/gzip.h"
#include "oci/mediatype.h"
#include <string.h>

typedef zreg_status (*take_fn)(void *user, const void *bytes, size_t size, zreg_error *err);

static zreg_status read_all(const zreg__tarindex *tar, const zreg__tarindex_file *file,
                            take_fn take, void *user, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO_FREE char *block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    if (block == NULL) {
        return zreg__fail_nomem(err);
    }
    for (uint64_t done = 0; done < file->size_bytes;) {
        uint64_t left = file->size_bytes - done;
        size_t wanted = left < ZREG__STREAM_BYTES ? (size_t)left : ZREG__STREAM_BYTES;
        size_t got = 0;
        ZREG__TRY(zreg__cancel_check(cancel, err));
        ZREG__TRY(zreg__tarindex_read(&got, tar, file->offset + done, block, wanted, err));
        if (got == 0) {
            return zreg__fail(err, ZREG_INVAL, "a layer is cut off");
        }
        ZREG__TRY(take(user, block, got, err));
        done += got;
    }
    return ZREG_OK;
}

static zreg_status feed_gzip(void *user, const void *bytes, size_t size, zreg_error *err)
{
    return zreg__gzip_feed(user, bytes, size, err);
}

static zreg_status feed_hash(void *user, const void *bytes, size_t size, zreg_error *err)
{
    (void)err;
    zreg__hash_update(user, bytes, size);
    return ZREG_OK;
}

/* The plain bytes are hashed, and then of no use. */
static zreg_status drop(void *user, const void *bytes, size_t size, zreg_error *err)
{
    (void)user, (void)bytes, (void)size, (void)err;
    return ZREG_OK;
}

static zreg_status describe_gzip(zreg_descriptor *out, const zreg__tarindex *tar,
                                 const zreg__tarindex_file *file, const zreg_digest *diff_id,
                                 zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__gzip) zreg__gzip gzip = {.begun = false};
    zreg_digest plain;
    ZREG__TRY(zreg__gzip_inflate(&gzip, drop, NULL, err));
    ZREG__TRY(read_all(tar, file, feed_gzip, &gzip, cancel, err));
    ZREG__TRY(zreg__gzip_end(&gzip, err));
    zreg__hash_digest(&gzip.plain, plain.text);
    zreg__hash_digest(&gzip.packed, out->digest.text);
    if (zreg__str_starts(diff_id->text, "sha256:") && !zreg_digest_equal(&plain, diff_id)) {
        return zreg__fail(err, ZREG_CORRUPT, "a layer holds %s, but the config tells %s",
                          plain.text, diff_id->text);
    }
    out->media_type = ZREG__TYPE_OCI_LAYER_GZIP;
    return ZREG_OK;
}

static zreg_status describe_zstd(zreg_descriptor *out, const zreg__tarindex *tar,
                                 const zreg__tarindex_file *file, zreg_cancel *cancel,
                                 zreg_error *err)
{
    zreg__hash hash;
    zreg__hash_init(&hash, ZREG__SHA256);
    ZREG__TRY(read_all(tar, file, feed_hash, &hash, cancel, err));
    zreg__hash_digest(&hash, out->digest.text);
    out->media_type = ZREG__TYPE_OCI_LAYER_ZSTD;
    return ZREG_OK;
}

zreg_status zreg__archive_layer_describe(zreg_descriptor *out, const zreg__tarindex *tar,
                                         const zreg__tarindex_file *file,
                                         const zreg_digest *diff_id, zreg_cancel *cancel,
                                         zreg_error *err)
{
    static const unsigned char gzip[] = {0x1f, 0x8b};
    static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    unsigned char head[4] = {0};
    size_t got = 0;
    size_t wanted = file->size_bytes < sizeof(head) ? (size_t)file->size_bytes : sizeof(head);
    ZREG__TRY(zreg__tarindex_read(&got, tar, file->offset, head, wanted, err));
    out->size_bytes = file->size_bytes;
    if (memcmp(head, gzip, sizeof(gzip)) == 0) {
        return describe_gzip(out, tar, file, diff_id, cancel, err);
    }
    if (memcmp(head, zstd, sizeof(zstd)) == 0) {
        return describe_zstd(out, tar, file, cancel, err);
    }
    out->media_type = ZREG__TYPE_OCI_LAYER;
    out->digest = *diff_id;
    return ZREG_OK;
}
