/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "nearest.h"
#include "verbs.h"
#include <string.h>

const verb *const verbs[] = {
#if ZREG_WITH_SERVER
    &cmd_serve,
#endif
    &cmd_copy,    &cmd_sync,       &cmd_append,    &cmd_mutate,       &cmd_index,
    &cmd_inspect, &cmd_digest,     &cmd_manifest,  &cmd_config,       &cmd_blob,
    &cmd_export,  &cmd_verify,     &cmd_catalog,   &cmd_tags,         &cmd_referrers,
    &cmd_delete,  &cmd_delete_tag, &cmd_artifacts, &cmd_resolve,      &cmd_populate,
    &cmd_publish, &cmd_upload,     &cmd_promote,   &cmd_cleanup_tags, &cmd_use_buildset_registry,
    &cmd_login,   &cmd_logout,     &cmd_version,   &cmd_help,         NULL,
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

/* What crane, regctl, skopeo and oras call it, and what their users try first. */
static const char *const names_elsewhere[][2] = {
    {"ls", "tags"},
    {"list-tags", "tags"},
    {"cp", "copy"},
    {"retag", "copy"},
    {"pull", "copy"},
    {"push", "copy"},
    {"import", "copy"},
    {"save", "copy"},
    {"load", "copy"},
    {"flatten", "export"},
    {"rootfs", "export"},
    {"rm", "delete"},
    {"remove", "delete"},
    {"untag", "delete-tag"},
    {"repo", "catalog"},
    {"repos", "catalog"},
    {"repositories", "catalog"},
    {"validate", "verify"},
    {"check", "verify"},
    {"head", "digest"},
    {"mod", "mutate"},
    {"edit", "mutate"},
    {"rebase", "mutate"},
    {"mirror", "sync"},
    {"discover", "referrers"},
    {"tree", "referrers"},
    {"artifact", "referrers"},
    {"layer", "blob"},
    {"cat", "blob"},
    {"get-manifest", "manifest"},
    {"auth", "login"},
    {"signin", "login"},
    {"signout", "logout"},
};

static const char *known_elsewhere(const char *name)
{
    for (size_t i = 0; i < sizeof(names_elsewhere) / sizeof(names_elsewhere[0]); i++) {
        if (strcmp(names_elsewhere[i][0], name) == 0) {
            return names_elsewhere[i][1];
        }
    }
    return NULL;
}

zreg_status verbs_unknown(session *s, const char *name)
{
    const char *elsewhere = known_elsewhere(name);
    if (elsewhere != NULL) {
        return session_misuse(s, "unknown verb \"%.40s\": did you mean \"%s\"?", name, elsewhere);
    }
    nearest meant = nearest_start(name, strlen(name));
    for (const verb *const *candidate = verbs; *candidate != NULL; candidate++) {
        nearest_consider(&meant, (*candidate)->name);
    }
    if (meant.name != NULL) {
        return session_misuse(s, "unknown verb \"%.40s\": did you mean \"%s\"?", name, meant.name);
    }
    return session_misuse(s, "unknown verb \"%.40s\"; zreg help lists them", name);
}
