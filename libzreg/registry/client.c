/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/client.h"

#include "base/error.h"
#include "base/file.h"
#include "base/fork.h"
#include "base/mem.h"
#include "base/options.h"
#include "base/str.h"
#include "oci/reference.h"
#include "registry/client_inner.h"

#include <string.h>

static void free_host(void *host)
{
    zreg__host_free(host);
}

/* It becomes a line of each request. */
static zreg_status check_user_agent(const char *text, zreg_error *err)
{
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return zreg__fail(
                err, ZREG_INVAL,
                "user_agent: a control character, such as a line end, cannot be in it");
        }
    }
    return ZREG_OK;
}

static zreg_status take_options(zreg_client *client, const zreg_client_options *given,
                                zreg_error *err)
{
    zreg_client_options options;

    ZREG__TRY(ZREG__OPTIONS_READ(&options, given, err));
    ZREG__TRY(check_user_agent(options.user_agent, err));
    client->log = (zreg__log){options.log, options.log_user};
    client->no_mirrors = options.no_mirrors != 0;
    client->attempts = options.attempts != 0 ? options.attempts : 5;
    client->ca_file = zreg__strdup(options.ca_file);
    client->fetch_options.user_agent = zreg__strdup(options.user_agent);
    client->fetch_options.connect_timeout_ms = options.connect_timeout_ms;
    client->fetch_options.idle_timeout_ms = options.idle_timeout_ms;
    if ((options.ca_file != NULL && client->ca_file == NULL) ||
        (options.user_agent != NULL && client->fetch_options.user_agent == NULL)) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(zreg__site_new(&client->site, &options, err));
    return zreg__credentials_new(&client->credentials, options.authfile, err);
}

zreg_status zreg_client_new(zreg_client **out, const zreg_client_options *options, zreg_error *err)
{
    ZREG__AUTO(zreg_client) zreg_client *client = NULL;
    zreg__maker maker;

    zreg__error_clear(err);
    ZREG__TRY(zreg__fork_maker(&maker, err));
    client = zreg__new(zreg_client);
    if (client == NULL) {
        return zreg__fail_nomem(err);
    }
    client->maker = maker;
    atomic_init(&client->holders, 1);
    pthread_mutex_init(&client->lock, NULL);
    ZREG__TRY(zreg__map_new(&client->hosts, free_host, err));
    ZREG__TRY(zreg__homes_new(&client->homes, err));
    ZREG__TRY(zreg__notices_new(&client->notices, err));
    ZREG__TRY(zreg__mirrors_new(&client->mirrors, err));
    ZREG__TRY(take_options(client, options, err));
    *out = zreg__steal(&client);
    return ZREG_OK;
}

zreg_status zreg__client_check(const zreg_client *client, zreg_error *err)
{
    return client == NULL ? ZREG_OK : zreg__fork_check(client->maker, "the client", err);
}

zreg_client *zreg__client_share(zreg_client *client)
{
    atomic_fetch_add(&client->holders, 1);
    return client;
}

void zreg_client_free(zreg_client *client)
{
    /* In a forked child nothing is touched: TLS would say goodbye on the parent's connections. */
    if (client == NULL || zreg__forked(client->maker) ||
        atomic_fetch_sub(&client->holders, 1) != 1) {
        return;
    }
    zreg__fetch_free(client->fetch);
    zreg__map_free(client->hosts);
    zreg__homes_free(client->homes);
    zreg__notices_free(client->notices);
    zreg__mirrors_free(client->mirrors);
    zreg__site_free(client->site);
    zreg__credentials_free(client->credentials);
    pthread_mutex_destroy(&client->lock);
    free((char *)(uintptr_t)client->fetch_options.user_agent);
    free(client->ca_file);
    free(client);
}

/* With the lock held. What is suggested holds before others find the host. */
static zreg_status find_or_add(zreg__host **out, zreg_client *client, const char *key,
                               const char *name, const zreg__host_suggestion *suggested,
                               zreg_error *err)
{
    ZREG__AUTO(zreg__host) zreg__host *host = NULL;

    *out = zreg__map_get(client->hosts, key);
    if (*out != NULL) {
        return ZREG_OK;
    }
    ZREG__TRY(zreg__host_new(&host, name, err));
    if (suggested != NULL) {
        ZREG__TRY(zreg__host_suggest(host, suggested, err));
    }
    ZREG__TRY(zreg__map_set(client->hosts, key, host, err));
    *out = zreg__steal(&host);
    return ZREG_OK;
}

static zreg_status host_by_key(zreg__host **out, zreg_client *client, const char *key,
                               const char *name, const zreg__host_suggestion *suggested,
                               zreg_error *err)
{
    pthread_mutex_lock(&client->lock);
    zreg_status status = find_or_add(out, client, key, name, suggested, err);
    pthread_mutex_unlock(&client->lock);
    return status;
}

zreg_status zreg__client_host(zreg__host **out, zreg_client *client, const char *name,
                              zreg_error *err)
{
    ZREG__TRY(zreg__client_check(client, err));
    if (!zreg__reference_is_host(zreg__span_of(name))) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" is not a host; write HOST or HOST:PORT", name);
    }
    ZREG__AUTO_FREE char *one_name = zreg__host_name(name);
    return one_name == NULL ? zreg__fail_nomem(err)
                            : host_by_key(out, client, one_name, one_name, NULL, err);
}

zreg_status zreg__client_host_apart(zreg__host **out, zreg_client *client, const char *name,
                                    const zreg__host_suggestion *suggested, zreg_error *err)
{
    zreg__host *itself = NULL;

    ZREG__TRY(zreg__client_host(&itself, client, name, err));
    if (itself->is_set) {
        *out = itself;
        return ZREG_OK;
    }
    /* A name has no space. */
    ZREG__AUTO_FREE char *way = zreg__host_suggestion_key(suggested);
    ZREG__AUTO_FREE char *key = way != NULL ? zreg__concat(itself->name, " ", way) : NULL;
    if (key == NULL) {
        return zreg__fail_nomem(err);
    }
    ZREG__TRY(host_by_key(out, client, key, itself->name, suggested, err));
    (*out)->http2 = atomic_load(&itself->http2);
    return ZREG_OK;
}

zreg__host *zreg__client_known_host(zreg_client *client, const char *name)
{
    ZREG__AUTO_FREE char *one_name = zreg__host_name(name);
    zreg__host *host;

    if (one_name == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&client->lock);
    host = zreg__map_get(client->hosts, one_name);
    pthread_mutex_unlock(&client->lock);
    return host;
}

static zreg_status make_fetch(zreg_client *client, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf pem = ZREG__BUF(ZREG__MAX_PEM_BYTES);
    zreg__fetch_options options = client->fetch_options;

    if (client->ca_file != NULL) {
        ZREG__TRY(zreg__file_read(&pem, client->ca_file, err));
        options.ca_pem = zreg__buf_cstr(&pem);
    }
    return zreg__fetch_new(&client->fetch, &options, err);
}

static zreg_status session_of(zreg__fetch **out, zreg_client *client, zreg_error *err)
{
    zreg_status status = ZREG_OK;

    pthread_mutex_lock(&client->lock);
    if (client->fetch == NULL) {
        status = make_fetch(client, err);
    }
    *out = client->fetch;
    pthread_mutex_unlock(&client->lock);
    return status;
}

zreg_status zreg__client_open(zreg__fetch_exchange **out, zreg_client *client, zreg__host *host,
                              zreg__fetch_request *request, zreg__fetch_failure *failure,
                              zreg_cancel *cancel, zreg_error *err)
{
    zreg__fetch *fetch = NULL;

    ZREG__TRY(session_of(&fetch, client, err));
    request->counters = &host->wire;
    return zreg__fetch_open(out, fetch, request, failure, cancel, err);
}

/* Tokens may have been asked for with what was given for the token service. */
static void forget(zreg_client *client, zreg__host *changed)
{
    const char *key;
    void *value;

    pthread_mutex_lock(&client->lock);
    for (size_t i = 0; zreg__map_next(client->hosts, &i, &key, &value);) {
        zreg__host *host = value;

        if (zreg__str_equal(host->name, changed->name) || zreg__host_asks_at(host, changed->name)) {
            zreg__host_forget(host);
        }
    }
    pthread_mutex_unlock(&client->lock);
}

zreg_status zreg__client_set_credentials(zreg_client *client, zreg__host *host, const char *name,
                                         const char *username, const char *password,
                                         zreg_error *err)
{
    ZREG__TRY(zreg__credentials_set(client->credentials, name, username, password, err));
    forget(client, host);
    return ZREG_OK;
}

zreg_status zreg_client_set_credentials(zreg_client *client, const char *host, const char *username,
                                        const char *password, zreg_error *err)
{
    zreg__host *known = NULL;

    zreg__error_clear(err);
    ZREG__TRY(zreg__client_host(&known, client, host, err));
    return zreg__client_set_credentials(client, known, known->name, username, password, err);
}

zreg_status zreg_client_set_host(zreg_client *client, const char *host,
                                 const zreg_host_options *options, zreg_error *err)
{
    zreg_host_options copy;
    zreg__host *known = NULL;

    zreg__error_clear(err);
    ZREG__TRY(ZREG__OPTIONS_READ(&copy, options, err));
    ZREG__TRY(zreg__client_host(&known, client, host, err));
    return zreg__host_configure(known, &copy, err);
}

static void add_counters(zreg_counters *to, const zreg__host *host)
{
    to->requests += atomic_load(&host->wire.requests);
    to->auth_requests += atomic_load(&host->auth_requests);
    to->blob_requests += atomic_load(&host->blob_requests);
    to->bytes_in += atomic_load(&host->wire.bytes_in);
    to->bytes_out += atomic_load(&host->wire.bytes_out);
    to->connections += atomic_load(&host->wire.connections);
}

void zreg_client_counters_sized(zreg_counters *out, size_t out_size, const zreg_client *client,
                                const char *host)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&client->lock;
    const char *key;
    void *value;

    zreg_counters sum = {0};

    if (zreg__forked(client->maker)) {
        zreg__result_write(out, out_size, &sum, sizeof(sum));
        return;
    }
    pthread_mutex_lock(lock);
    for (size_t i = 0; zreg__map_next(client->hosts, &i, &key, &value);) {
        const zreg__host *counted = value;

        if (host == NULL || zreg__client_same_host(counted->name, host)) {
            add_counters(&sum, counted);
        }
    }
    pthread_mutex_unlock(lock);
    zreg__result_write(out, out_size, &sum, sizeof(sum));
}

zreg__homes *zreg__client_homes(const zreg_client *client)
{
    return client->homes;
}

zreg_status zreg__client_writes(zreg_client *client, const zreg_ref *ref, zreg_error *err)
{
    zreg__host *host = NULL;

    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    return zreg__mirrors_write(client->mirrors, host->name, zreg_ref_repository(ref), err);
}

zreg_status zreg__client_expect(zreg_client *client, const zreg_ref *ref, const char *actions,
                                const char *from, zreg_error *err)
{
    unsigned bits = zreg__scope_actions(actions);
    zreg__host *host = NULL;

    if (bits == 0) {
        return zreg__fail(err, ZREG_INVAL, "\"%s\" are not actions; write pull or pull,push",
                          actions);
    }
    ZREG__TRY(zreg__client_host(&host, client, zreg_ref_host(ref), err));
    if ((bits & (ZREG__PUSH | ZREG__DELETE)) != 0) {
        ZREG__TRY(zreg__client_writes(client, ref, err));
    }
    return zreg__host_expect(host, zreg_ref_repository(ref), bits, from, err);
}

bool zreg__client_has_pushed(zreg_client *client, const zreg_ref *ref)
{
    const zreg__host *host = zreg__client_known_host(client, zreg_ref_host(ref));

    return host != NULL && atomic_load(&host->pushed_to);
}

void zreg__client_learn_pushed(zreg_client *client, const zreg_ref *ref)
{
    zreg__host *host = zreg__client_known_host(client, zreg_ref_host(ref));

    if (host != NULL) {
        atomic_store(&host->pushed_to, true);
    }
}

const zreg__log *zreg__client_log(const zreg_client *client)
{
    return &client->log;
}

bool zreg__client_same_host(const char *a, const char *b)
{
    return zreg__str_equal_nocase(zreg__quirks_canonical(a), zreg__quirks_canonical(b));
}

bool zreg__client_counts_pulls(const char *host)
{
    return zreg__quirks_find(host)->counts_pulls;
}
