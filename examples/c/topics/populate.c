/* SPDX-License-Identifier: Apache-2.0 */
/* The image of a change ahead is brought into the buildset's registry; one registry, under two
 * names, stands for both that there are in the gate. */
#include "topic.h"

#include <string.h>

/* What Zuul tells a job: change 12 is ahead, and its build 6a0c has published an image. */
static zreg_artifacts *changes_ahead(zreg_client *client, const zreg_server *server)
{
    zreg_error err = {0};
    zreg_artifacts *artifacts = NULL;
    zreg_digest digest;
    char place[100];
    char json[1000];

    snprintf(place, sizeof(place), "%s/example/base:6a0c_latest", zreg_server_address(server));
    must(zreg_append(&digest, client, "scratch", NULL, place, NULL, NULL, &err), &err);
    snprintf(json, sizeof(json),
             "{\"zuul\": {\"items\": [{\"change\": \"12\", \"patchset\": \"1\","
             " \"project\": {\"name\": \"example/base\"}}, {\"change\": \"13\"}],"
             " \"artifacts\": [{\"name\": \"example/base:latest\", \"url\": \"docker://%s\","
             " \"change\": \"12\", \"patchset\": \"1\", \"project\": \"example/base\","
             " \"metadata\": {\"type\": \"container_image\", \"repository\": \"example/base\","
             " \"tag\": \"latest\"}}]}}",
             place);
    must(zreg_artifacts_parse(&artifacts, json, strlen(json), &err), &err);
    return artifacts;
}

static void tell(const zreg_populated *populated)
{
    zreg_error err = {0};
    char *json = NULL;

    for (size_t i = 0; i < zreg_populated_count(populated); i++) {
        const zreg_populated_image *image = zreg_populated_at(populated, i);
        printf("%s:%s of change %s: %s\n", image->repository, image->tag, image->change,
               image->reason);
    }
    if (!zreg_populated_items_known(populated))
        printf("which changes are ahead is not known\n");
    for (size_t i = 0; i < zreg_populated_items_count(populated); i++) {
        const zreg_populated_item *item = zreg_populated_items_at(populated, i);
        printf("change %s is ahead. %s\n", item->change, item->reason);
    }
    must(zreg_populated_json(&json, populated, &err), &err);
    zreg_free(json);
}

int main(void)
{
    zreg_populate_options options = ZREG_OPTIONS(zreg_populate_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_artifacts *artifacts = changes_ahead(client, server);
    zreg_populated *populated = NULL;

    options.server = server;
    must(zreg_populate(&populated, client, artifacts, NULL, &options, NULL, &err), &err);
    tell(populated);
    zreg_populated_free(populated);
    zreg_artifacts_free(artifacts);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
