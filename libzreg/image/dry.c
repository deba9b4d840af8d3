/* SPDX-License-Identifier: Apache-2.0 */
#include "image/dry.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"
#include "registry/client.h"

typedef struct dry_sink {
    zreg__sink base;
    zreg__hash hash;
    zreg_digest digest; /* expected, or "" */
    uint64_t size_bytes;
    zreg_cancel *cancel;
} dry_sink;

static zreg_status sink_write(zreg__sink *base, const void *bytes, size_t size, zreg_error *err)
{
    dry_sink *sink = (dry_sink *)base;
    ZREG__TRY(zreg__cancel_check(sink->cancel, err));
    zreg__hash_update(&sink->hash, bytes, size);
    return ZREG_OK;
}

static zreg_status sink_commit(zreg_digest *out, zreg__sink *base, zreg_error *err)
{
    dry_sink *sink = (dry_sink *)base;
    zreg_digest found;
    ZREG__TRY(zreg__sink_check(&found, &sink->hash, &sink->digest, sink->size_bytes, err));
    if (out != NULL) {
        *out = found;
    }
    return ZREG_OK;
}

static void sink_free(zreg__sink *base)
{
    free(base);
}

static zreg_status new_sink(zreg__sink **out, const zreg_digest *digest, uint64_t size_bytes,
                            zreg_cancel *cancel, zreg_error *err)
{
    dry_sink *sink = zreg__new(dry_sink);
    if (sink == NULL) {
        return zreg__fail_nomem(err);
    }
    sink->base = (zreg__sink){.write = sink_write, .commit = sink_commit, .free = sink_free};
    sink->size_bytes = size_bytes;
    sink->cancel = cancel;
    if (digest != NULL) {
        sink->digest = *digest;
    }
    zreg__hash_init_like(&sink->hash, digest != NULL ? digest->text : NULL);
    *out = &sink->base;
    return ZREG_OK;
}

static bool is_remote(const zreg__endpoint *endpoint)
{
    return endpoint->place->kind == ZREG__PLACE_REGISTRY && endpoint->options.server == NULL;
}

static bool on_one_host(const zreg__endpoint *a, const zreg__endpoint *b)
{
    return b != NULL && is_remote(a) && is_remote(b) &&
           zreg__client_same_host(zreg_ref_host(a->place->ref), zreg_ref_host(b->place->ref));
}

/* Folders and files that are not there yet fail in many ways, and all of them say that nothing is there. */
static bool says_nothing_is_there(const zreg__endpoint *endpoint, zreg_status status)
{
    return status == ZREG_NOTFOUND || status == ZREG_DENIED ||
           (endpoint->driver->local && status != ZREG_CANCELLED && status != ZREG_TIMEOUT &&
            status != ZREG_NOMEM);
}

/* A new archive can be written and not read. */
static zreg_status look(bool *out_there, zreg__endpoint *endpoint, const zreg_digest *digest,
                        zreg_cancel *cancel, zreg_error *err)
{
    const zreg__endpoint_driver *driver = endpoint->driver;
    zreg_error why = {.code = ZREG_OK};
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    *out_there = false;
    if (digest == NULL || (driver->blob_head == NULL && driver->blob_open == NULL)) {
        return ZREG_OK;
    }
    zreg_status status = driver->blob_head != NULL
                             ? driver->blob_head(endpoint, digest, cancel, &why)
                             : driver->blob_open(&source, endpoint, digest, cancel, &why);
    *out_there = status == ZREG_OK;
    return status == ZREG_OK || says_nothing_is_there(endpoint, status)
               ? ZREG_OK
               : zreg__fail_again(err, &why);
}

zreg_status zreg__dry_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                  zreg__endpoint *endpoint, const zreg_digest *digest,
                                  uint64_t size_bytes, const zreg__endpoint *from,
                                  zreg_cancel *cancel, zreg_error *err)
{
    bool there = false;
    ZREG__TRY(look(&there, endpoint, digest, cancel, err));
    if (there || on_one_host(endpoint, from)) {
        *out_state = there ? ZREG__BLOB_PRESENT : ZREG__BLOB_MOUNTED;
        return ZREG_OK;
    }
    *out_state = ZREG__BLOB_WANTED;
    return new_sink(out, digest, size_bytes, cancel, err);
}
