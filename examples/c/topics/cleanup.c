/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary tags that nobody promoted are deleted. */
#include "topic.h"

static void make(zreg_client *client, const char *repository, const char *tag)
{
    zreg_error err = {0};
    zreg_digest digest;
    char place[120];

    snprintf(place, sizeof(place), "%s:%s", repository, tag);
    must(zreg_append(&digest, client, "scratch", NULL, place, NULL, NULL, &err), &err);
}

int main(void)
{
    zreg_cleanup_options options = ZREG_OPTIONS(zreg_cleanup_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_cleaned *cleaned = NULL;
    char repository[100];
    char *json = NULL;

    snprintf(repository, sizeof(repository), "%s/example/base", zreg_server_address(server));
    make(client, repository, "latest");
    make(client, repository, "change_12_latest");
    options.any_age = 1; /* a day otherwise */
    must(zreg_cleanup_tags(&cleaned, client, repository, &options, NULL, &err), &err);
    for (size_t i = 0; i < zreg_cleaned_count(cleaned); i++) {
        const zreg_cleaned_tag *tag = zreg_cleaned_at(cleaned, i);
        printf("%s is %s: %s\n", tag->tag, tag->deleted ? "gone" : "there", tag->reason);
    }
    must(zreg_cleaned_json(&json, cleaned, &err), &err);
    zreg_free(json);
    zreg_cleaned_free(cleaned);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
