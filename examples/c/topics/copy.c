/* SPDX-License-Identifier: Apache-2.0 */
/* Two images are made, joined to one for two platforms, copied, and looked at. */
#include "topic.h"

static void make(zreg_client *client, zreg_server *server, const char *platform, const char *name)
{
    zreg_append_options options = ZREG_OPTIONS(zreg_append_options);
    zreg_error err = {0};
    zreg_digest digest;

    options.platform = platform;
    options.dst_server = server; /* straight into the store of this process */
    must(zreg_append(&digest, client, "scratch", NULL, name, &options, NULL, &err), &err);
}

int main(void)
{
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_copy_result result;
    zreg_digest digest;
    char one[100];
    char two[100];
    char both[100];
    char copy[100];
    char *json = NULL;

    snprintf(one, sizeof(one), "%s/example/base:amd64", zreg_server_address(server));
    snprintf(two, sizeof(two), "%s/example/base:arm64", zreg_server_address(server));
    snprintf(both, sizeof(both), "%s/example/base:latest", zreg_server_address(server));
    snprintf(copy, sizeof(copy), "%s/example/copy:latest", zreg_server_address(server));
    make(client, server, "linux/amd64", one);
    make(client, server, "linux/arm64", two);
    must(zreg_index_create(&digest, client, (const char *const[]){one, two, NULL}, both, NULL, NULL,
                           &err),
         &err);
    options.expect_digest = &digest;
    must(zreg_copy(&result, client, both, copy, &options, NULL, &err), &err);
    printf("%u manifests, %s\n", result.manifests_put, result.digest.text);
    must(zreg_inspect(&json, client, copy, NULL, &err), &err);
    printf("%s\n", json);
    zreg_free(json);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
