/* SPDX-License-Identifier: Apache-2.0 */
#include "server/server.h"

#include "base/error.h"
#include "base/fork.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/random.h"
#include "server/audit.h"
#include "server/buildset.h"
#include "server/certificate.h"
#include "server/dispatch.h"
#include "server/inside.h"
#include "server/limits.h"
#include "server/metrics.h"
#include "server/monitor.h"
#include "server/mounts.h"
#include "server/reload.h"
#include "server/routes.h"
#include "server/slots.h"
#include "server/target.h"
#include <string.h>
#include <unistd.h>

#define COMMIT_THREADS 8 /* of a lane's threads one client has half at most */
#define LIST_THREADS 2
#define HEALTH_THREADS 1
#define MAX_WAITING_COMMITS 1024
#define MAX_WAITING_LISTS 1024
#define MAX_WAITING_PASSWORDS 64
#define MAX_WAITING_HEALTH 32
#define MAX_EVENT_THREADS 8
#define TOKEN_LIFETIME_S 3600

static unsigned processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (unsigned)online;
}

static unsigned event_threads(uint32_t wanted)
{
    unsigned threads = wanted == 0 ? processors() : wanted;
    return threads < MAX_EVENT_THREADS ? threads : MAX_EVENT_THREADS;
}

/* Passwords take half of the machine at most: hashes are slow on purpose, and anybody may ask. */
static unsigned password_threads(void)
{
    return processors() < 4 ? 1 : processors() / 2;
}

/* With rules there is nothing to choose. */
static zreg_anonymous choose_anonymous(const zreg_server *server,
                                       const zreg_server_options *options)
{
    if (options->rules != NULL || options->anonymous != ZREG_ANONYMOUS_DEFAULT) {
        return options->anonymous;
    }
    return options->buildset       ? ZREG_ANONYMOUS_PULL
           : server->knows_callers ? ZREG_ANONYMOUS_NONE
                                   : ZREG_ANONYMOUS_PUSH;
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
    bool has_proxies = options->trusted_proxies != NULL && options->trusted_proxies[0] != NULL;
    if (options->proxy_protocol && !has_proxies) {
        return zreg__fail(err, ZREG_INVAL,
                          "the PROXY protocol is for trusted proxies; say which those are");
    }
    if ((unsigned)options->anonymous > ZREG_ANONYMOUS_PUSH ||
        (unsigned)options->durability > ZREG_DURABILITY_NONE) {
        return zreg__fail(err, ZREG_INVAL, "anonymous or durability has a value that is not one");
    }
    if (options->tls_client_ca_pem == NULL && options->tls_client_required) {
        return zreg__fail(err, ZREG_INVAL,
                          "to require certificates of clients takes the CA that signs them");
    }
    bool has_tls = options->tls_cert_pem != NULL || (options->buildset && !options->plain_http);
    if (options->tls_client_ca_pem != NULL && !has_tls) {
        return zreg__fail(
            err, ZREG_INVAL,
            "clients show certificates under TLS only: give a certificate and its key");
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
    const zreg__serve_lane lanes[ZREG__LANES] = {
        [ZREG__LANE_PASSWORDS] = {password_threads(), MAX_WAITING_PASSWORDS},
        [ZREG__LANE_COMMITS] = {COMMIT_THREADS, MAX_WAITING_COMMITS},
        [ZREG__LANE_LISTS] = {LIST_THREADS, MAX_WAITING_LISTS},
        [ZREG__LANE_HEALTH] = {HEALTH_THREADS, MAX_WAITING_HEALTH},
    };
    zreg__serve_options serve = {
        .descriptor = options->listen_descriptor,
        .listen = options->listen != NULL ? options->listen : "127.0.0.1:0",
        .threads = event_threads(options->threads),
        .trusted_proxies = options->trusted_proxies,
        .has_proxy_protocol = options->proxy_protocol,
        .lanes = lanes,
        .lane_count = ZREG__LANES,
        .log = server->log,
        .calls = &zreg__dispatch_calls,
        .user = server,
    };
    ZREG__TRY(zreg__server_limits_read(&serve.limits, &server->max_body, options->limits,
                                       &server->log, err));
    ZREG__TRY(zreg__serve_new(&server->serve, &serve, err));
    server->address = zreg__target_address(server->serve);
    return server->address == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

static zreg_status make_rights(zreg_server *server, const zreg_server_options *options,
                               zreg_error *err)
{
    zreg_server_options set = *options;
    server->anonymous = choose_anonymous(server, options);
    set.anonymous = server->anonymous;
    return zreg__rights_new(&server->rights, &set, server->users, err);
}

static zreg_status prepare(zreg_server *server, const zreg_server_options *options, zreg_error *err)
{
    server->life.log = options->log;
    server->life.log_user = options->log_user;
    server->life.access = options->access;
    server->life.access_user = options->access_user;
    server->life.audit = options->audit;
    server->life.audit_user = options->audit_user;
    server->log = (zreg__log){options->log != NULL ? zreg__life_log : NULL, &server->life};
    server->token_lifetime_s =
        options->token_lifetime_s != 0 ? options->token_lifetime_s : TOKEN_LIFETIME_S;
    ZREG__TRY(copy_texts(server, options, err));
    ZREG__TRY(zreg__target_set_public(server, options->public_url, err));
    ZREG__TRY(zreg__random(server->run_key, sizeof(server->run_key), err));
    ZREG__TRY(zreg__random_hex(server->run_id, 4, err));
    ZREG__TRY(zreg__passwords_new(&server->passwords, err));
    ZREG__TRY(zreg__origins_new(&server->origins, err));
    ZREG__TRY(zreg__mounts_new(&server->mounts, err));
    ZREG__TRY(zreg__slots_new(&server->slots, options->uploads_per_user, err));
    ZREG__TRY(zreg__users_new(&server->users, options->htpasswd, err));
    ZREG__TRY(zreg__authority_new(&server->authority, options, server->run_key, err));
    ZREG__TRY(zreg__metrics_new(&server->metrics, event_threads(options->threads),
                                zreg__routes_count(), err));
    ZREG__TRY(open_socket(server, options, err));
    if (options->metrics_listen != NULL) {
        ZREG__TRY(zreg__monitor_open(server, options->metrics_listen, err));
    }
    server->shows_metrics = options->metrics != 0;
    if (options->buildset) {
        ZREG__TRY(zreg__buildset_prepare(server, options, err));
    }
    server->asks_for_certificates = options->tls_client_ca_pem != NULL;
    server->knows_callers = !zreg__users_empty(server->users) || options->token_realm != NULL ||
                            options->tls_client_ca_pem != NULL;
    ZREG__TRY(make_rights(server, options, err));
    server->shadows = options->buildset || options->shadow;
    return server->cert_pem == NULL
               ? ZREG_OK
               : zreg__certificate_fingerprint(&server->fingerprint, server->cert_pem, err);
}

/* Rights may be exchanged at any time. */
static bool keeps(const char *repository, const char *tag, void *user)
{
    ZREG__AUTO(zreg__rights) zreg__rights *rights = zreg__reload_rights(user);
    return tag == NULL ? zreg__rights_keep_tags(rights, repository)
                       : zreg__rights_keep_tag(rights, repository, tag);
}

static zreg_status open_store(zreg_server *server, const zreg_server_options *options,
                              zreg_error *err)
{
    const zreg__store_options store = {
        .root = server->root,
        .durability = choose_durability(options),
        .is_sparse = options->sparse_indexes != 0,
        .log = server->log,
        .keeps = keeps,
        .keeps_user = server,
    };
    ZREG__TRY(zreg__store_open(&server->whole_store, &store, err));
    server->store = server->whole_store;
    return ZREG_OK;
}

/* Certificate and key may be made for a buildset. */
static zreg_status start_serving(zreg_server *server, const zreg_server_options *options,
                                 zreg_error *err)
{
    const zreg__serve_tls tls = {
        .cert_pem = server->cert_pem,
        .key_pem = server->key_pem,
        .client_ca_pem = options->tls_client_ca_pem,
        .needs_client = options->tls_client_required != 0,
    };
    return zreg__serve_start(server->serve, tls.cert_pem == NULL ? NULL : &tls, err);
}

zreg_status zreg_server_start(zreg_server **out, const zreg_server_options *options,
                              zreg_error *err)
{
    zreg__error_clear(err);
    zreg_server_options set;
    ZREG__TRY(ZREG__OPTIONS_READ(&set, options, err));
    ZREG__TRY(check(&set, err));
    zreg__maker maker;
    ZREG__TRY(zreg__fork_maker(&maker, err));
    ZREG__AUTO(zreg_server) zreg_server *server = zreg__new(zreg_server);
    if (server == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__life_init(&server->life, maker);
    zreg__health_init(&server->health);
    pthread_mutex_init(&server->lock, NULL);
    pthread_mutex_init(&server->reloading, NULL);
    ZREG__TRY(prepare(server, &set, err));
    ZREG__TRY(open_store(server, &set, err));
    ZREG__TRY(start_serving(server, &set, err));
    zreg__log_line(&server->log, ZREG_LOG_INFO, "serving %s on %s", server->root, server->address);
    if (server->monitor != NULL) {
        ZREG__TRY(zreg__serve_start(server->monitor, NULL, err));
        zreg__log_line(&server->log, ZREG_LOG_INFO, "metrics on %s", server->monitor_address);
    }
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

const char *zreg_server_metrics_address(const zreg_server *server)
{
    return server->monitor_address;
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

zreg_status zreg_server_check(zreg_server *server, uint32_t timeout_ms, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_check(server->life.maker, "the server", err));
    bool is_well =
        !atomic_load(&server->is_draining) && zreg__serve_comes_round(server->serve, timeout_ms);
    if (atomic_load(&server->is_draining)) {
        return zreg__fail(err, ZREG_CANCELLED, "the server %s was stopped", server->address);
    }
    return is_well ? ZREG_OK
                   : zreg__fail(err, ZREG_TIMEOUT, "an event thread of the server %s is stuck",
                                server->address);
}

zreg__store *zreg__server_store(const zreg__server_visit *visit)
{
    return visit->server->whole_store;
}

void zreg__server_note_origin(zreg_server *server, const char *repository, const char *tag,
                              const zreg_manifest *manifest, const char *origin)
{
    zreg__origin parsed;
    bool told = origin != NULL && zreg__origin_parse(&parsed, origin, NULL) == ZREG_OK;
    zreg__origins_note(server->origins, server->whole_store, repository, tag, manifest,
                       told ? &parsed : NULL);
    zreg__audit_stored(server, repository, tag, zreg_manifest_digest(manifest)->text);
}
