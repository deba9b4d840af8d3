/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_yaml.h"

#include "memory.h"
#include "passwords.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* What the readers of single keys share. */
typedef struct reader {
    session *s;
    const char *path;
    yaml_document_t document;
    registry_yaml *out;
} reader;

typedef zreg_status (*read_fn)(reader *r, const yaml_node_t *value);

typedef struct key {
    const char *name;
    read_fn read;
} key;

static zreg_status wrong(reader *r, const yaml_node_t *node, const char *what)
{
    return session_fail(r->s, ZREG_INVAL, "%s:%zu: %s", r->path, node->start_mark.line + 1, what);
}

static const char *scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static zreg_status keep(reader *r, char **to, const yaml_node_t *value)
{
    const char *text = scalar(value);
    if (text == NULL || text[0] == '\0') {
        return wrong(r, value, "one plain value is wanted here");
    }
    free(*to);
    *to = memory_check(strdup(text));
    return ZREG_OK;
}

/* Runs the reader of each key of a mapping; `keys` ends with an empty row. */
static zreg_status read_mapping(reader *r, const yaml_node_t *mapping, const key *keys)
{
    if (mapping->type != YAML_MAPPING_NODE) {
        return wrong(r, mapping, "keys with values are wanted here");
    }
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&r->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
        const char *text = scalar(name);
        const key *known = keys;
        while (known->name != NULL && (text == NULL || strcmp(known->name, text) != 0)) {
            known++;
        }
        if (known->name == NULL) {
            AUTO_FREE char *what =
                memory_printf("the key \"%.60s\" is not supported", text == NULL ? "?" : text);
            return wrong(r, name, what);
        }
        zreg_status status = known->read(r, value);
        if (status != ZREG_OK) {
            return status;
        }
    }
    return ZREG_OK;
}

static const yaml_node_t *member(reader *r, const yaml_node_t *mapping, const char *name)
{
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        const char *text = scalar(yaml_document_get_node(&r->document, pair->key));
        if (text != NULL && strcmp(text, name) == 0) {
            return yaml_document_get_node(&r->document, pair->value);
        }
    }
    return NULL;
}

static const char *member_text(reader *r, const yaml_node_t *mapping, const char *name)
{
    const yaml_node_t *value = member(r, mapping, name);
    const char *text = value == NULL ? NULL : scalar(value);
    return text == NULL ? "" : text;
}

static zreg_status add_user(reader *r, const yaml_node_t *user, const char *name, const char *pass)
{
    char *hash = NULL;
    if (name[0] == '\0' || pass[0] == '\0' || strpbrk(name, ":\r\n") != NULL) {
        return wrong(r, user, "a user needs a name (without a colon) and a pass");
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

static void add_reader(registry_yaml *out, const char *name)
{
    size_t count = 0;
    while (out->read_only != NULL && out->read_only[count] != NULL) {
        count++;
    }
    out->read_only = memory_check(reallocarray(out->read_only, count + 2, sizeof(*out->read_only)));
    out->read_only[count] = memory_check(strdup(name));
    out->read_only[count + 1] = NULL;
}

/* name, pass, access. The user "anonymous" with access: read and no pass stands for everybody. */
static zreg_status read_user(reader *r, const yaml_node_t *user)
{
    if (user->type != YAML_MAPPING_NODE) {
        return wrong(r, user, "a user has name, pass and access");
    }
    const char *name = member_text(r, user, "name");
    const char *pass = member_text(r, user, "pass");
    const char *access = member_text(r, user, "access");
    bool reads = strcmp(access, "read") == 0;
    if (!reads && strcmp(access, "write") != 0) {
        return wrong(r, user, "access is read or write");
    }
    if (reads && pass[0] == '\0' && strcmp(name, "anonymous") == 0) {
        r->out->public_read = true;
        return ZREG_OK;
    }
    zreg_status status = add_user(r, user, name, pass);
    if (status == ZREG_OK && reads) {
        add_reader(r->out, name);
    }
    return status;
}

static zreg_status read_users(reader *r, const yaml_node_t *users)
{
    zreg_status status = ZREG_OK;
    if (users->type != YAML_SEQUENCE_NODE) {
        return wrong(r, users, "a list of users is wanted here");
    }
    const yaml_node_item_t *item = users->data.sequence.items.start;
    for (; item < users->data.sequence.items.top && status == ZREG_OK; item++) {
        status = read_user(r, yaml_document_get_node(&r->document, *item));
    }
    return status;
}

static zreg_status read_driver(reader *r, const yaml_node_t *value)
{
    const char *text = scalar(value);
    return text != NULL && strcmp(text, "filesystem") == 0
               ? ZREG_OK
               : wrong(r, value, "the only storage driver is filesystem");
}

static zreg_status read_root(reader *r, const yaml_node_t *value)
{
    return keep(r, &r->out->root, value);
}

static zreg_status read_storage(reader *r, const yaml_node_t *storage)
{
    static const key keys[] = {{"driver", read_driver}, {"root", read_root}, {NULL, NULL}};
    return read_mapping(r, storage, keys);
}

static zreg_status read_address(reader *r, const yaml_node_t *value)
{
    return keep(r, &r->out->address, value);
}

static zreg_status read_port(reader *r, const yaml_node_t *value)
{
    return keep(r, &r->out->port, value);
}

static zreg_status read_tls_cert(reader *r, const yaml_node_t *value)
{
    return keep(r, &r->out->tls_cert, value);
}

static zreg_status read_tls_key(reader *r, const yaml_node_t *value)
{
    return keep(r, &r->out->tls_key, value);
}

/* secret: tokens are signed with a key made at each start. public-url: clients are sent back to the
 * address that they asked. Neither has to be told, and nothing is less safe without it. */
static zreg_status read_needless(reader *r, const yaml_node_t *value)
{
    return scalar(value) == NULL ? wrong(r, value, "one plain value is wanted here") : ZREG_OK;
}

static zreg_status read_registry(reader *r, const yaml_node_t *registry)
{
    static const key keys[] = {
        {"address", read_address}, {"port", read_port},           {"tls-cert", read_tls_cert},
        {"tls-key", read_tls_key}, {"users", read_users},         {"storage", read_storage},
        {"secret", read_needless}, {"public-url", read_needless}, {NULL, NULL},
    };
    return read_mapping(r, registry, keys);
}

static zreg_status read_document(reader *r)
{
    static const key keys[] = {{"registry", read_registry}, {NULL, NULL}};
    const yaml_node_t *root = yaml_document_get_root_node(&r->document);
    if (root == NULL) {
        return session_fail(r->s, ZREG_INVAL, "%s: the file is empty", r->path);
    }
    return read_mapping(r, root, keys);
}

static zreg_status read_file(reader *r, FILE *file)
{
    yaml_parser_t parser;
    memory_check(yaml_parser_initialize(&parser) ? &parser : NULL);
    yaml_parser_set_input_file(&parser, file);
    zreg_status status = ZREG_OK;
    if (yaml_parser_load(&parser, &r->document)) {
        status = read_document(r);
        yaml_document_delete(&r->document);
    } else {
        status = session_fail(r->s, ZREG_INVAL, "%s:%zu: %s", r->path, parser.problem_mark.line + 1,
                              parser.problem);
    }
    yaml_parser_delete(&parser);
    return status;
}

zreg_status registry_yaml_read(session *s, registry_yaml *out, const char *path)
{
    reader r = {.s = s, .path = path, .out = out};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return session_fail(s, errno == ENOENT ? ZREG_NOTFOUND : ZREG_IO, "--config %s: %s", path,
                            strerror(errno));
    }
    zreg_status status = read_file(&r, file);
    fclose(file);
    return status;
}

void registry_yaml_finish(registry_yaml *settings)
{
    free(settings->address);
    free(settings->port);
    free(settings->tls_cert);
    free(settings->tls_key);
    free(settings->root);
    free(settings->htpasswd);
    for (size_t i = 0; settings->read_only != NULL && settings->read_only[i] != NULL; i++) {
        free(settings->read_only[i]);
    }
    free(settings->read_only);
}
