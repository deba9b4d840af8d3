/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"
#include "memory.h"
#include "output.h"
#include "say.h"
#include "serve_setup.h"
#include "server_limits.h"
#include "signals.h"
#include "systemd.h"
#include "verbs.h"
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const option_spec options_of_serve[] = {
    {"root", "DIR", "the folder that holds everything"},
    {"listen", "ADDRESS:PORT",
     "where to listen (127.0.0.1:0; port 0 picks one), unless systemd passes a socket"},
    {"buildset", NULL, "a registry for one job: makes its own certificate, user and folder"},
    {"name", "DNS-OR-IP", "a further name for the buildset certificate; may be repeated", true},
    {"no-tls", NULL, "a buildset registry without TLS"},
    {"tls-cert", "FILE", "certificate chain, PEM"},
    {"tls-key", "FILE", "its private key, PEM"},
    {"tls-client-ca", "FILE", "signs certificates of clients, PEM: their name is the user's"},
    {"tls-client-required", NULL, "turn away clients that show no certificate"},
    {"public-url", "URL", "how clients reach it, where a proxy stands before it"},
    {"trusted-proxy", "NETWORK",
     "a proxy that is believed whom it speaks for, by Forwarded or X-Forwarded-*; may be repeated",
     true},
    {"proxy-protocol", NULL, "trusted proxies begin each connection with the PROXY protocol, v2"},
    {"max-connections", "N", "at a time (4096, or what the descriptors allow)"},
    {"max-connections-per-address", "N", "of one address, or a /64 of IPv6 (half of all)"},
    {"max-body", "BYTES", "the largest body of one request"},
    {"htpasswd", "FILE", "users, with bcrypt or crypt hashes"},
    {"read-only", "USER", "a user of that file who may pull only; may be repeated", true},
    {"token-key-file", "FILE",
     "a secret that signs tokens, so that they outlive a restart; more are accepted", true},
    {"token-realm", "URL", "a token service outside decides who may do what; with the next three"},
    {"token-service", "NAME", "the name by which it knows this registry"},
    {"token-issuer", "NAME", "its own name"},
    {"token-trust", "FILE", "its public keys or certificates, PEM"},
    {"shadow", NULL,
     "engines ask it for other registries' images: x, library/x and docker.io/x are one"},
    {"sparse-indexes", NULL, "an index may name manifests that are not here, an image layers"},
    {"anonymous", "none|pull|push", "what may be done without a password"},
    {"durability", "full|manifest|none", "what survives a loss of power"},
    {"config", "FILE", "settings in zuul-registry's registry.yaml; options go before it"},
    {"access-log", "FILE", "add a JSON line for each request"},
    {"audit-log", "FILE", "add a JSON line for each change, and for each that was denied"},
    {"immutable-tags", "PATTERN", "tags that are neither moved nor deleted; may be repeated", true},
    {"no-writes", NULL, "refuse everything that changes anything"},
    {"no-deletes", NULL, "refuse to delete"},
    {"uploads-per-user", "N", "uploads that a user, or an address without one, may have open"},
    {"metrics", NULL, "answer GET /metrics, to everybody"},
    {"metrics-listen", "ADDRESS:PORT", "a plain port of its own for /metrics, /healthz, /readyz"},
    {"grace", "SECONDS", "how long running requests may go on after SIGTERM (5)"},
    {"connection-file", "FILE", "write the connection record here when ready, for the owner only"},
    {"upstream", "HOST[=URL]", NULL, true},
    {NULL},
};

static zreg_status print_text(session *s, const zreg_server *server)
{
    const char *fingerprint = zreg_server_fingerprint(server);
    const char *username = zreg_server_username(server);
    printf("serving %s://%s\n", fingerprint == NULL ? "http" : "https",
           zreg_server_address(server));
    if (fingerprint != NULL) {
        printf("certificate SHA-256 %s\n", fingerprint);
    }
    if (username != NULL) {
        printf("user %s; --json or --connection-file tells the password\n", username);
    }
    if (zreg_server_metrics_address(server) != NULL) {
        printf("metrics on http://%s/metrics\n", zreg_server_metrics_address(server));
    }
    return output_finish(s);
}

/* The line that tells whoever started us how to reach the server. */
static zreg_status announce(session *s, const zreg_server *server)
{
    const char *path = options_text(&s->given, "connection-file");
    char *record = NULL;
    zreg_status status = zreg_server_connection(&record, server, &s->err);
    if (status == ZREG_OK && path != NULL) {
        status = files_write_private(s, path, record);
    }
    if (status == ZREG_OK && s->json) {
        puts(record);
        status = output_finish(s);
    } else if (status == ZREG_OK) {
        status = print_text(s, server);
    }
    if (record != NULL) {
        explicit_bzero(record, strlen(record));
    }
    zreg_free(record);
    return status;
}

/* All of it, or nothing. */
static zreg_status change(session *s, serve_setup *with, const serve_setup *again,
                          zreg_server *server)
{
    int access = -1, audit = -1;
    zreg_status status = access_log_open_again(s, &access, with->access_log);
    if (status == ZREG_OK) {
        status = access_log_open_again(s, &audit, with->audit_log);
    }
    if (status == ZREG_OK && !with->options.buildset) {
        status = zreg_server_reload(server, &again->options, &s->err);
    }
    if (status == ZREG_OK) {
        access_log_change(with->access_log, access);
        access_log_change(with->audit_log, audit);
        return ZREG_OK;
    }
    access_log_leave(access);
    access_log_leave(audit);
    return status;
}

static bool is_same_text(const char *one, const char *other)
{
    return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static bool is_same_list(const char *const *one, const char *const *other)
{
    if (one == NULL || other == NULL) {
        return one == other;
    }
    while (*one != NULL && is_same_text(*one, *other)) {
        one++;
        other++;
    }
    return is_same_text(*one, *other);
}

/* Whether an option says a path in place of the file, or the file says it as before. */
static bool is_same_path(const session *s, const char *option, const char *one, const char *other)
{
    return options_flag(&s->given, option) || is_same_text(one, other);
}

static void tell_what_needs_a_restart(const session *s, const serve_setup *with,
                                      const serve_setup *again)
{
    const registry_yaml *before = &with->yaml, *now = &again->yaml;
    const zreg_server_options *was = &with->options, *is = &again->options;
    const struct {
        const char *key;
        bool is_same;
    } keys[] = {
        {"address", is_same_text(before->address, now->address)},
        {"port", is_same_text(before->port, now->port)},
        {"public-url", is_same_text(was->public_url, is->public_url)},
        {"storage: root", is_same_text(was->root, is->root)},
        {"durability", was->durability == is->durability},
        {"shadow", was->shadow == is->shadow},
        {"sparse-indexes", was->sparse_indexes == is->sparse_indexes},
        {"uploads-per-user", was->uploads_per_user == is->uploads_per_user},
        {"trusted-proxies", is_same_list(was->trusted_proxies, is->trusted_proxies)},
        {"proxy-protocol", was->proxy_protocol == is->proxy_protocol},
        {"limits", server_limits_equal(was->limits, is->limits)},
        {"metrics", was->metrics == is->metrics},
        {"metrics-listen", is_same_text(was->metrics_listen, is->metrics_listen)},
        {"access-log", is_same_path(s, "access-log", before->access_log, now->access_log)},
        {"audit-log", is_same_path(s, "audit-log", before->audit_log, now->audit_log)},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!keys[i].is_same) {
            say("%s has changed, which needs a restart", keys[i].key);
        }
    }
}

/* What the files say now takes the place of what they said; where that is wrong, nothing does. */
static void reload(session *s, serve_setup *with, zreg_server *server)
{
    serve_setup again;
    systemd_reloading();
    zreg_status status = serve_setup_read_again(s, &again);
    if (status == ZREG_OK) {
        status = change(s, with, &again, server);
    }
    if (status == ZREG_OK) {
        tell_what_needs_a_restart(s, with, &again);
    }
    say("%s%s", status == ZREG_OK ? "the files were read again" : "nothing was changed: ",
        status == ZREG_OK ? "" : s->err.message);
    systemd_ready(zreg_server_address(server));
    if (status == ZREG_OK && !with->options.buildset) {
        serve_setup_keep(with, &again);
    } else if (status != ZREG_OK && is_same_text(with->users.path, again.users.path)) {
        watch_is_news(&with->users, &again.users, s->err.message); /* it is told */
    }
    serve_setup_finish(&again);
}

/* The system has failed, and may do better next time, or the file is not there now. */
static bool may_pass(zreg_status status)
{
    return status == ZREG_IO || status == ZREG_NOTFOUND || status == ZREG_NOMEM;
}

static void keep_users(serve_setup *with, char *htpasswd)
{
    say("the users were read again");
    free(with->htpasswd);
    with->htpasswd = htpasswd;
    with->options.htpasswd = htpasswd;
    watch_learn(&with->users);
}

/* The file of the users alone has changed. */
static void reload_users(session *s, serve_setup *with, zreg_server *server)
{
    char *htpasswd = NULL;
    zreg_server_options options = with->options;
    zreg_status status = serve_setup_read_users(s, with, &htpasswd);
    options.htpasswd = htpasswd;
    if (status == ZREG_OK) {
        status = zreg_server_reload(server, &options, &s->err);
    }
    if (status == ZREG_OK) {
        keep_users(with, htpasswd);
        return;
    }
    free(htpasswd);
    if (watch_is_news(&with->users, &with->users, s->err.message)) {
        say("the users stay as they were: %s", s->err.message);
    }
    if (may_pass(status)) {
        watch_wait(&with->users);
    } else {
        watch_learn(&with->users);
    }
}

/* Until a signal ends it. The watchdog learns of a server whose event threads are stuck by silence. */
static void run(session *s, serve_setup *with, zreg_server *server)
{
    unsigned watchdog_ms = systemd_watchdog_ms();
    for (;;) {
        unsigned look_ms = watch_pause_ms(&with->users);
        int number = signals_wait(look_ms < watchdog_ms ? look_ms : watchdog_ms);
        if (number == SIGHUP) {
            reload(s, with, server);
        } else if (number != 0) {
            return;
        } else if (watch_look(&with->users)) {
            reload_users(s, with, server);
        }
        if (watchdog_ms != UINT_MAX && zreg_server_check(server, watchdog_ms, NULL) == ZREG_OK) {
            systemd_alive();
        }
    }
}

/* Another signal while it ends: at once. */
static void *hurry(void *argument)
{
    for (int number = signals_wait(UINT_MAX); number != 0; number = signals_wait(UINT_MAX)) {
        if (number != SIGHUP) {
            zreg_server_stop(argument, 0, NULL);
        }
    }
    return NULL;
}

static zreg_status stop(session *s, const serve_setup *with, zreg_server *server)
{
    pthread_t thread;
    bool has_thread = pthread_create(&thread, NULL, hurry, server) == 0;
    systemd_stopping(with->grace_ms);
    zreg_status status = zreg_server_stop(server, with->grace_ms, &s->err);
    if (has_thread) {
        signals_end_wait(thread);
        pthread_join(thread, NULL);
    }
    return status;
}

/* As many connections as the system lets this program have. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static zreg_status serve(session *s, serve_setup *with)
{
    zreg_server *server = NULL;
    raise_descriptors();
    memory_return_large();
    signals_hold();
    zreg_status status = zreg_server_start(&server, &with->options, &s->err);
    if (status == ZREG_OK) {
        status = announce(s, server);
    }
    if (status == ZREG_OK) {
        systemd_ready(zreg_server_address(server));
        s->reads_again = true;
        run(s, with, server);
        status = stop(s, with, server);
    }
    zreg_server_free(server);
    return status;
}

static zreg_status serve_run(session *s)
{
    serve_setup with;
    signals_hold_hangup();
    zreg_status status = serve_setup_read(s, &with);
    if (status == ZREG_OK) {
        status = serve(s, &with);
    }
    serve_setup_finish(&with);
    return status;
}

const verb cmd_serve = {
    .name = "serve",
    .words = "",
    .max_words = 0,
    .summary = "run a registry, until SIGTERM or SIGINT",
    .text =
        "With --json it prints one line when it is ready: host, port, username, password, cert\n"
        "and fingerprint. SIGHUP has it read its certificate, users, token keys and configuration\n"
        "again, and open its logs anew; no connection ends. A second SIGTERM ends it at once.\n"
        "systemd is told how it fares, and may pass it its socket.",
    .options = options_of_serve,
    .example = "zreg serve --buildset --listen 0.0.0.0:0 --connection-file registry.json",
    .run = serve_run,
};
