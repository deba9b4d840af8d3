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
    },
    {
        .name = "quay.io",
        .authority = "quay.io",
        .credential_key = "quay.io",
        .tags_page = 100, /* more gives 413 */
    },
};

static const zreg__quirks usual = {.tags_page = 1000};

static int is_row_of(const zreg__quirks *row, const char *host)
{
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

const char *zreg__quirks_canonical(const char *host)
{
    const zreg__quirks *row = zreg__quirks_find(host);

    return row->name != NULL ? row->name : host;
}
