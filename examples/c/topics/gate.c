/* SPDX-License-Identifier: Apache-2.0 */
/* A job has built an image: it is published for the changes behind, and uploaded under a temporary
 * tag. One registry stands for all three that there are in the gate. */
#include "topic.h"

static void build(zreg_client *client, zreg_server *server)
{
    zreg_append_options options = ZREG_OPTIONS(zreg_append_options);
    zreg_error err = {0};
    zreg_digest digest;

    options.dst_server = server;
    must(zreg_append(&digest, client, "scratch", NULL, "example/base:latest", &options, NULL, &err),
         &err);
}

static void publish(zreg_client *client, zreg_server *server)
{
    zreg_publish_options options = ZREG_OPTIONS(zreg_publish_options);
    zreg_error err = {0};
    zreg_artifacts *artifacts = NULL;

    options.build = "6a0c";
    options.change = "12";
    options.server = server; /* where the image is */
    must(zreg_publish(&artifacts, client, NULL, zreg_server_address(server),
                      (const char *const[]){"example/base:latest", NULL}, &options, NULL, &err),
         &err);
    printf("published %s\n", zreg_artifacts_at(artifacts, 0)->url);
    zreg_artifacts_free(artifacts);
}

static void upload(zreg_client *client, zreg_server *server)
{
    zreg_upload_options options = ZREG_OPTIONS(zreg_upload_options);
    zreg_error err = {0};
    zreg_copy_result result;
    char repository[100];
    char *tag = NULL;

    options.change = "12";
    options.src_server = server;
    snprintf(repository, sizeof(repository), "%s/public/base", zreg_server_address(server));
    must(zreg_upload(&result, client, "example/base:latest", repository, "latest", &options, NULL,
                     &err),
         &err);
    must(zreg_temporary_tag(&tag, "12", NULL, "latest", &err), &err);
    printf("uploaded %s:%s\n", repository, tag);
    zreg_free(tag);
}

int main(void)
{
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);

    build(client, server);
    publish(client, server);
    upload(client, server);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
