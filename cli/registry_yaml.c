/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_yaml_inside.h"

#include "files.h"
#include "memory.h"
#include "passwords.h"
#include "server_limits.h"
#include "systemd.h"
#include <stdlib.h>
#include <string.h>

const char *const registry_yaml_anonymous[] = {"none", "pull", "push", NULL};
const char *const registry_yaml_durability[] = {"full", "manifest", "none", NULL};

static zreg_status add_user(registry_yaml_reader *r, const yaml_node_t *user, const char *name,
                            const char *pass)
{
    char *hash = NULL;
    if (name[0] == '\0' || pass[0] == '\0' || strpbrk(name, ":\r\n") != NULL) {
        return registry_yaml_wrong(r, user, "a user needs a name (without a colon) and a pass");
    }
    zreg_status status = passwords_hash(r->s, &hash, pass);
    if (status != ZREG_OK) {
        return status;
    }
    char *lines =
        memory_printf("%s%s:%s\n", r->out->htpasswd == NULL ? "" : r->out->htpasswd, name, hash);
    free(hash);
    free(r->out->htpasswd);
    r->out->htpasswd = lines;
    return ZREG_OK;
}

/* Adds to a list that ends with NULL. */
static void add_text(char ***list, const char *text)
{
    size_t count = 0;
    while (*list != NULL && (*list)[count] != NULL) {
        count++;
    }
    *list = memory_check(reallocarray(*list, count + 2, sizeof(**list)));
    (*list)[count] = memory_check(strdup(text));
    (*list)[count + 1] = NULL;
}

/* What the user "anonymous" says stands elsewhere too. */
static zreg_status set_anonymous(registry_yaml_reader *r, const yaml_node_t *where,
                                 zreg_anonymous what)
{
    if (r->out->anonymous != ZREG_ANONYMOUS_DEFAULT) {
        return registry_yaml_wrong(r, where, "what anyone may do is said twice");
    }
    r->out->anonymous = what;
    return ZREG_OK;
}

/* The keys of a user; what they say is looked up. */
static zreg_status read_text_of_user(registry_yaml_reader *r, const yaml_node_t *value)
{
    return registry_yaml_scalar(value) != NULL
               ? ZREG_OK
               : registry_yaml_wrong(r, value, "one plain value is wanted here");
}

static const registry_yaml_key keys_of_user[] = {{"name", read_text_of_user},
                                                 {"pass", read_text_of_user},
                                                 {"access", read_text_of_user},
                                                 {NULL}};

/* name, pass, access, the last only without rights. The user "anonymous" with access: read and no pass stands for everybody. */
static zreg_status read_user(registry_yaml_reader *r, const yaml_node_t *user)
{
    if (user->type != YAML_MAPPING_NODE) {
        return registry_yaml_wrong(r, user, "a user has name, pass and access");
    }
    zreg_status status = registry_yaml_mapping(r, user, keys_of_user);
    if (status != ZREG_OK) {
        return status;
    }
    const char *name = registry_yaml_member_text(r, user, "name");
    const char *pass = registry_yaml_member_text(r, user, "pass");
    const char *access = registry_yaml_member_text(r, user, "access");
    bool reads = strcmp(access, "read") == 0;
    const yaml_node_t **first =
        registry_yaml_member(r, user, "access") == NULL ? &r->accessless : &r->access;
    *first = *first == NULL ? user : *first;
    if (first == &r->access && !reads && strcmp(access, "write") != 0) {
        return registry_yaml_wrong(r, user, "access is read or write");
    }
    if (reads && pass[0] == '\0' && strcmp(name, "anonymous") == 0) {
        return set_anonymous(r, user, ZREG_ANONYMOUS_PULL);
    }
    status = add_user(r, user, name, pass);
    if (status == ZREG_OK && reads) {
        add_text(&r->out->read_only, name);
    }
    return status;
}

static zreg_status read_users(registry_yaml_reader *r, const yaml_node_t *users)
{
    zreg_status status = ZREG_OK;
    if (users->type != YAML_SEQUENCE_NODE) {
        return registry_yaml_wrong(r, users, "a list of users is wanted here");
    }
    r->users = users;
    const yaml_node_item_t *item = users->data.sequence.items.start;
    for (; item < users->data.sequence.items.top && status == ZREG_OK; item++) {
        status = read_user(r, yaml_document_get_node(&r->document, *item));
        if (r->s->reads_again) {
            systemd_alive(); /* a hash takes its time, and nobody else tells of a server that reloads */
        }
    }
    return status;
}

static zreg_status read_driver(registry_yaml_reader *r, const yaml_node_t *value)
{
    const char *text = registry_yaml_scalar(value);
    return text != NULL && strcmp(text, "filesystem") == 0
               ? ZREG_OK
               : registry_yaml_wrong(r, value, "the only storage driver is filesystem");
}

static zreg_status read_storage(registry_yaml_reader *r, const yaml_node_t *storage)
{
    static const registry_yaml_key keys[] = {
        {"driver", read_driver}, REGISTRY_YAML_KEEPS("root", root), {NULL}};
    return registry_yaml_mapping(r, storage, keys);
}

static zreg_status read_anonymous(registry_yaml_reader *r, const yaml_node_t *value)
{
    size_t right;
    zreg_status status = registry_yaml_choice(r, &right, value, registry_yaml_anonymous,
                                              "anonymous is none, pull or push");
    return status == ZREG_OK ? set_anonymous(r, value, ZREG_ANONYMOUS_NONE + right) : status;
}

static zreg_status read_durability(registry_yaml_reader *r, const yaml_node_t *value)
{
    size_t promise;
    zreg_status status = registry_yaml_choice(r, &promise, value, registry_yaml_durability,
                                              "durability is full, manifest or none");
    r->out->durability = status == ZREG_OK ? ZREG_DURABILITY_FULL + promise : r->out->durability;
    return status;
}

static zreg_status read_limits(registry_yaml_reader *r, const yaml_node_t *limits)
{
    if (limits->type != YAML_MAPPING_NODE) {
        return registry_yaml_wrong(r, limits, "limits with their numbers are wanted here");
    }
    const yaml_node_pair_t *pair = limits->data.mapping.pairs.start;
    for (; pair < limits->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&r->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
        if (registry_yaml_scalar(name) == NULL || registry_yaml_scalar(value) == NULL ||
            !server_limits_set(&r->out->limits, registry_yaml_scalar(name),
                               registry_yaml_scalar(value))) {
            AUTO_FREE char *what = memory_printf(
                "no limit \"%.60s\", or its number is none above 0",
                registry_yaml_scalar(name) == NULL ? "?" : registry_yaml_scalar(name));
            return registry_yaml_wrong(r, name, what);
        }
    }
    return ZREG_OK;
}

static const registry_yaml_key keys_of_registry[] = {
    REGISTRY_YAML_KEEPS("address", address),
    REGISTRY_YAML_KEEPS("port", port),
    REGISTRY_YAML_KEEPS("tls-cert", tls_cert),
    REGISTRY_YAML_KEEPS("tls-key", tls_key),
    REGISTRY_YAML_KEEPS("tls-client-ca", tls_client_ca),
    REGISTRY_YAML_KEEPS("tls-client-required", tls_client_required),
    {"users", read_users},
    REGISTRY_YAML_KEEPS("htpasswd", htpasswd_file),
    REGISTRY_YAML_KEEPS("read-only", read_only),
    {"anonymous", read_anonymous},
    {"storage", read_storage},
    {"durability", read_durability},
    REGISTRY_YAML_KEEPS("secret", secret),
    REGISTRY_YAML_KEEPS("token-key-files", token_key_files),
    REGISTRY_YAML_KEEPS("token-realm", token_realm),
    REGISTRY_YAML_KEEPS("token-service", token_service),
    REGISTRY_YAML_KEEPS("token-issuer", token_issuer),
    REGISTRY_YAML_KEEPS("token-trust", token_trust),
    REGISTRY_YAML_KEEPS("public-url", public_url),
    REGISTRY_YAML_KEEPS("shadow", shadow),
    REGISTRY_YAML_KEEPS("sparse-indexes", sparse_indexes),
    {"rights", registry_yaml_rights},
    {"groups", registry_yaml_groups},
    REGISTRY_YAML_KEEPS("immutable-tags", immutable_tags),
    REGISTRY_YAML_KEEPS("no-writes", no_writes),
    REGISTRY_YAML_KEEPS("no-deletes", no_deletes),
    REGISTRY_YAML_KEEPS("uploads-per-user", uploads_per_user),
    REGISTRY_YAML_KEEPS("trusted-proxies", trusted_proxies),
    REGISTRY_YAML_KEEPS("proxy-protocol", proxy_protocol),
    {"limits", read_limits},
    REGISTRY_YAML_KEEPS("metrics", metrics),
    REGISTRY_YAML_KEEPS("metrics-listen", metrics_listen),
    REGISTRY_YAML_KEEPS("access-log", access_log),
    REGISTRY_YAML_KEEPS("audit-log", audit_log),
    REGISTRY_YAML_KEEPS("grace", grace_s),
    {NULL},
};

static zreg_status read_registry(registry_yaml_reader *r, const yaml_node_t *registry)
{
    zreg_status status = registry_yaml_mapping(r, registry, keys_of_registry);
    return status == ZREG_OK ? registry_yaml_check_access(r, registry) : status;
}

static zreg_status read_document(registry_yaml_reader *r)
{
    static const registry_yaml_key keys[] = {{"registry", read_registry}, {NULL}};
    const yaml_node_t *root = yaml_document_get_root_node(&r->document);
    if (root == NULL) {
        return session_fail(r->s, ZREG_INVAL, "%s: the file is empty", r->path);
    }
    zreg_status status = registry_yaml_check_nodes(r);
    return status == ZREG_OK ? registry_yaml_mapping(r, root, keys) : status;
}

static zreg_status fail_to_parse(const registry_yaml_reader *r, const yaml_parser_t *parser)
{
    return session_fail(r->s, ZREG_INVAL, "%s:%zu: %s", r->path, parser->problem_mark.line + 1,
                        parser->problem);
}

/* libyaml frees what it read as it is, and passwords are among it. */
static void wipe_document(const yaml_document_t *document)
{
    for (const yaml_node_t *node = document->nodes.start; node < document->nodes.top; node++) {
        if (node->type == YAML_SCALAR_NODE) {
            explicit_bzero(node->data.scalar.value, node->data.scalar.length);
        }
    }
}

/* Behind the document there is to be no other, which would count for nothing. */
static zreg_status check_end(registry_yaml_reader *r, yaml_parser_t *parser)
{
    yaml_document_t more;
    if (!yaml_parser_load(parser, &more)) {
        return fail_to_parse(r, parser);
    }
    const yaml_node_t *root = yaml_document_get_root_node(&more);
    zreg_status status =
        root == NULL ? ZREG_OK : registry_yaml_wrong(r, root, "one document is wanted here");
    wipe_document(&more);
    yaml_document_delete(&more);
    return status;
}

static void wipe_buffers(const yaml_parser_t *parser)
{
    explicit_bzero(parser->raw_buffer.start,
                   (size_t)(parser->raw_buffer.end - parser->raw_buffer.start));
    explicit_bzero(parser->buffer.start, (size_t)(parser->buffer.end - parser->buffer.start));
}

static zreg_status read_text(registry_yaml_reader *r, const char *text)
{
    yaml_parser_t parser;
    memory_check(yaml_parser_initialize(&parser) ? &parser : NULL);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    zreg_status status = ZREG_OK;
    if (yaml_parser_load(&parser, &r->document)) {
        status = read_document(r);
        status = status == ZREG_OK ? check_end(r, &parser) : status;
        wipe_document(&r->document);
        yaml_document_delete(&r->document);
    } else {
        status = fail_to_parse(r, &parser);
    }
    wipe_buffers(&parser);
    yaml_parser_delete(&parser);
    return status;
}

zreg_status registry_yaml_read(session *s, registry_yaml *out, const char *path)
{
    registry_yaml_reader r = {.s = s, .path = path, .out = out};
    AUTO_SECRET char *text = NULL;
    zreg_status status = files_read_text(s, &text, path, "--config");
    return status == ZREG_OK ? read_text(&r, text) : status;
}

static void free_what_is_kept(registry_yaml *settings, const registry_yaml_key *keys)
{
    for (const registry_yaml_key *key = keys; key->name != NULL; key++) {
        void *member = (char *)settings + key->offset;
        if (key->keep == registry_yaml_keep) {
            free(*(char **)member);
        } else if (key->keep == registry_yaml_keep_texts) {
            registry_yaml_free_texts(*(char ***)member);
        }
    }
}

void registry_yaml_finish(registry_yaml *settings)
{
    memory_free_secret(settings->secret);
    settings->secret = NULL;
    free_what_is_kept(settings, keys_of_registry);
    free(settings->root);
    free(settings->htpasswd);
    for (size_t i = 0; settings->rules != NULL && settings->rules[i] != NULL; i++) {
        registry_yaml_free_texts((char **)settings->rules[i]->who);
        registry_yaml_free_texts((char **)settings->rules[i]->repositories);
        free(settings->rules[i]);
    }
    free(settings->rules);
    for (size_t i = 0; settings->groups != NULL && settings->groups[i] != NULL; i++) {
        free((char *)settings->groups[i]->name);
        registry_yaml_free_texts((char **)settings->groups[i]->members);
        free(settings->groups[i]);
    }
    free(settings->groups);
}
