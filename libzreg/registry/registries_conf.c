/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registries_conf.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/toml.h"
#include "oci/reference.h"

#include <stddef.h>
#include <string.h>

/* The keys of one table, [[registry]] or [[registry.mirror]]. */
typedef struct fields {
    zreg__span prefix;
    zreg__span location;
    zreg__span pull; /* pull-from-mirror */
    bool insecure;
    bool blocked;
    bool by_digest;
} fields;

typedef struct key {
    const char *name;
    bool is_bool;
    bool of_registry;
    bool of_mirror;
    size_t offset;
} key;

static const key keys[] = {
    {"prefix", false, true, false, offsetof(fields, prefix)},
    {"location", false, true, true, offsetof(fields, location)},
    {"insecure", true, true, true, offsetof(fields, insecure)},
    {"blocked", true, true, false, offsetof(fields, blocked)},
    {"mirror-by-digest-only", true, true, false, offsetof(fields, by_digest)},
    {"pull-from-mirror", false, false, true, offsetof(fields, pull)},
};

/* A file that is being read. */
typedef struct reading {
    zreg__span text;
    const char *path;
    zreg__mirror_rules *rules; /* of this file */
} reading;

static const key *find_key(const char *name, bool is_mirror)
{
    for (size_t i = 0; i < ZREG__COUNT(keys); i++) {
        bool fits = is_mirror ? keys[i].of_mirror : keys[i].of_registry;

        if (fits && zreg__str_equal(keys[i].name, name)) {
            return &keys[i];
        }
    }
    return NULL;
}

static zreg_status take_value(fields *to, const key *which, zreg__span value, const char *path,
                              zreg_error *err)
{
    char *at = (char *)to + which->offset;
    bool fits = which->is_bool ? zreg__toml_bool((bool *)at, value)
                               : zreg__toml_string((zreg__span *)at, value) &&
                                     memchr(value.text, '\\', value.size) == NULL;

    return fits ? ZREG_OK
                : zreg__fail(err, ZREG_INVAL, "%s: %s is not %s", path, which->name,
                             which->is_bool ? "true or false" : "a text in quotes");
}

static zreg_status read_fields(fields *out, const reading *self, const zreg__toml_table *table,
                               bool is_mirror, zreg_error *err)
{
    unsigned seen = 0;

    for (zreg__toml_pair pair = {0}; zreg__toml_pair_next(&pair, self->text, table);) {
        const key *which = find_key(pair.name, is_mirror);

        if (which == NULL && zreg__str_equal(pair.name, "mirror") && !is_mirror) {
            return zreg__fail(err, ZREG_INVAL, "%s: write each mirror as [[registry.mirror]]",
                              self->path);
        }
        if (which == NULL) {
            continue;
        }
        if ((seen & (1U << (which - keys))) != 0) {
            return zreg__fail(err, ZREG_INVAL, "%s: %s stands twice in one table", self->path,
                              which->name);
        }
        seen |= 1U << (which - keys);
        ZREG__TRY(take_value(out, which, pair.value, self->path, err));
    }
    return ZREG_OK;
}

static zreg_status fail_location(const reading *self, zreg__span text, zreg_error *err)
{
    return zreg__fail(err, ZREG_INVAL, "%s: \"%.*s\" is no HOST[:PORT][/PATH]", self->path,
                      (int)(text.size < 128 ? text.size : 128), text.text);
}

/* HOST[:PORT][/PATH] as a server's host and path. */
static zreg_status take_location(zreg__mirror_server *out, const reading *self, zreg__span text,
                                 zreg_error *err)
{
    zreg__span given = text;

    while (text.size > 0 && text.text[text.size - 1] == '/') {
        text.size--;
    }
    zreg__span path = text;
    zreg__span host = zreg__span_cut(&path, '/');
    if (!zreg__reference_is_host(host) ||
        (path.text != NULL && !zreg__reference_is_repository(path))) {
        return fail_location(self, given, err);
    }
    out->host = zreg__strndup(host.text, host.size);
    out->base = zreg__strdup("/v2");
    out->path = path.text != NULL ? zreg__strndup(path.text, path.size) : zreg__strdup("");
    return out->host != NULL && out->base != NULL && out->path != NULL ? ZREG_OK
                                                                       : zreg__fail_nomem(err);
}

static zreg_status take_pull(unsigned *out, const reading *self, zreg__span text, bool by_digest,
                             zreg_error *err)
{
    static const struct {
        const char *name;
        unsigned serves;
    } ways[] = {
        {"all", ZREG__SERVES_TAGS | ZREG__SERVES_DIGESTS},
        {"digest-only", ZREG__SERVES_DIGESTS},
        {"tag-only", ZREG__SERVES_TAGS},
    };

    *out = by_digest ? ZREG__SERVES_DIGESTS : ways[0].serves;
    if (text.size == 0) {
        return ZREG_OK;
    }
    if (by_digest) {
        return zreg__fail(err, ZREG_INVAL,
                          "%s: pull-from-mirror and mirror-by-digest-only do not go together",
                          self->path);
    }
    for (size_t i = 0; i < ZREG__COUNT(ways); i++) {
        if (zreg__span_is(text, ways[i].name)) {
            *out = ways[i].serves;
            return ZREG_OK;
        }
    }
    return zreg__fail(err, ZREG_INVAL, "%s: pull-from-mirror is all, digest-only or tag-only",
                      self->path);
}

static zreg_status add_mirror(const reading *self, zreg__mirror_rule *rule, bool by_digest,
                              const zreg__toml_table *table, zreg_error *err)
{
    ZREG__AUTO(zreg__mirror_server) zreg__mirror_server server = {0};
    fields given = {0};

    ZREG__TRY(read_fields(&given, self, table, true, err));
    ZREG__TRY(take_location(&server, self, given.location, err));
    ZREG__TRY(take_pull(&server.serves, self, given.pull, by_digest, err));
    server.insecure = given.insecure;
    server.may_be_plain = given.insecure;
    return zreg__mirror_rule_add(rule, &server, err);
}

static bool is_wild_prefix(const fields *given)
{
    return given->prefix.size > 2 && memcmp(given->prefix.text, "*.", 2) == 0;
}

/* What the rule is for: "*.DOMAIN" too, whose dot belongs to it. */
static zreg_status take_prefix(zreg__mirror_rule *out, const reading *self, const fields *given,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__mirror_server) zreg__mirror_server checked = {0};
    zreg__span text = given->prefix.size > 0 ? given->prefix : given->location;
    bool is_wild = is_wild_prefix(given);
    zreg__span plain = is_wild ? (zreg__span){text.text + 2, text.size - 2} : text;
    zreg__span name = plain;
    const char *slash = plain.size > 0 ? memchr(plain.text, '/', plain.size) : NULL;
    const char *tag =
        slash != NULL ? memchr(slash, ':', plain.size - (size_t)(slash - plain.text)) : NULL;

    name.size = tag != NULL ? (size_t)(tag - plain.text) : plain.size;
    ZREG__TRY(take_location(&checked, self, name, err));
    while (text.size > 0 && text.text[text.size - 1] == '/') {
        text.size--;
    }
    out->prefix = zreg__strndup(text.text, text.size);
    out->file = zreg__strdup(self->path);
    return out->prefix != NULL && out->file != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* Another location than the prefix: the registry is asked for there. */
static zreg_status take_origin(zreg__mirror_rule *rule, const reading *self, const fields *given,
                               zreg_error *err)
{
    if (given->location.size == 0 || zreg__span_is(given->location, rule->prefix)) {
        rule->insecure = given->insecure;
        return ZREG_OK;
    }
    rule->has_origin = true;
    rule->origin.serves = ZREG__SERVES_TAGS | ZREG__SERVES_DIGESTS;
    rule->origin.insecure = given->insecure;
    rule->origin.may_be_plain = given->insecure;
    return take_location(&rule->origin, self, given->location, err);
}

static zreg_status start_rule(zreg__mirror_rule *out, const reading *self, const fields *given,
                              zreg_error *err)
{
    if (given->location.size == 0 && !is_wild_prefix(given)) {
        return zreg__fail(err, ZREG_INVAL, "%s: a [[registry]] has no location", self->path);
    }
    ZREG__TRY(take_prefix(out, self, given, err));
    out->blocked = given->blocked;
    return take_origin(out, self, given, err);
}

/* Of two registries with one prefix in one file the first counts, as for podman. */
static zreg_status keep_rule(const reading *self, zreg__mirror_rule *rule, zreg_error *err)
{
    for (size_t i = 0; i < self->rules->count; i++) {
        if (zreg__str_equal(self->rules->items[i].prefix, rule->prefix)) {
            return ZREG_OK;
        }
    }
    return zreg__mirror_rules_add(self->rules, rule, err);
}

/* [[registry]] at `table`, and what belongs to it; `table` moves on to the one behind. */
static zreg_status read_registry(bool *out_more, const reading *self, zreg__toml_table *table,
                                 zreg_error *err)
{
    ZREG__AUTO(zreg__mirror_rule) zreg__mirror_rule rule = {0};
    fields given = {0};

    ZREG__TRY(read_fields(&given, self, table, false, err));
    ZREG__TRY(start_rule(&rule, self, &given, err));
    while ((*out_more = zreg__toml_next(table, self->text)) &&
           zreg__str_equal(table->name, "registry\nmirror")) {
        ZREG__TRY(add_mirror(self, &rule, given.by_digest, table, err));
    }
    return keep_rule(self, &rule, err);
}

/* [registries.block] and [registries.insecure] of version 1 hold lists of prefixes. */
static zreg_status read_old(const reading *self, const zreg__toml_table *table, zreg_error *err)
{
    bool blocks = zreg__str_equal(table->name, "registries\nblock");
    zreg__toml_pair pair;
    zreg__span item;

    if ((!blocks && !zreg__str_equal(table->name, "registries\ninsecure")) ||
        !zreg__toml_key(&pair, self->text, table, "registries")) {
        return ZREG_OK;
    }
    while (zreg__toml_item(&item, &pair.value)) {
        ZREG__AUTO(zreg__mirror_rule) zreg__mirror_rule rule = {0};
        const fields given = {.location = item, .blocked = blocks, .insecure = !blocks};

        ZREG__TRY(start_rule(&rule, self, &given, err));
        ZREG__TRY(keep_rule(self, &rule, err));
    }
    return ZREG_OK;
}

static zreg_status read_table(bool *out_more, const reading *self, zreg__toml_table *table,
                              zreg_error *err)
{
    zreg__toml_pair pair;

    if (zreg__str_equal(table->name, "registry")) {
        return table->array ? read_registry(out_more, self, table, err)
                            : zreg__fail(err, ZREG_INVAL, "%s: write [[registry]], not [registry]",
                                         self->path);
    }
    if (zreg__str_equal(table->name, "registry\nmirror") ||
        (table->name[0] == '\0' && zreg__toml_key(&pair, self->text, table, "registry"))) {
        return zreg__fail(err, ZREG_INVAL, "%s: write registries as [[registry]]", self->path);
    }
    ZREG__TRY(read_old(self, table, err));
    *out_more = zreg__toml_next(table, self->text);
    return ZREG_OK;
}

zreg_status zreg__registries_conf_read(zreg__mirror_rules *to, zreg__span text, const char *path,
                                       zreg_error *err)
{
    ZREG__AUTO(zreg__mirror_rules) zreg__mirror_rules own = {0};
    const reading self = {.text = text, .path = path, .rules = &own};
    zreg__toml_table table = {0};

    ZREG__TRY(zreg__toml_check(text, path, err));
    for (bool more = zreg__toml_next(&table, text); more;) {
        ZREG__TRY(read_table(&more, &self, &table, err));
    }
    for (size_t i = 0; i < own.count; i++) {
        ZREG__TRY(zreg__mirror_rules_add(to, &own.items[i], err));
    }
    return ZREG_OK;
}
