/* SPDX-License-Identifier: Apache-2.0 */
/* The base's layers and the new ones, then the config, then the manifest. */
#include "image/append_image.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/append_config.h"
#include "image/append_rebase.h"
#include "image/graph.h"
#include "image/imageconfig.h"
#include "oci/compose.h"
#include "oci/mediatype.h"
#include <string.h>

typedef struct making {
    zreg__append *run;
    zreg__append_base base;
    size_t own; /* number of the base's first layer that stays, after a rebase */
    bool is_docker;
} making;

static void making_finish(making *self)
{
    zreg__append_base_finish(&self->base);
}

ZREG__DEFINE_AUTO_VALUE(making, making_finish)

static bool is_wanted(const making *self, const zreg_digest *blob)
{
    const zreg_manifest *manifest = self->base.manifest;
    bool dropped = zreg_digest_equal(blob, &zreg_manifest_config(manifest)->digest);
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        bool same = zreg_digest_equal(blob, &zreg_manifest_at(manifest, i)->digest);
        dropped = (dropped || same) && !(same && i >= self->own);
    }
    return !dropped;
}

/* The base's own config stays behind, and what a rebase takes away; all else that it names is wanted. */
static zreg_status move_layers(making *self, const char *phase, zreg_error *err)
{
    const zreg__append *run = self->run;
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    zreg__transfer_stats stats = {0};
    const zreg__transfer_options options = {.phase = phase,
                                            .progress = run->options.progress,
                                            .progress_user = run->options.progress_user};
    size_t count = 0;
    size_t kept = 0;
    size_t left_out = 0;
    ZREG__TRY(zreg__graph_fetch(&plan, &left_out, self->base.src, self->base.manifest, NULL,
                                &options, run->cancel, err));
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    ZREG__AUTO_FREE const zreg_descriptor **layers = zreg__calloc(count + 1, sizeof(*layers));
    if (layers == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_wanted(self, &blobs[i]->digest)) {
            layers[kept++] = blobs[i];
        }
    }
    return zreg__transfer_blobs(&stats, self->base.src, run->dst, layers, kept, &options,
                                run->cancel, err);
}

/* --- another base */

static zreg_status fetch_other(zreg__append_base *out, zreg__endpoint **out_src, const making *self,
                               const char *place, const char *platform, zreg_error *err)
{
    const zreg__append *run = self->run;
    const zreg__endpoint_options from = {.client = run->client};
    ZREG__TRY(zreg__endpoint_open(out_src, place, &from, err));
    ZREG__TRY(zreg__endpoint_expect(run->dst, *out_src, err));
    out->src = *out_src;
    return zreg__append_base_fetch(out, NULL, platform, run->dst, run->cancel, err);
}

static zreg_status rebase(making *self, const char *known, zreg_error *err)
{
    const zreg_platform own = zreg__imageconfig_platform(self->base.config);
    const char *build = zreg__str_equal(own.os, "windows") ? own.os_version : NULL;
    ZREG__AUTO_FREE char *platform = NULL;
    ZREG__AUTO(zreg__append_bases) zreg__append_bases bases = {NULL, NULL};
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *old_src = NULL;
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *new_src = NULL;
    ZREG__AUTO(zreg__append_base) zreg__append_base old_base = {.os_version = build};
    ZREG__AUTO(making) making below = {.run = self->run, .base = {.os_version = build}};
    ZREG__TRY(zreg__append_rebase_platform(&platform, self->base.config, known, err));
    ZREG__TRY(zreg__append_rebase_find(&bases, self->base.document, &self->run->options, err));
    ZREG__TRY(fetch_other(&old_base, &old_src, self, bases.old_base, platform, err));
    ZREG__TRY(fetch_other(&below.base, &new_src, self, bases.new_base, platform, err));
    bool is_docker = self->is_docker && zreg__append_base_is_docker(&below.base);
    ZREG__TRY(zreg__append_rebase_apply(&self->own, &self->base, &old_base, &below.base, err));
    self->is_docker = is_docker;
    return move_layers(&below, "rebase", err);
}

/* --- what is new */

/* By kind of image and by how a layer is packed; docker's images have no zstd. */
static const char *const layer_types[2][3] = {
    {ZREG__TYPE_OCI_LAYER, ZREG__TYPE_OCI_LAYER_GZIP, ZREG__TYPE_OCI_LAYER_ZSTD},
    {ZREG__TYPE_DOCKER_LAYER, ZREG__TYPE_DOCKER_LAYER_GZIP, NULL},
};

static zreg_status add_layer(zreg__json *list, const making *self, const zreg__tarlayer *made,
                             zreg_error *err)
{
    zreg__json *entry = NULL;
    const zreg_descriptor layer = {.media_type = layer_types[self->is_docker][made->packing],
                                   .digest = made->digest,
                                   .size_bytes = made->size_bytes};
    if (layer.media_type == NULL) {
        return zreg__fail(err, ZREG_UNSUPPORTED,
                          "%s is an image of docker's form, which has no layers of zstd; give the "
                          "layer as gzip",
                          zreg__endpoint_text(self->base.src));
    }
    ZREG__TRY(zreg__compose_descriptor(&entry, &layer, err));
    return zreg__json_add(list, entry, err);
}

/* What changes no layer is told too, but of a rebase the layers tell. */
static zreg_status change_config(making *self, zreg_error *err)
{
    const zreg_append_options *options = &self->run->options;
    size_t count = zreg__append_layers_count(self->run->layers);
    ZREG__TRY(zreg__append_config_apply(self->base.config, options, err));
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(zreg__append_config_add(self->base.config,
                                          &zreg__append_layers_at(self->run->layers, i)->diff_id,
                                          options, err));
    }
    return count > 0 || options->rebase
               ? ZREG_OK
               : zreg__append_config_add(self->base.config, NULL, options, err);
}

static zreg_status put_config(zreg__json **out, making *self, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__AUTO(zreg__json) zreg__json *checked = NULL;
    zreg_descriptor config = {.media_type = self->is_docker ? ZREG__TYPE_DOCKER_CONFIG
                                                            : ZREG__TYPE_OCI_CONFIG};
    ZREG__TRY(zreg__json_print(&text, self->base.config, err));
    config.size_bytes = strlen(text);
    /* Nobody shall have to find out later that it cannot be read back. */
    ZREG__TRY(zreg__imageconfig_parse(&checked, text, strlen(text), "image config", err));
    ZREG__TRY(zreg__endpoint_blob_put(&config.digest, self->run->dst, text, strlen(text),
                                      self->run->cancel, err));
    return zreg__compose_descriptor(out, &config, err);
}

/* Those of the base as they stand in it, then the new ones. */
static zreg_status list_layers(zreg__json **out, making *self, zreg_error *err)
{
    zreg__json *of_base = zreg__json_get(self->base.document, "layers");
    ZREG__AUTO(zreg__json)
    zreg__json *list = of_base != NULL ? zreg__json_share(of_base) : zreg__json_new_array();
    for (size_t i = 0; i < zreg__append_layers_count(self->run->layers); i++) {
        ZREG__TRY(add_layer(list, self, zreg__append_layers_at(self->run->layers, i), err));
    }
    *out = zreg__steal(&list);
    return ZREG_OK;
}

/* The base may refer to a subject; the new image is no statement about that. */
static zreg_status make_manifest(zreg_manifest **out, making *self, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    ZREG__AUTO(zreg__json) zreg__json *layers = NULL;
    ZREG__TRY(change_config(self, err));
    ZREG__TRY(put_config(&config, self, err));
    ZREG__TRY(list_layers(&layers, self, err));
    ZREG__TRY(zreg__append_config_annotate(&self->base.document, &self->run->options, err));
    const zreg__parts parts = {
        .media_type = self->is_docker ? ZREG__TYPE_DOCKER_MANIFEST : ZREG__TYPE_OCI_MANIFEST,
        .artifact_type = zreg__json_text(self->base.document, "artifactType"),
        .config = config,
        .items = layers,
        .annotations = zreg__json_get(self->base.document, "annotations")};
    return zreg__compose_manifest(out, &parts, err);
}

static zreg_status take_base(making *self, const zreg_digest *digest, const char *platform,
                             zreg_error *err)
{
    const zreg__append *run = self->run;
    ZREG__TRY(zreg__append_base_fetch(&self->base, digest, platform, run->dst, run->cancel, err));
    self->is_docker = zreg__append_base_is_docker(&self->base);
    ZREG__TRY(run->options.rebase ? rebase(self, platform, err) : ZREG_OK);
    return move_layers(self, "append", err);
}

zreg_status zreg__append_image(zreg_manifest **out, zreg__append *run, const zreg_digest *digest,
                               const char *platform, zreg_error *err)
{
    ZREG__AUTO(making) making self = {.run = run, .base = {.src = run->src}};
    ZREG__TRY(run->src == NULL ? zreg__append_config_scratch(&self.base.config, platform, err)
                               : take_base(&self, digest, platform, err));
    ZREG__TRY(zreg__append_layers_push(run->layers, run->dst, &run->options, run->cancel, err));
    return make_manifest(out, &self, err);
}
