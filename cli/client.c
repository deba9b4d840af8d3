/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include "files.h"
#include "memory.h"
#include "registry_files.h"
#include "signals.h"
#include "values.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_RETRIES = 100 };

static bool is_listed(const session *s, const char *option, const char *host)
{
    for (const char *const *given = options_list(&s->given, option); *given != NULL; given++) {
        if (strcmp(*given, host) == 0) {
            return true;
        }
    }
    return false;
}

/* Everything about a host goes into one call, since a later one would replace an earlier one. */
static void read_host_options(const session *s, const char *host, zreg_host_options *to)
{
    to->insecure = is_listed(s, "insecure", host);
    to->plain_http = is_listed(s, "plain-http", host);
    to->http2 = is_listed(s, "http2", host);
}

static zreg_status set_host(session *s, const char *host)
{
    zreg_host_options options = ZREG_OPTIONS(zreg_host_options);
    read_host_options(s, host, &options);
    return zreg_client_set_host(s->client, host, &options, &s->err);
}

static zreg_status set_listed_hosts(session *s, const char *option)
{
    zreg_status status = ZREG_OK;
    const char *const *host = options_list(&s->given, option);
    for (; *host != NULL && status == ZREG_OK; host++) {
        status = set_host(s, *host);
    }
    return status;
}

/* Which host it is about is known then, and so which options are. */
static zreg_status use_record(session *s, const char *json, size_t size)
{
    zreg_host_options options = ZREG_OPTIONS(zreg_host_options);
    char *host = NULL;
    char *again = NULL;
    zreg_status status = zreg_client_set_connection(&host, s->client, json, size, NULL, &s->err);
    if (status == ZREG_OK) {
        read_host_options(s, host, &options);
        status = zreg_client_set_connection(&again, s->client, json, size, &options, &s->err);
    }
    zreg_free(host);
    zreg_free(again);
    return status;
}

static zreg_status set_connection(session *s, const char *path)
{
    AUTO_SECRET char *text = NULL;
    size_t size = 0;
    zreg_status status = files_read(s, &text, &size, path, FILES_MAX_TEXT, "--connection");
    if (status != ZREG_OK) {
        return status;
    }
    status = use_record(s, text, size);
    if (status != ZREG_OK) {
        AUTO_FREE char *why = memory_printf("%s", s->err.message);
        return session_fail(s, status, "--connection %s: no connection record: %s", path, why);
    }
    return ZREG_OK;
}

/* HOST=FILE, where FILE holds USER:PASSWORD. */
static zreg_status set_creds(session *s, const char *given)
{
    const char *equals = strchr(given, '=');
    AUTO_SECRET char *secret = NULL;
    if (equals == NULL || equals == given) {
        return session_misuse(s, "--creds-file: write HOST=FILE");
    }
    AUTO_FREE char *host = memory_printf("%.*s", (int)(equals - given), given);
    zreg_status status = files_read_secret(s, &secret, equals + 1, "--creds-file");
    if (status != ZREG_OK) {
        return status;
    }
    char *colon = strchr(secret, ':');
    if (colon == NULL) {
        return session_fail(s, ZREG_INVAL, "--creds-file %s: write USER:PASSWORD into it",
                            equals + 1);
    }
    *colon = '\0';
    return zreg_client_set_credentials(s->client, host, secret, colon + 1, &s->err);
}

/* The host of a place; NULL for a folder or a file. */
static zreg_status host_of(session *s, char **host, const char *place)
{
    zreg_ref *ref = NULL;
    *host = NULL;
    if (place == NULL || values_is_local(place)) {
        return ZREG_OK;
    }
    zreg_status status = zreg_ref_parse(&ref, place, &s->err);
    if (status == ZREG_OK) {
        *host = memory_check(strdup(zreg_ref_host(ref)));
    }
    zreg_ref_free(ref);
    return status;
}

static zreg_status read_password(session *s, char **password)
{
    const char *path = options_text(&s->given, "password-file");
    if (path != NULL) {
        return files_read_secret(s, password, path, "--password-file");
    }
    const char *given = getenv("ZREG_PASSWORD");
    if (given == NULL) {
        return session_misuse(s, "the user has no password: give --password-file or ZREG_PASSWORD");
    }
    *password = memory_check(strdup(given));
    return ZREG_OK;
}

static zreg_status set_user(session *s, const char *place)
{
    AUTO_FREE char *host = NULL;
    AUTO_SECRET char *password = NULL;
    const char *username = options_text(&s->given, "username");
    username = username == NULL ? getenv("ZREG_USERNAME") : username;
    if (username == NULL) {
        return options_flag(&s->given, "password-file")
                   ? session_misuse(s, "--password-file needs --username")
                   : ZREG_OK;
    }
    zreg_status status = host_of(s, &host, place);
    if (status != ZREG_OK || host == NULL) {
        return status;
    }
    status = read_password(s, &password);
    return status == ZREG_OK
               ? zreg_client_set_credentials(s->client, host, username, password, &s->err)
               : status;
}

/* Runs `set` for each value of an option. */
static zreg_status for_each(session *s, const char *option,
                            zreg_status (*set)(session *, const char *))
{
    zreg_status status = ZREG_OK;
    const char *const *given = options_list(&s->given, option);
    for (; *given != NULL && status == ZREG_OK; given++) {
        status = set(s, *given);
    }
    return status;
}

static zreg_status set_hosts(session *s, const char *place)
{
    zreg_status status = set_listed_hosts(s, "plain-http");
    status = status == ZREG_OK ? set_listed_hosts(s, "insecure") : status;
    status = status == ZREG_OK ? set_listed_hosts(s, "http2") : status;
    status = status == ZREG_OK ? for_each(s, "connection", set_connection) : status;
    status = status == ZREG_OK ? for_each(s, "creds-file", set_creds) : status;
    return status == ZREG_OK ? set_user(s, place) : status;
}

static void write_log(zreg_log_level level, const char *line, void *user)
{
    const session *s = user;
    const char *wipe = s->progress.drawn ? "\r\033[K" : "";
    if (level >= (options_flag(&s->given, "verbose") ? ZREG_LOG_DEBUG : ZREG_LOG_WARNING)) {
        fprintf(stderr, "%szreg: %s\n", wipe, line);
    }
}

/* How long all of it may take, and how often what failed in passing is sent again: for all verbs alike. */
static zreg_status read_policy(session *s, zreg_client_options *options, uint32_t *timeout_ms)
{
    uint32_t again = 0;
    zreg_status status = session_number(s, "retry", 0, &again);
    if (status == ZREG_OK && again > MAX_RETRIES) {
        status = session_misuse(s, "--retry: write a number up to %d", MAX_RETRIES);
    }
    options->attempts = options_flag(&s->given, "retry") ? again + 1 : 0;
    return status == ZREG_OK ? values_timeout(s, "timeout", timeout_ms) : status;
}

zreg_status client_open(session *s, const char *place)
{
    uint32_t timeout_ms = 0;
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);
    options.authfile = options_text(&s->given, "authfile");
    options.ca_file = options_text(&s->given, "ca");
    registry_files_take(s, &options);
    options.log = s->quiet ? NULL : write_log;
    options.log_user = s;
    zreg_status status = read_policy(s, &options, &timeout_ms);
    if (status == ZREG_OK) {
        status = zreg_cancel_new(&s->cancel, &s->err);
    }
    if (status == ZREG_OK && timeout_ms != 0) {
        zreg_cancel_after(s->cancel, timeout_ms);
    }
    if (status == ZREG_OK) {
        status = zreg_client_new(&s->client, &options, &s->err);
    }
    if (status == ZREG_OK) {
        signals_cancel(s->cancel);
        progress_start(&s->progress, s->quiet);
        status = set_hosts(s, place);
    }
    return status;
}
