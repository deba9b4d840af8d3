/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_setup.h"

#include "files.h"
#include "memory.h"
#include "say.h"
#include "server_limits.h"
#include "systemd.h"
#include <stdlib.h>
#include <string.h>

#define GRACE_S 5 /* unless --grace says it */

/* Everything that the server's settings point into. */
void serve_setup_finish(serve_setup *with)
{
    registry_yaml_finish(&with->yaml);
    free(with->listen);
    free(with->cert);
    memory_free_secret(with->key);
    free(with->htpasswd);
    free(with->client_ca);
    serve_tokens_finish(&with->tokens);
    access_log_close(with->access_log);
    access_log_close(with->audit_log);
}

static zreg_status read_choices(session *s, serve_setup *with)
{
    size_t right = SIZE_MAX, promise = SIZE_MAX; /* that is, as the file says */
    zreg_status status = session_choice(s, "anonymous", registry_yaml_anonymous, &right);
    if (status == ZREG_OK) {
        status = session_choice(s, "durability", registry_yaml_durability, &promise);
    }
    with->options.anonymous =
        right == SIZE_MAX ? with->yaml.anonymous : (zreg_anonymous)(ZREG_ANONYMOUS_NONE + right);
    with->options.durability = promise == SIZE_MAX
                                   ? with->yaml.durability
                                   : (zreg_durability)(ZREG_DURABILITY_FULL + promise);
    return status;
}

static zreg_status read_pem(session *s, char **out, const char *option, const char *otherwise)
{
    const char *path = session_text(s, option, otherwise);
    return path == NULL ? ZREG_OK : files_read_text(s, out, path, option);
}

zreg_status serve_setup_read_users(session *s, const serve_setup *with, char **out)
{
    return read_pem(s, out, "htpasswd", with->yaml.htpasswd_file);
}

static void watch_users(session *s, serve_setup *with)
{
    const char *path = session_text(s, "htpasswd", with->yaml.htpasswd_file);
    bool is_file = path != NULL && strcmp(path, "-") != 0;
    watch_begin(&with->users, is_file && !options_flag(&s->given, "buildset") ? path : NULL);
}

static zreg_status read_certificates(session *s, serve_setup *with)
{
    zreg_status status = read_pem(s, &with->cert, "tls-cert", with->yaml.tls_cert);
    if (status == ZREG_OK) {
        status = read_pem(s, &with->key, "tls-key", with->yaml.tls_key);
    }
    if (status == ZREG_OK) {
        status = read_pem(s, &with->client_ca, "tls-client-ca", with->yaml.tls_client_ca);
    }
    if (status == ZREG_OK && (with->cert == NULL) != (with->key == NULL)) {
        status = session_misuse(s, "a certificate and its key go together: give --tls-cert and "
                                   "--tls-key");
    }
    with->options.tls_cert_pem = with->cert;
    with->options.tls_key_pem = with->key;
    with->options.tls_client_ca_pem = with->client_ca;
    with->options.tls_client_required =
        options_flag(&s->given, "tls-client-required") || with->yaml.tls_client_required;
    return status;
}

static zreg_status read_users(session *s, serve_setup *with)
{
    bool is_option = options_flag(&s->given, "htpasswd") || options_flag(&s->given, "read-only");
    watch_users(s, with);
    zreg_status status = serve_setup_read_users(s, with, &with->htpasswd);
    with->options.htpasswd = with->htpasswd != NULL ? with->htpasswd : with->yaml.htpasswd;
    with->options.read_only = is_option ? options_list(&s->given, "read-only")
                                        : (const char *const *)with->yaml.read_only;
    if (status == ZREG_OK && with->htpasswd == NULL && options_flag(&s->given, "read-only")) {
        return session_misuse(s, "--read-only is for users of the file of --htpasswd");
    }
    return status == ZREG_OK ? serve_tokens_read(s, &with->tokens, &with->options, &with->yaml)
                             : status;
}

static zreg_status read_address(session *s, serve_setup *with)
{
    const char *address = with->yaml.address == NULL ? "127.0.0.1" : with->yaml.address;
    bool bare_v6 = strchr(address, ':') != NULL && address[0] != '[';
    with->options.listen = options_text(&s->given, "listen");
    if (with->options.listen == NULL && (with->yaml.address != NULL || with->yaml.port != NULL)) {
        with->listen = memory_printf("%s%s%s:%s", bare_v6 ? "[" : "", address, bare_v6 ? "]" : "",
                                     with->yaml.port == NULL ? "0" : with->yaml.port);
        with->options.listen = with->listen;
    }
    return ZREG_OK;
}

/* How it is watched, ended, and started by systemd. */
static zreg_status read_service(session *s, serve_setup *with)
{
    uint32_t seconds;
    with->options.metrics = options_flag(&s->given, "metrics") || with->yaml.metrics;
    with->options.metrics_listen = session_text(s, "metrics-listen", with->yaml.metrics_listen);
    zreg_status status = session_number(s, "grace", with->yaml.grace_s, &seconds);
    with->grace_ms = seconds * 1000;
    return status == ZREG_OK ? systemd_socket(s, &with->options.listen_descriptor) : status;
}

static zreg_status read_proxies(session *s, serve_setup *with)
{
    bool is_given = options_flag(&s->given, "trusted-proxy");
    with->options.trusted_proxies = is_given ? options_list(&s->given, "trusted-proxy")
                                             : (const char *const *)with->yaml.trusted_proxies;
    with->options.proxy_protocol =
        options_flag(&s->given, "proxy-protocol") || with->yaml.proxy_protocol;
    return with->options.proxy_protocol && with->options.trusted_proxies == NULL
               ? session_misuse(s, "--proxy-protocol is for trusted proxies; add --trusted-proxy")
               : ZREG_OK;
}

/* Those that depend on the site have options; all are in registry.yaml. */
static zreg_status read_limits(session *s, serve_setup *with)
{
    static const char *const options[][2] = {
        {"max-connections", "connections"},
        {"max-connections-per-address", "connections-per-address"},
        {"max-body", "body-bytes"},
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *text = options_text(&s->given, options[i][0]);
        if (text != NULL && !server_limits_set(&with->yaml.limits, options[i][1], text)) {
            return session_misuse(s, "--%s: \"%s\" is no number above 0", options[i][0], text);
        }
    }
    with->options.limits = &with->yaml.limits;
    return read_proxies(s, with);
}

static zreg_status open_logs(session *s, serve_setup *with)
{
    zreg_status status = access_log_open(s, &with->access_log, "access-log",
                                         session_text(s, "access-log", with->yaml.access_log));
    if (status == ZREG_OK) {
        status = access_log_open(s, &with->audit_log, "audit-log",
                                 session_text(s, "audit-log", with->yaml.audit_log));
    }
    with->options.access = with->access_log == NULL ? NULL : access_log_write;
    with->options.access_user = with->access_log;
    with->options.audit = with->audit_log == NULL ? NULL : access_log_write;
    with->options.audit_user = with->audit_log;
    return status;
}

static zreg_status read_rights(session *s, serve_setup *with)
{
    const registry_yaml *yaml = &with->yaml;
    zreg_server_options *options = &with->options;
    options->rules = (const zreg_server_rule *const *)yaml->rules;
    options->groups = (const zreg_server_group *const *)yaml->groups;
    options->immutable_tags = options_flag(&s->given, "immutable-tags")
                                  ? options_list(&s->given, "immutable-tags")
                                  : (const char *const *)yaml->immutable_tags;
    options->no_writes = yaml->no_writes || options_flag(&s->given, "no-writes");
    options->no_deletes = yaml->no_deletes || options_flag(&s->given, "no-deletes");
    return session_number(s, "uploads-per-user", yaml->uploads_per_user,
                          &options->uploads_per_user);
}

static void write_log(zreg_log_level level, const char *line, void *user)
{
    const serve_setup *with = user;
    bool verbose = options_flag(&with->s->given, "verbose");
    if (level >= (verbose ? ZREG_LOG_DEBUG : ZREG_LOG_WARNING)) {
        say("%s", line);
    }
}

static zreg_status check(session *s)
{
    bool buildset = options_flag(&s->given, "buildset");
    if (options_flag(&s->given, "upstream")) {
        return session_fail(s, ZREG_UNSUPPORTED,
                            "--upstream: this version serves local content "
                            "only");
    }
    if (!buildset && (options_flag(&s->given, "name") || options_flag(&s->given, "no-tls"))) {
        return session_misuse(s, "--name and --no-tls are for --buildset");
    }
    return ZREG_OK;
}

/* What needs no reading of its own. */
static zreg_status read_plain(session *s, serve_setup *with)
{
    zreg_server_options *options = &with->options;
    options->log = s->quiet ? NULL : write_log;
    options->log_user = with;
    options->root = session_text(s, "root", with->yaml.root);
    options->public_url = session_text(s, "public-url", with->yaml.public_url);
    options->buildset = options_flag(&s->given, "buildset");
    options->shadow = options_flag(&s->given, "shadow") || with->yaml.shadow;
    options->sparse_indexes =
        options_flag(&s->given, "sparse-indexes") || with->yaml.sparse_indexes;
    options->plain_http = options_flag(&s->given, "no-tls");
    options->names = options_list(&s->given, "name");
    return options->root == NULL && !options->buildset
               ? session_misuse(s, "--root is missing; give a folder, or --buildset")
               : ZREG_OK;
}

static zreg_status read_config(session *s, serve_setup *with)
{
    const char *config = options_text(&s->given, "config");
    return config == NULL ? ZREG_OK : registry_yaml_read(s, &with->yaml, config);
}

/* What nobody says is said here: to start with DEFAULT means this too, but a reload takes it for "as it
 * was", though a file may have said something before. */
static zreg_status choose_anonymous(session *s, serve_setup *with)
{
    (void)s;
    zreg_server_options *options = &with->options;
    bool knows_callers = options->htpasswd != NULL || options->token_realm != NULL ||
                         options->tls_client_ca_pem != NULL;
    if (options->anonymous == ZREG_ANONYMOUS_DEFAULT && options->rules == NULL &&
        !options->buildset) {
        options->anonymous = knows_callers ? ZREG_ANONYMOUS_NONE : ZREG_ANONYMOUS_PUSH;
    }
    return ZREG_OK;
}

typedef zreg_status reader(session *s, serve_setup *with);

static zreg_status read_all(session *s, serve_setup *with, reader *const *readers, size_t count)
{
    zreg_status status = ZREG_OK;
    for (size_t i = 0; status == ZREG_OK && i < count; i++) {
        status = readers[i](s, with);
    }
    return status;
}

static serve_setup nothing_yet(const session *s)
{
    return (serve_setup){.options = ZREG_OPTIONS(zreg_server_options),
                         .yaml.limits = ZREG_OPTIONS(zreg_server_limits),
                         .yaml.grace_s = GRACE_S,
                         .s = s};
}

zreg_status serve_setup_read(session *s, serve_setup *with)
{
    static reader *const readers[] = {
        read_config, read_choices, read_certificates, read_users,       read_address, read_rights,
        read_limits, read_plain,   read_service,      choose_anonymous, open_logs,
    };
    zreg_status status = check(s);
    *with = nothing_yet(s);
    return status == ZREG_OK ? read_all(s, with, readers, sizeof(readers) / sizeof(readers[0]))
                             : status;
}

zreg_status serve_setup_read_again(session *s, serve_setup *again)
{
    static reader *const readers[] = {read_config, read_choices, read_certificates,
                                      read_users,  read_rights,  read_limits,
                                      read_plain,  read_service, choose_anonymous};
    *again = nothing_yet(s);
    return read_all(s, again, readers, sizeof(readers) / sizeof(readers[0]));
}

void serve_setup_keep(serve_setup *with, serve_setup *again)
{
    serve_setup before = *with;
    with->options = again->options;
    with->yaml = again->yaml;
    with->options.limits = &with->yaml.limits;
    with->cert = again->cert;
    with->key = again->key;
    with->htpasswd = again->htpasswd;
    with->client_ca = again->client_ca;
    with->tokens = again->tokens;
    with->users = again->users;
    with->grace_ms = again->grace_ms;
    *again = before;
    again->access_log = NULL; /* the logs stay */
    again->audit_log = NULL;
    again->listen = NULL;
}
