/* SPDX-License-Identifier: Apache-2.0 */
#include "image/archive_layer.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/codec.h"
#include "oci/mediatype.h"

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

static zreg_status feed_codec(void *user, const void *bytes, size_t size, zreg_error *err)
{
    return zreg__codec_feed(user, bytes, size, err);
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

static zreg_status check_plain(const zreg__codec *codec, const zreg_digest *diff_id,
                               zreg_error *err)
{
    zreg_digest plain;
    zreg__hash_digest(zreg__codec_plain(codec), plain.text);
    return zreg_digest_equal(&plain, diff_id) || !zreg__str_starts(diff_id->text, "sha256:")
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "a layer holds %s, but the config tells %s",
                            plain.text, diff_id->text);
}

static zreg_status describe_packed(zreg_descriptor *out, zreg__codec_kind kind,
                                   const zreg__tarindex *tar, const zreg__tarindex_file *file,
                                   const zreg_digest *diff_id, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__codec) zreg__codec codec = {.kind = ZREG__CODEC_NONE};
    ZREG__TRY(zreg__codec_inflate(&codec, kind, drop, NULL, err));
    ZREG__TRY(read_all(tar, file, feed_codec, &codec, cancel, err));
    ZREG__TRY(zreg__codec_end(&codec, err));
    zreg__hash_digest(zreg__codec_packed(&codec), out->digest.text);
    return check_plain(&codec, diff_id, err);
}

/* What cannot be looked into here is what it is. */
static zreg_status describe_unknown(zreg_descriptor *out, const zreg__tarindex *tar,
                                    const zreg__tarindex_file *file, zreg_cancel *cancel,
                                    zreg_error *err)
{
    zreg__hash hash;
    zreg__hash_init(&hash, ZREG__SHA256);
    ZREG__TRY(read_all(tar, file, feed_hash, &hash, cancel, err));
    zreg__hash_digest(&hash, out->digest.text);
    return ZREG_OK;
}

zreg_status zreg__archive_layer_describe(zreg_descriptor *out, const zreg__tarindex *tar,
                                         const zreg__tarindex_file *file,
                                         const zreg_digest *diff_id, zreg_cancel *cancel,
                                         zreg_error *err)
{
    unsigned char head[ZREG__CODEC_HEAD_BYTES] = {0};
    size_t got = 0;
    size_t wanted = file->size_bytes < sizeof(head) ? (size_t)file->size_bytes : sizeof(head);
    ZREG__TRY(zreg__tarindex_read(&got, tar, file->offset, head, wanted, err));
    zreg__codec_kind kind = zreg__codec_of(head, got);
    out->size_bytes = file->size_bytes;
    if (kind == ZREG__CODEC_NONE) {
        out->media_type = ZREG__TYPE_OCI_LAYER;
        out->digest = *diff_id;
        return ZREG_OK;
    }
    out->media_type =
        kind == ZREG__CODEC_GZIP ? ZREG__TYPE_OCI_LAYER_GZIP : ZREG__TYPE_OCI_LAYER_ZSTD;
    return zreg__codec_is_known(kind) ? describe_packed(out, kind, tar, file, diff_id, cancel, err)
                                      : describe_unknown(out, tar, file, cancel, err);
}
