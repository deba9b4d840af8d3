/* SPDX-License-Identifier: Apache-2.0 */
/** Whether the server can do its work, for those who send clients to it. */
#ifndef ZREG_SERVER_HEALTH_H
#define ZREG_SERVER_HEALTH_H

#include "store/store.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <zreg/server.h>

typedef struct zreg__health {
    pthread_mutex_t probing; /* held while the disk is asked, for as long as it takes */
    pthread_mutex_t lock;    /* guards all below */
    uint64_t until_ms;       /* so long counts what was found */
    const char *fault;       /* static; NULL: none */
} zreg__health;

void zreg__health_init(zreg__health *health);
void zreg__health_finish(zreg__health *health);

/** Whether the answer is known: then nothing waits. */
bool zreg__health_is_known(zreg_server *server);

/** Asks the disk, unless somebody else just did. */
void zreg__health_probe(zreg_server *server, zreg__store *store);

/** 200 or 503, and a body in new memory (NULL: no memory), by what is known. */
int zreg__health_ready(char **out_text, zreg_server *server);

/** The body that says that the server is alive, in new memory; NULL: no memory. */
char *zreg__health_alive(void);

#endif
