/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets are watched for edges: a read that brings less than it asked for has emptied the socket,
 * and the next bytes, or the end, come with a new event. Under TLS many records go out in one call:
 * OpenSSL writes them to the thread's buffer, and what the socket does not take is kept here. */
#include "http/serve_channel.h"

#include "base/mem.h"
#include <errno.h>
#include <linux/sockios.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_COST 512 /* of a turn's bytes */
#define MAX_REST (2 * ZREG__SERVE_CIPHER_BYTES)
/* A peer may have its keys changed so often; in transitions of OpenSSL's states, a few for each. */
#define MAX_TRANSITIONS 256

static zreg__serve_io failed_io(bool *is_ready)
{
    if (errno == EAGAIN) {
        *is_ready = false;
        return ZREG__SERVE_IO_WAIT;
    }
    return errno == EINTR ? ZREG__SERVE_IO_WAIT : ZREG__SERVE_IO_GONE;
}

/* ---- the socket ---- */

static void take_from_turn(zreg__serve_channel *channel, size_t size)
{
    channel->turn -= size < channel->turn ? size : channel->turn;
}

/* A peer that sends for ever, in the smallest pieces, must not keep the thread: what is left of its
 * turn bounds bytes, and each read costs some. */
static zreg__serve_io receive(size_t *out_size, zreg__serve_channel *channel, void *to,
                              size_t capacity)
{
    *out_size = 0;
    if (!channel->is_readable || channel->turn == 0) {
        return ZREG__SERVE_IO_WAIT;
    }
    capacity = capacity < channel->turn ? capacity : channel->turn;
    ssize_t got;
    do {
        got = recv(channel->fd, to, capacity, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return failed_io(&channel->is_readable);
    }
    if ((size_t)got < capacity && !channel->has_hangup) {
        channel->is_readable = false;
    }
    *out_size = (size_t)got;
    take_from_turn(channel, (size_t)got);
    return got == 0 ? ZREG__SERVE_IO_END : ZREG__SERVE_IO_DONE;
}

static zreg__serve_io transmit(size_t *out_size, zreg__serve_channel *channel,
                               const struct iovec *pieces, size_t count, bool more)
{
    struct msghdr message = {.msg_iov = (struct iovec *)pieces, .msg_iovlen = count};
    *out_size = 0;
    if (!channel->is_writable) {
        return ZREG__SERVE_IO_WAIT;
    }
    ssize_t sent;
    do {
        sent = sendmsg(channel->fd, &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return failed_io(&channel->is_writable);
    }
    *out_size = (size_t)sent;
    return ZREG__SERVE_IO_DONE;
}

/* ---- TLS ---- */

/* A record never begins with a letter, the method of a request does. */
static void look_at_begin(zreg__serve_channel *channel, char first)
{
    channel->is_plain_text = first >= 'A' && first <= 'Z';
    channel->has_begun = true;
}

static int bio_read(BIO *bio, char *to, size_t capacity, size_t *out_size)
{
    zreg__serve_channel *channel = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (channel->transitions > MAX_TRANSITIONS) {
        return 0;
    }
    zreg__serve_io io = receive(out_size, channel, to, capacity);
    if (io == ZREG__SERVE_IO_WAIT) {
        BIO_set_retry_read(bio);
    }
    if (io == ZREG__SERVE_IO_DONE && !channel->has_begun) {
        look_at_begin(channel, to[0]);
    }
    return io == ZREG__SERVE_IO_DONE;
}

static int bio_write(BIO *bio, const char *bytes, size_t size, size_t *out_size)
{
    zreg__serve_channel *channel = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    bool is_taken = zreg__buf_append(channel->lent, bytes, size, NULL) == ZREG_OK;
    *out_size = is_taken ? size : 0;
    return is_taken;
}

static long bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *zreg__serve_channel_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "zreg channel");
    if (method != NULL) {
        BIO_meth_set_read_ex(method, bio_read);
        BIO_meth_set_write_ex(method, bio_write);
        BIO_meth_set_ctrl(method, bio_control);
    }
    return method;
}

/* Keeps what the socket did not take of the thread's buffer, behind what it has not taken before. */
static bool keep_rest(zreg__serve_channel *channel, size_t sent)
{
    zreg__buf *lent = channel->lent;
    size_t before = channel->rest == NULL ? 0 : channel->rest_size - channel->rest_at;
    size_t more = lent->size - sent;
    if (more == 0) {
        return true;
    }
    char *rest = before + more > MAX_REST ? NULL : malloc(before + more);
    if (rest == NULL) {
        return false;
    }
    if (before > 0) {
        memcpy(rest, channel->rest + channel->rest_at, before);
    }
    memcpy(rest + before, lent->data + sent, more);
    free(channel->rest);
    channel->rest = rest;
    channel->rest_size = before + more;
    channel->rest_at = 0;
    return true;
}

/* Sends what OpenSSL left in the thread's buffer. GONE: the connection is. */
static zreg__serve_io send_lent(zreg__serve_channel *channel)
{
    size_t sent = 0;
    struct iovec piece = {channel->lent->data, channel->lent->size};
    zreg__serve_io io = ZREG__SERVE_IO_DONE;
    if (piece.iov_len > 0 && channel->rest == NULL) {
        io = transmit(&sent, channel, &piece, 1, false);
    }
    if (io != ZREG__SERVE_IO_GONE && !keep_rest(channel, sent)) {
        io = ZREG__SERVE_IO_GONE;
    }
    zreg__buf_reset(channel->lent);
    return io;
}

static zreg__serve_io failed_tls(zreg__serve_channel *channel, int result)
{
    int why = SSL_get_error(channel->ssl, result);
    ERR_clear_error();
    switch (why) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return ZREG__SERVE_IO_WAIT;
    case SSL_ERROR_ZERO_RETURN:
        return ZREG__SERVE_IO_END;
    default:
        return ZREG__SERVE_IO_GONE;
    }
}

/* Behind the handshake only changes of keys pass here, which cost the peer next to nothing. */
static void count_transition(const SSL *ssl, int where, int result)
{
    zreg__serve_channel *channel = SSL_get_app_data(ssl);
    (void)result;
    if ((where & SSL_CB_LOOP) != 0 && channel->is_shaken) {
        channel->transitions++;
    }
}

/* What a call of OpenSSL left to be sent (handshakes, alerts) goes out, whatever came of the call. */
static zreg__serve_io after_tls(zreg__serve_channel *channel, int result)
{
    zreg__serve_io io = result == 1 ? ZREG__SERVE_IO_DONE : failed_tls(channel, result);
    bool is_gone = send_lent(channel) == ZREG__SERVE_IO_GONE;
    return is_gone || channel->transitions > MAX_TRANSITIONS ? ZREG__SERVE_IO_GONE : io;
}

/* ---- the channel ---- */

static bool begin_tls(zreg__serve_channel *channel, SSL_CTX *tls, const BIO_METHOD *method)
{
    channel->ssl = SSL_new(tls);
    BIO *bio = channel->ssl == NULL ? NULL : BIO_new(method);
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, channel);
    BIO_set_init(bio, 1);
    SSL_set_bio(channel->ssl, bio, bio);
    SSL_set_app_data(channel->ssl, channel);
    SSL_set_info_callback(channel->ssl, count_transition);
    SSL_set_accept_state(channel->ssl);
    return true;
}

bool zreg__serve_channel_begin(zreg__serve_channel *channel, int fd, SSL_CTX *tls,
                               const BIO_METHOD *method, zreg__buf *lent)
{
    *channel =
        (zreg__serve_channel){.fd = fd, .is_readable = true, .is_writable = true, .lent = lent};
    if (tls != NULL && !begin_tls(channel, tls, method)) {
        zreg__serve_channel_end(channel);
        return false;
    }
    return true;
}

/* Clients show their users this sentence; Go's have it from Go's server. */
static void tell_about_tls(zreg__serve_channel *channel)
{
    static const char text[] = "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n"
                               "Client sent an HTTP request to an HTTPS server.\n";
    struct iovec piece = {(void *)text, sizeof(text) - 1};
    size_t sent;
    zreg__buf_reset(channel->lent); /* the alert */
    transmit(&sent, channel, &piece, 1, false);
    shutdown(channel->fd, SHUT_WR);
}

zreg__serve_io zreg__serve_channel_handshake(zreg__serve_channel *channel)
{
    zreg__serve_io io = zreg__serve_channel_flush(channel);
    if (io != ZREG__SERVE_IO_DONE) {
        return io;
    }
    int result = SSL_do_handshake(channel->ssl);
    if (result != 1 && channel->is_plain_text && ERR_peek_error() != 0) {
        tell_about_tls(channel);
    }
    channel->is_shaken = result == 1;
    return after_tls(channel, result);
}

bool zreg__serve_channel_may_read(const zreg__serve_channel *channel)
{
    return channel->is_readable || (channel->ssl != NULL && SSL_has_pending(channel->ssl) == 1);
}

zreg__serve_io zreg__serve_channel_read(size_t *out_size, zreg__serve_channel *channel, void *to,
                                        size_t capacity)
{
    if (channel->ssl == NULL) {
        return receive(out_size, channel, to, capacity);
    }
    *out_size = 0;
    if (channel->turn == 0) {
        return ZREG__SERVE_IO_WAIT;
    }
    take_from_turn(channel, READ_COST);
    return after_tls(channel, SSL_read_ex(channel->ssl, to, capacity, out_size));
}

static zreg__serve_io write_tls(size_t *out_size, zreg__serve_channel *channel,
                                const struct iovec pieces[2])
{
    zreg__serve_io io = ZREG__SERVE_IO_DONE;
    for (size_t i = 0; i < 2 && io == ZREG__SERVE_IO_DONE; i++) {
        size_t written = 0;
        if (pieces[i].iov_len > 0) {
            int result =
                SSL_write_ex(channel->ssl, pieces[i].iov_base, pieces[i].iov_len, &written);
            io = result == 1 ? ZREG__SERVE_IO_DONE : failed_tls(channel, result);
        }
        *out_size += written;
    }
    return send_lent(channel) == ZREG__SERVE_IO_GONE ? ZREG__SERVE_IO_GONE : io;
}

zreg__serve_io zreg__serve_channel_write(size_t *out_size, zreg__serve_channel *channel,
                                         const struct iovec pieces[2], bool more)
{
    *out_size = 0;
    if (channel->ssl == NULL) {
        return transmit(out_size, channel, pieces, 2, more);
    }
    zreg__serve_io io = zreg__serve_channel_flush(channel);
    return io == ZREG__SERVE_IO_DONE ? write_tls(out_size, channel, pieces) : io;
}

bool zreg__serve_channel_sends_files(const zreg__serve_channel *channel)
{
    return channel->ssl == NULL;
}

zreg__serve_io zreg__serve_channel_send(size_t *out_size, zreg__serve_channel *channel, int file,
                                        uint64_t offset, size_t size)
{
    off_t at = (off_t)offset;
    *out_size = 0;
    if (!channel->is_writable) {
        return ZREG__SERVE_IO_WAIT;
    }
    ssize_t sent;
    do {
        sent = sendfile(channel->fd, file, &at, size);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return failed_io(&channel->is_writable);
    }
    *out_size = (size_t)sent;
    return sent == 0 ? ZREG__SERVE_IO_GONE
                     : ZREG__SERVE_IO_DONE; /* the file is shorter than said */
}

zreg__serve_io zreg__serve_channel_flush(zreg__serve_channel *channel)
{
    while (channel->rest != NULL) {
        size_t sent;
        struct iovec piece = {channel->rest + channel->rest_at,
                              channel->rest_size - channel->rest_at};
        zreg__serve_io io = transmit(&sent, channel, &piece, 1, false);
        if (io != ZREG__SERVE_IO_DONE) {
            return io;
        }
        channel->rest_at += sent;
        if (channel->rest_at == channel->rest_size) {
            free(zreg__steal(&channel->rest));
        }
    }
    return ZREG__SERVE_IO_DONE;
}

size_t zreg__serve_channel_unsent(const zreg__serve_channel *channel)
{
    int unsent = 0;
    bool is_told = ioctl(channel->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0;
    return is_told ? (size_t)unsent : 0;
}

size_t zreg__serve_channel_held(const zreg__serve_channel *channel)
{
    size_t held = channel->rest == NULL ? 0 : channel->rest_size;
    bool has_record = channel->ssl != NULL && SSL_has_pending(channel->ssl) == 1;
    return held + (has_record ? SSL3_RT_MAX_PACKET_SIZE : 0);
}

void zreg__serve_channel_finish_writing(zreg__serve_channel *channel)
{
    if (channel->ssl != NULL && SSL_is_init_finished(channel->ssl)) {
        SSL_shutdown(channel->ssl);
        ERR_clear_error();
        send_lent(channel);
    }
    shutdown(channel->fd, SHUT_WR);
}

zreg__serve_io zreg__serve_channel_receive(size_t *out_size, zreg__serve_channel *channel, void *to,
                                           size_t capacity)
{
    return receive(out_size, channel, to, capacity);
}

void zreg__serve_channel_end(zreg__serve_channel *channel)
{
    SSL_free(zreg__steal(&channel->ssl));
    free(zreg__steal(&channel->rest));
    if (channel->fd >= 0) {
        shutdown(channel->fd, SHUT_RDWR);
        close(channel->fd);
        channel->fd = -1;
    }
}
