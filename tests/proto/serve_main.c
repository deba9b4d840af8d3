/* SPDX-License-Identifier: Apache-2.0 */
/* A server for the tests of the wire, over the public API: prints its connection record as one
 * line, then the access log, one line each, and runs until standard input ends.
 *
 *   serve [KEY=VALUE...]   root listen htpasswd cert key anonymous durability buildset plain_http shadow
 *                          sparse_indexes name threads token_lifetime_s grace_ms quiet read_only immutable no_writes
 *                          no_deletes uploads_per_user rule group audit (in place of the access log)
 *                          public_url trusted proxy_protocol metrics and the fields of zreg_server_limits
 * Values of htpasswd, cert and key are files; of rule WHO,WHO=PATTERN,PATTERN=RIGHTS, RIGHTS a number;
 * of group NAME=MEMBER,MEMBER; rule, group, name, immutable and read_only may be repeated. */
#include <zreg.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 16

static const char *names[MOST];
static const char *readers[MOST];
static const char *immutable[MOST];
static zreg_server_rule rules[MOST];
static const zreg_server_rule *rule_list[MOST];
static zreg_server_group groups[MOST];
static const zreg_server_group *group_list[MOST];
static const char *proxies[2];
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

/* Cuts the text at the commas, in place; what is too much is left out. */
static const char *const *cut(char *text)
{
    static const char *lists[3 * MOST][MOST];
    static size_t count;
    const char **list = lists[count++ % (3 * MOST)];
    for (size_t i = 0; text != NULL && i < MOST - 1; i++) {
        list[i] = strsep(&text, ",");
    }
    return list;
}

static void add(const char **list, const char *value)
{
    size_t count = 0;
    while (count < MOST - 2 && list[count] != NULL) {
        count++;
    }
    list[count] = value;
}

static void add_rule(zreg_server_options *options, char *value)
{
    static size_t count;
    zreg_server_rule *rule = &rules[count];
    *rule = (zreg_server_rule)ZREG_OPTIONS(zreg_server_rule);
    rule->who = cut(strsep(&value, "="));
    rule->repositories = cut(strsep(&value, "="));
    rule->rights = value == NULL ? 0 : number(value);
    rule_list[count] = rule;
    count += count < MOST - 2;
    options->rules = rule_list;
}

static void add_group(zreg_server_options *options, char *value)
{
    static size_t count;
    zreg_server_group *group = &groups[count];
    *group = (zreg_server_group)ZREG_OPTIONS(zreg_server_group);
    group->name = strsep(&value, "=");
    group->members = cut(value);
    group_list[count] = group;
    count += count < MOST - 2;
    options->groups = group_list;
}

static void print_line(const char *line, void *user)
{
    (void)user;
    printf("%s\n", line);
    fflush(stdout);
}

static const struct {
    const char *name;
    size_t offset;
    bool is_u64;
} limits_known[] = {
#define LIMIT(name, is_u64)                                                                        \
    {                                                                                              \
#name, offsetof(zreg_server_limits, name), is_u64                                          \
    }
    LIMIT(request_line_bytes, false),
    LIMIT(head_bytes, false),
    LIMIT(head_fields, false),
    LIMIT(body_bytes, true),
    LIMIT(head_ms, false),
    LIMIT(body_ms, false),
    LIMIT(answer_ms, false),
    LIMIT(least_bytes, false),
    LIMIT(idle_ms, false),
    LIMIT(total_ms, false),
    LIMIT(connections, false),
    LIMIT(connections_per_address, false),
    LIMIT(held_bytes, true),
};

static bool set_limit(zreg_server_options *options, const char *key, const char *value)
{
    static zreg_server_limits limits = ZREG_OPTIONS(zreg_server_limits);
    for (size_t i = 0; i < sizeof(limits_known) / sizeof(limits_known[0]); i++) {
        char *member = (char *)&limits + limits_known[i].offset;
        if (strcmp(key, limits_known[i].name) != 0) {
            continue;
        }
        options->limits = &limits;
        if (limits_known[i].is_u64) {
            *(uint64_t *)(void *)member = strtoull(value, NULL, 10);
        } else {
            *(uint32_t *)(void *)member = number(value);
        }
        return true;
    }
    return false;
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
    } else if (strcmp(key, "shadow") == 0) {
        options->shadow = (int)n;
    } else if (strcmp(key, "sparse_indexes") == 0) {
        options->sparse_indexes = (int)n;
    } else if (strcmp(key, "plain_http") == 0) {
        options->plain_http = (int)n;
    } else if (strcmp(key, "threads") == 0) {
        options->threads = n;
    } else if (strcmp(key, "token_lifetime_s") == 0) {
        options->token_lifetime_s = n;
    } else if (strcmp(key, "no_writes") == 0) {
        options->no_writes = (int)n;
    } else if (strcmp(key, "uploads_per_user") == 0) {
        options->uploads_per_user = n;
    } else if (strcmp(key, "no_deletes") == 0) {
        options->no_deletes = (int)n;
    } else if (strcmp(key, "audit") == 0) {
        options->access = NULL;
        options->audit = print_line;
    } else if (strcmp(key, "metrics") == 0) {
        options->metrics = (int)n;
    } else if (strcmp(key, "quiet") == 0) {
        options->access = NULL;
    } else if (strcmp(key, "proxy_protocol") == 0) {
        options->proxy_protocol = (int)n;
    } else if (strcmp(key, "grace_ms") == 0) {
        grace_ms = n;
    } else if (!set_limit(options, key, value)) {
        fprintf(stderr, "serve: no setting \"%s\"\n", key);
        exit(2);
    }
}

static void set(zreg_server_options *options, const char *key, char *value)
{
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
    } else if (strcmp(key, "name") == 0) {
        add(names, value);
        options->names = names;
    } else if (strcmp(key, "read_only") == 0) {
        add(readers, value);
        options->read_only = readers;
    } else if (strcmp(key, "immutable") == 0) {
        add(immutable, value);
        options->immutable_tags = immutable;
    } else if (strcmp(key, "rule") == 0) {
        add_rule(options, value);
    } else if (strcmp(key, "group") == 0) {
        add_group(options, value);
    } else if (strcmp(key, "public_url") == 0) {
        options->public_url = value;
    } else if (strcmp(key, "trusted") == 0) {
        proxies[0] = value;
        options->trusted_proxies = proxies;
    } else {
        set_number(options, key, value);
    }
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
