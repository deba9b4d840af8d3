/* SPDX-License-Identifier: Apache-2.0 */
/* Eight clients that push and pull at once, and how long each request took.
 *
 *   clients HOST PORT tls|plain AUTHORIZATION...
 *
 * Reads lines "LABEL MS" (a label is 0, 1 or 2), works so long, and prints one line: JSON about all requests
 * under this label so far. Clients take the authorizations in turn. A request that is answered 503 is sent
 * again after 50 ms: its time goes on until it is served, and it counts among the refused. */
#include "clients.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLIENTS 8
#define LABELS 3
#define MAX_SAMPLES 200000
#define LARGEST ((size_t)1 << 20)
#define PATIENCE_US 30000000
#define AGAIN_US 50000

typedef enum kind { OPEN, PUSH, PUSH_LARGE, HEAD, TAG, MANIFEST, LIST, PULL, KINDS } kind;

static const char *const kinds[KINDS] = {"open", "push",     "push large", "head",
                                         "tag",  "manifest", "list",       "pull"};

typedef struct sample {
    uint32_t us;
    uint8_t kind;
    uint8_t label;
} sample;

typedef struct client {
    pthread_t thread;
    unsigned number;
    const char *authorization;
    wire wire;
    unsigned seed;
    unsigned rounds;
    char *blob;
    char digest[72];
    size_t size;
    sample *samples;
    size_t count;
    unsigned refused[LABELS];
    unsigned failed[LABELS];
    char why[256];
} client;

static place server;
static client clients[CLIENTS];
static pthread_barrier_t begins, ends;
static int label;
static uint64_t until_us;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void pause_us(uint64_t us)
{
    struct timespec time = {.tv_sec = (time_t)(us / 1000000),
                            .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&time, NULL);
}

static void digest_of(char out[72], const void *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[32];
    EVP_Digest(bytes, size, hash, NULL, EVP_sha256(), NULL);
    memcpy(out, "sha256:", 7);
    for (size_t i = 0; i < sizeof(hash); i++) {
        out[7 + 2 * i] = digits[hash[i] >> 4];
        out[8 + 2 * i] = digits[hash[i] & 15];
    }
    out[71] = '\0';
}

/* Asks until it is served, and keeps how long that took. */
static bool ask(client *c, kind what, exchange *e, int wanted)
{
    uint64_t begun = now_us();
    wire_ask(&c->wire, e);
    while (e->status == 503 && now_us() - begun < PATIENCE_US) {
        c->refused[label]++;
        pause_us(AGAIN_US);
        wire_ask(&c->wire, e);
    }
    if (c->count < MAX_SAMPLES) {
        c->samples[c->count++] =
            (sample){(uint32_t)(now_us() - begun), (uint8_t)what, (uint8_t)label};
    }
    if (e->status != wanted) {
        c->failed[label]++;
        snprintf(c->why, sizeof(c->why), "%s was answered %d, not %d", kinds[what], e->status,
                 wanted);
    }
    pause_us(1000 + (uint64_t)rand_r(&c->seed) % 4000);
    return e->status == wanted;
}

/* One request without a body, or with this one. */
static bool call(client *c, exchange *e, kind what, const char *method, const char *path,
                 int wanted)
{
    char head[2 * LINE_BYTES];
    snprintf(head, sizeof(head),
             "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: "
             "%s\r\nContent-Length: %zu\r\n\r\n",
             method, path, server.host, c->authorization,
             what == TAG ? "application/vnd.oci.image.manifest.v1+json"
                         : "application/octet-stream",
             e->body_size);
    e->head = head;
    e->is_head = what == HEAD;
    return ask(c, what, e, wanted);
}

/* A blob that nobody else has: its size is that of a layer, a configuration or a large layer in turn. */
static void new_blob(client *c)
{
    static const size_t sizes[] = {1 << 10,  4 << 10, 16 << 10,  1 << 10,
                                   64 << 10, 4 << 10, 256 << 10, LARGEST};
    c->size = sizes[c->rounds++ % 8];
    memset(c->blob, 'x', c->size);
    snprintf(c->blob, c->size, "%u %u %" PRIu64, c->number, c->rounds, now_us());
    digest_of(c->digest, c->blob, c->size);
}

static bool push(client *c)
{
    char path[LINE_BYTES];
    char put[LINE_BYTES + 128];
    exchange e = {.body_size = 0};
    new_blob(c);
    snprintf(path, sizeof(path), "/v2/honest/%u/blobs/uploads/", c->number);
    if (!call(c, &e, OPEN, "POST", path, 202)) {
        return false;
    }
    const char *at = strstr(e.location, "/v2/"); /* an absolute one is taken too */
    snprintf(put, sizeof(put), "%s?digest=%s", at == NULL ? "" : at, c->digest);
    e.body = c->blob;
    e.body_size = c->size;
    return call(c, &e, c->size < 256 << 10 ? PUSH : PUSH_LARGE, "PUT", put, 201);
}

static bool tag(client *c)
{
    char path[128];
    char body[1024];
    exchange e = {.body = body};
    e.body_size =
        (size_t)snprintf(body, sizeof(body),
                         "{\"schemaVersion\":2,\"mediaType\":\"application/"
                         "vnd.oci.image.manifest.v1+json\",\"config\":"
                         "{\"mediaType\":\"application/"
                         "vnd.oci.empty.v1+json\",\"digest\":\"%s\",\"size\":%zu},\"layers\":[]}",
                         c->digest, c->size);
    snprintf(path, sizeof(path), "/v2/honest/%u/manifests/%u", c->number, c->rounds % 20);
    return call(c, &e, TAG, "PUT", path, 201);
}

static bool pull(client *c)
{
    char blob[160];
    char path[128];
    char list[128];
    exchange e = {.body_size = 0};
    snprintf(blob, sizeof(blob), "/v2/honest/%u/blobs/%s", c->number, c->digest);
    snprintf(path, sizeof(path), "/v2/honest/%u/manifests/%u", c->number, c->rounds % 20);
    snprintf(list, sizeof(list), "/v2/honest/%u/tags/list", c->number);
    return call(c, &e, MANIFEST, "GET", path, 200) && call(c, &e, HEAD, "HEAD", blob, 200) &&
           call(c, &e, PULL, "GET", blob, 200) && call(c, &e, LIST, "GET", list, 200);
}

/* Every second client comes anew for each image, as a job does. */
static void work(client *c)
{
    while (now_us() < until_us) {
        bool is_done = push(c) && tag(c) && pull(c);
        if (!is_done || c->number % 2 == 0) {
            wire_close(&c->wire);
        }
        if (!is_done) {
            pause_us(AGAIN_US);
        }
    }
}

static void *run_client(void *argument)
{
    for (;;) {
        pthread_barrier_wait(&begins);
        work(argument);
        pthread_barrier_wait(&ends);
    }
    return NULL;
}

static int by_time(const void *a, const void *b)
{
    uint32_t x = ((const sample *)a)->us, y = ((const sample *)b)->us;
    return (x > y) - (x < y);
}

/* The time that all but a share take less than; `samples` are in order. */
static uint32_t quantile(const sample *samples, size_t count, double share)
{
    return count == 0 ? 0 : samples[(size_t)((double)(count - 1) * share)].us;
}

/* The samples of this label and kind (KINDS: of any) in order. */
static size_t gather(sample *out, int of, unsigned what)
{
    size_t count = 0;
    for (const client *c = clients; c < clients + CLIENTS; c++) {
        for (size_t i = 0; i < c->count; i++) {
            if (c->samples[i].label == of && (what == KINDS || c->samples[i].kind == what)) {
                out[count++] = c->samples[i];
            }
        }
    }
    qsort(out, count, sizeof(*out), by_time);
    return count;
}

static void report(sample *room)
{
    unsigned failed = 0, refused = 0;
    const char *why = "";
    for (const client *c = clients; c < clients + CLIENTS; c++) {
        failed += c->failed[label];
        refused += c->refused[label];
        why = c->why[0] != '\0' ? c->why : why;
    }
    size_t count = gather(room, label, KINDS);
    printf("{\"requests\":%zu,\"failed\":%u,\"refused\":%u,\"why\":\"%s\",\"p50_us\":%u,\"p99_us\":"
           "%u,\"max_us\":%u,"
           "\"kinds\":{",
           count, failed, refused, why, quantile(room, count, 0.5), quantile(room, count, 0.99),
           quantile(room, count, 1));
    for (unsigned what = 0; what < KINDS; what++) {
        count = gather(room, label, what);
        printf("%s\"%s\":[%u,%u]", what == 0 ? "" : ",", kinds[what], quantile(room, count, 0.5),
               quantile(room, count, 0.99));
    }
    printf("}}\n");
    fflush(stdout);
}

static SSL_CTX *any_server(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL); /* this is about time */
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    return tls;
}

int main(int argc, char **argv)
{
    unsigned ms;
    if (argc < 5) {
        fprintf(stderr, "clients HOST PORT tls|plain AUTHORIZATION...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    server = (place){argv[1], atoi(argv[2]), strcmp(argv[3], "tls") == 0 ? any_server() : NULL};
    pthread_barrier_init(&begins, NULL, CLIENTS + 1);
    pthread_barrier_init(&ends, NULL, CLIENTS + 1);
    sample *room = calloc((size_t)CLIENTS * MAX_SAMPLES, sizeof(*room));
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = (client){.number = i, .seed = i, .wire = {.to = &server, .fd = -1}};
        clients[i].authorization = argv[4 + i % (unsigned)(argc - 4)];
        clients[i].blob = malloc(LARGEST);
        clients[i].samples = calloc(MAX_SAMPLES, sizeof(sample));
        pthread_create(&clients[i].thread, NULL, run_client, &clients[i]);
    }
    while (scanf("%d %u", &label, &ms) == 2 && label >= 0 && label < LABELS) {
        until_us = now_us() + (uint64_t)ms * 1000;
        pthread_barrier_wait(&begins);
        pthread_barrier_wait(&ends);
        report(room);
    }
    return 0;
}
