/* SPDX-License-Identifier: Apache-2.0 */
#include "clients.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_S 30

void wire_close(wire *w)
{
    SSL_free(w->ssl);
    w->ssl = NULL;
    if (w->fd >= 0) {
        close(w->fd);
    }
    w->fd = -1;
    w->in_size = 0;
}

static bool begin_tls(wire *w)
{
    w->ssl = SSL_new(w->to->tls);
    return w->ssl != NULL && SSL_set_fd(w->ssl, w->fd) == 1 && SSL_connect(w->ssl) == 1;
}

static bool open_wire(wire *w)
{
    int one = 1;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)w->to->port)};
    if (w->fd >= 0) {
        return true;
    }
    inet_pton(AF_INET, w->to->host, &address.sin_addr);
    w->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    return connect(w->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
           (w->to->tls == NULL || begin_tls(w));
}

static bool send_all(wire *w, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t sent = 0;
        if (w->ssl != NULL) {
            if (SSL_write_ex(w->ssl, (const char *)bytes + done, size - done, &sent) != 1) {
                return false;
            }
        } else {
            ssize_t result = send(w->fd, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
            if (result <= 0) {
                return false;
            }
            sent = (size_t)result;
        }
        done += sent;
    }
    return true;
}

static bool receive(wire *w)
{
    size_t got = 0;
    size_t room = sizeof(w->in) - 1 - w->in_size;
    if (w->ssl != NULL) {
        if (SSL_read_ex(w->ssl, w->in + w->in_size, room, &got) != 1) {
            return false;
        }
    } else {
        ssize_t result = recv(w->fd, w->in + w->in_size, room, 0);
        if (result <= 0) {
            return false;
        }
        got = (size_t)result;
    }
    w->in_size += got;
    w->in[w->in_size] = '\0';
    return true;
}

/* The value of a field, up to the end of its line; NULL: there is none. */
static const char *field(const char *head, const char *end, const char *name)
{
    for (const char *line = strstr(head, "\r\n"); line != NULL && line < end;
         line = strstr(line + 2, "\r\n")) {
        size_t size = strlen(name);
        if (strncasecmp(line + 2, name, size) == 0 && line[2 + size] == ':') {
            return line + 2 + size + 1 + strspn(line + 2 + size + 1, " ");
        }
    }
    return NULL;
}

/* Reads a head, and drops it with the body behind it. */
static bool read_answer(wire *w, exchange *e)
{
    char *end = NULL;
    while (w->in_size == 0 || (end = strstr(w->in, "\r\n\r\n")) == NULL) {
        if (!receive(w)) {
            return false;
        }
    }
    const char *length = field(w->in, end, "Content-Length");
    const char *location = field(w->in, end, "Location");
    const char *connection = field(w->in, end, "Connection");
    bool closes = connection != NULL && strncasecmp(connection, "close", 5) == 0;
    size_t left = length == NULL || e->is_head ? 0 : strtoul(length, NULL, 10);
    e->status = atoi(w->in + strlen("HTTP/1.1 "));
    e->location[0] = '\0';
    if (location != NULL && strcspn(location, "\r") < LINE_BYTES) {
        memcpy(e->location, location, strcspn(location, "\r"));
        e->location[strcspn(location, "\r")] = '\0';
    }
    size_t behind = w->in_size - (size_t)(end + 4 - w->in);
    while (left > behind) {
        left -= behind;
        w->in_size = 0;
        if (!receive(w)) {
            return false;
        }
        behind = w->in_size;
    }
    w->in_size = 0; /* this client sends one request at a time */
    if (closes) {
        wire_close(w);
    }
    return true;
}

bool wire_ask(wire *w, exchange *e)
{
    e->status = 0;
    if (open_wire(w) && send_all(w, e->head, strlen(e->head)) &&
        send_all(w, e->body, e->body_size) && read_answer(w, e)) {
        return true;
    }
    wire_close(w);
    e->status = 0;
    return false;
}
