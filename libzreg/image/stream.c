/* SPDX-License-Identifier: Apache-2.0 */
#include "image/stream.h"

#include "base/error.h"
#include <inttypes.h>

zreg_status zreg__source_read(size_t *out_size, zreg__source *source, void *buffer, size_t capacity,
                              zreg_error *err)
{
    return source->read(out_size, source, buffer, capacity, err);
}

bool zreg__source_doubt(zreg__source *source)
{
    return source != NULL && source->doubt != NULL && source->doubt(source);
}

void zreg__source_free(zreg__source *source)
{
    if (source != NULL) {
        source->free(source);
    }
}

bool zreg__sink_feed(zreg__sink *sink)
{
    if (sink->feed == NULL) {
        return false;
    }
    sink->feed(sink);
    return true;
}

zreg_status zreg__sink_recover(uint64_t *out_offset, bool *out_stored, zreg__sink *sink,
                               const zreg_error *failed, zreg_error *err)
{
    return sink->recover == NULL ? zreg__fail_again(err, failed)
                                 : sink->recover(out_offset, out_stored, sink, failed, err);
}

zreg_status zreg__sink_write(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err)
{
    return sink->write(sink, bytes, size, err);
}

zreg_status zreg__sink_commit(zreg_digest *out, zreg__sink *sink, zreg_error *err)
{
    return sink->commit(out, sink, err);
}

static zreg_status put_rest(zreg__sink *sink, const char *bytes, size_t size, zreg_error *err)
{
    ZREG__TRY(zreg__sink_write(sink, bytes, size, err));
    return zreg__sink_commit(NULL, sink, err);
}

zreg_status zreg__sink_put(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err)
{
    uint64_t offset = 0;
    bool stored = false;

    (void)zreg__sink_feed(sink);
    while (!stored) {
        zreg_error failed = {0};

        if (put_rest(sink, (const char *)bytes + offset, size - (size_t)offset, &failed) ==
            ZREG_OK) {
            return ZREG_OK;
        }
        ZREG__TRY(zreg__sink_recover(&offset, &stored, sink, &failed, err));
    }
    return ZREG_OK;
}

zreg_status zreg__sink_check(zreg_digest *out, const zreg__hash *hash, const zreg_digest *wanted,
                             uint64_t size_bytes, zreg_error *err)
{
    zreg__hash_digest(hash, out->text);
    bool right = wanted->text[0] == '\0' || zreg_digest_equal(out, wanted);
    return right && (size_bytes == UINT64_MAX || hash->bytes == size_bytes)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "blob %s: got %" PRIu64 " bytes of digest %s",
                            wanted->text, hash->bytes, out->text);
}

void zreg__sink_free(zreg__sink *sink)
{
    if (sink != NULL) {
        sink->free(sink);
    }
}
