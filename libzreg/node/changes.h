/* SPDX-License-Identifier: Apache-2.0 */
/** The result of apply and revert. */
#ifndef ZREG_HOST_CHANGES_H
#define ZREG_HOST_CHANGES_H

#include "base/compiler.h"
#include "node/content.h"
#include "node/steps.h"
#include <zreg/node.h>

/** What is told of one file. */
typedef struct zreg__change {
    const char *path;
    const char *engine;
    zreg__wants wants;
    bool secret;
    bool same;                   /* nothing was to be done */
    const zreg__content *before; /* NULL: nobody is told */
    const zreg__content *after;
} zreg__change;

zreg_status zreg__changes_new(zreg_node_changes **out, size_t capacity, zreg_error *err);

zreg_status zreg__changes_add(zreg_node_changes *changes, const zreg__change *change,
                              zreg_error *err);

ZREG__DEFINE_AUTO(zreg_node_changes, zreg_node_changes_free)

#endif
