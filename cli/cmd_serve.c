/* SPDX-License-Identifier: Apache-2.0 */
#include "access_log.h"
#include "files.h"
#include "memory.h"
#include "output.h"
#include "registry_yaml.h"
#include "signals.h"
#include "verbs.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long running requests may go on after a signal. */
#define GRACE_MS 5000

static const option_spec options_of_serve[] = {
    {"root", "DIR", "the folder that holds everything"},
    {"listen", "ADDRESS:PORT", "where to listen (127.0.0.1:0; port 0 picks one)"},
    {"buildset", NULL, "a registry for one job: makes its own certificate, user and folder"},
    {"name", "DNS-OR-IP", "a further name for the buildset certificate; may be repeated", true},
    {"no-tls", NULL, "a buildset registry without TLS"},
    {"tls-cert", "FILE", "certificate chain, PEM"},
    {"tls-key", "FILE", "its private key, PEM"},
    {"htpasswd", "FILE", "users, with bcrypt or crypt hashes"},
    {"read-only", "USER", "a user of that file who may pull only; may be repeated", true},
    {"anonymous", "none|pull|push", "what may be done without a password"},
    {"durability", "full|manifest|none", "what survives a loss of power"},
    {"config", "FILE", "settings in zuul-registry's registry.yaml; options go before it"},
    {"access-log", "FILE", "add a JSON line for each request"},
    {"connection-file", "FILE", "write the connection record here when ready, for the owner only"},
    {"upstream", "HOST[=URL]", NULL, true},
    {NULL},
};

/* Everything that the server's settings point into. */
typedef struct setup {
    zreg_server_options options;
    registry_yaml yaml;
    char *listen;
    char *cert;
    char *key;
    char *htpasswd;
    access_log *access_log;
    const session *s;
} setup;

static void setup_finish(setup *with)
{
    registry_yaml_finish(&with->yaml);
    free(with->listen);
    free(with->cert);
    memory_free_secret(with->key);
    free(with->htpasswd);
    access_log_close(with->access_log);
}

static zreg_status read_choices(session *s, setup *with)
{
    static const char *const anonymous[] = {"none", "pull", "push", NULL};
    static const char *const durability[] = {"full", "manifest", "none", NULL};
    static const zreg_anonymous rights[] = {ZREG_ANONYMOUS_NONE, ZREG_ANONYMOUS_PULL,
                                            ZREG_ANONYMOUS_PUSH, ZREG_ANONYMOUS_DEFAULT};
    static const zreg_durability promises[] = {ZREG_DURABILITY_FULL, ZREG_DURABILITY_MANIFEST,
                                               ZREG_DURABILITY_NONE, ZREG_DURABILITY_DEFAULT};
    size_t right = with->yaml.public_read ? 1 : 3;
    size_t promise = 3;
    zreg_status status = session_choice(s, "anonymous", anonymous, &right);
    if (status == ZREG_OK) {
        status = session_choice(s, "durability", durability, &promise);
    }
    with->options.anonymous = rights[right];
    with->options.durability = promises[promise];
    return status;
}

static zreg_status read_pem(session *s, char **out, const char *option, const char *otherwise)
{
    const char *path = options_text(&s->given, option);
    size_t size = 0;
    path = path == NULL ? otherwise : path;
    return path == NULL ? ZREG_OK : files_read(s, out, &size, path, FILES_MAX_TEXT, option);
}

static zreg_status read_files(session *s, setup *with)
{
    zreg_status status = read_pem(s, &with->cert, "tls-cert", with->yaml.tls_cert);
    if (status == ZREG_OK) {
        status = read_pem(s, &with->key, "tls-key", with->yaml.tls_key);
    }
    if (status == ZREG_OK) {
        status = read_pem(s, &with->htpasswd, "htpasswd", NULL);
    }
    if (status == ZREG_OK && (with->cert == NULL) != (with->key == NULL)) {
        status = session_misuse(s, "a certificate and its key go together: give --tls-cert and "
                                   "--tls-key");
    }
    with->options.tls_cert_pem = with->cert;
    with->options.tls_key_pem = with->key;
    with->options.htpasswd = with->htpasswd != NULL ? with->htpasswd : with->yaml.htpasswd;
    with->options.read_only = with->htpasswd != NULL ? options_list(&s->given, "read-only")
                                                     : (const char *const *)with->yaml.read_only;
    return status;
}

static void read_address(session *s, setup *with)
{
    const char *address = with->yaml.address == NULL ? "127.0.0.1" : with->yaml.address;
    bool bare_v6 = strchr(address, ':') != NULL && address[0] != '[';
    with->options.listen = options_text(&s->given, "listen");
    if (with->options.listen == NULL && (with->yaml.address != NULL || with->yaml.port != NULL)) {
        with->listen = memory_printf("%s%s%s:%s", bare_v6 ? "[" : "", address, bare_v6 ? "]" : "",
                                     with->yaml.port == NULL ? "0" : with->yaml.port);
        with->options.listen = with->listen;
    }
}

static zreg_status open_access_log(session *s, setup *with)
{
    const char *path = options_text(&s->given, "access-log");
    if (path == NULL) {
        return ZREG_OK;
    }
    with->options.access = access_log_write;
    zreg_status status = access_log_open(s, &with->access_log, path);
    with->options.access_user = with->access_log;
    return status;
}

static void write_log(zreg_log_level level, const char *line, void *user)
{
    const setup *with = user;
    bool verbose = options_flag(&with->s->given, "verbose");
    if (level >= (verbose ? ZREG_LOG_DEBUG : ZREG_LOG_WARNING)) {
        fprintf(stderr, "zreg serve: %s\n", line);
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
    if (options_flag(&s->given, "read-only") && !options_flag(&s->given, "htpasswd")) {
        return session_misuse(s, "--read-only is for users of the file of --htpasswd");
    }
    return ZREG_OK;
}

static zreg_status read_setup(session *s, setup *with)
{
    const char *config = options_text(&s->given, "config");
    zreg_status status = check(s);
    if (status == ZREG_OK && config != NULL) {
        status = registry_yaml_read(s, &with->yaml, config);
    }
    if (status == ZREG_OK) {
        status = read_choices(s, with);
    }
    if (status == ZREG_OK) {
        status = read_files(s, with);
    }
    if (status == ZREG_OK) {
        status = open_access_log(s, with);
    }
    read_address(s, with);
    with->s = s;
    with->options.log = s->quiet ? NULL : write_log;
    with->options.log_user = with;
    with->options.root = options_text(&s->given, "root");
    with->options.root = with->options.root == NULL ? with->yaml.root : with->options.root;
    with->options.buildset = options_flag(&s->given, "buildset");
    with->options.plain_http = options_flag(&s->given, "no-tls");
    with->options.names = options_list(&s->given, "name");
    if (status == ZREG_OK && with->options.root == NULL && !with->options.buildset) {
        status = session_misuse(s, "--root is missing; give a folder, or --buildset");
    }
    return status;
}

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

static zreg_status serve(session *s, const setup *with)
{
    zreg_server *server = NULL;
    signals_hold();
    zreg_status status = zreg_server_start(&server, &with->options, &s->err);
    if (status == ZREG_OK) {
        status = announce(s, server);
    }
    if (status == ZREG_OK) {
        signals_wait();
        status = zreg_server_stop(server, GRACE_MS, &s->err);
    }
    zreg_server_free(server);
    return status;
}

static zreg_status serve_run(session *s)
{
    setup with = {.options = ZREG_OPTIONS(zreg_server_options)};
    zreg_status status = read_setup(s, &with);
    if (status == ZREG_OK) {
        status = serve(s, &with);
    }
    setup_finish(&with);
    return status;
}

const verb cmd_serve = {
    .name = "serve",
    .words = "",
    .max_words = 0,
    .summary = "run a registry, until SIGTERM or SIGINT",
    .text =
        "With --json it prints one line when it is ready: host, port, username, password, cert\n"
        "and fingerprint.",
    .options = options_of_serve,
    .example = "zreg serve --buildset --listen 0.0.0.0:0 --connection-file registry.json",
    .run = serve_run,
};
