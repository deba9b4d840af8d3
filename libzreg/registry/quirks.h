/* SPDX-License-Identifier: Apache-2.0 */
/** What registries do in their own way: one row each, only where the code must act on it. */
#ifndef ZREG_REGISTRY_QUIRKS_H
#define ZREG_REGISTRY_QUIRKS_H

#include "oci/challenge.h"
#include <stdbool.h>

typedef struct zreg__quirks {
    const char *name;           /* as references name the host */
    const char *authority;      /* where its API answers */
    const char *credential_key; /* its name in config.json and for credential helpers */
    const char *aliases[4];     /* other names of the same host */
    unsigned tags_page;         /* tags to ask for at once; 0: all, it takes no number */
    const char *software;       /* what runs on many hosts is known by its challenge, not by name */
    const char *scopes[2];      /* which has one of these scopes, and no service */
    bool counts_pulls;          /* a GET of a manifest counts against a limit, a HEAD does not */
    bool no_mounts;             /* answers them with an error */
    bool no_deletes;            /* answers them with 404, which does not mean that all is gone */
    bool tags_keep_types;       /* a tag keeps a manifest of each type, and gives an index first */
    bool manifests_as_blobs;    /* has every manifest as a blob too, and gives only that surely */
} zreg__quirks;

/** The row of a host, or of no host in particular: then name, authority and key are NULL. */
const zreg__quirks *zreg__quirks_find(const char *host);

/** The row of the software that asks in this way, or `otherwise`. */
const zreg__quirks *zreg__quirks_asking(const zreg__challenge *challenge,
                                        const zreg__quirks *otherwise);

/** The one name of a host that has several; else `host` itself. */
const char *zreg__quirks_canonical(const char *host);

#endif
