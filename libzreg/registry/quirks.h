/* SPDX-License-Identifier: Apache-2.0 */
/** What registries do in their own way: one row each, only where the code must act on it. */
#ifndef ZREG_REGISTRY_QUIRKS_H
#define ZREG_REGISTRY_QUIRKS_H

typedef struct zreg__quirks {
    const char *name;           /* as references name the host */
    const char *authority;      /* where its API answers */
    const char *credential_key; /* its name in config.json and for credential helpers */
    const char *aliases[4];     /* other names of the same host */
    unsigned tags_page;         /* tags to ask for at once */
} zreg__quirks;

/** The row of a host, or of no host in particular: then name, authority and key are NULL. */
const zreg__quirks *zreg__quirks_find(const char *host);

/** The one name of a host that has several; else `host` itself. */
const char *zreg__quirks_canonical(const char *host);

#endif
