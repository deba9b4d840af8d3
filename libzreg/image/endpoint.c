/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "image/endpoint.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/drivers.h"
#include "image/dry.h"
#include "oci/digest.h"
#include "oci/manifest.h"
#include "registry/client.h"

/* Which driver serves a kind of place. A server in this process stands in for any registry. */
static const zreg__endpoint_driver *driver_for(const zreg__place *place,
                                               const zreg__endpoint_options *options)
{
    switch (place->kind) {
    case ZREG__PLACE_LAYOUT:
        return &zreg__endpoint_layout;
    case ZREG__PLACE_OCI_ARCHIVE:
        return options->write ? &zreg__endpoint_new_oci_archive : &zreg__endpoint_layout;
    case ZREG__PLACE_ARCHIVE:
        return options->write ? &zreg__endpoint_new_docker_archive : &zreg__endpoint_archive;
    case ZREG__PLACE_DAEMON:
        return options->write ? &zreg__endpoint_new_daemon_image : &zreg__endpoint_archive;
    case ZREG__PLACE_REGISTRY:
        break;
    }
#if ZREG_WITH_SERVER
    if (options->server != NULL) {
        return &zreg__endpoint_store;
    }
#endif
    return options->server == NULL ? &zreg__endpoint_registry : NULL;
}

static zreg_status check_use(const zreg__endpoint_driver *driver, const zreg__place *place,
                             const zreg__endpoint_options *options, zreg_error *err)
{
    if (driver == NULL) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "%s: this library was built without the registry server", place->text);
    }
    if (options->write && place->number != ZREG__PLACE_NO_NUMBER) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s: a number tells which image is read; what is written has a name",
                          place->text);
    }
    if (driver == &zreg__endpoint_registry && options->client == NULL) {
        return zreg__fail(err, ZREG_INVAL, "%s: a registry needs a client", place->text);
    }
    return ZREG_OK;
}

zreg_status zreg__endpoint_open(zreg__endpoint **out, const char *place_text,
                                const zreg__endpoint_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__place) zreg__place *place = NULL;
    ZREG__TRY(zreg__place_parse(&place, place_text, err));
    const zreg__endpoint_driver *driver = driver_for(place, options);
    ZREG__TRY(check_use(driver, place, options, err));
    zreg__endpoint *endpoint = NULL;
    ZREG__TRY(driver->open(&endpoint, place, options, err));
    endpoint->driver = driver;
    endpoint->place = zreg__steal(&place);
    endpoint->options = *options;
    *out = endpoint;
    return ZREG_OK;
}

static zreg_status stands_alone(const zreg__endpoint *endpoint, zreg_error *err)
{
    return zreg__fail(err, ZREG_UNSUPPORTED,
                      "%s: a %s holds an image and nothing that belongs to it; copy it without "
                      "its referrers",
                      zreg__endpoint_text(endpoint), endpoint->driver->name);
}

zreg_status zreg__endpoint_check_belongings(const zreg__endpoint *endpoint, zreg_error *err)
{
    return endpoint->driver->referrers != NULL ? ZREG_OK : stands_alone(endpoint, err);
}

zreg_status zreg__endpoint_beside(zreg__endpoint **out, const zreg__endpoint *endpoint,
                                  const char *tag, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = NULL;
    zreg__endpoint_options options = endpoint->options;
    options.origin = NULL;
    options.mount_from = NULL;
    ZREG__TRY(zreg__endpoint_check_belongings(endpoint, err));
    ZREG__TRY(zreg__place_tagged(&text, endpoint->place, tag, err));
    return zreg__endpoint_open(out, text, &options, err);
}

const char *zreg__endpoint_text(const zreg__endpoint *endpoint)
{
    return endpoint->place->text;
}

bool zreg__endpoint_same_repository(const zreg__endpoint *a, const zreg__endpoint *b)
{
    return a->driver == b->driver && a->driver->same_repository != NULL &&
           a->driver->same_repository(a, b);
}

zreg_status zreg__endpoint_expect(zreg__endpoint *endpoint, const zreg__endpoint *from,
                                  zreg_error *err)
{
    if (endpoint->driver != from->driver || endpoint->driver->expect == NULL) {
        return ZREG_OK;
    }
    return endpoint->driver->expect(endpoint, from, err);
}

static zreg_status read_all(zreg__buf *to, zreg__source *source, zreg_error *err)
{
    char block[8192];
    for (;;) {
        size_t size = 0;
        ZREG__TRY(zreg__source_read(&size, source, block, sizeof(block), err));
        if (size == 0) {
            return ZREG_OK;
        }
        ZREG__TRY(zreg__buf_append(to, block, size, err));
    }
}

/* A descriptor may carry the manifest that its source does not serve. */
static zreg_status inline_manifest(zreg_manifest **out, zreg__endpoint *endpoint,
                                   const zreg_digest *digest, zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    ZREG__TRY(zreg__overlay_open_bytes(&source, endpoint->overlay, digest, err));
    ZREG__TRY(read_all(&bytes, source, err));
    return zreg__manifest_parse_verified(out, zreg__buf_cstr(&bytes), bytes.size, NULL, digest,
                                         err);
}

zreg_status zreg__endpoint_manifest_get(zreg_manifest **out, zreg__endpoint *endpoint,
                                        const zreg_digest *digest, zreg_cancel *cancel,
                                        zreg_error *err)
{
    zreg_error why = {.code = ZREG_OK};
    uint64_t size = 0;
    zreg_manifest *made = digest != NULL ? zreg__overlay_manifest(endpoint->overlay, digest) : NULL;
    if (made != NULL) {
        *out = made;
        return ZREG_OK;
    }
    zreg_status status = endpoint->driver->manifest_get(out, endpoint, digest, cancel, &why);
    if (status == ZREG_NOTFOUND && digest != NULL &&
        zreg__overlay_has_bytes(endpoint->overlay, digest, &size)) {
        return inline_manifest(out, endpoint, digest, err);
    }
    return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
}

zreg_status zreg__endpoint_manifest_get_unknown(zreg_manifest **out, zreg__endpoint *endpoint,
                                                const zreg_descriptor *manifest,
                                                zreg_cancel *cancel, zreg_error *err)
{
    if (endpoint->driver->manifest_get_unknown != NULL) {
        return endpoint->driver->manifest_get_unknown(out, endpoint, manifest, cancel, err);
    }
    zreg_error why = {.code = ZREG_OK};
    zreg_status status =
        endpoint->driver->manifest_get(out, endpoint, &manifest->digest, cancel, &why);
    if (status == ZREG_OK || status == ZREG_CANCELLED || status == ZREG_NOMEM) {
        return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
    }
    return zreg__fail(err, ZREG_NOTFOUND, "%s: %s is no manifest", zreg__endpoint_text(endpoint),
                      manifest->digest.text);
}

zreg_status zreg__endpoint_manifest_head(zreg_digest *out, zreg__endpoint *endpoint,
                                         const zreg_digest *digest, zreg_cancel *cancel,
                                         zreg_error *err)
{
    return endpoint->driver->manifest_head(out, endpoint, digest, cancel, err);
}

zreg_status zreg__endpoint_manifest_look(bool *out_there, zreg__endpoint *endpoint,
                                         const zreg_manifest *manifest, zreg_cancel *cancel,
                                         zreg_error *err)
{
    zreg_digest found;
    zreg_error why = {.code = ZREG_OK};
    if (endpoint->driver->manifest_look != NULL) {
        return endpoint->driver->manifest_look(out_there, endpoint, manifest, cancel, err);
    }
    zreg_status status = zreg__endpoint_manifest_head(&found, endpoint,
                                                      zreg_manifest_digest(manifest), cancel, &why);
    *out_there = status == ZREG_OK;
    return status == ZREG_OK || status == ZREG_NOTFOUND ? ZREG_OK : zreg__fail_again(err, &why);
}

static zreg_status put_bytes(zreg__endpoint *endpoint, const zreg_digest *digest, const void *bytes,
                             size_t size, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__sink) zreg__sink *sink = NULL;
    zreg__endpoint_blob_state state = ZREG__BLOB_WANTED;
    ZREG__TRY(zreg__endpoint_blob_create(&sink, &state, endpoint, digest, size, NULL, cancel, err));
    if (state != ZREG__BLOB_WANTED) {
        return ZREG_OK;
    }
    return zreg__sink_put(sink, bytes, size, err);
}

/* A registry that takes no manifest of this type may take its bytes. */
static zreg_status put_opaque(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                              zreg_cancel *cancel, zreg_error *err)
{
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(manifest, &size);
    zreg_error why = {.code = ZREG_OK};
    zreg_status status =
        endpoint->driver->local
            ? ZREG_UNSUPPORTED
            : endpoint->driver->manifest_put(endpoint, manifest, false, cancel, &why);
    bool refused = status == ZREG_INVAL || status == ZREG_UNSUPPORTED || status == ZREG_PROTO;
    if (!refused) {
        return status == ZREG_OK ? ZREG_OK : zreg__fail_again(err, &why);
    }
    return put_bytes(endpoint, zreg_manifest_digest(manifest), bytes, size, cancel, err);
}

zreg_status zreg__endpoint_manifest_put(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                        bool named, zreg_cancel *cancel, zreg_error *err)
{
    if (endpoint->options.dry_run) {
        return ZREG_OK;
    }
    return zreg__manifest_is_opaque(manifest) && !named
               ? put_opaque(endpoint, manifest, cancel, err)
               : endpoint->driver->manifest_put(endpoint, manifest, named, cancel, err);
}

zreg_status zreg__endpoint_referrers(zreg_strings **out, zreg__endpoint *endpoint,
                                     const zreg_digest *subject, zreg_cancel *cancel,
                                     zreg_error *err)
{
    ZREG__TRY(zreg__endpoint_check_belongings(endpoint, err));
    return endpoint->driver->referrers(out, endpoint, subject, cancel, err);
}

zreg_status zreg__endpoint_referrers_add(zreg__endpoint *endpoint, const zreg_digest *subject,
                                         const zreg_manifest *const *manifests, size_t count,
                                         zreg_cancel *cancel, zreg_error *err)
{
    return endpoint->driver->referrers_add == NULL || endpoint->options.dry_run
               ? ZREG_OK
               : endpoint->driver->referrers_add(endpoint, subject, manifests, count, cancel, err);
}

zreg_status zreg__endpoint_overlay(zreg__overlay **out, zreg__endpoint *endpoint, zreg_error *err)
{
    if (endpoint->overlay == NULL) {
        ZREG__TRY(zreg__overlay_new(&endpoint->overlay, err));
    }
    *out = endpoint->overlay;
    return ZREG_OK;
}

static zreg_status offer(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                         const zreg_descriptor *part, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    zreg__overlay *overlay = NULL;
    if (part == NULL || zreg__manifest_inline(&bytes, manifest, part, NULL) != ZREG_OK) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_overlay(&overlay, endpoint, err));
    return zreg__overlay_add_bytes(overlay, &part->digest, zreg__buf_cstr(&bytes), bytes.size, err);
}

zreg_status zreg__endpoint_offer(zreg__endpoint *endpoint, const zreg_manifest *manifest,
                                 zreg_error *err)
{
    ZREG__TRY(offer(endpoint, manifest, zreg_manifest_config(manifest), err));
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        ZREG__TRY(offer(endpoint, manifest, zreg_manifest_at(manifest, i), err));
    }
    return ZREG_OK;
}

zreg_status zreg__endpoint_blob_head(zreg__endpoint *endpoint, const zreg_digest *digest,
                                     zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    uint64_t size = 0;
    if (zreg__overlay_has_bytes(endpoint->overlay, digest, &size)) {
        return ZREG_OK;
    }
    return endpoint->driver->blob_head != NULL
               ? endpoint->driver->blob_head(endpoint, digest, cancel, err)
               : endpoint->driver->blob_open(&source, endpoint, digest, cancel, err);
}

/* Reads and drops what comes before a byte. */
static zreg_status skip(zreg__source *source, uint64_t bytes, zreg_error *err)
{
    char block[8192];
    while (bytes > 0) {
        size_t size = 0;
        size_t want = bytes < sizeof(block) ? (size_t)bytes : sizeof(block);
        ZREG__TRY(zreg__source_read(&size, source, block, want, err));
        if (size == 0) {
            return zreg__fail(err, ZREG_CORRUPT, "the blob is shorter than it was before");
        }
        bytes -= size;
    }
    return ZREG_OK;
}

typedef struct wish {
    const zreg_digest *digest;
    const zreg_descriptor *blob; /* or NULL: from the first byte on, of unknown size */
    uint64_t offset;
} wish;

static zreg_status open_there(zreg__source **out, zreg__endpoint *endpoint, const wish *what,
                              zreg_cancel *cancel, zreg_error *err)
{
    const zreg__endpoint_driver *driver = endpoint->driver;
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    if (what->blob != NULL && driver->blob_open_at != NULL) {
        return driver->blob_open_at(out, endpoint, what->blob, what->offset, cancel, err);
    }
    ZREG__TRY(driver->blob_open(&source, endpoint, what->digest, cancel, err));
    ZREG__TRY(skip(source, what->offset, err));
    *out = zreg__steal(&source);
    return ZREG_OK;
}

/* What was made from the place's own comes first; what was found in a descriptor comes last. */
static zreg_status open_blob(zreg__source **out, zreg__endpoint *endpoint, const wish *what,
                             zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *beside = NULL;
    zreg_error why = {.code = ZREG_OK};
    ZREG__TRY(zreg__overlay_open_file(&beside, endpoint->overlay, what->digest, cancel, err));
    if (beside == NULL) {
        zreg_status status = open_there(out, endpoint, what, cancel, &why);
        if (status == ZREG_OK) {
            return ZREG_OK;
        }
        ZREG__TRY(status == ZREG_NOTFOUND
                      ? zreg__overlay_open_bytes(&beside, endpoint->overlay, what->digest, err)
                      : ZREG_OK);
    }
    if (beside == NULL) {
        return zreg__fail_again(err, &why);
    }
    ZREG__TRY(skip(beside, what->offset, err));
    *out = zreg__steal(&beside);
    return ZREG_OK;
}

zreg_status zreg__endpoint_blob_open(zreg__source **out, zreg__endpoint *endpoint,
                                     const zreg_digest *digest, zreg_cancel *cancel,
                                     zreg_error *err)
{
    return open_blob(out, endpoint, &(wish){.digest = digest}, cancel, err);
}

zreg_status zreg__endpoint_blob_open_at(zreg__source **out, zreg__endpoint *endpoint,
                                        const zreg_descriptor *blob, uint64_t offset,
                                        zreg_cancel *cancel, zreg_error *err)
{
    const wish what = {.digest = &blob->digest, .blob = blob, .offset = offset};
    return open_blob(out, endpoint, &what, cancel, err);
}

zreg_status zreg__endpoint_blob_open_part(zreg__source **out, zreg__endpoint *endpoint,
                                          const zreg_descriptor *blob, uint64_t offset,
                                          uint64_t length, zreg_cancel *cancel, zreg_error *err)
{
    return endpoint->driver->blob_open_part != NULL
               ? endpoint->driver->blob_open_part(out, endpoint, blob, offset, length, cancel, err)
               : zreg__fail(err, ZREG_UNSUPPORTED, "%s gives no parts of a blob",
                            zreg__endpoint_text(endpoint));
}

zreg_status zreg__endpoint_blob_create(zreg__sink **out, zreg__endpoint_blob_state *out_state,
                                       zreg__endpoint *endpoint, const zreg_digest *digest,
                                       uint64_t size_bytes, const zreg__endpoint *from,
                                       zreg_cancel *cancel, zreg_error *err)
{
    return endpoint->options.dry_run
               ? zreg__dry_blob_create(out, out_state, endpoint, digest, size_bytes, from, cancel,
                                       err)
               : endpoint->driver->blob_create(out, out_state, endpoint, digest, size_bytes, from,
                                               cancel, err);
}

void zreg__endpoint_blob_known(zreg__endpoint *endpoint, const zreg_digest *digest)
{
    if (endpoint->driver->blob_known != NULL) {
        endpoint->driver->blob_known(endpoint, digest);
    }
}

static zreg_status verify(const zreg__buf *bytes, const zreg_descriptor *blob, zreg_error *err)
{
    zreg_digest found;
    ZREG__TRY(zreg__digest_like(&found, &blob->digest, bytes->data, bytes->size, err));
    if (bytes->size != blob->size_bytes || !zreg_digest_equal(&found, &blob->digest)) {
        return zreg__fail(err, ZREG_CORRUPT, "the %zu bytes read are not blob %s", bytes->size,
                          blob->digest.text);
    }
    return ZREG_OK;
}

static zreg_status read_verified(zreg__buf *to, zreg__source *source, const zreg_descriptor *blob,
                                 zreg_error *err)
{
    zreg__buf_reset(to);
    ZREG__TRY(read_all(to, source, err));
    return verify(to, blob, err);
}

static zreg_status blob_bytes(bool *out_elsewhere, zreg__buf *to, zreg__endpoint *endpoint,
                              const zreg_descriptor *blob, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__source) zreg__source *source = NULL;
    ZREG__TRY(zreg__endpoint_blob_open(&source, endpoint, &blob->digest, cancel, err));
    zreg_status status = read_verified(to, source, blob, err);
    *out_elsewhere = status == ZREG_CORRUPT && zreg__source_doubt(source);
    return status;
}

zreg_status zreg__endpoint_blob_bytes(zreg__buf *to, zreg__endpoint *endpoint,
                                      const zreg_descriptor *blob, zreg_cancel *cancel,
                                      zreg_error *err)
{
    zreg_error failed = {ZREG_OK};
    bool elsewhere = true;
    zreg_status status = ZREG_CORRUPT;
    for (int servers = 0; elsewhere && servers <= ZREG__MAX_MIRRORS; servers++) {
        elsewhere = false;
        status = blob_bytes(&elsewhere, to, endpoint, blob, cancel, &failed);
    }
    if (status != ZREG_OK) {
        zreg__fail_again(err, &failed);
        return zreg__error_prefix(err, status, "%s", zreg__endpoint_text(endpoint));
    }
    return ZREG_OK;
}

zreg_status zreg__endpoint_blob_put(zreg_digest *out, zreg__endpoint *endpoint, const void *bytes,
                                    size_t size, zreg_cancel *cancel, zreg_error *err)
{
    zreg_digest digest;
    ZREG__TRY(zreg_digest_of(&digest, "sha256", bytes, size, err));
    ZREG__TRY(put_bytes(endpoint, &digest, bytes, size, cancel, err));
    if (out != NULL) {
        *out = digest;
    }
    return ZREG_OK;
}

zreg_status zreg__endpoint_finish(zreg__endpoint *endpoint, zreg_cancel *cancel, zreg_error *err)
{
    return endpoint->driver->finish == NULL || endpoint->options.dry_run
               ? ZREG_OK
               : endpoint->driver->finish(endpoint, cancel, err);
}

void zreg__endpoint_free(zreg__endpoint *endpoint)
{
    if (endpoint == NULL) {
        return;
    }
    zreg__place_free(endpoint->place);
    zreg__overlay_free(endpoint->overlay);
    endpoint->driver->free(endpoint);
}
