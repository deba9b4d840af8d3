/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/untag.h"

#include "base/cancel.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <string.h>

/* What takes the place of the image under the tag. */
typedef struct stand_in {
    char *config; /* the bytes of its config, which no other image has */
    zreg_digest config_digest;
    zreg_manifest *manifest;
    zreg_ref *ref; /* it, by its digest */
} stand_in;

static void stand_in_finish(stand_in *self)
{
    free(self->config);
    zreg_manifest_free(self->manifest);
    zreg_ref_free(self->ref);
}

ZREG__DEFINE_AUTO_VALUE(stand_in, stand_in_finish)

static zreg_status make_config(stand_in *self, zreg_error *err)
{
    char number[33];
    ZREG__TRY(zreg__random_hex(number, 16, err));
    self->config =
        zreg__asprintf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Labels\":"
                       "{\"org.libzreg.deleted-tag\":\"%s\"}},"
                       "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
                       number);
    return self->config != NULL
               ? zreg_digest_of(&self->config_digest, NULL, self->config, strlen(self->config), err)
               : zreg__fail_nomem(err);
}

/* Of the kind that stands under the tag now, docker's or OCI, since some registries take one of them only. Its
 * config is its layer too, since some want an image to have one. */
static zreg_status make_manifest(stand_in *self, const zreg_manifest *old, zreg_error *err)
{
    bool docker = strstr(zreg_manifest_media_type(old), "vnd.docker.") != NULL;
    zreg_descriptor part = {.media_type = docker ? ZREG__TYPE_DOCKER_CONFIG : ZREG__TYPE_OCI_CONFIG,
                            .digest = self->config_digest,
                            .size_bytes = strlen(self->config)};
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    ZREG__AUTO(zreg__json) zreg__json *layers = NULL;
    ZREG__TRY(zreg__compose_descriptor(&config, &part, err));
    part.media_type = docker ? ZREG__TYPE_DOCKER_LAYER_GZIP : ZREG__TYPE_OCI_LAYER_GZIP;
    ZREG__TRY(zreg__compose_descriptors(&layers, &part, 1, err));
    const zreg__parts parts = {.media_type =
                                   docker ? ZREG__TYPE_DOCKER_MANIFEST : ZREG__TYPE_OCI_MANIFEST,
                               .config = config,
                               .items = layers};
    return zreg__compose_manifest(&self->manifest, &parts, err);
}

static zreg_status make(stand_in *self, const zreg_ref *ref, const zreg_manifest *old,
                        zreg_error *err)
{
    ZREG__TRY(make_config(self, err));
    ZREG__TRY(make_manifest(self, old, err));
    return zreg_ref_with_digest(&self->ref, ref, zreg_manifest_digest(self->manifest), err);
}

/* Nothing has this digest yet, so nothing can go: a registry that deletes manifests says that it is not there. */
static zreg_status check_deletes(zreg_client *client, const zreg_ref *ref, const stand_in *with,
                                 zreg_cancel *cancel, zreg_error *err)
{
    zreg_error why = {ZREG_OK};
    zreg_status status = zreg_client_manifest_delete(client, with->ref, cancel, &why);
    if (status == ZREG_OK || status == ZREG_NOTFOUND) {
        return ZREG_OK;
    }
    if (why.http_status == 400 || why.http_status == 405 || why.http_status == 501 ||
        status == ZREG_UNSUPPORTED) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "%s: %s cannot delete a tag, and deletes no manifests either (HTTP %d); "
                          "allow it there, or use its own interface",
                          zreg_ref_text(ref), zreg_ref_host(ref), why.http_status);
    }
    return zreg__fail_again(err, &why);
}

static zreg_status push_config(zreg_client *client, const zreg_ref *ref, const stand_in *self,
                               zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_blob_writer) zreg_blob_writer *writer = NULL;
    size_t size = strlen(self->config);
    ZREG__TRY(zreg_blob_create(&writer, client, ref, &self->config_digest, size, cancel, err));
    ZREG__TRY(zreg_blob_write(writer, self->config, size, err));
    return zreg_blob_commit(NULL, writer, err);
}

static zreg_status check_unchanged(zreg_client *client, const zreg_ref *ref,
                                   const zreg_manifest *old, zreg_cancel *cancel, zreg_error *err)
{
    zreg_digest now;
    ZREG__TRY(zreg_client_manifest_head(&now, client, ref, cancel, err));
    if (zreg_digest_equal(&now, zreg_manifest_digest(old))) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_CONFLICT,
                      "%s: the tag was set to %s while it was to be deleted; it is left alone",
                      zreg_ref_text(ref), now.text);
}

static zreg_status give_back(zreg_client *client, const zreg_ref *ref, const zreg_manifest *old,
                             const zreg_error *why, zreg_cancel *cancel, zreg_error *err)
{
    zreg_error again = {ZREG_OK};
    zreg_error first = *why;
    zreg_status status = zreg_client_manifest_put(client, ref, old, cancel, &again);
    zreg__error_clear(err);
    (void)zreg__fail_again(err, &first);
    return zreg__error_prefix(err, first.code, "%s: the tag is not deleted, and %s %s",
                              zreg_ref_text(ref),
                              status == ZREG_OK ? "is again" : "names an empty image now; it was",
                              zreg_manifest_digest(old)->text);
}

zreg_status zreg__untag(zreg_client *client, const zreg_ref *ref, zreg_cancel *cancel,
                        zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *old = NULL;
    ZREG__AUTO(stand_in) stand_in instead = {0};
    zreg_error why = {ZREG_OK};
    ZREG__TRY(zreg_client_manifest_get(&old, client, ref, cancel, err));
    ZREG__TRY(make(&instead, ref, old, err));
    ZREG__TRY(check_deletes(client, ref, &instead, cancel, err));
    ZREG__TRY(push_config(client, ref, &instead, cancel, err));
    ZREG__TRY(check_unchanged(client, ref, old, cancel, err));
    ZREG__TRY(zreg_client_manifest_put(client, ref, instead.manifest, cancel, err));
    zreg_status status = zreg_client_manifest_delete(client, instead.ref, cancel, &why);
    /* An answer that was lost: it is gone all the same. */
    return status == ZREG_OK || status == ZREG_NOTFOUND
               ? ZREG_OK
               : give_back(client, ref, old, &why, cancel, err);
}
