/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/random.h"
#include "server/buildset.h"
#include "server/certificate.h"
#include "server/dispatch.h"
#include "server/inside.h"
#include <string.h>
#include <unistd.h>

#define WORKER_THREADS 8
#define MAX_EVENT_THREADS 8
#define TOKEN_LIFETIME_S 3600

static unsigned event_threads(uint32_t wanted)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned found = online < 1 ? 1 : (unsigned)online;
    unsigned threads = wanted == 0 ? found : wanted;
    return threads < MAX_EVENT_THREADS ? threads : MAX_EVENT_THREADS;
}

static zreg_anonymous choose_anonymous(const zreg_server *server,
                                       const zreg_server_options *options)
{
    if (options->anonymous != ZREG_ANONYMOUS_DEFAULT) {
        return options->anonymous;
    }
    return options->buildset                  ? ZREG_ANONYMOUS_PULL
           : zreg__users_empty(server->users) ? ZREG_ANONYMOUS_PUSH
                                              : ZREG_ANONYMOUS_NONE;
}

static zreg_durability choose_durability(const zreg_server_options *options)
{
    if (options->durability != ZREG_DURABILITY_DEFAULT) {
        return options->durability;
    }
    return options->buildset ? ZREG_DURABILITY_NONE : ZREG_DURABILITY_FULL;
}

static zreg_status check(const zreg_server_options *options, zreg_error *err)
{
    if (!options->buildset && options->root == NULL) {
        return zreg__fail(err, ZREG_INVAL, "a server needs a root folder for its store");
    }
    if ((options->tls_cert_pem == NULL) != (options->tls_key_pem == NULL)) {
        return zreg__fail(err, ZREG_INVAL, "give both a certificate and its key, or neither");
    }
    if ((unsigned)options->anonymous > ZREG_ANONYMOUS_PUSH ||
        (unsigned)options->durability > ZREG_DURABILITY_NONE) {
        return zreg__fail(err, ZREG_INVAL, "anonymous or durability has a value that is not one");
    }
    return ZREG_OK;
}

static zreg_status copy_texts(zreg_server *server, const zreg_server_options *options,
                              zreg_error *err)
{
    server->root = zreg__strdup(options->root);
    server->cert_pem = zreg__strdup(options->tls_cert_pem);
    server->key_pem = zreg__strdup(options->tls_key_pem);
    bool failed = (options->root != NULL && server->root == NULL) ||
                  (options->tls_cert_pem != NULL && server->cert_pem == NULL) ||
                  (options->tls_key_pem != NULL && server->key_pem == NULL);
    return failed ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status open_socket(zreg_server *server, const zreg_server_options *options,
                               zreg_error *err)
{
    zreg__serve_options serve = {
        .listen = options->listen != NULL ? options->listen : "127.0.0.1:0",
        .threads = event_threads(options->threads),
        .worker_threads = WORKER_THREADS,
        .log = server->log,
        .calls = &zreg__dispatch_calls,
        .user = server,
    };
    ZREG__TRY(zreg__serve_new(&server->serve, &serve, err));
    const char *host = zreg__serve_host(server->serve);
    bool is_v6 = strchr(host, ':') != NULL;
    server->address = zreg__asprintf("%s%s%s:%u", is_v6 ? "[" : "", host, is_v6 ? "]" : "",
                                     zreg__serve_port(server->serve));
    return server->address == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status prepare(zreg_server *server, const zreg_server_options *options, zreg_error *err)
{
    server->life.log = options->log;
    server->life.log_user = options->log_user;
    server->life.access = options->access;
    server->life.access_user = options->access_user;
    server->log = (zreg__log){options->log != NULL ? zreg__life_log : NULL, &server->life};
    server->token_lifetime_s =
        options->token_lifetime_s != 0 ? options->token_lifetime_s : TOKEN_LIFETIME_S;
    ZREG__TRY(copy_texts(server, options, err));
    ZREG__TRY(zreg__random(server->token_key, sizeof(server->token_key), err));
    ZREG__TRY(zreg__random_hex(server->run_id, 4, err));
    ZREG__TRY(zreg__origins_new(&server->origins, err));
    ZREG__TRY(zreg__users_new(&server->users, options->htpasswd, err));
    for (size_t i = 0; options->read_only != NULL && options->read_only[i] != NULL; i++) {
        ZREG__TRY(zreg__users_limit(server->users, options->read_only[i], err));
    }
    ZREG__TRY(open_socket(server, options, err));
    if (options->buildset) {
        ZREG__TRY(zreg__buildset_prepare(server, options, err));
    }
    server->anonymous = choose_anonymous(server, options);
    return server->cert_pem == NULL
               ? ZREG_OK
               : zreg__certificate_fingerprint(&server->fingerprint, server->cert_pem, err);
}

zreg_status zreg_server_start(zreg_server **out, const zreg_server_options *options,
                              zreg_error *err)
{
    zreg__error_clear(err);
    zreg_server_options set;
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(check(&set, err));
    ZREG__AUTO(zreg_server) zreg_server *server = zreg__new(zreg_server);
    if (server == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__life_init(&server->life);
    ZREG__TRY(prepare(server, &set, err));
    ZREG__TRY(
        zreg__store_open(&server->store, server->root, choose_durability(&set), &server->log, err));
    ZREG__TRY(zreg__serve_start(server->serve, server->cert_pem, server->key_pem, err));
    zreg__log_line(&server->log, ZREG_LOG_INFO, "serving %s on %s", server->root, server->address);
    *out = zreg__steal(&server);
    return ZREG_OK;
}

const char *zreg_server_host(const zreg_server *server)
{
    return zreg__serve_host(server->serve);
}

uint16_t zreg_server_port(const zreg_server *server)
{
    return zreg__serve_port(server->serve);
}

const char *zreg_server_address(const zreg_server *server)
{
    return server->address;
}

const char *zreg_server_username(const zreg_server *server)
{
    return server->username;
}

const char *zreg_server_password(const zreg_server *server)
{
    return server->password;
}

const char *zreg_server_certificate(const zreg_server *server)
{
    return server->cert_pem;
}

const char *zreg_server_fingerprint(const zreg_server *server)
{
    return server->fingerprint;
}

zreg__store *zreg__server_store(const zreg_server *server)
{
    return server->store;
}

void zreg__server_note_origin(zreg_server *server, const char *repository, const char *tag,
                              const zreg_manifest *manifest, const char *origin)
{
    zreg__origin parsed;
    bool told = origin != NULL && zreg__origin_parse(&parsed, origin, NULL) == ZREG_OK;
    zreg__origins_note(server->origins, server->store, repository, tag, manifest,
                       told ? &parsed : NULL);
}
