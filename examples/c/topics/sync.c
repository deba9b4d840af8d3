/* SPDX-License-Identifier: Apache-2.0 */
/* The tags of one repository are brought up to date in another. */
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
    zreg_sync_options options = ZREG_OPTIONS(zreg_sync_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_synced *synced = NULL;
    char src[100];
    char dst[100];
    char *json = NULL;

    snprintf(src, sizeof(src), "%s/example/base", zreg_server_address(server));
    snprintf(dst, sizeof(dst), "%s/mirror/base", zreg_server_address(server));
    make(client, src, "1.0");
    make(client, src, "1.0-debug");
    options.tags = (const char *const[]){"1.*", NULL};
    options.exclude = (const char *const[]){"*-debug", NULL};
    must(zreg_sync(&synced, client, src, dst, &options, NULL, &err), &err);
    for (size_t i = 0; i < zreg_synced_count(synced); i++) {
        const zreg_synced_tag *tag = zreg_synced_at(synced, i);
        printf("%s %s %s\n", tag->tag, tag->state == ZREG_SYNC_COPIED ? "copied" : "present",
               tag->digest.text);
    }
    must(zreg_synced_json(&json, synced, &err), &err);
    zreg_free(json);
    zreg_synced_free(synced);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
