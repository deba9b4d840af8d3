/* SPDX-License-Identifier: Apache-2.0 */
/* The change has merged: the image that was uploaded for it gets its final tag. */
#include "topic.h"

#include <inttypes.h>
#include <string.h>

static void upload(zreg_client *client, const char *repository, const char *tag)
{
    zreg_error err = {0};
    zreg_digest digest;
    char place[120];

    snprintf(place, sizeof(place), "%s:%s", repository, tag);
    must(zreg_append(&digest, client, "scratch", NULL, place, NULL, NULL, &err), &err);
}

static void tell(zreg_promoted *promoted)
{
    const zreg_promote_summary *summary = zreg_promoted_summary(promoted);
    zreg_error err = {0};
    char *json = NULL;

    for (size_t i = 0; i < zreg_promoted_count(promoted); i++)
        printf("%s is %s\n", zreg_promoted_at(promoted, i)->tag, summary->digest.text);
    printf("%" PRIu64 " requests, for blobs: %" PRIu64 "\n", summary->requests,
           summary->blob_requests);
    must(zreg_promoted_json(&json, promoted, &err), &err);
    zreg_free(json);
    zreg_promoted_free(promoted);
}

/* Without an upload: what the build published is copied, and given its tag. */
static void promote_published(zreg_client *client, const char *repository)
{
    zreg_error err = {0};
    zreg_artifacts *artifacts = NULL;
    zreg_promoted *promoted = NULL;
    char json[1000];

    upload(client, repository, "6a0c_second");
    snprintf(json, sizeof(json),
             "[{\"name\": \"%s:second\", \"url\": \"docker://%s:6a0c_second\","
             " \"metadata\": {\"type\": \"container_image\", \"repository\": \"%s\","
             "  \"tag\": \"second\"}}]",
             repository, repository, repository);
    must(zreg_artifacts_parse(&artifacts, json, strlen(json), &err), &err);
    must(zreg_promote_from_intermediate(&promoted, client, artifacts, repository,
                                        (const char *const[]){"second", NULL}, NULL, NULL, &err),
         &err);
    tell(promoted);
    zreg_artifacts_free(artifacts);
}

int main(void)
{
    zreg_promote_options options = ZREG_OPTIONS(zreg_promote_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_promoted *promoted = NULL;
    char repository[100];

    snprintf(repository, sizeof(repository), "%s/example/base", zreg_server_address(server));
    upload(client, repository, "change_12_latest");
    options.change = "12";
    must(zreg_promote(&promoted, client, repository, (const char *const[]){"latest", NULL},
                      &options, NULL, &err),
         &err);
    tell(promoted);
    promote_published(client, repository);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
