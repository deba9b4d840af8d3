/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a copy can cost: receives blobs from one registry, hashes them and sends them to another, and does
 * nothing else. HTTP/1.1 without TLS on loopback; a thread a blob, at most 8 at once, as zreg copy has it.
 *
 *     receive FROM-PORT REPOSITORY TO-PORT REPOSITORY DIGEST=SIZE...
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { JOBS = 8, BUFFER = 256 << 10, HEAD = 16 << 10 };

static char **arguments;
static int argument_count;
static atomic_int next_blob = 5;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "receive: %s\n", what);
    exit(1);
}

static int reach(const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        fail("cannot connect");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

static void send_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            fail("cannot send");
        }
        bytes += sent;
        size -= (size_t)sent;
    }
}

__attribute__((format(printf, 2, 3))) static void ask(int fd, const char *format, ...)
{
    char head[HEAD];
    va_list list;
    va_start(list, format);
    int size = vsnprintf(head, sizeof(head), format, list);
    va_end(list);
    send_all(fd, head, (size_t)size);
}

/* Reads the head of an answer, which must have this status; gives what came of its body. */
static size_t read_head(char head[HEAD + 1], int fd, const char *status, char **body)
{
    size_t size = 0;
    head[0] = '\0';
    while ((*body = strstr(head, "\r\n\r\n")) == NULL) {
        ssize_t got = recv(fd, head + size, HEAD - size, 0);
        if (got <= 0) {
            fail("an answer ends in its head");
        }
        size += (size_t)got;
        head[size] = '\0';
    }
    *body += 4;
    if (strncmp(head + strlen("HTTP/1.1 "), status, 3) != 0) {
        fail(head);
    }
    return size - (size_t)(*body - head);
}

/* Path and query of the upload's address. */
static void begin_upload(char to[HEAD], int fd)
{
    char head[HEAD + 1];
    char *body;

    ask(fd,
        "POST /v2/%s/blobs/uploads/ HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Length: 0\r\n\r\n",
        arguments[4], arguments[3]);
    read_head(head, fd, "202", &body);
    char *line = strcasestr(head, "\r\nlocation: ");
    char *path = line == NULL ? NULL : strstr(line, "/v2/");
    if (path == NULL) {
        fail("no address for an upload");
    }
    path[strcspn(path, "\r\n")] = '\0';
    snprintf(to, HEAD, "%s", path);
}

static void check(EVP_MD_CTX *hash, const char *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    char text[80] = "sha256:";
    EVP_DigestFinal_ex(hash, bytes, NULL);
    for (size_t i = 0; i < 32; i++) {
        snprintf(text + 7 + 2 * i, 3, "%02x", bytes[i]);
    }
    if (strcmp(text, digest) != 0) {
        fail("a blob has another digest");
    }
}

/* Hands the body on; its last byte goes when the digest is known to be right. */
static void hand_on(int from, int to, const char *digest, size_t left, char *buffer,
                    const char *first, size_t got)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    const char *bytes = first;
    EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    for (;;) {
        EVP_DigestUpdate(hash, bytes, got);
        left -= got;
        if (left == 0) {
            check(hash, digest);
        }
        send_all(to, bytes, got);
        if (left == 0) {
            break;
        }
        ssize_t more = recv(from, buffer, left < BUFFER ? left : BUFFER, 0);
        if (more <= 0) {
            fail("a blob ends early");
        }
        bytes = buffer;
        got = (size_t)more;
    }
    EVP_MD_CTX_free(hash);
}

static void copy(int from, int to, const char *digest, size_t size, char *buffer)
{
    char head[HEAD + 1];
    char target[HEAD];
    char *body;

    begin_upload(target, to);
    ask(from, "GET /v2/%s/blobs/%s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", arguments[2], digest,
        arguments[1]);
    size_t got = read_head(head, from, "200", &body);
    ask(to, "PUT %s%cdigest=%s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nContent-Length: %zu\r\n\r\n",
        target, strchr(target, '?') ? '&' : '?', digest, arguments[3], size);
    hand_on(from, to, digest, size, buffer, body, got);
    read_head(head, to, "201", &body);
}

static void *work(void *unused)
{
    int from = reach(arguments[1]);
    int to = reach(arguments[3]);
    char *buffer = malloc(BUFFER);
    int at;

    while ((at = atomic_fetch_add(&next_blob, 1)) < argument_count) {
        char *size = strchr(arguments[at], '=');
        *size = '\0';
        copy(from, to, arguments[at], strtoull(size + 1, NULL, 10), buffer);
    }
    free(buffer);
    close(from);
    close(to);
    return unused;
}

int main(int count, char **argv)
{
    pthread_t threads[JOBS];
    int jobs = count - 5 < JOBS ? count - 5 : JOBS;

    if (jobs < 1) {
        fail("usage: receive FROM-PORT REPOSITORY TO-PORT REPOSITORY DIGEST=SIZE...");
    }
    arguments = argv;
    argument_count = count;
    for (int i = 0; i < jobs; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
    }
    for (int i = 0; i < jobs; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
