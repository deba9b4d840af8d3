/* SPDX-License-Identifier: Apache-2.0 */
#include "image/append_rebase.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/imageconfig.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"

#define BASE_NAME "org.opencontainers.image.base.name"
#define BASE_DIGEST "org.opencontainers.image.base.digest"

void zreg__append_bases_finish(zreg__append_bases *bases)
{
    free(bases->old_base);
    free(bases->new_base);
}

/* What an image says is a reference and nothing else, so it names no file of this machine. */
static zreg_status from_annotations(zreg__append_bases *out, const zreg__json *document,
                                    zreg_error *err)
{
    const zreg__json *annotations = zreg__json_get(document, "annotations");
    const char *name = zreg__json_text(annotations, BASE_NAME);
    const char *digest = zreg__json_text(annotations, BASE_DIGEST);
    zreg_digest parsed;
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *pinned = NULL;
    if (zreg__str_empty(name) || (out->old_base == NULL && zreg__str_empty(digest))) {
        return zreg__fail(err, ZREG_INVAL,
                          "rebase: the image has no annotations " BASE_NAME " and " BASE_DIGEST
                          "; name its old base and its new one");
    }
    ZREG__TRY(zreg_ref_parse(&ref, name, err));
    if (out->new_base == NULL && (out->new_base = zreg__strdup(zreg_ref_text(ref))) == NULL) {
        return zreg__fail_nomem(err);
    }
    if (out->old_base != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg_digest_parse(&parsed, digest, err));
    ZREG__TRY(zreg_ref_with_digest(&pinned, ref, &parsed, err));
    out->old_base = zreg__strdup(zreg_ref_text(pinned));
    return out->old_base == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

zreg_status zreg__append_rebase_find(zreg__append_bases *out, const zreg__json *document,
                                     const zreg_append_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg__append_bases)
    zreg__append_bases found = {zreg__strdup(options->old_base), zreg__strdup(options->new_base)};
    if ((options->old_base != NULL && found.old_base == NULL) ||
        (options->new_base != NULL && found.new_base == NULL)) {
        return zreg__fail_nomem(err);
    }
    if (found.old_base == NULL || found.new_base == NULL) {
        ZREG__TRY(from_annotations(&found, document, err));
    }
    *out = found;
    found = (zreg__append_bases){NULL, NULL};
    return ZREG_OK;
}

zreg_status zreg__append_rebase_platform(char **out, const zreg__json *config, const char *known,
                                         zreg_error *err)
{
    const zreg_platform own = zreg__imageconfig_platform(config);
    const zreg_platform bare = {.os = own.os, .architecture = own.architecture, .variant = ""};
    bool tells = !zreg__str_empty(own.os) && !zreg__str_empty(own.architecture);
    bool has_variant = !zreg__str_empty(own.variant);
    ZREG__AUTO_FREE char *text = !tells || (!has_variant && zreg__platform_matches(&bare, known))
                                     ? zreg__strdup(known)
                                     : zreg__asprintf("%s/%s%s%s", own.os, own.architecture,
                                                      has_variant ? "/" : "", own.variant);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__platform_check(text, err));
    *out = zreg__steal(&text);
    return ZREG_OK;
}

/* What the image's config does not tell is taken from the base. */
static bool differs(const char *own, const char *of_base)
{
    return !zreg__str_empty(own) && !zreg__str_equal(own, of_base);
}

static zreg_status check_platform(const zreg__append_base *image, const zreg__append_base *new_base,
                                  zreg_error *err)
{
    const zreg_platform own = zreg__imageconfig_platform(image->config);
    const zreg_platform other = zreg__imageconfig_platform(new_base->config);
    bool variant = !zreg__str_empty(other.variant) && differs(own.variant, other.variant);
    bool build = zreg__str_equal(own.os, "windows") &&
                 !zreg__append_base_same_build(own.os_version, other.os_version);
    if (!differs(own.os, other.os) && !differs(own.architecture, other.architecture) && !variant &&
        !build) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_CONFLICT,
                      "rebase: %s is for %s/%s%s%s%s%s, and the new base %s for %s/%s%s%s%s%s; "
                      "name a base for the same platform",
                      zreg__endpoint_text(image->src), own.os, own.architecture, variant ? "/" : "",
                      variant ? own.variant : "", build ? " of " : "", build ? own.os_version : "",
                      zreg__endpoint_text(new_base->src), other.os, other.architecture,
                      variant ? "/" : "", variant ? other.variant : "", build ? " of " : "",
                      build ? other.os_version : "");
}

static zreg_status check_prefix(const zreg__append_base *image, const zreg__append_base *old_base,
                                zreg_error *err)
{
    const zreg__json *has = zreg__append_base_diff_ids(image);
    const zreg__json *wanted = zreg__append_base_diff_ids(old_base);
    for (size_t i = 0; i < zreg__json_length(wanted); i++) {
        const char *own = zreg__json_as_text(zreg__json_at(has, i));
        if (own == NULL || !zreg__str_equal(own, zreg__json_as_text(zreg__json_at(wanted, i)))) {
            return zreg__fail(err, ZREG_CONFLICT,
                              "rebase: %s is not built on %s: layer %zu of the base's %zu is %s; "
                              "name the base that it was built on",
                              zreg__endpoint_text(image->src), zreg__endpoint_text(old_base->src),
                              i + 1, zreg__json_length(wanted),
                              own == NULL ? "missing" : "another");
        }
    }
    return ZREG_OK;
}

/* --- lists of two images, one above the other */

static zreg_status add_from(zreg__json *to, const zreg__json *list, size_t begin, zreg_error *err)
{
    for (size_t i = begin; i < zreg__json_length(list); i++) {
        ZREG__TRY(zreg__json_add_shared(to, zreg__json_at(list, i), err));
    }
    return ZREG_OK;
}

static zreg_status join(zreg__json *object, const char *key, const zreg__json *below,
                        const zreg__json *above, size_t begin, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *list = zreg__json_new_array();
    if (list == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(add_from(list, below, 0, err));
    ZREG__TRY(add_from(list, above, begin, err));
    return zreg__json_set(object, key, zreg__steal(&list), err);
}

/* How many entries of a history stand before its layer number `layers`, and how many layers it has. */
static size_t history_until(size_t *out_layers, const zreg__json *history, size_t layers)
{
    size_t end = 0;
    *out_layers = 0;
    for (size_t i = 0; i < zreg__json_length(history); i++) {
        bool empty = zreg__json_bool(zreg__json_at(history, i), "empty_layer");
        end = *out_layers < layers && !empty ? i + 1 : end;
        *out_layers += !empty;
    }
    return end;
}

static zreg_status join_history(zreg__append_base *image, const zreg__append_base *old_base,
                                const zreg__append_base *new_base, zreg_error *err)
{
    const zreg__json *own = zreg__json_get(image->config, "history");
    const zreg__json *below = zreg__json_get(new_base->config, "history");
    size_t layers = zreg__json_length(zreg__append_base_diff_ids(old_base));
    size_t of_old = zreg__json_length(zreg__json_get(old_base->config, "history"));
    size_t own_layers = 0, below_layers = 0;
    size_t begin = history_until(&own_layers, own, layers);
    (void)history_until(&below_layers, below, 0);
    if (own_layers != zreg__json_length(zreg__append_base_diff_ids(image)) ||
        below_layers != zreg__json_length(zreg__append_base_diff_ids(new_base))) {
        zreg__json_remove(image->config, "history");
        return ZREG_OK;
    }
    /* What the old base said last may have made no layer. */
    for (; begin < of_old && zreg__json_bool(zreg__json_at(own, begin), "empty_layer"); begin++) {
    }
    return join(image->config, "history", below, own, begin, err);
}

static zreg_status take_platform(zreg__json *config, const zreg__json *from, zreg_error *err)
{
    static const char *const keys[] = {"architecture", "os", "os.version", "os.features",
                                       "variant"};
    for (size_t i = 0; i < ZREG__COUNT(keys); i++) {
        const zreg__json *value = zreg__json_get(from, keys[i]);
        if (value != NULL) {
            ZREG__TRY(zreg__json_set_shared(config, keys[i], value, err));
        } else if (!zreg__str_equal(keys[i], "variant")) {
            zreg__json_remove(config, keys[i]);
        }
    }
    return ZREG_OK;
}

static zreg_status annotate(zreg__json *document, const zreg__append_base *new_base,
                            zreg_error *err)
{
    const zreg__place *place = new_base->src->place;
    zreg__json *annotations = zreg__json_get(document, "annotations");
    if (!zreg__json_is_object(annotations)) {
        ZREG__TRY(zreg__json_set_object(&annotations, document, "annotations", err));
    }
    if (place->kind == ZREG__PLACE_REGISTRY) {
        ZREG__TRY(zreg__json_set_text(annotations, BASE_NAME, zreg_ref_text(place->ref), err));
    } else {
        zreg__json_remove(annotations, BASE_NAME);
    }
    return zreg__json_set_text(annotations, BASE_DIGEST,
                               zreg_manifest_digest(new_base->manifest)->text, err);
}

/* --- layers of docker and of OCI in one list */

static const char *const oci_types[][2] = {
    {ZREG__TYPE_DOCKER_LAYER_GZIP, ZREG__TYPE_OCI_LAYER_GZIP},
    {ZREG__TYPE_DOCKER_LAYER, ZREG__TYPE_OCI_LAYER},
};

static zreg_status make_oci(zreg__json *layer, zreg_error *err)
{
    const char *type = zreg__json_text(layer, "mediaType");
    for (size_t i = 0; i < ZREG__COUNT(oci_types); i++) {
        if (zreg__str_equal(type, oci_types[i][0])) {
            return zreg__json_set_text(layer, "mediaType", oci_types[i][1], err);
        }
    }
    return ZREG_OK;
}

static zreg_status join_layers(zreg__append_base *image, const zreg__append_base *new_base,
                               size_t begin, zreg_error *err)
{
    ZREG__TRY(join(image->document, "layers", zreg__json_get(new_base->document, "layers"),
                   zreg__json_get(image->document, "layers"), begin, err));
    if (zreg__append_base_is_docker(image) && zreg__append_base_is_docker(new_base)) {
        return ZREG_OK;
    }
    const zreg__json *layers = zreg__json_get(image->document, "layers");
    for (size_t i = 0; i < zreg__json_length(layers); i++) {
        ZREG__TRY(make_oci(zreg__json_at(layers, i), err));
    }
    return ZREG_OK;
}

zreg_status zreg__append_rebase_apply(size_t *out_own, zreg__append_base *image,
                                      const zreg__append_base *old_base,
                                      const zreg__append_base *new_base, zreg_error *err)
{
    size_t own = zreg__json_length(zreg__append_base_diff_ids(old_base));
    ZREG__TRY(check_prefix(image, old_base, err));
    ZREG__TRY(check_platform(image, new_base, err));
    ZREG__TRY(join_history(image, old_base, new_base, err));
    ZREG__TRY(join(zreg__json_get(image->config, "rootfs"), "diff_ids",
                   zreg__append_base_diff_ids(new_base), zreg__append_base_diff_ids(image), own,
                   err));
    ZREG__TRY(join_layers(image, new_base, own, err));
    ZREG__TRY(take_platform(image->config, new_base->config, err));
    ZREG__TRY(annotate(image->document, new_base, err));
    *out_own = own;
    return ZREG_OK;
}
