/* SPDX-License-Identifier: Apache-2.0 */
/* The engines of the machine. */
#include "shim_inside.h"

zreg_node_changes *zreg_go_node_apply(zreg_go_bytes json, const char *root, const char *home,
                                      zreg_go_list engines, zreg_go_list namespaces,
                                      zreg_go_list unqualified, int check, zreg_cancel *cancel,
                                      zreg_error *err)
{
    AUTOLIST engine_list = NULL;
    AUTOLIST namespace_list = NULL;
    AUTOLIST unqualified_list = NULL;
    zreg_node_changes *out = NULL;

    if (split(&engine_list, engines, err) != ZREG_OK ||
        split(&namespace_list, namespaces, err) != ZREG_OK ||
        split(&unqualified_list, unqualified, err) != ZREG_OK)
        return NULL;
    const zreg_node_options options = {
        .size = sizeof(options),
        .root = optional(root),
        .home = optional(home),
        .engines = engine_list,
        .namespaces = namespace_list,
        .check = check,
        .unqualified = unqualified_list,
    };
    return zreg_node_apply(&out, json.at, json.size, &options, cancel, err) == ZREG_OK ? out : NULL;
}

zreg_node_changes *zreg_go_node_revert(const char *root, int check, zreg_cancel *cancel,
                                       zreg_error *err)
{
    const zreg_node_options options = {
        .size = sizeof(options),
        .root = optional(root),
        .check = check,
    };
    zreg_node_changes *out = NULL;

    return zreg_node_revert(&out, &options, cancel, err) == ZREG_OK ? out : NULL;
}
