/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests made of descriptors. */
#include "shim_inside.h"

/* Descriptors that point into Go's memory, and what they have of their own. */
typedef struct described {
    const char **texts;   /* each text of the list */
    const char **pairs;   /* the annotations of each, ended with NULL */
    zreg_descriptor *all; /* NULL for none */
    size_t count;
} described;

#define AUTODESCRIBED __attribute__((cleanup(free_described))) described

static void free_described(described *self)
{
    free(self->texts);
    free(self->pairs);
    free(self->all);
}

/* Takes one descriptor; gives the text after it. A digest that is too long stays without an end, which
 * the library refuses by the name of its place. */
static const char **take(zreg_descriptor *to, const char ***pairs, const char **texts)
{
    const char *digest = texts[1];
    size_t size = strlen(digest) + 1;

    to->media_type = texts[0];
    memcpy(to->digest.text, digest, size < sizeof(to->digest) ? size : sizeof(to->digest));
    to->size_bytes = strtoull(texts[2], NULL, 10);
    to->artifact_type = texts[3];
    to->has_platform = texts[4][0] != '\0';
    to->platform = (zreg_platform){texts[5], texts[6], texts[7], texts[8]};
    to->annotations = *pairs;
    for (size_t left = 2 * strtoull(texts[9], NULL, 10); left > 0; left--)
        *(*pairs)++ = *(texts++ + 10);
    *(*pairs)++ = NULL;
    return texts + 10;
}

static zreg_status describe(described *out, zreg_go_list list, zreg_error *err)
{
    size_t count = 0;

    if (split(&out->texts, list, err) != ZREG_OK || out->texts == NULL)
        return err->code;
    count = count_texts(out->texts);
    out->pairs = calloc(count, sizeof(*out->pairs));
    out->all = calloc(count / 10, sizeof(*out->all));
    if (out->pairs == NULL || out->all == NULL)
        return err->code = ZREG_NOMEM;
    const char **pairs = out->pairs;
    for (const char **at = out->texts; *at != NULL; out->count++)
        at = take(&out->all[out->count], &pairs, at);
    return ZREG_OK;
}

typedef zreg_status (*builder)(zreg_manifest **out, const zreg_manifest_options *options,
                               zreg_error *err);

static zreg_manifest *build(builder make, const char *artifact_type, zreg_go_list config,
                            zreg_go_list items, zreg_go_list subject, zreg_go_list annotations,
                            zreg_error *err)
{
    AUTODESCRIBED of_config = {0};
    AUTODESCRIBED of_items = {0};
    AUTODESCRIBED of_subject = {0};
    AUTOLIST pairs = NULL;
    zreg_manifest *out = NULL;

    if (describe(&of_config, config, err) != ZREG_OK ||
        describe(&of_items, items, err) != ZREG_OK ||
        describe(&of_subject, subject, err) != ZREG_OK ||
        split(&pairs, annotations, err) != ZREG_OK)
        return NULL;
    const zreg_manifest_options options = {
        .size = sizeof(options),
        .artifact_type = optional(artifact_type),
        .config = of_config.all,
        .items = of_items.all,
        .count = of_items.count,
        .subject = of_subject.all,
        .annotations = pairs,
    };
    return make(&out, &options, err) == ZREG_OK ? out : NULL;
}

zreg_manifest *zreg_go_manifest_build_image(const char *artifact_type, zreg_go_list config,
                                            zreg_go_list items, zreg_go_list subject,
                                            zreg_go_list annotations, zreg_error *err)
{
    return build(zreg_manifest_build_image, artifact_type, config, items, subject, annotations,
                 err);
}

zreg_manifest *zreg_go_manifest_build_index(const char *artifact_type, zreg_go_list config,
                                            zreg_go_list items, zreg_go_list subject,
                                            zreg_go_list annotations, zreg_error *err)
{
    return build(zreg_manifest_build_index, artifact_type, config, items, subject, annotations,
                 err);
}
