/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/mirror_rule.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>

/* Names go on behind a prefix where a part of theirs ends. What a port is of is another host without it, but what
 * blocks a host blocks it on all of its ports. */
static bool ends_part(const char *name, size_t at, bool any_port)
{
    char c = name[at];

    return c == '\0' || c == '/' || c == '@' ||
           (c == ':' && (any_port || memchr(name, '/', at) != NULL));
}

/* "*.DOMAIN": any host below, whose name may be of many parts. */
static size_t match_below(const char *domain, const char *name, bool any_port)
{
    size_t host = strcspn(name, "/");
    const char *at = strstr(name, domain);

    while (at != NULL && at < name + host) {
        size_t end = (size_t)(at - name) + strlen(domain);

        if (at > name && ends_part(name, end, any_port)) {
            return end;
        }
        at = strstr(at + 1, domain);
    }
    return 0;
}

static size_t match(const char *prefix, const char *name, bool any_port)
{
    size_t size = strlen(prefix);

    if (zreg__str_starts(prefix, "*.")) {
        return match_below(prefix + 1, name, any_port);
    }
    return strncmp(prefix, name, size) == 0 && ends_part(name, size, any_port) ? size : 0;
}

size_t zreg__mirror_rule_match(const char *prefix, const char *name)
{
    return match(prefix, name, false);
}

const zreg__mirror_rule *zreg__mirror_rules_find(size_t *out_size, const zreg__mirror_rules *rules,
                                                 const char *name)
{
    const zreg__mirror_rule *found = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < rules->count; i++) {
        size_t size = match(rules->items[i].prefix, name, rules->items[i].blocked);
        size_t length = size > 0 ? strlen(rules->items[i].prefix) : 0;

        if (length > longest) {
            found = &rules->items[i];
            longest = length;
            *out_size = size;
        }
    }
    return found;
}

char *zreg__mirror_server_repository(const zreg__mirror_server *server, const char *name,
                                     size_t size)
{
    const char *rest = name + size;

    rest += *rest == '/';
    if (*rest == '\0' && server->path[0] == '\0') {
        return NULL;
    }
    return *rest == '\0' ? zreg__strdup(server->path)
                         : zreg__concat(server->path, server->path[0] != '\0' ? "/" : "", rest);
}

zreg_status zreg__mirror_rule_add(zreg__mirror_rule *rule, zreg__mirror_server *server,
                                  zreg_error *err)
{
    if (rule->count >= ZREG__MAX_MIRRORS) {
        return zreg__fail(err, ZREG_LIMIT, "%s: more than %d mirrors of %s", rule->file,
                          ZREG__MAX_MIRRORS, rule->prefix);
    }
    ZREG__TRY(zreg__array_room((void **)&rule->servers, &rule->capacity, rule->count,
                               sizeof(rule->servers[0]), err));
    rule->servers[rule->count++] = *server;
    *server = (zreg__mirror_server){0};
    return ZREG_OK;
}

zreg_status zreg__mirror_rules_add(zreg__mirror_rules *rules, zreg__mirror_rule *rule,
                                   zreg_error *err)
{
    size_t i = 0;

    while (i < rules->count && !zreg__str_equal(rules->items[i].prefix, rule->prefix)) {
        i++;
    }
    if (i >= ZREG__MAX_MIRROR_RULES) {
        return zreg__fail(err, ZREG_LIMIT, "%s: more than %d registries", rule->file,
                          ZREG__MAX_MIRROR_RULES);
    }
    if (i == rules->count) {
        ZREG__TRY(zreg__array_room((void **)&rules->items, &rules->capacity, rules->count,
                                   sizeof(rules->items[0]), err));
        rules->count++;
    } else {
        zreg__mirror_rule_finish(&rules->items[i]);
    }
    rules->items[i] = *rule;
    *rule = (zreg__mirror_rule){0};
    return ZREG_OK;
}

zreg_status zreg__mirror_list_add(char ***list, zreg__span text, zreg_error *err)
{
    size_t count = 0;

    while (*list != NULL && (*list)[count] != NULL) {
        count++;
    }
    if (count >= ZREG__MAX_MIRRORS) {
        return zreg__fail(err, ZREG_LIMIT, "a list of more than %d files", ZREG__MAX_MIRRORS);
    }
    ZREG__AUTO_FREE char *copy = zreg__strndup(text.text, text.size);
    char **longer = zreg__reallocarray(*list, count + 2, sizeof(longer[0]));
    if (longer != NULL) {
        *list = longer;
        longer[count] = NULL;
    }
    if (copy == NULL || longer == NULL) {
        return zreg__fail_nomem(err);
    }
    longer[count] = zreg__steal(&copy);
    longer[count + 1] = NULL;
    return ZREG_OK;
}

static void free_list(char **list)
{
    for (char **at = list; at != NULL && *at != NULL; at++) {
        free(*at);
    }
    free(list);
}

void zreg__mirror_server_finish(zreg__mirror_server *server)
{
    free(server->host);
    free(server->base);
    free(server->path);
    free(server->folder);
    free_list(server->authorities);
    free_list(server->certificates);
    free_list(server->keys);
    free(server->ca_pem);
    zreg__free_secret(server->client_cert_pem);
    zreg__free_secret(server->client_key_pem);
    for (size_t i = 0; i < ZREG__MIRROR_HEADERS; i++) {
        zreg__free_secret(server->headers[i]);
    }
    *server = (zreg__mirror_server){0};
}

void zreg__mirror_rule_finish(zreg__mirror_rule *rule)
{
    for (size_t i = 0; i < rule->count; i++) {
        zreg__mirror_server_finish(&rule->servers[i]);
    }
    zreg__mirror_server_finish(&rule->origin);
    free(rule->servers);
    free(rule->prefix);
    free(rule->file);
    *rule = (zreg__mirror_rule){0};
}

void zreg__mirror_rules_finish(zreg__mirror_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        zreg__mirror_rule_finish(&rules->items[i]);
    }
    free(rules->items);
    *rules = (zreg__mirror_rules){0};
}
