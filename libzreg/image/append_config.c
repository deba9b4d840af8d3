/* SPDX-License-Identifier: Apache-2.0 */
#include "image/append_config.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/str.h"
#include "oci/manifest.h"
#include <string.h>

#define END_OF_YEAR_9999 253402300799

static zreg_status check_pairs(const char *const *pairs, const char *what, zreg_error *err)
{
    for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i++) {
        const char *equals = strchr(pairs[i], '=');
        if (equals == NULL || equals == pairs[i]) {
            return zreg__fail(err, ZREG_INVAL, "%s \"%.100s\": write KEY=VALUE", what, pairs[i]);
        }
    }
    return ZREG_OK;
}

zreg_status zreg__append_config_check(const zreg_append_options *options, zreg_error *err)
{
    ZREG__TRY(check_pairs(options->labels, "label", err));
    ZREG__TRY(check_pairs(options->annotations, "annotation", err));
    ZREG__TRY(check_pairs(options->environment, "environment", err));
    if (options->created < 0 || options->created > END_OF_YEAR_9999) {
        return zreg__fail(err, ZREG_INVAL, "the time of creation is not in the years 1970 to 9999");
    }
    return options->platform == NULL ? ZREG_OK : zreg__platform_check(options->platform, err);
}

/* The object (or array, by `make`) at a key, made when it is missing or null. */
static zreg_status at_key(zreg__json **out, zreg__json *json, const char *key,
                          zreg__json *(*make)(void), zreg_error *err)
{
    if (zreg__json_get(json, key) == NULL) {
        ZREG__TRY(zreg__json_set(json, key, make(), err));
    }
    *out = zreg__json_get(json, key);
    return ZREG_OK;
}

static zreg_status set_span(zreg__json *json, const char *key, zreg__span text, zreg_error *err)
{
    return text.size == 0 ? ZREG_OK : zreg__json_set_span(json, key, text, err);
}

static zreg_status fill_scratch(zreg__json *config, const char *platform, zreg_error *err)
{
    zreg__span rest = zreg__span_of(platform);
    zreg__span os = zreg__span_cut(&rest, '/');
    ZREG__TRY(set_span(config, "architecture", zreg__span_cut(&rest, '/'), err));
    ZREG__TRY(set_span(config, "os", os, err));
    ZREG__TRY(set_span(config, "variant", rest, err));

    zreg__json *rootfs = NULL;
    ZREG__TRY(zreg__json_set_object(&rootfs, config, "rootfs", err));
    ZREG__TRY(zreg__json_set_text(rootfs, "type", "layers", err));
    return zreg__json_set(rootfs, "diff_ids", zreg__json_new_array(), err);
}

zreg_status zreg__append_config_scratch(zreg__json **out, const char *platform, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *config = zreg__json_new_object();
    ZREG__TRY(fill_scratch(config, platform, err));
    *out = zreg__steal(&config);
    return ZREG_OK;
}

static bool is_object_or_unset(const zreg__json *value)
{
    return value == NULL || zreg__json_is_object(value);
}

static bool is_array_or_unset(const zreg__json *value)
{
    return value == NULL || zreg__json_is_array(value);
}

zreg_status zreg__append_config_check_base(const zreg__json *config, size_t layers, zreg_error *err)
{
    const zreg__json *diff_ids = zreg__json_get(zreg__json_get(config, "rootfs"), "diff_ids");
    if (!zreg__json_is_array(diff_ids) || zreg__json_length(diff_ids) != layers) {
        return zreg__fail(err, ZREG_INVAL,
                          "its config has no diff_id for each of the %zu layers, so it is no image "
                          "to append to",
                          layers);
    }
    const zreg__json *run = zreg__json_get(config, "config");
    if (!is_object_or_unset(run) || !is_array_or_unset(zreg__json_get(config, "history")) ||
        !is_array_or_unset(zreg__json_get(run, "Env")) ||
        !is_object_or_unset(zreg__json_get(run, "Labels"))) {
        return zreg__fail(err, ZREG_INVAL, "its config is not in the form of an image's config");
    }
    return ZREG_OK;
}

static zreg_status set_label(zreg__json *labels, const char *pair, zreg_error *err)
{
    zreg__span value = zreg__span_of(pair);
    zreg__span key = zreg__span_cut(&value, '=');
    ZREG__AUTO_FREE char *name = zreg__strndup(key.text, key.size);
    return name == NULL ? zreg__fail_nomem(err)
                        : zreg__json_set_text(labels, name, value.text, err);
}

/* Where the variable of this "KEY=VALUE" stands in the list; its length when nowhere. */
static size_t find_variable(const zreg__json *list, const char *pair)
{
    size_t name_size = (size_t)(strchr(pair, '=') - pair) + 1;
    size_t i = 0;
    for (; i < zreg__json_length(list); i++) {
        const char *text = zreg__json_as_text(zreg__json_at(list, i));
        if (text != NULL && strncmp(text, pair, name_size) == 0) {
            break;
        }
    }
    return i;
}

static zreg_status set_variable(zreg__json *list, const char *pair, zreg_error *err)
{
    size_t at = find_variable(list, pair);
    return at == zreg__json_length(list) ? zreg__json_add_text(list, pair, err)
                                         : zreg__json_replace_text(list, at, pair, err);
}

static zreg_status set_words(zreg__json *run, const char *key, const char *const *words,
                             zreg_error *err)
{
    return words == NULL ? ZREG_OK : zreg__json_set_texts(run, key, words, err);
}

static zreg_status set_text(zreg__json *run, const char *key, const char *text, zreg_error *err)
{
    return text == NULL ? ZREG_OK : zreg__json_set_text(run, key, text, err);
}

/* Applies `set` to each pair, to the list or object at a key. */
static zreg_status set_pairs(zreg__json *run, const char *key, zreg__json *(*make)(void),
                             zreg_status (*set)(zreg__json *, const char *, zreg_error *),
                             const char *const *pairs, zreg_error *err)
{
    for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i++) {
        zreg__json *to = NULL;
        ZREG__TRY(at_key(&to, run, key, make, err));
        ZREG__TRY(set(to, pairs[i], err));
    }
    return ZREG_OK;
}

zreg_status zreg__append_config_annotate(zreg__json **manifest, const zreg_append_options *options,
                                         zreg_error *err)
{
    if (options->annotations == NULL) {
        return ZREG_OK;
    }
    if (*manifest == NULL && (*manifest = zreg__json_new_object()) == NULL) {
        return zreg__fail_nomem(err);
    }
    return set_pairs(*manifest, "annotations", zreg__json_new_object, set_label,
                     options->annotations, err);
}

zreg_status zreg__append_config_apply(zreg__json *config, const zreg_append_options *options,
                                      zreg_error *err)
{
    char created[21];
    zreg__json *run = NULL;
    zreg__clock_rfc3339(created, options->created);
    ZREG__TRY(zreg__json_set_text(config, "created", created, err));
    ZREG__TRY(at_key(&run, config, "config", zreg__json_new_object, err));
    ZREG__TRY(set_text(run, "User", options->user, err));
    ZREG__TRY(set_text(run, "WorkingDir", options->working_dir, err));
    ZREG__TRY(set_pairs(run, "Env", zreg__json_new_array, set_variable, options->environment, err));
    ZREG__TRY(set_words(run, "Entrypoint", options->entrypoint, err));
    ZREG__TRY(set_words(run, "Cmd", options->command, err));
    return set_pairs(run, "Labels", zreg__json_new_object, set_label, options->labels, err);
}

static zreg_status add_history(zreg__json *config, bool empty, const zreg_append_options *options,
                               zreg_error *err)
{
    char created[21];
    zreg__json *history = NULL;
    zreg__clock_rfc3339(created, options->created);
    ZREG__TRY(at_key(&history, config, "history", zreg__json_new_array, err));
    zreg__json *entry = NULL;
    ZREG__TRY(zreg__json_add_object(&entry, history, err));
    ZREG__TRY(zreg__json_set_text(entry, "created", created, err));
    ZREG__TRY(zreg__json_set_text(entry, "created_by", "zreg append", err));
    return empty ? zreg__json_set_bool(entry, "empty_layer", 1, err) : ZREG_OK;
}

zreg_status zreg__append_config_add(zreg__json *config, const zreg_digest *diff_id,
                                    const zreg_append_options *options, zreg_error *err)
{
    zreg__json *diff_ids = zreg__json_get(zreg__json_get(config, "rootfs"), "diff_ids");
    bool has_history = zreg__json_get(config, "history") != NULL;
    /* Layers and history must keep in step: a base with layers but without history stays so. */
    if (has_history || zreg__json_length(diff_ids) == 0) {
        ZREG__TRY(add_history(config, diff_id == NULL, options, err));
    }
    return diff_id == NULL ? ZREG_OK : zreg__json_add_text(diff_ids, diff_id->text, err);
}
