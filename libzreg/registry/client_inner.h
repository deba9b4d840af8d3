/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of zreg_client, for the files of this folder. */
#ifndef ZREG_REGISTRY_CLIENT_INNER_H
#define ZREG_REGISTRY_CLIENT_INNER_H

#include "base/fork.h"
#include "base/log.h"
#include "base/map.h"
#include "http/fetch.h"
#include "registry/client.h"
#include "registry/credentials.h"
#include "registry/homes.h"
#include "registry/host.h"
#include "registry/mirrors.h"
#include "registry/notices.h"
#include "registry/site.h"

#include <pthread.h>

struct zreg_client {
    zreg__maker maker;
    _Atomic unsigned holders; /* the owner and each open stream */
    zreg__log log;
    uint32_t attempts;
    zreg__credentials *credentials;
    zreg__homes *homes;
    zreg__site *site; /* NULL: no files of other tools are read */
    zreg__mirrors *mirrors;
    zreg__notices *notices;
    bool no_mirrors; /* they are not asked, whatever the files say */
    char *ca_file;
    zreg__fetch_options fetch_options; /* user_agent is owned, ca_pem is not set */

    pthread_mutex_t lock; /* guards the two below; hosts are never taken out */
    zreg__fetch *fetch;   /* made by the first request */
    zreg__map *hosts;     /* by name, and by name and way there: zreg__client_host_apart */
};

/** The facts of a host, made when they are first asked for. */
zreg_status zreg__client_host(zreg__host **out, zreg_client *client, const char *name,
                              zreg_error *err);

/** The same for a host to which rules of files lead in a way of their own: what is suggested holds for whoever is
 *  led there in the same way, and for nobody else. What the program has set for the host counts before. */
zreg_status zreg__client_host_apart(zreg__host **out, zreg_client *client, const char *name,
                                    const zreg__host_suggestion *suggested, zreg_error *err);

/**
 * zreg__fetch_open over the client's session, counted for the host that it is sent for: all requests
 * of a client pass here. The first one reads the file of authorities. Sets `request->counters`.
 */
zreg_status zreg__client_open(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                              zreg__fetch_request *request, zreg__fetch_failure *failure,
                              zreg_cancel *cancel, zreg_error *err);

/** zreg_client_set_credentials for `name`, which is the host's or HOST/REPOSITORY. */
zreg_status zreg__client_set_credentials(zreg_client *client, zreg__host *host, const char *name,
                                         const char *username, const char *password,
                                         zreg_error *err);

/** The host of this name if it was used or configured before, else NULL. */
zreg__host *zreg__client_known_host(zreg_client *client, const char *name);

/** The same client once more; each holder calls zreg_client_free. */
zreg_client *zreg__client_share(zreg_client *client);

#endif
