/* SPDX-License-Identifier: Apache-2.0 */
/* zreg_append: an image of a base and layers, or all images of an index, and then its name. */
#include "base/error.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "image/append_config.h"
#include "image/append_index.h"
#include "image/endpoint.h"
#include "image/machine.h"
#include "oci/manifest.h"
#include "registry/client.h"
#include <zreg/copy.h>

static void append_finish(zreg__append *self)
{
    free(self->platform);
    zreg__endpoint_free(self->src);
    zreg__endpoint_free(self->dst);
    zreg__append_layers_free(self->layers);
}

ZREG__DEFINE_AUTO_VALUE(zreg__append, append_finish)

static zreg_status open_ends(zreg__append *self, const char *base, const char *dst, zreg_error *err)
{
    const zreg__endpoint_options from = {.client = self->client};
    const zreg__endpoint_options to = {.client = self->client,
                                       .server = self->options.dst_server,
                                       .write = true,
                                       .dry_run = self->options.dry_run != 0};
    ZREG__TRY(zreg__endpoint_open(&self->dst, dst, &to, err));
    if (zreg__str_equal(base, "scratch")) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_open(&self->src, base, &from, err));
    return zreg__endpoint_expect(self->dst, self->src, err);
}

static zreg_status check_destination(const zreg__append *self, const zreg_manifest *image,
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

/* All images of an index, where that is asked for; else `*out` is NULL. */
static zreg_status make_all(zreg_manifest **out, zreg__append *self, zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *root = NULL;
    if (self->src == NULL || !self->options.all_platforms) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__endpoint_manifest_get(&root, self->src, NULL, self->cancel, err));
    if (!zreg_manifest_is_index(root)) {
        return ZREG_OK;
    }
    if (self->dst->driver->one_image) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s holds one image, and %s is an index; choose one by its platform",
                          zreg__endpoint_text(self->dst), zreg__endpoint_text(self->src));
    }
    return zreg__append_index(out, self, root, err);
}

static zreg_status execute(zreg_digest *out, zreg__append *self, const char *const *layers,
                           zreg_error *err)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *made = NULL;
    ZREG__TRY(zreg__append_layers_new(&self->layers, layers, err));
    ZREG__TRY(make_all(&made, self, err));
    if (made == NULL) {
        ZREG__TRY(zreg__append_image(&made, self, NULL, self->platform, err));
    }
    ZREG__TRY(check_destination(self, made, err));
    ZREG__TRY(zreg__endpoint_manifest_put(self->dst, made, true, self->cancel, err));
    ZREG__TRY(zreg__endpoint_finish(self->dst, self->cancel, err));
    *out = *zreg_manifest_digest(made);
    return ZREG_OK;
}

static zreg_status check_rebase(const zreg_append_options *options, const char *base,
                                zreg_error *err)
{
    const char *const bases[] = {options->old_base, options->new_base};
    bool named = options->old_base != NULL || options->new_base != NULL;
    for (size_t i = 0; i < ZREG__COUNT(bases); i++) {
        ZREG__AUTO(zreg__place) zreg__place *place = NULL;
        ZREG__TRY(bases[i] != NULL ? zreg__place_parse(&place, bases[i], err) : ZREG_OK);
    }
    return (named && !options->rebase) || (options->rebase && zreg__str_equal(base, "scratch"))
               ? zreg__fail(err, ZREG_INVAL,
                            "rebase: an old and a new base are for a rebase of an image")
               : ZREG_OK;
}

zreg_status zreg_append(zreg_digest *out, zreg_client *client, const char *base,
                        const char *const *layers, const char *dst,
                        const zreg_append_options *options, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__append) zreg__append self = {.client = client, .cancel = cancel};
    zreg__error_clear(err);
    ZREG__TRY(zreg__client_check(client, err));
    ZREG__TRY(ZREG__OPTIONS_READ(&self.options, options, err));
    ZREG__TRY(zreg__append_config_check(&self.options, err));
    if (zreg__str_empty(base) || zreg__str_empty(dst)) {
        return zreg__fail(err, ZREG_INVAL,
                          "append: name a base (or \"scratch\") and a place for "
                          "the new image");
    }
    ZREG__TRY(check_rebase(&self.options, base, err));
    self.platform =
        self.options.platform ? zreg__strdup(self.options.platform) : zreg__machine_platform();
    if (self.platform == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(open_ends(&self, base, dst, err));
    return execute(out, &self, layers, err);
}
