/* SPDX-License-Identifier: Apache-2.0 */
/** What the files of serve share. */
#ifndef ZREG_HTTP_SERVE_INNER_H
#define ZREG_HTTP_SERVE_INNER_H

#include "base/pool.h"
#include "http/serve.h"
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>

struct zreg__serve {
    struct MHD_Daemon *daemon; /* NULL: not started, or stopped */
    int socket;                /* -1: closed */
    char host[INET6_ADDRSTRLEN];
    uint16_t port;
    bool is_tls;
    unsigned threads;
    zreg__log log;
    const zreg__serve_calls *calls;
    void *user;
    zreg__pool *workers;
    atomic_bool is_draining; /* connections end after the answer they are at */

    pthread_mutex_t lock;  /* guards all below */
    pthread_cond_t change; /* `running` became 0, `until_ms` changed, or it has stopped */
    bool is_stopping;      /* a thread is in zreg__serve_stop, and others wait for it */
    uint64_t until_ms;     /* requests may run so long once it is stopping */
    unsigned running;      /* requests between begin and done */
    bool is_closed;        /* no request may go to a worker any more */
};

/** Opens `serve->socket` and sets host and port. Errors: INVAL, NET. */
zreg_status zreg__serve_listen(zreg__serve *serve, const char *address, zreg_error *err);

/* The callbacks of libmicrohttpd; `user` is the zreg__serve. */
void *zreg__serve_on_target(void *user, const char *target, struct MHD_Connection *connection);
enum MHD_Result zreg__serve_on_access(void *user, struct MHD_Connection *connection,
                                      const char *url, const char *method, const char *version,
                                      const char *bytes, size_t *size, void **state);
void zreg__serve_on_done(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how);

/** Hands request->response to libmicrohttpd. `close`: nothing more is read from the peer. */
enum MHD_Result zreg__serve_queue(const zreg__serve *serve, zreg__serve_request *request);

#endif
