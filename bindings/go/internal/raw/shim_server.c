/* SPDX-License-Identifier: Apache-2.0 */
/* Registries in this process, and their rights. */
#include "shim_inside.h"

/* What a list of rights says, as C has it; all of it points into that list. */
typedef struct rights {
    const char **texts;
    zreg_server_rule *rules;
    const zreg_server_rule **rule_list; /* NULL: no table */
    zreg_server_group *groups;
    const zreg_server_group **group_list;
    const char **kept;
} rights;

static void free_rights(rights *of)
{
    free(of->texts);
    free(of->rules);
    free(of->rule_list);
    free(of->groups);
    free(of->group_list);
    free(of->kept);
}

static zreg_status make_room(rights *out, size_t count, zreg_error *err)
{
    out->rules = calloc(count, sizeof(*out->rules));
    out->rule_list = calloc(count, sizeof(*out->rule_list));
    out->groups = calloc(count, sizeof(*out->groups));
    out->group_list = calloc(count, sizeof(*out->group_list));
    out->kept = calloc(count, sizeof(*out->kept));
    bool failed = out->rules == NULL || out->rule_list == NULL || out->groups == NULL ||
                  out->group_list == NULL || out->kept == NULL;
    return failed ? (err->code = ZREG_NOMEM) : ZREG_OK;
}

/* The texts up to the next "", in whose place the end of the list comes. */
static const char *const *take_list(const char ***at)
{
    const char *const *list = *at;

    while (**at != NULL && ***at != '\0')
        ++*at;
    if (**at != NULL)
        *(*at)++ = NULL;
    return list;
}

/* "rule" RIGHTS WHO... "" PATTERN... "", "group" NAME MEMBER... "", "keep" PATTERN, "table". */
static zreg_status read_rights(rights *out, zreg_go_list list, zreg_error *err)
{
    size_t rule = 0, group = 0, kept = 0;
    int has_table = 0;

    if (split(&out->texts, list, err) != ZREG_OK ||
        make_room(out, count_texts(out->texts) + 1, err) != ZREG_OK)
        return err->code;
    for (const char **at = out->texts; at != NULL && *at != NULL;) {
        const char *what = *at++;
        if (strcmp(what, "rule") == 0) {
            zreg_server_rule *one = &out->rules[rule];
            *one = (zreg_server_rule){.size = sizeof(*one)};
            one->rights = (uint32_t)strtoul(*at++, NULL, 10);
            one->who = take_list(&at);
            one->repositories = take_list(&at);
            out->rule_list[rule++] = one;
        } else if (strcmp(what, "group") == 0) {
            zreg_server_group *one = &out->groups[group];
            *one = (zreg_server_group){.size = sizeof(*one), .name = *at++};
            one->members = take_list(&at);
            out->group_list[group++] = one;
        } else if (strcmp(what, "keep") == 0) {
            out->kept[kept++] = *at++;
        } else {
            has_table = 1;
        }
    }
    if (!has_table) {
        free(out->rule_list);
        out->rule_list = NULL;
    }
    return ZREG_OK;
}

struct zreg_go_server_options {
    zreg_server_options options;
    zreg_server_limits limits;
    rights may;
    void **owned; /* copies of what Go gave, and lists of them */
    size_t owned_count;
    zreg_error failure; /* NOMEM while it was filled */
};

zreg_go_server_options *zreg_go_server_options_new(int buildset, zreg_error *err)
{
    zreg_go_server_options *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        err->code = ZREG_NOMEM;
        return NULL;
    }
    self->options.size = sizeof(self->options);
    self->options.buildset = buildset;
    self->options.limits = &self->limits;
    self->limits.size = sizeof(self->limits);
    return self;
}

void zreg_go_server_options_free(zreg_go_server_options *self)
{
    for (size_t i = 0; i < self->owned_count; i++)
        free(self->owned[i]);
    free(self->owned);
    free_rights(&self->may);
    free(self);
}

/* `memory`, which the options own from now on; NULL, and a failure, when there is none. */
static void *own(zreg_go_server_options *self, void *memory)
{
    void **more = memory == NULL
                      ? NULL
                      : realloc(self->owned, (self->owned_count + 1) * sizeof(*self->owned));

    if (more == NULL) {
        free(memory);
        self->failure.code = ZREG_NOMEM;
        return NULL;
    }
    self->owned = more;
    return self->owned[self->owned_count++] = memory;
}

static const char *copied(zreg_go_server_options *self, const char *text)
{
    return text[0] == '\0' ? NULL : own(self, strdup(text));
}

static zreg_go_list copied_list(zreg_go_server_options *self, zreg_go_list list)
{
    char *copy = list.size == 0 ? NULL : own(self, malloc(list.size));

    if (copy == NULL)
        return (zreg_go_list){NULL, 0};
    memcpy(copy, list.at, list.size);
    return (zreg_go_list){copy, list.size};
}

/* The texts of a list; NULL for none. */
static const char *const *copied_texts(zreg_go_server_options *self, zreg_go_list list)
{
    const char **texts = NULL;
    zreg_status failed = split(&texts, copied_list(self, list), &self->failure);

    return failed != ZREG_OK || texts == NULL ? NULL : own(self, texts);
}

void zreg_go_server_options_set_store(zreg_go_server_options *self, const char *root,
                                      int durability, int shadow, int sparse_indexes)
{
    self->options.root = copied(self, root);
    self->options.durability = (zreg_durability)durability;
    self->options.shadow = shadow;
    self->options.sparse_indexes = sparse_indexes;
}

void zreg_go_server_options_set_listen(zreg_go_server_options *self, const char *listen,
                                       int descriptor, uint32_t threads, const char *public_url)
{
    self->options.listen = copied(self, listen);
    self->options.listen_descriptor = descriptor;
    self->options.threads = threads;
    self->options.public_url = copied(self, public_url);
}

void zreg_go_server_options_set_buildset(zreg_go_server_options *self, zreg_go_list names,
                                         int plain_http)
{
    self->options.names = copied_texts(self, names);
    self->options.plain_http = plain_http;
}

void zreg_go_server_options_set_proxies(zreg_go_server_options *self, zreg_go_list trusted,
                                        int protocol)
{
    self->options.trusted_proxies = copied_texts(self, trusted);
    self->options.proxy_protocol = protocol;
}

void zreg_go_server_options_set_metrics(zreg_go_server_options *self, int with_the_rest,
                                        const char *listen)
{
    self->options.metrics = with_the_rest;
    self->options.metrics_listen = copied(self, listen);
}

void zreg_go_server_options_set_callbacks(zreg_go_server_options *self, uintptr_t log,
                                          uintptr_t access, uintptr_t audit)
{
    self->options.log = log == 0 ? NULL : on_log;
    self->options.log_user = (void *)log;
    self->options.access = access == 0 ? NULL : on_access;
    self->options.access_user = (void *)access;
    self->options.audit = audit == 0 ? NULL : on_access;
    self->options.audit_user = (void *)audit;
}

void zreg_go_server_options_set_tls(zreg_go_server_options *self, const char *cert_pem,
                                    const char *key_pem, const char *client_ca_pem,
                                    int client_required)
{
    self->options.tls_cert_pem = copied(self, cert_pem);
    self->options.tls_key_pem = copied(self, key_pem);
    self->options.tls_client_ca_pem = copied(self, client_ca_pem);
    self->options.tls_client_required = client_required;
}

void zreg_go_server_options_set_users(zreg_go_server_options *self, const char *htpasswd,
                                      zreg_go_list read_only, int anonymous)
{
    self->options.htpasswd = copied(self, htpasswd);
    self->options.read_only = copied_texts(self, read_only);
    self->options.anonymous = (zreg_anonymous)anonymous;
}

void zreg_go_server_options_set_rights(zreg_go_server_options *self, zreg_go_list rights_list,
                                       int no_writes, int no_deletes, uint32_t uploads_per_user)
{
    if (read_rights(&self->may, copied_list(self, rights_list), &self->failure) != ZREG_OK)
        return;
    self->options.rules = self->may.rule_list;
    self->options.groups = self->may.group_list;
    self->options.immutable_tags = self->may.kept;
    self->options.no_writes = no_writes;
    self->options.no_deletes = no_deletes;
    self->options.uploads_per_user = uploads_per_user;
}

void zreg_go_server_options_set_tokens(zreg_go_server_options *self, zreg_go_list keys,
                                       uint32_t lifetime_s)
{
    self->options.token_keys = copied_texts(self, keys);
    self->options.token_lifetime_s = lifetime_s;
}

void zreg_go_server_options_set_token_service(zreg_go_server_options *self, const char *realm,
                                              const char *service, const char *issuer,
                                              const char *trust_pem)
{
    self->options.token_realm = copied(self, realm);
    self->options.token_service = copied(self, service);
    self->options.token_issuer = copied(self, issuer);
    self->options.token_trust_pem = copied(self, trust_pem);
}

void zreg_go_server_options_limit_sizes(zreg_go_server_options *self, uint32_t request_line_bytes,
                                        uint32_t head_bytes, uint32_t head_fields,
                                        uint64_t body_bytes)
{
    self->limits.request_line_bytes = request_line_bytes;
    self->limits.head_bytes = head_bytes;
    self->limits.head_fields = head_fields;
    self->limits.body_bytes = body_bytes;
}

void zreg_go_server_options_limit_times(zreg_go_server_options *self, uint32_t head_ms,
                                        uint32_t idle_ms, uint32_t total_ms)
{
    self->limits.head_ms = head_ms;
    self->limits.idle_ms = idle_ms;
    self->limits.total_ms = total_ms;
}

void zreg_go_server_options_limit_pace(zreg_go_server_options *self, uint32_t least_bytes,
                                       uint32_t body_ms, uint32_t answer_ms)
{
    self->limits.least_bytes = least_bytes;
    self->limits.body_ms = body_ms;
    self->limits.answer_ms = answer_ms;
}

void zreg_go_server_options_limit_peers(zreg_go_server_options *self, uint32_t connections,
                                        uint32_t connections_per_address, uint64_t held_bytes)
{
    self->limits.connections = connections;
    self->limits.connections_per_address = connections_per_address;
    self->limits.held_bytes = held_bytes;
}

/* The options; NULL when they could not be filled. */
static const zreg_server_options *filled(const zreg_go_server_options *self, zreg_error *err)
{
    if (self->failure.code == ZREG_OK)
        return &self->options;
    err->code = self->failure.code;
    return NULL;
}

zreg_server *zreg_go_server_start(const zreg_go_server_options *self, zreg_error *err)
{
    const zreg_server_options *options = filled(self, err);
    zreg_server *out = NULL;

    if (options == NULL || zreg_server_start(&out, options, err) != ZREG_OK)
        return NULL;
    return out;
}

void zreg_go_server_reload(zreg_server *server, const zreg_go_server_options *self, zreg_error *err)
{
    const zreg_server_options *options = filled(self, err);

    if (options != NULL)
        zreg_server_reload(server, options, err);
}
