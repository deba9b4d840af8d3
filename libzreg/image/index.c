/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_index_create: the images of several places under one new index. */
#include "base/buf.h"
#include "base/cancel.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "image/choose.h"
#include "image/endpoint.h"
#include "image/graph.h"
#include "image/imageconfig.h"
#include "image/pack.h"
#include "image/transfer.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/client.h"
#include <zreg/copy.h>

typedef struct assembly {
    zreg_client *client;
    zreg_copy_options options;
    zreg__transfer_options transfer;
    zreg__transfer_stats stats;
    zreg__endpoint *dst;
    zreg__json *children;
    zreg__map *listed;    /* the children's digests; values mean nothing */
    zreg__map *platforms; /* what platform_text says of an image -> the child */
    zreg__map *walked;    /* digests of indexes that were gone through; values mean nothing */
    bool all_docker;      /* then the index is docker's manifest list */
    zreg_cancel *cancel;
} assembly;

static void assembly_finish(assembly *self)
{
    zreg__endpoint_free(self->dst);
    zreg__map_free(self->listed);
    zreg__map_free(self->platforms);
    zreg__map_free(self->walked);
    zreg__json_free(self->children);
}

ZREG__DEFINE_AUTO_VALUE(assembly, assembly_finish)

/* "linux/arm64/v8" and the like, as it is told apart from other entries; "" without platform. */
static char *platform_text(const zreg__json *platform)
{
    static const char *const parts[] = {"os", "architecture", "variant", "os.version"};
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(4 * ZREG__KIB);
    for (size_t i = 0; i < ZREG__COUNT(parts); i++) {
        const char *part = zreg__json_text(platform, parts[i]);
        if (part != NULL && part[0] != '\0') {
            (void)zreg__buf_printf(&text, NULL, "%s%s", text.size > 0 ? "/" : "", part);
        }
    }
    return zreg__buf_steal(&text);
}

static zreg_status take_platform(assembly *self, zreg__json *added, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = platform_text(zreg__json_get(added, "platform"));
    const char *wanted = text != NULL ? text : "";
    const zreg__json *taken = zreg__map_get(self->platforms, wanted);
    return taken == NULL
               ? zreg__map_set(self->platforms, wanted, added, err)
               : zreg__fail(err, ZREG_INVAL, "two images for %s: %s and %s",
                            wanted[0] == '\0' ? "no platform" : wanted,
                            zreg__json_text(taken, "digest"), zreg__json_text(added, "digest"));
}

static bool is_listed(const assembly *self, const zreg_digest *digest)
{
    return zreg__map_get(self->listed, digest->text) != NULL;
}

static zreg_status list(assembly *self, const zreg_digest *digest, const zreg__json *child,
                        zreg_error *err)
{
    ZREG__TRY(zreg__map_set(self->listed, digest->text, self, err));
    return zreg__json_add_shared(self->children, child, err);
}

/* The child's descriptor, with the platform that its config names. */
static zreg_status describe_by_config(zreg__json **out, assembly *self, zreg__endpoint *src,
                                      const zreg_manifest *manifest, zreg_descriptor *child,
                                      zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    ZREG__TRY(zreg__imageconfig_fetch(&config, src, manifest, self->cancel, err));
    child->has_platform = 1;
    child->platform = zreg__imageconfig_platform(config);
    if (zreg__str_empty(child->platform.os) || zreg__str_empty(child->platform.architecture)) {
        return zreg__fail(err, ZREG_INVAL, "%s: the config of %s names no platform",
                          zreg__endpoint_text(src), child->digest.text);
    }
    return zreg__compose_descriptor(out, child, err);
}

static zreg_status describe(zreg__json **out, assembly *self, zreg__endpoint *src,
                            const zreg_manifest *manifest, const zreg_descriptor *named_by,
                            zreg_error *err)
{
    zreg_descriptor child = zreg__compose_name(manifest);
    if (named_by == NULL || !named_by->has_platform) {
        return describe_by_config(out, self, src, manifest, &child, err);
    }
    child.has_platform = 1;
    child.platform = named_by->platform;
    return zreg__compose_descriptor(out, &child, err);
}

static zreg_status add_child(assembly *self, zreg__endpoint *src, const zreg_manifest *manifest,
                             const zreg_descriptor *named_by, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *child = NULL;
    if (is_listed(self, zreg_manifest_digest(manifest))) {
        return ZREG_OK;
    }
    ZREG__TRY(describe(&child, self, src, manifest, named_by, err));
    ZREG__TRY(take_platform(self, child, err));
    self->all_docker = self->all_docker && zreg__str_equal(zreg_manifest_media_type(manifest),
                                                           ZREG__TYPE_DOCKER_MANIFEST);
    return list(self, zreg_manifest_digest(manifest), child, err);
}

/* What is no image that runs on a platform, such as what attests one, is named as it was. */
static zreg_status add_as_named(assembly *self, const zreg_manifest *index,
                                const zreg_descriptor *child, zreg_error *err)
{
    return is_listed(self, &child->digest)
               ? ZREG_OK
               : list(self, &child->digest, zreg__manifest_json_of(index, child), err);
}

static zreg_status add_children(assembly *self, zreg__endpoint *src, const zreg_manifest *index,
                                const zreg__plan *plan, zreg_error *err);

/* An index may be named any number of times, also by each other one of its depth. */
static zreg_status add_index(assembly *self, zreg__endpoint *src, const zreg_manifest *index,
                             const zreg__plan *plan, zreg_error *err)
{
    const char *digest = zreg_manifest_digest(index)->text;
    if (zreg__map_get(self->walked, digest) != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__map_set(self->walked, digest, self, err));
    return add_children(self, src, index, plan, err);
}

static zreg_status add_children(assembly *self, zreg__endpoint *src, const zreg_manifest *index,
                                const zreg__plan *plan, zreg_error *err)
{
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *named_by = zreg_manifest_at(index, i);
        const zreg_manifest *child = zreg__plan_find(plan, &named_by->digest);
        ZREG__TRY(zreg__cancel_check(self->cancel, err));
        if (child == NULL || zreg__manifest_is_opaque(child) || zreg__plan_attests(named_by)) {
            ZREG__TRY(add_as_named(self, index, named_by, err));
        } else if (zreg_manifest_is_index(child) && !named_by->has_platform) {
            ZREG__TRY(add_index(self, src, child, plan, err));
        } else {
            ZREG__TRY(add_child(self, src, child, named_by, err));
        }
    }
    return ZREG_OK;
}

static zreg_status add_root(assembly *self, zreg__endpoint *src, const zreg_manifest *root,
                            const zreg__plan *plan, zreg_error *err)
{
    return zreg_manifest_is_index(root) ? add_index(self, src, root, plan, err)
                                        : add_child(self, src, root, NULL, err);
}

static zreg_status move_source(assembly *self, zreg__endpoint *src, const zreg_manifest *root,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__plan) zreg__plan *plan = NULL;
    size_t left_out = 0, count = 0;
    ZREG__TRY(
        zreg__graph_fetch(&plan, &left_out, src, root, NULL, &self->transfer, self->cancel, err));
    ZREG__TRY(add_root(self, src, root, plan, err));
    const zreg_descriptor *const *blobs = zreg__plan_blobs(plan, &count);
    ZREG__TRY(zreg__transfer_blobs(&self->stats, src, self->dst, blobs, count, &self->transfer,
                                   self->cancel, err));
    ZREG__TRY(zreg__transfer_manifests(&self->stats, self->dst, plan, NULL, NULL, &self->transfer,
                                       self->cancel, err));
    return zreg_manifest_is_index(root)
               ? ZREG_OK
               : zreg__endpoint_manifest_put(self->dst, root, false, self->cancel, err);
}

static zreg_status add_source(assembly *self, const char *place, zreg_error *err)
{
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *src = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = NULL;
    const zreg__endpoint_options from = {.client = self->client,
                                         .server = self->options.src_server};
    ZREG__TRY(zreg__endpoint_open(&src, place, &from, err));
    ZREG__TRY(zreg__endpoint_expect(self->dst, src, err));
    ZREG__TRY(zreg__endpoint_manifest_get(&root, src, NULL, self->cancel, err));
    if (self->options.platforms != NULL && zreg_manifest_is_index(root)) {
        zreg_manifest *filtered = NULL;
        ZREG__TRY(zreg__choose_platforms(&filtered, src, root, self->options.platforms,
                                         self->cancel, err));
        zreg_manifest_free(root);
        root = filtered;
    }
    ZREG__TRY(zreg__pack_on_the_way(&root, src, self->dst, self->options.layers, &self->transfer,
                                    self->cancel, err));
    return move_source(self, src, root, err);
}

static zreg_status check_destination(const assembly *self, const zreg_manifest *index,
                                     zreg_error *err)
{
    const zreg_digest *pinned = zreg__place_digest(self->dst->place);
    const zreg_digest *made = zreg_manifest_digest(index);
    return pinned == NULL || zreg_digest_equal(pinned, made)
               ? ZREG_OK
               : zreg__fail(err, ZREG_INVAL, "%s cannot hold the new index %s; name a tag",
                            zreg__endpoint_text(self->dst), made->text);
}

static zreg_status put_index(zreg_digest *out, assembly *self, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *index = NULL;
    const zreg__parts parts = {.media_type =
                                   self->all_docker ? ZREG__TYPE_DOCKER_LIST : ZREG__TYPE_OCI_INDEX,
                               .items = self->children};
    ZREG__TRY(zreg__compose_manifest(&index, &parts, err));
    ZREG__TRY(check_destination(self, index, err));
    ZREG__TRY(zreg__endpoint_manifest_put(self->dst, index, true, self->cancel, err));
    ZREG__TRY(zreg__endpoint_finish(self->dst, self->cancel, err));
    *out = *zreg_manifest_digest(index);
    return ZREG_OK;
}

static zreg_status start(assembly *self, const char *dst, zreg_error *err)
{
    const zreg__endpoint_options to = {.client = self->client,
                                       .server = self->options.dst_server,
                                       .write = true,
                                       .dry_run = self->options.dry_run != 0,
                                       .mount_from = self->options.mount_from};
    self->transfer = (zreg__transfer_options){.jobs = self->options.jobs,
                                              .phase = "index",
                                              .progress = self->options.progress,
                                              .progress_user = self->options.progress_user};
    self->children = zreg__json_new_array();
    self->all_docker = true;
    ZREG__TRY(zreg__map_new(&self->listed, NULL, err));
    ZREG__TRY(zreg__map_new(&self->platforms, NULL, err));
    ZREG__TRY(zreg__map_new(&self->walked, NULL, err));
    return self->children != NULL ? zreg__endpoint_open(&self->dst, dst, &to, err)
                                  : zreg__fail_nomem(err);
}

zreg_status zreg_index_create(zreg_digest *out, zreg_client *client, const char *const *sources,
                              const char *dst, const zreg_copy_options *options,
                              zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(assembly) assembly self = {.client = client, .cancel = cancel};
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&self.options, options, err));
    if (sources == NULL || sources[0] == NULL) {
        return zreg__fail(err, ZREG_INVAL, "an index of no images; name at least one");
    }
    if (self.options.expect_digest != NULL) {
        return zreg__fail(err, ZREG_INVAL,
                          "an index is made of several images, so that no one digest can be "
                          "expected; name the sources by digest");
    }
    if (self.options.with_referrers) {
        return zreg__fail(
            err, ZREG_UNSUPPORTED,
            "nothing belongs to an index that is made now; copy the images with their "
            "referrers to the destination's repository first, then make it of those");
    }
    ZREG__TRY(start(&self, dst, err));
    for (size_t i = 0; sources[i] != NULL; i++) {
        ZREG__TRY(add_source(&self, sources[i], err));
    }
    return put_index(out, &self, err);
}
