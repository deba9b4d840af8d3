/* SPDX-License-Identifier: Apache-2.0 */
#include "image/stream.h"

zreg_status zreg__source_read(size_t *out_size, zreg__source *source, void *buffer, size_t capacity,
                              zreg_error *err)
{
    return source->read(out_size, source, buffer, capacity, err);
}

void zreg__source_free(zreg__source *source)
{
    if (source != NULL) {
        source->free(source);
    }
}

void zreg__sink_trust(zreg__sink *sink, const zreg__source *source)
{
    if (source->verifies && sink->trust != NULL) {
        sink->trust(sink);
    }
}

zreg_status zreg__sink_write(zreg__sink *sink, const void *bytes, size_t size, zreg_error *err)
{
    return sink->write(sink, bytes, size, err);
}

zreg_status zreg__sink_commit(zreg_digest *out, zreg__sink *sink, zreg_error *err)
{
    return sink->commit(out, sink, err);
}

void zreg__sink_free(zreg__sink *sink)
{
    if (sink != NULL) {
        sink->free(sink);
    }
}
