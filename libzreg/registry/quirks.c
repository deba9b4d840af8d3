/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/quirks.h"

#include "base/compiler.h"
#include "base/str.h"

static const zreg__quirks rows[] = {
    {
        .name = "docker.io",
        .authority = "registry-1.docker.io",
        .credential_key = "https://index.docker.io/v1/",
        .aliases = {"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"},
        .tags_page = 1000,
        .counts_pulls = true,
    },
    {
        .name = "quay.io",
        .authority = "quay.io",
        .credential_key = "quay.io",
        .tags_page = 100, /* more gives 413 */
    },
    {
        /* To 1.3.0: 404 for what it has no route for, for queries that it does not know too; 500 for
         * a manifest by digest whose text has no mediaType, which the specification leaves open. */
        .software = "zuul-registry",
        .scopes = {"read", "write"},
        .no_mounts = true,
        .no_deletes = true,
        .tags_keep_types = true,
        .manifests_as_blobs = true,
    },
};

static const zreg__quirks usual = {.tags_page = 1000};

static int is_row_of(const zreg__quirks *row, const char *host)
{
    if (row->name == NULL) {
        return 0;
    }
    if (zreg__str_equal_nocase(row->name, host)) {
        return 1;
    }
    for (size_t i = 0; i < ZREG__COUNT(row->aliases) && row->aliases[i] != NULL; i++) {
        if (zreg__str_equal_nocase(row->aliases[i], host)) {
            return 1;
        }
    }
    return 0;
}

const zreg__quirks *zreg__quirks_find(const char *host)
{
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        if (is_row_of(&rows[i], host)) {
            return &rows[i];
        }
    }
    return &usual;
}

const zreg__quirks *zreg__quirks_asking(const zreg__challenge *challenge,
                                        const zreg__quirks *otherwise)
{
    if (challenge->scheme != ZREG__CHALLENGE_BEARER || challenge->service != NULL ||
        challenge->scope == NULL) {
        return otherwise;
    }
    for (size_t i = 0; i < ZREG__COUNT(rows); i++) {
        for (size_t j = 0; j < ZREG__COUNT(rows[i].scopes); j++) {
            if (zreg__str_equal(rows[i].scopes[j], challenge->scope)) {
                return &rows[i];
            }
        }
    }
    return otherwise;
}

const char *zreg__quirks_canonical(const char *host)
{
    const zreg__quirks *row = zreg__quirks_find(host);

    return row->name != NULL ? row->name : host;
}
