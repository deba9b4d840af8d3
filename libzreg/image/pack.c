/* SPDX-License-Identifier: Apache-2.0 */
#include "image/pack.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/codec.h"
#include "image/filesource.h"
#include "image/parallel.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <string.h>

/* One layer: what it becomes, or "" where it stays. */
typedef struct packed {
    zreg_digest digest;
    uint64_t size_bytes;
} packed;

typedef struct packer {
    zreg__endpoint *src;
    const zreg_manifest *image;
    zreg__codec_kind kind;
    zreg__overlay *overlay;
    packed *layers;
} packer;

typedef struct target {
    int fd;
    uint64_t size_bytes;
} target;

/* What `layers` of zreg_copy_options may say. */
static const struct {
    const char *name;
    zreg__codec_kind kind;
} ways[] = {
    {"gzip", ZREG__CODEC_GZIP}, /* the default */
    {"zstd", ZREG__CODEC_ZSTD},
    {"as-is", ZREG__CODEC_NONE},
};

static zreg_status find_way(zreg__codec_kind *out, const char *name, zreg_error *err)
{
    const char *wanted = zreg__str_empty(name) ? ways[0].name : name;
    for (size_t i = 0; i < ZREG__COUNT(ways); i++) {
        if (!zreg__str_equal(ways[i].name, wanted)) {
            continue;
        }
        *out = ways[i].kind;
        return *out == ZREG__CODEC_NONE || zreg__codec_is_known(*out)
                   ? ZREG_OK
                   : zreg__fail(err, ZREG_UNSUPPORTED,
                                "layers: this build has no lib%s; write gzip or as-is", wanted);
    }
    return zreg__fail(err, ZREG_INVAL, "layers: \"%.40s\" is neither gzip, zstd nor as-is", wanted);
}

/* Docker's own types have none for zstd. */
static const char *packed_type(const char *type, zreg__codec_kind kind)
{
    if (zreg__str_equal(type, ZREG__TYPE_OCI_LAYER)) {
        return kind == ZREG__CODEC_ZSTD ? ZREG__TYPE_OCI_LAYER_ZSTD : ZREG__TYPE_OCI_LAYER_GZIP;
    }
    return zreg__str_equal(type, ZREG__TYPE_DOCKER_LAYER) && kind == ZREG__CODEC_GZIP
               ? ZREG__TYPE_DOCKER_LAYER_GZIP
               : NULL;
}

static zreg_status write_packed(void *user, const void *bytes, size_t size, zreg_error *err)
{
    target *to = user;
    int failed = zreg__fd_write_all(to->fd, bytes, size);
    to->size_bytes += size;
    return failed == 0 ? ZREG_OK
                       : zreg__fail_errno(err, failed,
                                          "write a compressed layer to a temporary file (TMPDIR "
                                          "says where)");
}

static zreg_status pack_stream(zreg__codec *codec, zreg__source *source, zreg_error *err)
{
    ZREG__AUTO_FREE char *block = zreg__reallocarray(NULL, ZREG__STREAM_BYTES, 1);
    if (block == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t size = 1; size > 0;) {
        ZREG__TRY(zreg__source_read(&size, source, block, ZREG__STREAM_BYTES, err));
        ZREG__TRY(size > 0 ? zreg__codec_feed(codec, block, size, err) : ZREG_OK);
    }
    return zreg__codec_end(codec, err);
}

static zreg_status check_plain(const zreg__codec *codec, const zreg_descriptor *layer,
                               zreg_error *err)
{
    zreg_digest found;
    zreg__hash_digest(zreg__codec_plain(codec), found.text);
    return zreg_digest_equal(&found, &layer->digest)
               ? ZREG_OK
               : zreg__fail(err, ZREG_CORRUPT, "the bytes of layer %s have the digest %s",
                            layer->digest.text, found.text);
}

static zreg_status pack_source(packed *to, int fd, const packer *self, zreg__source *source,
                               const zreg_descriptor *layer, zreg_error *err)
{
    ZREG__AUTO(zreg__codec) zreg__codec codec = {.kind = ZREG__CODEC_NONE};
    target file = {.fd = fd};
    ZREG__TRY(zreg__codec_compress(&codec, self->kind, write_packed, &file, err));
    ZREG__TRY(pack_stream(&codec, source, err));
    ZREG__TRY(check_plain(&codec, layer, err));
    zreg__hash_digest(zreg__codec_packed(&codec), to->digest.text);
    to->size_bytes = file.size_bytes;
    return ZREG_OK;
}

/* `*out_elsewhere`: a mirror sent other bytes, and it is to be had again. */
static zreg_status pack_layer(bool *out_elsewhere, packer *self, size_t i, zreg_cancel *stop,
                              zreg_error *err)
{
    const zreg_descriptor *layer = zreg_manifest_at(self->image, i);
    packed *to = &self->layers[i];
    ZREG__AUTO_FD int fd = -1;
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    ZREG__TRY(zreg__filesource_spool(&fd, err));
    ZREG__TRY(zreg__endpoint_blob_open(&source, self->src, &layer->digest, stop, err));
    zreg_status status = pack_source(to, fd, self, source, layer, err);
    *out_elsewhere = status == ZREG_CORRUPT && zreg__source_doubt(source);
    if (status != ZREG_OK) {
        return status;
    }
    int packed_fd = fd;
    fd = -1;
    return zreg__overlay_add_file(self->overlay, &to->digest, packed_fd, to->size_bytes, err);
}

static zreg_status pack_one(void *user, size_t i, zreg_cancel *stop, zreg_error *err)
{
    packer *self = user;
    const zreg_descriptor *layer = zreg_manifest_at(self->image, i);
    zreg_error failed = {ZREG_OK};
    zreg_status status = ZREG_OK;
    bool elsewhere = packed_type(layer->media_type, self->kind) != NULL &&
                     zreg__str_starts(layer->digest.text, "sha256:");
    for (int servers = 0; elsewhere && servers <= ZREG__MAX_MIRRORS; servers++) {
        elsewhere = false;
        status = pack_layer(&elsewhere, self, i, stop, &failed);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &failed);
}

static zreg_status rename_layers(zreg__json *layers, const packer *self, zreg_error *err)
{
    for (size_t i = 0; i < zreg_manifest_count(self->image); i++) {
        zreg__json *layer = zreg__json_at(layers, i);
        const char *type = packed_type(zreg_manifest_at(self->image, i)->media_type, self->kind);
        if (self->layers[i].digest.text[0] != '\0') {
            zreg__json_remove(layer, "data");
            ZREG__TRY(zreg__json_set_text(layer, "mediaType", type, err));
            ZREG__TRY(zreg__json_set_text(layer, "digest", self->layers[i].digest.text, err));
            ZREG__TRY(zreg__json_set_u64(layer, "size", self->layers[i].size_bytes, err));
        }
    }
    return ZREG_OK;
}

static zreg_status remake(zreg_manifest **out, const packer *self, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO_FREE char *text = NULL;
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(self->image, &size);
    ZREG__TRY(zreg__json_parse(&document, bytes, size, "manifest", err));
    ZREG__TRY(rename_layers(zreg__json_get(document, "layers"), self, err));
    ZREG__TRY(zreg__json_print(&text, document, err));
    return zreg_manifest_parse(out, text, strlen(text), zreg_manifest_media_type(self->image), err);
}

static zreg_status pack_layers(zreg_manifest **out, zreg__endpoint *src, const zreg_manifest *image,
                               zreg__codec_kind kind, const zreg__transfer_options *options,
                               zreg_cancel *cancel, zreg_error *err)
{
    size_t count = zreg_manifest_count(image);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || packed_type(zreg_manifest_at(image, i)->media_type, kind) != NULL;
    }
    if (!any) {
        *out = zreg__manifest_share(image);
        return ZREG_OK;
    }
    ZREG__AUTO_FREE packed *layers = zreg__calloc(count, sizeof(packed));
    packer self = {.src = src, .image = image, .kind = kind, .layers = layers};
    if (layers == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__endpoint_overlay(&self.overlay, src, err));
    ZREG__TRY(zreg__parallel_run(count, zreg__transfer_jobs(options), pack_one, NULL, &self, cancel,
                                 err));
    return remake(out, &self, err);
}

zreg_status zreg__pack_on_the_way(zreg_manifest **image, zreg__endpoint *src,
                                  const zreg__endpoint *dst, const char *layers,
                                  const zreg__transfer_options *options, zreg_cancel *cancel,
                                  zreg_error *err)
{
    zreg_manifest *smaller = NULL;
    zreg__codec_kind kind = ZREG__CODEC_NONE;
    ZREG__TRY(find_way(&kind, layers, err));
    bool is_made_here =
        src->place->kind == ZREG__PLACE_ARCHIVE || src->place->kind == ZREG__PLACE_DAEMON;
    if (kind == ZREG__CODEC_NONE || !is_made_here || dst->place->kind != ZREG__PLACE_REGISTRY) {
        return ZREG_OK;
    }
    zreg_status status = pack_layers(&smaller, src, *image, kind, options, cancel, err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", zreg__endpoint_text(src));
    }
    zreg_manifest_free(*image);
    *image = smaller;
    return ZREG_OK;
}
