/* SPDX-License-Identifier: Apache-2.0 */
#include "http/serve_inner.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 511

/* "HOST:PORT" or "[V6]:PORT" into its two parts. */
static bool split(const char *address, char *host, size_t host_size, char *port, size_t port_size)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || !zreg__str_copy(port, port_size, colon + 1)) {
        return false;
    }
    const char *start = address;
    size_t size = (size_t)(colon - address);
    if (start[0] == '[' && start[size - 1] == ']') {
        start++;
        size -= 2;
    } else if (memchr(start, ':', size) != NULL) {
        return false; /* IPv6 needs its brackets */
    }
    if (size == 0 || size >= host_size) {
        return false;
    }
    memcpy(host, start, size);
    host[size] = '\0';
    uint64_t number;
    return zreg__span_u64(zreg__span_of(port), &number) && number <= UINT16_MAX;
}

static int open_socket(const struct addrinfo *place)
{
    int one = 1;
    int fd = socket(place->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (place->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    }
    if (bind(fd, place->ai_addr, place->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int failed = errno;
        close(fd);
        errno = failed;
        return -1;
    }
    return fd;
}

/* What one connects to: for "any address" that is the loopback of the same family. */
static zreg_status read_address(zreg__serve *serve, zreg_error *err)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof(bound);
    if (getsockname(serve->socket, (struct sockaddr *)&bound, &size) != 0) {
        return zreg__fail_errno(err, errno, "the address of the socket");
    }
    if (bound.ss_family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&bound;
        bool is_any = IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr);
        inet_ntop(AF_INET6, is_any ? &in6addr_loopback : &v6->sin6_addr, serve->host,
                  sizeof(serve->host));
        serve->port = ntohs(v6->sin6_port);
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&bound;
        if (v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
            v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        }
        inet_ntop(AF_INET, &v4->sin_addr, serve->host, sizeof(serve->host));
        serve->port = ntohs(v4->sin_port);
    }
    return ZREG_OK;
}

zreg_status zreg__serve_listen(zreg__serve *serve, const char *address, zreg_error *err)
{
    char host[256];
    char port[8];
    if (!split(address, host, sizeof(host), port, sizeof(port))) {
        return zreg__fail(err, ZREG_INVAL,
                          "\"%s\" is no address to listen on; write ADDRESS:PORT or [V6]:PORT",
                          address);
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *places = NULL;
    int failed = getaddrinfo(host, port, &hints, &places);
    if (failed != 0) {
        return zreg__fail(err, ZREG_INVAL, "the address %s: %s", address, gai_strerror(failed));
    }
    serve->socket = open_socket(places);
    int open_errno = errno;
    freeaddrinfo(places);
    if (serve->socket < 0) {
        return zreg__fail_errno(err, open_errno, "listen on %s", address);
    }
    return read_address(serve, err);
}

static bool is_listening(int descriptor)
{
    int listens = 0, domain = 0;
    socklen_t size = sizeof(listens);
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens &&
           getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
           (domain == AF_INET || domain == AF_INET6);
}

zreg_status zreg__serve_listen_on(zreg__serve *serve, int descriptor, zreg_error *err)
{
    if (!is_listening(descriptor)) {
        return zreg__fail(err, ZREG_INVAL, "descriptor %d is no TCP socket that listens",
                          descriptor);
    }
    serve->is_borrowed = true;
    serve->socket = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    int flags = serve->socket < 0 ? -1 : fcntl(serve->socket, F_GETFL);
    if (flags < 0 || fcntl(serve->socket, F_SETFL, flags | O_NONBLOCK) != 0) {
        return zreg__fail_errno(err, errno, "the socket of descriptor %d", descriptor);
    }
    return read_address(serve, err);
}
