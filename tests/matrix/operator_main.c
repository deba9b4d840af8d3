/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries out operations of registries, each by a client of its own that knows nothing yet: reads one a line,
 * answers one line each, "OK ..." or "ERR STATUS HTTP-STATUS TEXT".
 *
 *     IDLE-MS HOST,HOST USER PASSWORD VERB WORD...
 */
#include <zreg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 8 };

typedef struct verb {
    const char *name;
    zreg_status (*run)(zreg_client *client, char **words, zreg_error *err);
} verb;

/* The program ends when a test writes a wrong one. */
static zreg_ref *ref_of(const char *text)
{
    zreg_ref *ref = NULL;
    zreg_error err = {0};

    if (zreg_ref_parse(&ref, text, &err) != ZREG_OK) {
        fprintf(stderr, "operator: %s\n", err.message);
        exit(2);
    }
    return ref;
}

static zreg_status do_copy(zreg_client *client, char **words, zreg_error *err)
{
    return zreg_copy(NULL, client, words[0], words[1], NULL, NULL, err);
}

static zreg_status do_promote(zreg_client *client, char **words, zreg_error *err)
{
    zreg_promote_options options = ZREG_OPTIONS(zreg_promote_options);
    const char *tags[] = {words[2], words[3], NULL};
    zreg_promoted *promoted = NULL;
    zreg_status status;

    options.change = words[1];
    status = zreg_promote(&promoted, client, words[0], tags, &options, NULL, err);
    if (status == ZREG_OK && zreg_promoted_summary(promoted)->cleanup_error[0] != '\0') {
        printf("CLEANUP %s\n", zreg_promoted_summary(promoted)->cleanup_error);
    }
    zreg_promoted_free(promoted);
    return status;
}

static zreg_status do_tags(zreg_client *client, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[0]);
    zreg_strings *tags = NULL;
    zreg_status status = zreg_client_tags(&tags, client, ref, NULL, err);

    for (size_t i = 0; i < zreg_strings_count(tags); i++) {
        printf("TAG %s\n", zreg_strings_at(tags, i));
    }
    zreg_strings_free(tags);
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_delete(zreg_client *client, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[0]);
    zreg_status status = zreg_client_manifest_delete(client, ref, NULL, err);

    zreg_ref_free(ref);
    return status;
}

static zreg_status do_delete_tag(zreg_client *client, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[0]);
    zreg_status status = zreg_client_tag_delete(client, ref, NULL, err);

    zreg_ref_free(ref);
    return status;
}

static const verb verbs[] = {
    {"copy", do_copy},     {"promote", do_promote},       {"tags", do_tags},
    {"delete", do_delete}, {"delete-tag", do_delete_tag},
};

static const verb *find_verb(const char *name)
{
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (name != NULL && strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    fprintf(stderr, "operator: no such operation\n");
    exit(2);
}

/* All hosts speak HTTP without TLS, and know the same user. */
static zreg_status set_hosts(zreg_client *client, char *hosts, char **login, zreg_error *err)
{
    zreg_host_options plain = ZREG_OPTIONS(zreg_host_options);
    const char *host;
    zreg_status status = ZREG_OK;

    plain.plain_http = 1;
    while (status == ZREG_OK && (host = strsep(&hosts, ",")) != NULL) {
        status = zreg_client_set_host(client, host, &plain, err);
        if (status == ZREG_OK) {
            status = zreg_client_set_credentials(client, host, login[0], login[1], err);
        }
    }
    return status;
}

static zreg_status operate(char **words, zreg_error *err)
{
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);
    const verb *what = find_verb(words[4]);
    zreg_client *client = NULL;
    zreg_status status;

    options.authfile = "";
    options.idle_timeout_ms = (uint32_t)strtoul(words[0], NULL, 10);
    status = zreg_client_new(&client, &options, err);
    if (status == ZREG_OK) {
        status = set_hosts(client, words[1], words + 2, err);
    }
    if (status == ZREG_OK) {
        status = what->run(client, words + 5, err);
    }
    zreg_client_free(client);
    return status;
}

int main(void)
{
    static char line[1 << 16];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[5 + MAX_WORDS] = {0};
        char *rest = line;
        zreg_error err = {0};
        zreg_status status;

        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < 4 + MAX_WORDS && (words[i] = strsep(&rest, " ")) != NULL; i++) {
        }
        status = operate(words, &err);
        if (status == ZREG_OK) {
            printf("OK\n");
        } else {
            printf("ERR %s %d %s\n", zreg_status_name(status), err.http_status, err.message);
        }
        fflush(stdout);
    }
    return 0;
}
