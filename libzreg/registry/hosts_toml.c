/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/hosts_toml.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/toml.h"
#include "http/fetch_url.h"
#include "oci/reference.h"
#include "registry/quirks.h"

#include <string.h>

/* A file that is being read. */
typedef struct reading {
    zreg__span text;
    const char *path;
    const char *host; /* of the registry */
} reading;

static zreg_status fail_value(const reading *self, const char *key, const char *wanted,
                              zreg_error *err)
{
    return zreg__fail(err, ZREG_INVAL, "%s: %s is not %s", self->path, key, wanted);
}

static bool is_string(zreg__span value)
{
    return value.size > 0 && (value.text[0] == '"' || value.text[0] == '\'');
}

static bool is_array(zreg__span value)
{
    return value.size > 0 && value.text[0] == '[';
}

/* Without escapes, which neither a path nor a name needs. */
static bool plain_string(zreg__span *out, zreg__span value)
{
    return zreg__toml_string(out, value) && memchr(out->text, '\\', out->size) == NULL;
}

static zreg_status read_flag(bool *out, const reading *self, const zreg__toml_table *table,
                             const char *key, zreg_error *err)
{
    zreg__toml_pair pair;

    return !zreg__toml_key(&pair, self->text, table, key) || zreg__toml_bool(out, pair.value)
               ? ZREG_OK
               : fail_value(self, key, "true or false", err);
}

/* A path, or a list of them. */
static zreg_status read_paths(char ***to, const reading *self, zreg__span value, const char *key,
                              zreg_error *err)
{
    zreg__span item;

    if (is_string(value)) {
        return plain_string(&item, value) ? zreg__mirror_list_add(to, item, err)
                                          : fail_value(self, key, "a path without escapes", err);
    }
    if (!is_array(value)) {
        return fail_value(self, key, "a path or a list of paths", err);
    }
    while (zreg__toml_item(&item, &value)) {
        ZREG__TRY(zreg__mirror_list_add(to, item, err));
    }
    return ZREG_OK;
}

/* [["certificate", "key"], ["both"]]. */
static zreg_status read_pairs(zreg__mirror_server *to, const reading *self, zreg__span value,
                              zreg_error *err)
{
    zreg__span pair;

    while (zreg__toml_array(&pair, &value)) {
        zreg__span certificate = {"", 0};
        zreg__span key = {"", 0};

        if (!zreg__toml_item(&certificate, &pair)) {
            return fail_value(self, "client", "a list of certificates with their keys", err);
        }
        (void)zreg__toml_item(&key, &pair);
        ZREG__TRY(zreg__mirror_list_add(&to->certificates, certificate, err));
        ZREG__TRY(zreg__mirror_list_add(&to->keys, key, err));
    }
    return ZREG_OK;
}

static zreg_status read_clients(zreg__mirror_server *to, const reading *self, zreg__span value,
                                zreg_error *err)
{
    zreg__span rest = value;
    zreg__span pair;

    if (is_array(value) && zreg__toml_array(&pair, &rest)) {
        return read_pairs(to, self, value, err);
    }
    ZREG__TRY(read_paths(&to->certificates, self, value, "client", err));
    for (char **at = to->certificates; at != NULL && *at != NULL; at++) {
        ZREG__TRY(zreg__mirror_list_add(&to->keys, (zreg__span){"", 0}, err));
    }
    return ZREG_OK;
}

static zreg_status read_trust(zreg__mirror_server *to, const reading *self,
                              const zreg__toml_table *table, zreg_error *err)
{
    zreg__toml_pair pair;

    ZREG__TRY(read_flag(&to->insecure, self, table, "skip_verify", err));
    if (zreg__toml_key(&pair, self->text, table, "ca")) {
        ZREG__TRY(read_paths(&to->authorities, self, pair.value, "ca", err));
    }
    if (zreg__toml_key(&pair, self->text, table, "client")) {
        ZREG__TRY(read_clients(to, self, pair.value, err));
    }
    return ZREG_OK;
}

/* What stands before the repository: the path of the URL, with or without "/v2" behind it. */
static zreg_status take_base(zreg__mirror_server *to, const reading *self, const char *target,
                             bool is_whole, zreg_error *err)
{
    size_t size = strlen(target);

    while (size > 0 && target[size - 1] == '/') {
        size--;
    }
    if (strcspn(target, "?#%") < strlen(target) || strstr(target, "..") != NULL ||
        size > ZREG__MAX_REPOSITORY) {
        return zreg__fail(err, ZREG_INVAL, "%s: \"%.128s\" is no path of a registry", self->path,
                          target);
    }
    to->base = zreg__asprintf("%.*s%s", (int)size, target, is_whole ? "" : "/v2");
    return to->base != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* By its port too where that is not the usual one of https: a name alone stands for what answers there. */
static char *host_of(const zreg__fetch_url *url)
{
    return url->tls ? zreg__fetch_url_authority(url)
                    : zreg__asprintf("%s:%u", url->host, (unsigned)url->port);
}

/* "https://HOST[:PORT][/PATH]"; HOST alone is https. */
static zreg_status take_url(zreg__mirror_server *to, const reading *self, const char *given,
                            bool is_whole, zreg_error *err)
{
    ZREG__AUTO(zreg__fetch_url) zreg__fetch_url url = {0};
    ZREG__AUTO_FREE char *text =
        zreg__concat(strstr(given, "://") == NULL ? "https://" : "", given, "");

    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    if (zreg__fetch_url_parse(&url, text, NULL) != ZREG_OK) {
        return zreg__fail(err, ZREG_INVAL, "%s: a server is https://HOST[:PORT][/PATH]",
                          self->path);
    }
    to->host = host_of(&url);
    to->path = zreg__strdup("");
    to->plain_http = !url.tls;
    if (to->host == NULL || to->path == NULL) {
        return zreg__fail_nomem(err);
    }
    if (!zreg__reference_is_host(zreg__span_of(to->host))) {
        return zreg__fail(err, ZREG_INVAL, "%s: \"%.128s\" is no host", self->path, to->host);
    }
    return take_base(to, self, url.target, is_whole, err);
}

static zreg_status read_capabilities(unsigned *out, const reading *self,
                                     const zreg__toml_table *table, zreg_error *err)
{
    zreg__toml_pair pair;
    zreg__span item;

    *out = ZREG__SERVES_TAGS | ZREG__SERVES_DIGESTS;
    if (!zreg__toml_key(&pair, self->text, table, "capabilities")) {
        return ZREG_OK;
    }
    if (!is_array(pair.value)) {
        return fail_value(self, "capabilities", "a list", err);
    }
    *out = 0;
    while (zreg__toml_item(&item, &pair.value)) {
        *out |= zreg__span_is(item, "resolve") ? ZREG__SERVES_TAGS : 0;
        *out |= zreg__span_is(item, "pull") ? ZREG__SERVES_DIGESTS : 0;
    }
    return ZREG_OK;
}

/* What the request says itself cannot be said by a file too. */
static bool is_ours(const char *name)
{
    static const char *const ours[] = {
        "accept", "connection", "content-length",    "content-type", "expect",
        "host",   "range",      "transfer-encoding", "user-agent"};

    for (size_t i = 0; i < ZREG__COUNT(ours); i++) {
        if (zreg__str_equal_nocase(ours[i], name)) {
            return true;
        }
    }
    return false;
}

static bool is_value(zreg__span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.text[i] < 0x20 || text.text[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_name(const char *name)
{
    size_t size = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    return size > 0 && name[size] == '\0' && !is_ours(name);
}

static zreg_status add_header(zreg__mirror_server *to, const reading *self, const char *name,
                              zreg__span value, zreg_error *err)
{
    size_t count = 0;

    while (count < ZREG__MIRROR_HEADERS && to->headers[count] != NULL) {
        count++;
    }
    if (!is_name(name) || !is_value(value) || count >= ZREG__MIRROR_HEADERS) {
        return zreg__fail(err, ZREG_UNSUPPORTED, "%s: the header \"%.64s\" cannot be sent",
                          self->path, name);
    }
    ZREG__AUTO_SECRET char *copy = zreg__strndup(value.text, value.size);
    to->headers[count] = copy != NULL ? zreg__concat(name, ": ", copy) : NULL;
    return to->headers[count] != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

static zreg_status read_headers(zreg__mirror_server *to, const reading *self,
                                const char *table_name, zreg_error *err)
{
    zreg__toml_table table;
    zreg__span item;

    if (!zreg__toml_find(&table, self->text, table_name)) {
        return ZREG_OK;
    }
    for (zreg__toml_pair pair = {0}; zreg__toml_pair_next(&pair, self->text, &table);) {
        if (plain_string(&item, pair.value)) {
            ZREG__TRY(add_header(to, self, pair.name, item, err));
            continue;
        }
        if (!is_array(pair.value)) {
            return fail_value(self, pair.name, "a text, or a list of texts", err);
        }
        while (zreg__toml_item(&item, &pair.value)) {
            ZREG__TRY(add_header(to, self, pair.name, item, err));
        }
    }
    return ZREG_OK;
}

static zreg_status set_folder(zreg__mirror_server *to, const reading *self, zreg_error *err)
{
    const char *slash = strrchr(self->path, '/');

    to->folder =
        slash == NULL ? zreg__strdup(".") : zreg__strndup(self->path, (size_t)(slash - self->path));
    return to->folder != NULL ? ZREG_OK : zreg__fail_nomem(err);
}

/* All that a table says of the server `url`. */
static zreg_status read_server(zreg__mirror_server *to, const reading *self,
                               const zreg__toml_table *table, const char *url,
                               const char *header_table, zreg_error *err)
{
    bool is_whole = false;

    ZREG__TRY(read_flag(&is_whole, self, table, "override_path", err));
    ZREG__TRY(take_url(to, self, url, is_whole, err));
    ZREG__TRY(read_trust(to, self, table, err));
    ZREG__TRY(read_headers(to, self, header_table, err));
    ZREG__TRY(set_folder(to, self, err));
    to->tells_name = true;
    return read_capabilities(&to->serves, self, table, err);
}

/* A server may be named that is the registry itself. */
static bool is_itself(const zreg__mirror_server *server, const reading *self)
{
    return zreg__str_equal(server->base, "/v2") &&
           zreg__str_equal_nocase(zreg__quirks_canonical(server->host),
                                  zreg__quirks_canonical(self->host));
}

/* The keys before the first table are about the registry itself, or what stands for it. */
static zreg_status read_origin(zreg__mirror_rule *to, const reading *self,
                               const zreg__toml_table *head, zreg_error *err)
{
    zreg__toml_pair pair;
    zreg__span text = zreg__span_of(self->host);
    bool is_named = zreg__toml_key(&pair, self->text, head, "server");

    if (is_named && (!plain_string(&text, pair.value) || text.size == 0)) {
        return fail_value(self, "server", "a URL", err);
    }
    ZREG__AUTO_FREE char *url = zreg__strndup(text.text, text.size);
    if (url == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(read_server(&to->origin, self, head, url, "header", err));
    to->origin.serves = ZREG__SERVES_TAGS | ZREG__SERVES_DIGESTS;
    to->has_origin = is_named && !is_itself(&to->origin, self);
    return ZREG_OK;
}

static zreg_status read_mirror(zreg__mirror_rule *to, const reading *self,
                               const zreg__toml_table *table, zreg_error *err)
{
    ZREG__AUTO(zreg__mirror_server) zreg__mirror_server server = {0};
    ZREG__AUTO_FREE char *headers = zreg__concat(table->name, "\nheader", "");

    if (headers == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(read_server(&server, self, table, table->name + strlen("host\n"), headers, err));
    return zreg__mirror_rule_add(to, &server, err);
}

/* [host."URL"], and nothing below it. */
static bool is_server(const char *name)
{
    return zreg__str_starts(name, "host\n") && strchr(name + strlen("host\n"), '\n') == NULL;
}

static zreg_status read_tables(zreg__mirror_rule *to, const reading *self, zreg_error *err)
{
    zreg__toml_table table = {0};

    while (zreg__toml_next(&table, self->text)) {
        zreg__toml_pair pair = {0};
        bool is_head = table.begin == table.body;

        if (is_head) {
            ZREG__TRY(read_origin(to, self, &table, err));
        }
        if (is_server(table.name)) {
            ZREG__TRY(read_mirror(to, self, &table, err));
        } else if ((is_head && zreg__toml_key(&pair, self->text, &table, "host")) ||
                   (zreg__str_equal(table.name, "host") &&
                    zreg__toml_pair_next(&pair, self->text, &table)) ||
                   (!is_head && table.name[0] == '\0')) {
            return zreg__fail(err, ZREG_INVAL, "%s: write each host as [host.\"https://HOST\"]",
                              self->path);
        }
    }
    return ZREG_OK;
}

zreg_status zreg__hosts_toml_read(zreg__mirror_rule *out, zreg__span text, const char *path,
                                  const char *host, zreg_error *err)
{
    ZREG__AUTO(zreg__mirror_rule) zreg__mirror_rule rule = {0};
    const reading self = {.text = text, .path = path, .host = host};

    ZREG__TRY(zreg__toml_check(text, path, err));
    rule.prefix = zreg__strdup(host);
    rule.file = zreg__strdup(path);
    if (rule.prefix == NULL || rule.file == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(read_tables(&rule, &self, err));
    *out = rule;
    rule = (zreg__mirror_rule){0};
    return ZREG_OK;
}
