/* SPDX-License-Identifier: Apache-2.0 */
/* The change has merged: the image that was uploaded for it gets its final tag. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <zreg.h>

static void must(zreg_status status, const zreg_error *err)
{
    if (status != ZREG_OK) {
        fprintf(stderr, "%s: %s\n", zreg_status_name(status), err->message);
        exit(1);
    }
}

/* A registry in this process, without TLS and users, and a client for it. */
static zreg_server *start(zreg_client **client)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_error err = {0};
    zreg_server *server = NULL;

    options.buildset = 1;
    options.plain_http = 1;
    options.anonymous = ZREG_ANONYMOUS_PUSH;
    must(zreg_server_start(&server, &options, &err), &err);
    must(zreg_client_new(client, NULL, &err), &err);
    return server;
}

static void upload(zreg_client *client, const char *repository)
{
    zreg_error err = {0};
    zreg_digest digest;
    char place[120];

    snprintf(place, sizeof(place), "%s:change_12_latest", repository);
    must(zreg_append(&digest, client, "scratch", NULL, place, NULL, NULL, &err), &err);
}

int main(void)
{
    zreg_promote_options options = ZREG_OPTIONS(zreg_promote_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = start(&client);
    zreg_promote_result result;
    char repository[100];

    snprintf(repository, sizeof(repository), "%s/example/base", zreg_server_address(server));
    upload(client, repository);
    options.change = "12";
    must(zreg_promote(&result, client, repository, (const char *const[]){"latest", NULL}, &options,
                      NULL, &err),
         &err);
    printf("%s:latest is %s: %" PRIu64 " requests, none of them for a blob: %" PRIu64 "\n",
           repository, result.digest.text, result.requests, result.blob_requests);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
