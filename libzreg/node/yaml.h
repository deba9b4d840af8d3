/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Just enough YAML to find a key in nested block mappings, as people write them, so that lines can
 * be put beside it and all else stays as it was. No I/O.
 */
#ifndef ZREG_HOST_YAML_H
#define ZREG_HOST_YAML_H

#include "base/str.h"
#include "node/content.h"

/** A key and what is nested in it. Offsets into the text. Zeroed with `end` set: the document. */
typedef struct zreg__yaml_node {
    size_t begin;     /* of the key's line */
    size_t body;      /* behind that line */
    size_t end;       /* of what is nested */
    int indent;       /* of the key; -1: the document */
    zreg__span value; /* on the key's line, without a comment */
} zreg__yaml_node;

/** The whole document. */
zreg__yaml_node zreg__yaml_document(const zreg__content *content);

/** The key among those of `parent`. */
bool zreg__yaml_find(zreg__yaml_node *out, const zreg__content *content,
                     const zreg__yaml_node *parent, const char *key);

/** How far what is nested in a node is indented: as its first line, else two more than the node. */
int zreg__yaml_child_indent(const zreg__content *content, const zreg__yaml_node *node);

#endif
