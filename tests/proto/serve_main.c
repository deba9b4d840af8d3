/* SPDX-License-Identifier: Apache-2.0 */
/* A server for the tests of the wire, over the public API: prints its connection record as one
 * line, then the access log, one line each, and runs until standard input ends.
 *
 *   serve [KEY=VALUE...]   root listen htpasswd cert key anonymous durability buildset plain_http
 *                          name threads token_lifetime_s grace_ms quiet
 * Values of htpasswd, cert and key are files. */
#include <zreg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *names[16];
static uint32_t grace_ms;
static char *texts[3]; /* of files, freed at the end */
static size_t text_count;

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = file == NULL ? NULL : calloc(1, 1 << 20);
    if (text == NULL || fread(text, 1, (1 << 20) - 1, file) == 0) {
        fprintf(stderr, "serve: %s cannot be read\n", path);
        exit(2);
    }
    fclose(file);
    texts[text_count++ % 3] = text;
    return text;
}

static uint32_t number(const char *value)
{
    return (uint32_t)strtoul(value, NULL, 10);
}

static void set_number(zreg_server_options *options, const char *key, const char *value)
{
    uint32_t n = number(value);
    if (strcmp(key, "anonymous") == 0) {
        options->anonymous = (zreg_anonymous)n;
    } else if (strcmp(key, "durability") == 0) {
        options->durability = (zreg_durability)n;
    } else if (strcmp(key, "buildset") == 0) {
        options->buildset = (int)n;
    } else if (strcmp(key, "plain_http") == 0) {
        options->plain_http = (int)n;
    } else if (strcmp(key, "threads") == 0) {
        options->threads = n;
    } else if (strcmp(key, "token_lifetime_s") == 0) {
        options->token_lifetime_s = n;
    } else if (strcmp(key, "quiet") == 0) {
        options->access = NULL;
    } else if (strcmp(key, "grace_ms") == 0) {
        grace_ms = n;
    } else {
        fprintf(stderr, "serve: no setting \"%s\"\n", key);
        exit(2);
    }
}

static void set(zreg_server_options *options, const char *key, const char *value)
{
    static size_t name_count;
    if (strcmp(key, "root") == 0) {
        options->root = value;
    } else if (strcmp(key, "listen") == 0) {
        options->listen = value;
    } else if (strcmp(key, "htpasswd") == 0) {
        options->htpasswd = read_file(value);
    } else if (strcmp(key, "cert") == 0) {
        options->tls_cert_pem = read_file(value);
    } else if (strcmp(key, "key") == 0) {
        options->tls_key_pem = read_file(value);
    } else if (strcmp(key, "name") == 0 && name_count < 15) {
        names[name_count++] = value;
        options->names = names;
    } else {
        set_number(options, key, value);
    }
}

static void print_line(const char *line, void *user)
{
    (void)user;
    printf("%s\n", line);
    fflush(stdout);
}

static void print_log(zreg_log_level level, const char *line, void *user)
{
    (void)user;
    fprintf(stderr, "%d %s\n", (int)level, line);
}

static int finish(int code)
{
    for (size_t i = 0; i < 3; i++) {
        free(texts[i]);
    }
    return code;
}

static int fail(const zreg_error *err)
{
    printf("{\"error\":\"%s\"}\n", zreg_status_name(err->code));
    fprintf(stderr, "serve: %s\n", err->message);
    return finish(1);
}

int main(int argc, char **argv)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_server *server = NULL;
    zreg_error err;
    char *record = NULL;
    char byte;
    options.access = print_line;
    options.log = print_log;
    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value == NULL) {
            fprintf(stderr, "serve: write KEY=VALUE, not \"%s\"\n", argv[i]);
            return 2;
        }
        *value = '\0';
        set(&options, argv[i], value + 1);
    }
    if (zreg_server_start(&server, &options, &err) != ZREG_OK ||
        zreg_server_connection(&record, server, &err) != ZREG_OK) {
        return fail(&err);
    }
    print_line(record, NULL);
    zreg_free(record);
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    zreg_status status = zreg_server_stop(server, grace_ms, &err);
    zreg_server_free(server);
    return status == ZREG_OK ? finish(0) : fail(&err);
}
