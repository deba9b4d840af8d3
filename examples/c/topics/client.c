/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and tags in a registry: one is stored, read, tagged, listed, deleted. */
#include "topic.h"

#include <inttypes.h>
#include <string.h>

static zreg_server *start_registry(void)
{
    zreg_server_options options = ZREG_OPTIONS(zreg_server_options);
    zreg_error err = {0};
    zreg_server *server = NULL;

    options.buildset = 1;
    must(zreg_server_start(&server, &options, &err), &err);
    return server;
}

/* A registry's certificate and user at once, by the record that jobs are given. */
static void use_record(zreg_client *client, const zreg_server *server)
{
    zreg_error err = {0};
    char *record = NULL;
    char *host = NULL;

    must(zreg_server_connection(&record, server, &err), &err);
    must(zreg_client_set_connection(&host, client, record, strlen(record), NULL, &err), &err);
    zreg_free(host);
    zreg_free(record);
}

/* A client that trusts the registry's certificate and knows its user. */
static zreg_client *connect_to(const zreg_server *server)
{
    const char *host = zreg_server_address(server);
    zreg_host_options trust = ZREG_OPTIONS(zreg_host_options);
    zreg_tag_api_options tags = ZREG_OPTIONS(zreg_tag_api_options);
    zreg_error err = {0};
    zreg_client *client = NULL;

    trust.ca_pem = zreg_server_certificate(server);
    tags.api = ZREG_TAG_API_OCI;
    must(zreg_client_new(&client, NULL, &err), &err);
    must(zreg_client_set_host(client, host, &trust, &err), &err);
    must(zreg_client_set_tag_api(client, host, &tags, &err), &err);
    must(zreg_client_set_credentials(client, host, zreg_server_username(server),
                                     zreg_server_password(server), &err),
         &err);
    must(zreg_client_ping(client, host, NULL, &err), &err);
    use_record(client, server);
    return client;
}

static zreg_ref *make_image(zreg_client *client, const zreg_server *server)
{
    zreg_error err = {0};
    zreg_digest digest;
    zreg_ref *ref = NULL;
    char name[100];

    snprintf(name, sizeof(name), "%s/example/base:latest", zreg_server_address(server));
    must(zreg_append(&digest, client, "scratch", NULL, name, NULL, NULL, &err), &err);
    must(zreg_ref_parse(&ref, name, &err), &err);
    return ref;
}

static void print(const char *what, zreg_strings *strings)
{
    for (size_t i = 0; i < zreg_strings_count(strings); i++)
        printf("%s %s\n", what, zreg_strings_at(strings, i));
    zreg_strings_free(strings);
}

static void list(zreg_client *client, const zreg_ref *ref)
{
    zreg_error err = {0};
    zreg_strings *strings = NULL;

    must(zreg_client_catalog(&strings, client, zreg_ref_host(ref), NULL, &err), &err);
    print("repository", strings);
    must(zreg_client_tags(&strings, client, ref, NULL, &err), &err);
    print("tag", strings);
}

int main(void)
{
    zreg_error err = {0};
    zreg_server *server = start_registry();
    zreg_client *client = connect_to(server);
    zreg_ref *ref = make_image(client, server);
    zreg_ref *second = NULL;
    zreg_ref *pinned = NULL;
    zreg_manifest *manifest = NULL;
    zreg_counters counters;
    zreg_digest digest;

    must(zreg_client_manifest_get(&manifest, client, ref, NULL, &err), &err);
    must(zreg_ref_with_tag(&second, ref, "second", &err), &err);
    must(zreg_client_manifest_put(client, second, manifest, NULL, &err), &err);
    must(zreg_client_manifest_head(&digest, client, second, NULL, &err), &err);
    list(client, ref);
    must(zreg_client_tag_delete(client, second, NULL, &err), &err); /* the image stays */
    must(zreg_ref_with_digest(&pinned, ref, &digest, &err), &err);
    must(zreg_client_manifest_delete(client, pinned, NULL, &err), &err); /* all its tags go */
    zreg_client_counters(&counters, client, NULL);
    printf("%" PRIu64 " requests over %" PRIu64 " connections\n", counters.requests,
           counters.connections);
    zreg_manifest_free(manifest);
    zreg_ref_free(pinned);
    zreg_ref_free(second);
    zreg_ref_free(ref);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
