/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_append: the base's layers and the new ones, then the config, then the manifest. */
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "image/append_config.h"
#include "image/append_layers.h"
#include "image/graph.h"
#include "image/imageconfig.h"
#include "image/pack.h"
#include "image/plan.h"
#include "image/transfer.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/client.h"
#include <string.h>
#include <sys/utsname.h>
#include <zreg/copy.h>

typedef struct append {
    zreg_append_options options;
    char *platform;
    zreg__endpoint *src; /* of the base; NULL from scratch */
    zreg__endpoint *dst;
    zreg_manifest *base;  /* NULL from scratch */
    zreg__json *document; /* of the base, too */
    zreg__json *config;   /* of the new image */
    zreg__append_layers *layers;
    bool is_docker; /* the media types are docker's, as those of the base */
    zreg_cancel *cancel;
} append;

static void append_finish(append *self)
{
    free(self->platform);
    zreg__endpoint_free(self->src);
    zreg__endpoint_free(self->dst);
    zreg_manifest_free(self->base);
    zreg__json_free(self->config);
    zreg__json_free(self->document);
    zreg__append_layers_free(self->layers);
}

ZREG__DEFINE_AUTO_VALUE(append, append_finish)

/* What this machine runs, in the words of image platforms. */
static char *machine_platform(void)
{
    static const struct {
        const char *machine;
        const char *platform;
    } machines[] = {
        {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "arm/v7"},       {"armv6l", "arm/v6"},
        {"i386", "386"},     {"i686", "386"},      {"loongarch64", "loong64"},
    };
    struct utsname about;
    if (uname(&about) != 0) {
        return zreg__strdup("linux/amd64");
    }
    for (size_t i = 0; i < ZREG__COUNT(machines); i++) {
        if (zreg__str_equal(about.machine, machines[i].machine)) {
            return zreg__asprintf("linux/%s", machines[i].platform);
        }
    }
    return zreg__asprintf("linux/%s", about.machine);
}

static const zreg_descriptor *find_child(const zreg_manifest *index, const char *platform)
{
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        if (child->has_platform && zreg__platform_matches(&child->platform, platform)) {
            return child;
        }
    }
    return NULL;
}

/* Puts the child for our platform in the place of an index. */
static zreg_status descend(append *self, zreg_error *err)
{
    const zreg_descriptor *child = find_child(self->base, self->platform);
    if (child == NULL) {
        return zreg__fail(err, ZREG_NOTFOUND, "%s has no image for %s; name another platform",
                          zreg__endpoint_text(self->src), self->platform);
    }
    zreg_manifest *image = NULL;
    ZREG__TRY(zreg__endpoint_manifest_get(&image, self->src, &child->digest, self->cancel, err));
    zreg_manifest_free(self->base);
    self->base = image;
    return ZREG_OK;
}

static zreg_status fetch_manifest(append *self, zreg_error *err)
{
    ZREG__TRY(zreg__endpoint_manifest_get(&self->base, self->src, NULL, self->cancel, err));
    for (unsigned depth = 0; zreg_manifest_is_index(self->base); depth++) {
        if (depth == ZREG__MAX_INDEX_DEPTH) {
            return zreg__fail(err, ZREG_LIMIT, "%s: indexes more than %d deep",
                              zreg__endpoint_text(self->src), ZREG__MAX_INDEX_DEPTH);
        }
        ZREG__TRY(descend(self, err));
    }
    const zreg__transfer_options options = {.phase = "append"};
    return zreg__pack_on_the_way(&self->base, self->src, self->dst, NULL, &options, self->cancel,
                                 err);
}

static zreg_status fetch_base(append *self, zreg_error *err)
{
    ZREG__TRY(fetch_manifest(self, err));
    ZREG__TRY(zreg__imageconfig_fetch(&self->config, self->src, self->base, self->cancel, err));
    zreg_status status =
        zreg__append_config_check_base(self->config, zreg_manifest_count(self->base), err);
    if (status != ZREG_OK) {
        return zreg__error_prefix(err, status, "%s", zreg__endpoint_text(self->src));
    }
    size_t size = 0;
    const void *bytes = zreg_manifest_bytes(self->base, &size);
    self->is_docker =
        zreg__str_equal(zreg_manifest_media_type(self->base), ZREG__TYPE_DOCKER_MANIFEST);
    return zreg__json_parse(&self->document, bytes, size, "manifest", err);
}

static zreg_status open_ends(append *self, zreg_client *client, const char *base, const char *dst,
                             zreg_error *err)
{
    const zreg__endpoint_options from = {.client = client};
    const zreg__endpoint_options to = {
        .client = client, .server = self->options.dst_server, .write = true};
    ZREG__TRY(zreg__endpoint_open(&self->dst, dst, &to, err));
    if (zreg__str_equal(base, "scratch")) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_open(&self->src, base, &from, err));
    return zreg__endpoint_expect(self->dst, self->src, err);
}

/* The base's own config stays behind; all else that it names is wanted. */
static zreg_status move_base_layers(append *self, zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    zreg__transfer_stats stats = {0};
    const zreg__transfer_options options = {.phase = "append",
                                            .progress = self->options.progress,
                                            .progress_user = self->options.progress_user};
    size_t count = 0;
    size_t kept = 0;
    size_t left_out = 0;
    ZREG__TRY(zreg__graph_fetch(&plan, &left_out, self->src, self->base, NULL, &options,
                                self->cancel, err));
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    ZREG__AUTO_FREE const zreg_descriptor **layers = zreg__calloc(count + 1, sizeof(*layers));
    if (layers == NULL) {
        return zreg__fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        if (!zreg_digest_equal(&blobs[i]->digest, &zreg_manifest_config(self->base)->digest)) {
            layers[kept++] = blobs[i];
        }
    }
    return zreg__transfer_blobs(&stats, self->src, self->dst, layers, kept, &options, self->cancel,
                                err);
}

/* By kind of image and by how a layer is packed; docker's images have no zstd. */
static const char *const layer_types[2][3] = {
    {ZREG__TYPE_OCI_LAYER, ZREG__TYPE_OCI_LAYER_GZIP, ZREG__TYPE_OCI_LAYER_ZSTD},
    {ZREG__TYPE_DOCKER_LAYER, ZREG__TYPE_DOCKER_LAYER_GZIP, NULL},
};

static zreg_status add_layer(zreg__json *list, const append *self, const zreg__tarlayer *made,
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
                          zreg__endpoint_text(self->src));
    }
    ZREG__TRY(zreg__compose_descriptor(&entry, &layer, err));
    return zreg__json_add(list, entry, err);
}

static zreg_status change_config(append *self, zreg_error *err)
{
    size_t count = zreg__append_layers_count(self->layers);
    ZREG__TRY(zreg__append_config_apply(self->config, &self->options, err));
    for (size_t i = 0; i < count; i++) {
        ZREG__TRY(zreg__append_config_add(
            self->config, &zreg__append_layers_at(self->layers, i)->diff_id, &self->options, err));
    }
    return count > 0 ? ZREG_OK : zreg__append_config_add(self->config, NULL, &self->options, err);
}

static zreg_status put_config(zreg__json **out, append *self, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = NULL;
    ZREG__AUTO(zreg__json) zreg__json *checked = NULL;
    zreg_descriptor config = {.media_type = self->is_docker ? ZREG__TYPE_DOCKER_CONFIG
                                                            : ZREG__TYPE_OCI_CONFIG};
    ZREG__TRY(zreg__json_print(&text, self->config, err));
    config.size_bytes = strlen(text);
    /* Nobody shall have to find out later that it cannot be read back. */
    ZREG__TRY(zreg__imageconfig_parse(&checked, text, strlen(text), "image config", err));
    ZREG__TRY(
        zreg__endpoint_blob_put(&config.digest, self->dst, text, strlen(text), self->cancel, err));
    return zreg__compose_descriptor(out, &config, err);
}

/* Those of the base as they stand in it, then the new ones. */
static zreg_status list_layers(zreg__json **out, append *self, zreg_error *err)
{
    zreg__json *of_base = zreg__json_get(self->document, "layers");
    ZREG__AUTO(zreg__json)
    zreg__json *list = of_base != NULL ? zreg__json_share(of_base) : zreg__json_new_array();
    for (size_t i = 0; i < zreg__append_layers_count(self->layers); i++) {
        ZREG__TRY(add_layer(list, self, zreg__append_layers_at(self->layers, i), err));
    }
    *out = zreg__steal(&list);
    return ZREG_OK;
}

static zreg_status check_destination(const append *self, const zreg_manifest *image,
                                     zreg_error *err)
{
    const zreg_digest *pinned = zreg__place_digest(self->dst->place);
    const zreg_digest *made = zreg_manifest_digest(image);
    if (pinned != NULL && !zreg_digest_equal(pinned, made)) {
        return zreg__fail(err, ZREG_INVAL, "%s cannot hold the new image %s; name a tag",
                          zreg__endpoint_text(self->dst), made->text);
    }
    return ZREG_OK;
}

static zreg_status put_manifest(zreg_digest *out, append *self, const zreg__parts *parts,
                                zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *image = NULL;
    ZREG__TRY(zreg__compose_manifest(&image, parts, err));
    ZREG__TRY(check_destination(self, image, err));
    ZREG__TRY(zreg__endpoint_manifest_put(self->dst, image, true, self->cancel, err));
    ZREG__TRY(zreg__endpoint_finish(self->dst, self->cancel, err));
    *out = *zreg_manifest_digest(image);
    return ZREG_OK;
}

/* The base may refer to a subject; the new image is no statement about that. */
static zreg_status make_manifest(zreg_digest *out, append *self, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    ZREG__AUTO(zreg__json) zreg__json *layers = NULL;
    ZREG__TRY(change_config(self, err));
    ZREG__TRY(put_config(&config, self, err));
    ZREG__TRY(list_layers(&layers, self, err));
    ZREG__TRY(zreg__append_config_annotate(&self->document, &self->options, err));
    const zreg__parts parts = {.media_type = self->is_docker ? ZREG__TYPE_DOCKER_MANIFEST
                                                             : ZREG__TYPE_OCI_MANIFEST,
                               .artifact_type = zreg__json_text(self->document, "artifactType"),
                               .config = config,
                               .items = layers,
                               .annotations = zreg__json_get(self->document, "annotations")};
    return put_manifest(out, self, &parts, err);
}

static zreg_status execute(zreg_digest *out, append *self, const char *const *layers,
                           zreg_error *err)
{
    ZREG__TRY(self->src == NULL ? zreg__append_config_scratch(&self->config, self->platform, err)
                                : fetch_base(self, err));
    ZREG__TRY(zreg__append_layers_new(&self->layers, layers, err));
    if (self->src != NULL) {
        ZREG__TRY(move_base_layers(self, err));
    }
    ZREG__TRY(zreg__append_layers_push(self->layers, self->dst, &self->options, self->cancel, err));
    return make_manifest(out, self, err);
}

zreg_status zreg_append(zreg_digest *out, zreg_client *client, const char *base,
                        const char *const *layers, const char *dst,
                        const zreg_append_options *options, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(append) append self = {.cancel = cancel};
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&self.options, options, err));
    ZREG__TRY(zreg__append_config_check(&self.options, err));
    if (zreg__str_empty(base) || zreg__str_empty(dst)) {
        return zreg__fail(err, ZREG_INVAL,
                          "append: name a base (or \"scratch\") and a place for "
                          "the new image");
    }
    self.platform =
        self.options.platform ? zreg__strdup(self.options.platform) : machine_platform();
    if (self.platform == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(open_ends(&self, client, base, dst, err));
    return execute(out, &self, layers, err);
}
