/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_inspect: what a place holds, as one JSON document. */
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/endpoint.h"
#include "image/imageconfig.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "registry/client.h"
#include <zreg/copy.h>

static zreg_status set_descriptor(zreg__json *to, const zreg_descriptor *descriptor,
                                  zreg_error *err)
{
    ZREG__TRY(zreg__json_set_text(to, "digest", descriptor->digest.text, err));
    ZREG__TRY(zreg__json_set_text(to, "media_type", descriptor->media_type, err));
    return zreg__json_set_u64(to, "size", descriptor->size_bytes, err);
}

/* "linux/arm64/v8", or null. */
static zreg_status set_platform(zreg__json *to, const zreg_platform *platform, zreg_error *err)
{
    ZREG__AUTO_FREE char *text = NULL;
    if (!zreg__str_empty(platform->os) && !zreg__str_empty(platform->architecture)) {
        const char *variant = platform->variant;
        text = zreg__asprintf("%s/%s%s%s", platform->os, platform->architecture,
                              zreg__str_empty(variant) ? "" : "/",
                              zreg__str_empty(variant) ? "" : variant);
        if (text == NULL) {
            return zreg__fail_nomem(err);
        }
    }
    return zreg__json_set_text(to, "platform", text, err);
}

static zreg_status add_children(zreg__json *document, const zreg_manifest *index, zreg_error *err)
{
    zreg__json *children = NULL;
    ZREG__TRY(zreg__json_set_array(&children, document, "platforms", err));
    for (size_t i = 0; i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *descriptor = zreg_manifest_at(index, i);
        zreg__json *child = NULL;
        ZREG__TRY(zreg__json_add_object(&child, children, err));
        ZREG__TRY(set_platform(child, &descriptor->platform, err));
        ZREG__TRY(set_descriptor(child, descriptor, err));
    }
    return ZREG_OK;
}

static zreg_status add_layers(zreg__json *document, const zreg_manifest *image, zreg_error *err)
{
    zreg__json *layers = NULL;
    ZREG__TRY(zreg__json_set_array(&layers, document, "layers", err));
    for (size_t i = 0; i < zreg_manifest_count(image); i++) {
        zreg__json *layer = NULL;
        ZREG__TRY(zreg__json_add_object(&layer, layers, err));
        ZREG__TRY(set_descriptor(layer, zreg_manifest_at(image, i), err));
    }
    return ZREG_OK;
}

/* What people look for in a config, under plain names; a part that is not set is left out. */
static zreg_status add_runtime(zreg__json *to, const zreg__json *runtime, zreg_error *err)
{
    static const char *const names[][2] = {
        {"Env", "env"},   {"Entrypoint", "entrypoint"},  {"Cmd", "command"},
        {"User", "user"}, {"WorkingDir", "working_dir"}, {"ExposedPorts", "ports"},
    };
    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        zreg__json *value = zreg__json_get(runtime, names[i][0]);
        if (value != NULL) {
            ZREG__TRY(zreg__json_set_shared(to, names[i][1], value, err));
        }
    }
    return ZREG_OK;
}

static zreg_status add_labels(zreg__json *document, const zreg__json *runtime, zreg_error *err)
{
    zreg__json *labels = zreg__json_get(runtime, "Labels");
    return labels != NULL ? zreg__json_set_shared(document, "labels", labels, err)
                          : zreg__json_set(document, "labels", zreg__json_new_object(), err);
}

/* An artifact that is no image may have any bytes as its config: its descriptor is all we tell. */
static bool is_image_config(const zreg_descriptor *config)
{
    return zreg__str_equal(config->media_type, ZREG__TYPE_OCI_CONFIG) ||
           zreg__str_equal(config->media_type, ZREG__TYPE_DOCKER_CONFIG);
}

static zreg_status add_config(zreg__json *document, zreg__endpoint *endpoint,
                              const zreg_manifest *image, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *config = NULL;
    zreg__json *to = NULL;
    ZREG__TRY(zreg__json_set_object(&to, document, "config", err));
    ZREG__TRY(set_descriptor(to, zreg_manifest_config(image), err));
    if (is_image_config(zreg_manifest_config(image))) {
        ZREG__TRY(zreg__imageconfig_fetch(&config, endpoint, image, cancel, err));
    }
    const zreg_platform platform = zreg__imageconfig_platform(config);
    const zreg__json *runtime = zreg__json_get(config, "config");
    ZREG__TRY(set_platform(to, &platform, err));
    ZREG__TRY(zreg__json_set_text(to, "created", zreg__json_text(config, "created"), err));
    ZREG__TRY(add_runtime(to, runtime, err));
    return add_labels(document, runtime, err);
}

static zreg_status describe(zreg__json *document, zreg__endpoint *endpoint, zreg_cancel *cancel,
                            zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = NULL;
    ZREG__TRY(zreg__endpoint_manifest_get(&root, endpoint, NULL, cancel, err));
    size_t size = 0;
    (void)zreg_manifest_bytes(root, &size);
    ZREG__TRY(zreg__json_set_text(document, "ref", zreg__endpoint_text(endpoint), err));
    ZREG__TRY(zreg__json_set_text(document, "digest", zreg_manifest_digest(root)->text, err));
    ZREG__TRY(zreg__json_set_text(document, "media_type", zreg_manifest_media_type(root), err));
    ZREG__TRY(zreg__json_set_u64(document, "size", size, err));
    if (zreg_manifest_is_index(root)) {
        return add_children(document, root, err);
    }
    ZREG__TRY(add_layers(document, root, err));
    return add_config(document, endpoint, root, cancel, err);
}

zreg_status zreg_inspect(char **out_json, zreg_client *client, const char *place,
                         zreg_cancel *cancel, zreg_error *err)
{
    const zreg__endpoint_options options = {.client = client};
    ZREG__AUTO(zreg__endpoint) zreg__endpoint *endpoint = NULL;
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(zreg__endpoint_open(&endpoint, place, &options, err));
    ZREG__TRY(describe(document, endpoint, cancel, err));
    return zreg__json_print_report(out_json, document, err);
}
