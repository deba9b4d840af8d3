/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What files of other tools on this machine say of registries: their mirrors, and whom to trust there. Each file is
 * read once, when a request first needs it. Usable from many threads.
 */
#ifndef ZREG_REGISTRY_SITE_H
#define ZREG_REGISTRY_SITE_H

#include "registry/mirror_rule.h"
#include <zreg/cancel.h>
#include <zreg/client.h>

typedef struct zreg__site zreg__site;

/** What they say of one host. */
typedef struct zreg__site_host {
    zreg__mirror_server itself; /* whom to trust there; its host is NULL when nothing is said */
    bool has_rule;
    zreg__mirror_rule rule; /* of its hosts.toml */
} zreg__site_host;

/** Takes which files count from the options; `*out` stays NULL when none do. Reads nothing yet. Errors: NOMEM. */
zreg_status zreg__site_new(zreg__site **out, const zreg_client_options *options, zreg_error *err);

/** What is said of a host, which lives as long as the site. Errors: INVAL (a file that cannot be read or
 *  understood), LIMIT, NOMEM, CANCELLED. */
zreg_status zreg__site_host_of(const zreg__site_host **out, zreg__site *site, const char *host,
                               zreg_cancel *cancel, zreg_error *err);

/** The rule for HOST/REPOSITORY[:TAG] of a host that zreg__site_host_of has told of, and how much of the name it stands
 *  for; NULL: there is none. A hosts.toml of the host's counts before registries.conf. */
const zreg__mirror_rule *zreg__site_rule(size_t *out_size, const zreg__site *site,
                                         const zreg__site_host *of, const char *name);

void zreg__site_free(zreg__site *site);

ZREG__DEFINE_AUTO(zreg__site, zreg__site_free)

#endif
