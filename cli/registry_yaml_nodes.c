/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_yaml_inside.h"

#include "memory.h"
#include <stdlib.h>
#include <string.h>

#define MOST 1000000    /* as numbers of options may be */
#define MOST_KEYS 10000 /* of one mapping: each is compared with those before it */

zreg_status registry_yaml_wrong(registry_yaml_reader *r, const yaml_node_t *node, const char *what)
{
    return session_fail(r->s, ZREG_INVAL, "%s:%zu: %s", r->path, node->start_mark.line + 1, what);
}

const char *registry_yaml_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* The first with this key, or NULL. */
static const yaml_node_pair_t *find_pair(registry_yaml_reader *r, const yaml_node_t *mapping,
                                         const char *name)
{
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        const char *text = registry_yaml_scalar(yaml_document_get_node(&r->document, pair->key));
        if (text != NULL && strcmp(text, name) == 0) {
            return pair;
        }
    }
    return NULL;
}

/* Of a key that stands twice one value would count, and nobody sees which. */
static zreg_status check_keys(registry_yaml_reader *r, const yaml_node_t *mapping)
{
    const yaml_node_pair_t *first = mapping->data.mapping.pairs.start;
    const yaml_node_pair_t *top = mapping->data.mapping.pairs.top;
    if (top - first > MOST_KEYS) {
        return registry_yaml_wrong(r, mapping, "there are too many keys here");
    }
    for (const yaml_node_pair_t *pair = first; pair < top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
        const char *text = registry_yaml_scalar(key);
        if (text != NULL && find_pair(r, mapping, text) != pair) {
            AUTO_FREE char *what = memory_printf("the key \"%.60s\" is there twice", text);
            return registry_yaml_wrong(r, key, what);
        }
    }
    return ZREG_OK;
}

zreg_status registry_yaml_check_nodes(registry_yaml_reader *r)
{
    zreg_status status = ZREG_OK;
    const yaml_node_t *node = r->document.nodes.start;
    for (; node < r->document.nodes.top && status == ZREG_OK; node++) {
        const char *text = registry_yaml_scalar(node);
        if (node->type == YAML_MAPPING_NODE) {
            status = check_keys(r, node);
        } else if (text != NULL && strlen(text) != node->data.scalar.length) {
            status = registry_yaml_wrong(r, node, "there is a NUL in this text");
        }
    }
    return status;
}

zreg_status registry_yaml_keep(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                               const char *name)
{
    const char *text = registry_yaml_scalar(value);
    if (text == NULL || text[0] == '\0') {
        AUTO_FREE char *what = memory_printf("%s is one plain value", name);
        return registry_yaml_wrong(r, value, what);
    }
    free(*(char **)to);
    *(char **)to = memory_check(strdup(text));
    return ZREG_OK;
}

zreg_status registry_yaml_keep_number(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                                      const char *name)
{
    const char *text = registry_yaml_scalar(value);
    char *end = NULL;
    unsigned long number = text == NULL ? 0 : strtoul(text, &end, 10);
    if (text == NULL || text[0] < '0' || text[0] > '9' || *end != '\0' || number > MOST) {
        AUTO_FREE char *what = memory_printf("%s is a number, up to %d", name, MOST);
        return registry_yaml_wrong(r, value, what);
    }
    *(uint32_t *)to = (uint32_t)number;
    return ZREG_OK;
}

zreg_status registry_yaml_choice(registry_yaml_reader *r, size_t *out, const yaml_node_t *value,
                                 const char *const *words, const char *what)
{
    const char *text = registry_yaml_scalar(value);
    for (*out = 0; text != NULL && words[*out] != NULL; (*out)++) {
        if (strcmp(words[*out], text) == 0) {
            return ZREG_OK;
        }
    }
    return registry_yaml_wrong(r, value, what);
}

zreg_status registry_yaml_mapping(registry_yaml_reader *r, const yaml_node_t *mapping,
                                  const registry_yaml_key *keys)
{
    if (mapping->type != YAML_MAPPING_NODE) {
        return registry_yaml_wrong(r, mapping, "keys with values are wanted here");
    }
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(&r->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
        const char *text = registry_yaml_scalar(name);
        const registry_yaml_key *known = keys;
        while (known->name != NULL && (text == NULL || strcmp(known->name, text) != 0)) {
            known++;
        }
        if (known->name == NULL) {
            AUTO_FREE char *what =
                memory_printf("the key \"%.60s\" is not supported", text == NULL ? "?" : text);
            return registry_yaml_wrong(r, name, what);
        }
        zreg_status status = known->read != NULL ? known->read(r, value)
                                                 : known->keep(r, (char *)r->out + known->offset,
                                                               value, known->name);
        if (status != ZREG_OK) {
            return status;
        }
    }
    return ZREG_OK;
}

const yaml_node_t *registry_yaml_member(registry_yaml_reader *r, const yaml_node_t *mapping,
                                        const char *name)
{
    const yaml_node_pair_t *pair = find_pair(r, mapping, name);
    return pair == NULL ? NULL : yaml_document_get_node(&r->document, pair->value);
}

const char *registry_yaml_member_text(registry_yaml_reader *r, const yaml_node_t *mapping,
                                      const char *name)
{
    const yaml_node_t *value = registry_yaml_member(r, mapping, name);
    const char *text = value == NULL ? NULL : registry_yaml_scalar(value);
    return text == NULL ? "" : text;
}

void registry_yaml_free_texts(char **texts)
{
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++) {
        free(texts[i]);
    }
    free(texts);
}

zreg_status registry_yaml_keep_flag(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                                    const char *name)
{
    const char *text = registry_yaml_scalar(value);
    bool is_true = *(bool *)to = text != NULL && strcmp(text, "true") == 0;
    if (is_true || (text != NULL && strcmp(text, "false") == 0)) {
        return ZREG_OK;
    }
    AUTO_FREE char *what = memory_printf("%s is true or false", name);
    return registry_yaml_wrong(r, value, what);
}

zreg_status registry_yaml_texts(registry_yaml_reader *r, char ***out, const yaml_node_t *value)
{
    const yaml_node_item_t *item = NULL, *top = NULL;
    if (value->type == YAML_SEQUENCE_NODE) {
        item = value->data.sequence.items.start;
        top = value->data.sequence.items.top;
    }
    size_t count = item == NULL ? 1 : (size_t)(top - item);
    registry_yaml_free_texts(*out);
    char **texts = *out = memory_check(calloc(count + 1, sizeof(char *)));
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *one =
            item == NULL ? value : yaml_document_get_node(&r->document, item[i]);
        const char *text = registry_yaml_scalar(one);
        if (text == NULL || text[0] == '\0') {
            return registry_yaml_wrong(r, one, "a text, or a list of texts, is wanted here");
        }
        texts[i] = memory_check(strdup(text));
    }
    return ZREG_OK;
}

zreg_status registry_yaml_keep_texts(registry_yaml_reader *r, void *to, const yaml_node_t *value,
                                     const char *name)
{
    (void)name; /* an error has the line of the text that is wrong */
    return registry_yaml_texts(r, to, value);
}
