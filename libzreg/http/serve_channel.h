/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One connection's socket, plain or under TLS. Nothing here waits: a call that cannot go on says
 * WAIT, and the channel's flags, which the event loop sets, say when to try again.
 */
#ifndef ZREG_HTTP_SERVE_CHANNEL_H
#define ZREG_HTTP_SERVE_CHANNEL_H

#include "base/buf.h"
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/uio.h>

/** What one thread lends to the channel that it is at: the text of a call under TLS. */
#define ZREG__SERVE_CIPHER_BYTES ((size_t)(160 * 1024))

typedef enum zreg__serve_io {
    ZREG__SERVE_IO_DONE, /* some bytes went through */
    ZREG__SERVE_IO_WAIT, /* until the socket is ready */
    ZREG__SERVE_IO_END,  /* the peer sends no more */
    ZREG__SERVE_IO_GONE, /* the connection is of no use any more */
} zreg__serve_io;

typedef struct zreg__serve_channel {
    int fd;
    SSL *ssl;         /* NULL: plain */
    bool is_readable; /* bytes or an end may be there */
    bool is_writable;
    size_t turn; /* bytes that may be read before the others have their turn; set by the owner */
    bool has_hangup; /* the peer has ended its side: what is unread is all there will be */
    zreg__buf *lent; /* TLS: the thread's buffer for what is to be sent */
    char *rest;      /* TLS: what the socket has not taken yet, of our own */
    size_t rest_size;
    size_t rest_at;
    bool has_begun;       /* TLS: something has come */
    bool is_plain_text;   /* TLS: which was a request without it */
    bool is_shaken;       /* TLS: the handshake is over */
    unsigned transitions; /* TLS: since then */
} zreg__serve_channel;

/** What joins OpenSSL to channels, for all of one server; outlives them. NULL: no memory; free it
 *  with BIO_meth_free. */
BIO_METHOD *zreg__serve_channel_method(void);

/** Begins, where it will stay, with a connected socket, which then belongs to the channel. `tls`: NULL, or the server's
 *  context, whose `method` comes with it. False: no memory; the socket is closed. */
bool zreg__serve_channel_begin(zreg__serve_channel *channel, int fd, SSL_CTX *tls,
                               const BIO_METHOD *method, zreg__buf *lent);

/** TLS: goes on with the handshake. */
zreg__serve_io zreg__serve_channel_handshake(zreg__serve_channel *channel);

/** Whether a read may bring something. */
bool zreg__serve_channel_may_read(const zreg__serve_channel *channel);

/** Reads up to `capacity` bytes. WAIT also when its turn is over. */
zreg__serve_io zreg__serve_channel_read(size_t *out_size, zreg__serve_channel *channel, void *to,
                                        size_t capacity);

/** Writes from up to two pieces; `more`: further bytes follow at once. What was taken need not be
 *  kept. Nothing is taken while earlier bytes wait for the socket. */
zreg__serve_io zreg__serve_channel_write(size_t *out_size, zreg__serve_channel *channel,
                                         const struct iovec pieces[2], bool more);

/** Plain: sends from a file. */
zreg__serve_io zreg__serve_channel_send(size_t *out_size, zreg__serve_channel *channel, int file,
                                        uint64_t offset, size_t size);

/** Whether `send` can be used in place of reading the file and writing. */
bool zreg__serve_channel_sends_files(const zreg__serve_channel *channel);

/** Hands the socket what it has not taken yet. DONE: nothing is left. */
zreg__serve_io zreg__serve_channel_flush(zreg__serve_channel *channel);

/** Bytes that were written and that the peer has not acknowledged. */
size_t zreg__serve_channel_unsent(const zreg__serve_channel *channel);

/** TLS: bytes of memory that it takes while it waits: what the socket has not taken, a record that has
 *  come in part. */
size_t zreg__serve_channel_held(const zreg__serve_channel *channel);

/** Says that nothing more will be sent. */
void zreg__serve_channel_finish_writing(zreg__serve_channel *channel);

/** Reads what the socket itself has, whether under TLS or not. */
zreg__serve_io zreg__serve_channel_receive(size_t *out_size, zreg__serve_channel *channel, void *to,
                                           size_t capacity);

/** Closes the socket, in the children of this process too. */
void zreg__serve_channel_end(zreg__serve_channel *channel);

#endif
