/* SPDX-License-Identifier: Apache-2.0 */
/** A client of the tests that break limits: one connection, plain or TLS, and nothing that takes long,
 *  so that what is measured is the server. */
#ifndef ZREG_TESTS_HOSTILE_CLIENTS_H
#define ZREG_TESTS_HOSTILE_CLIENTS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 4096

/** Where the server is. */
typedef struct place {
    const char *host;
    int port;
    SSL_CTX *tls; /* NULL: plain */
} place;

typedef struct wire {
    const place *to;
    int fd; /* -1: not connected */
    SSL *ssl;
    char in[65536];
    size_t in_size;
} wire;

/** One request and its answer. */
typedef struct exchange {
    const char *head; /* up to and with the last empty line */
    const void *body;
    size_t body_size;
    bool is_head; /* the answer has no body */
    int status;   /* 0: no answer */
    char location[LINE_BYTES];
} exchange;

/** Sends the request, on a new connection where there is none, and reads the answer. False: it failed,
 *  and the connection is closed. */
bool wire_ask(wire *w, exchange *e);

void wire_close(wire *w);

#endif
