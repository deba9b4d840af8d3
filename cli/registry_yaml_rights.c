/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_yaml_inside.h"

#include "memory.h"
#include <stdlib.h>
#include <string.h>

static zreg_status read_who(registry_yaml_reader *r, const yaml_node_t *value)
{
    return registry_yaml_texts(r, (char ***)&r->rule->who, value);
}

static zreg_status read_repositories(registry_yaml_reader *r, const yaml_node_t *value)
{
    return registry_yaml_texts(r, (char ***)&r->rule->repositories, value);
}

static zreg_status read_allow(registry_yaml_reader *r, const yaml_node_t *value)
{
    static const struct {
        const char *name;
        uint32_t right;
    } rights[] = {{"pull", ZREG_SERVER_PULL},
                  {"push", ZREG_SERVER_PUSH},
                  {"delete", ZREG_SERVER_DELETE},
                  {"catalog", ZREG_SERVER_CATALOG}};
    char **texts = NULL;
    zreg_status status = registry_yaml_texts(r, &texts, value);
    for (size_t i = 0; status == ZREG_OK && texts[i] != NULL; i++) {
        size_t known = 0;
        while (known < 4 && strcmp(rights[known].name, texts[i]) != 0) {
            known++;
        }
        r->rule->rights |= known < 4 ? rights[known].right : 0;
        status = known < 4 ? status
                           : registry_yaml_wrong(
                                 r, value, "allow is a list of pull, push, delete and catalog");
    }
    registry_yaml_free_texts(texts);
    return status;
}

static zreg_status read_rule(registry_yaml_reader *r, const yaml_node_t *rule)
{
    static const registry_yaml_key keys[] = {
        {"who", read_who}, {"repositories", read_repositories}, {"allow", read_allow}, {NULL}};
    zreg_status status = registry_yaml_mapping(r, rule, keys);
    bool is_whole = status == ZREG_OK && r->rule->who != NULL && r->rule->repositories != NULL &&
                    r->rule->rights != 0;
    return is_whole || status != ZREG_OK
               ? status
               : registry_yaml_wrong(r, rule, "a rule has who, repositories and allow");
}

zreg_status registry_yaml_rights(registry_yaml_reader *r, const yaml_node_t *rules)
{
    zreg_status status = ZREG_OK;
    if (rules->type != YAML_SEQUENCE_NODE || r->out->rules != NULL) {
        return registry_yaml_wrong(r, rules, "one list of rules is wanted here");
    }
    const yaml_node_item_t *item = rules->data.sequence.items.start;
    size_t count = (size_t)(rules->data.sequence.items.top - item);
    r->out->rules = memory_check(calloc(count + 1, sizeof(*r->out->rules)));
    for (size_t i = 0; i < count && status == ZREG_OK; i++) {
        r->rule = r->out->rules[i] = memory_check(calloc(1, sizeof(*r->rule)));
        r->rule->size = sizeof(*r->rule);
        status = read_rule(r, yaml_document_get_node(&r->document, item[i]));
    }
    return status;
}

zreg_status registry_yaml_groups(registry_yaml_reader *r, const yaml_node_t *groups)
{
    zreg_status status = ZREG_OK;
    if (groups->type != YAML_MAPPING_NODE || r->out->groups != NULL) {
        return registry_yaml_wrong(r, groups,
                                   "names of groups, each with a list of users, are wanted here");
    }
    const yaml_node_pair_t *pair = groups->data.mapping.pairs.start;
    size_t count = (size_t)(groups->data.mapping.pairs.top - pair);
    r->out->groups = memory_check(calloc(count + 1, sizeof(*r->out->groups)));
    for (size_t i = 0; i < count && status == ZREG_OK; i++) {
        const char *name = registry_yaml_scalar(yaml_document_get_node(&r->document, pair[i].key));
        const yaml_node_t *members = yaml_document_get_node(&r->document, pair[i].value);
        zreg_server_group *group = r->out->groups[i] = memory_check(calloc(1, sizeof(*group)));
        group->size = sizeof(*group);
        group->name = memory_check(strdup(name == NULL ? "" : name));
        status = registry_yaml_texts(r, (char ***)&group->members, members);
    }
    return status;
}

/* Two sentences about what a user may do are one too many, and none is too few. */
zreg_status registry_yaml_check_access(registry_yaml_reader *r, const yaml_node_t *registry)
{
    const registry_yaml *out = r->out;
    if (out->rules != NULL && r->access != NULL) {
        return registry_yaml_wrong(
            r, r->access, "what a user may do stands in the rights here: leave out access");
    }
    if (r->users != NULL && out->htpasswd_file != NULL) {
        return registry_yaml_wrong(r, r->users, "users are in the file of htpasswd, or here");
    }
    if (out->htpasswd_file == NULL && registry_yaml_member(r, registry, "read-only") != NULL) {
        return registry_yaml_wrong(r, registry_yaml_member(r, registry, "read-only"),
                                   "read-only names users of the file of htpasswd");
    }
    if (out->secret != NULL && out->token_key_files != NULL) {
        return registry_yaml_wrong(r, registry_yaml_member(r, registry, "secret"),
                                   "tokens are signed with this or with token-key-files");
    }
    return out->rules == NULL && r->accessless != NULL
               ? registry_yaml_wrong(r, r->accessless, "access is read or write")
               : ZREG_OK;
}
