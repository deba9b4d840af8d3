/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "nearest.h"
#include "verbs.h"
#include <string.h>

const verb *const verbs[] = {
#if ZREG_WITH_SERVER
    &cmd_serve,
#endif
    &cmd_copy,
    &cmd_append,
    &cmd_index,
    &cmd_inspect,
    &cmd_catalog,
    &cmd_tags,
    &cmd_referrers,
    &cmd_delete_tag,
    &cmd_artifacts,
    &cmd_resolve,
    &cmd_populate,
    &cmd_publish,
    &cmd_upload,
    &cmd_promote,
    &cmd_cleanup_tags,
    &cmd_use_buildset_registry,
    &cmd_version,
    &cmd_help,
    NULL,
};

const verb *verbs_find(const char *name)
{
    for (const verb *const *candidate = verbs; *candidate != NULL; candidate++) {
        if (strcmp((*candidate)->name, name) == 0) {
            return *candidate;
        }
    }
    return NULL;
}

zreg_status verbs_unknown(session *s, const char *name)
{
    nearest meant = nearest_start(name, strlen(name));
    for (const verb *const *candidate = verbs; *candidate != NULL; candidate++) {
        nearest_consider(&meant, (*candidate)->name);
    }
    if (meant.name != NULL) {
        return session_misuse(s, "unknown verb \"%.40s\": did you mean \"%s\"?", name, meant.name);
    }
    return session_misuse(s, "unknown verb \"%.40s\"; zreg help lists them", name);
}
