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
    return text.size == 0
               ? ZREG_OK
               : zreg__json_set(json, key, json_object_new_string_len(text.text, (int)text.size),
                                err);
}

static zreg_status fill_scratch(zreg__json *config, const char *platform, zreg_error *err)
{
    zreg__span rest = zreg__span_of(platform);
    zreg__span os = zreg__span_cut(&rest, '/');
    ZREG__TRY(set_span(config, "architecture", zreg__span_cut(&rest, '/'), err));
    ZREG__TRY(set_span(config, "os", os, err));
    ZREG__TRY(set_span(config, "variant", rest, err));

    zreg__json *rootfs = json_object_new_object();
    ZREG__TRY(zreg__json_set(config, "rootfs", rootfs, err));
    ZREG__TRY(zreg__json_set_text(rootfs, "type", "layers", err));
    return zreg__json_set(rootfs, "diff_ids", json_object_new_array(), err);
}

zreg_status zreg__append_config_scratch(zreg__json **out, const char *platform, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *config = json_object_new_object();
    ZREG__TRY(fill_scratch(config, platform, err));
    *out = zreg__steal(&config);
    return ZREG_OK;
}

static bool is_type_or_unset(const zreg__json *json, const char *key, json_type type)
{
    const zreg__json *value = zreg__json_get(json, key);
    return value == NULL || json_object_is_type(value, type);
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
    if (!is_type_or_unset(config, "config", json_type_object) ||
        !is_type_or_unset(config, "history", json_type_array) ||
        !is_type_or_unset(run, "Env", json_type_array) ||
        !is_type_or_unset(run, "Labels", json_type_object)) {
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
        zreg__json *item = zreg__json_at(list, i);
        const char *text =
            json_object_is_type(item, json_type_string) ? json_object_get_string(item) : "";
        if (strncmp(text, pair, name_size) == 0) {
            break;
        }
    }
    return i;
}

static zreg_status set_variable(zreg__json *list, const char *pair, zreg_error *err)
{
    zreg__json *value = json_object_new_string(pair);
    size_t at = find_variable(list, pair);
    if (at == zreg__json_length(list)) {
        return zreg__json_add(list, value, err);
    }
    if (value == NULL || json_object_array_put_idx(list, at, value) != 0) {
        json_object_put(value);
        return zreg__fail_nomem(err);
    }
    return ZREG_OK;
}

static zreg_status set_words(zreg__json *run, const char *key, const char *const *words,
                             zreg_error *err)
{
    if (words == NULL) {
        return ZREG_OK;
    }
    zreg__json *list = json_object_new_array();
    ZREG__TRY(zreg__json_set(run, key, list, err));
    for (size_t i = 0; words[i] != NULL; i++) {
        ZREG__TRY(zreg__json_add(list, json_object_new_string(words[i]), err));
    }
    return ZREG_OK;
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

zreg_status zreg__append_config_apply(zreg__json *config, const zreg_append_options *options,
                                      zreg_error *err)
{
    char created[21];
    zreg__json *run = NULL;
    zreg__clock_rfc3339(created, options->created);
    ZREG__TRY(zreg__json_set_text(config, "created", created, err));
    ZREG__TRY(at_key(&run, config, "config", json_object_new_object, err));
    ZREG__TRY(set_text(run, "User", options->user, err));
    ZREG__TRY(set_text(run, "WorkingDir", options->working_dir, err));
    ZREG__TRY(
        set_pairs(run, "Env", json_object_new_array, set_variable, options->environment, err));
    ZREG__TRY(set_words(run, "Entrypoint", options->entrypoint, err));
    ZREG__TRY(set_words(run, "Cmd", options->command, err));
    return set_pairs(run, "Labels", json_object_new_object, set_label, options->labels, err);
}

static zreg_status add_history(zreg__json *config, bool empty, const zreg_append_options *options,
                               zreg_error *err)
{
    char created[21];
    zreg__json *history = NULL;
    zreg__clock_rfc3339(created, options->created);
    ZREG__TRY(at_key(&history, config, "history", json_object_new_array, err));
    zreg__json *entry = json_object_new_object();
    ZREG__TRY(zreg__json_add(history, entry, err));
    ZREG__TRY(zreg__json_set_text(entry, "created", created, err));
    ZREG__TRY(zreg__json_set_text(entry, "created_by", "zreg append", err));
    return empty ? zreg__json_set(entry, "empty_layer", json_object_new_boolean(1), err) : ZREG_OK;
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
    return diff_id == NULL ? ZREG_OK
                           : zreg__json_add(diff_ids, json_object_new_string(diff_id->text), err);
}
