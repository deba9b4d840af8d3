/* SPDX-License-Identifier: Apache-2.0 */
/* A signature is stored beside an image, and found by it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A manifest that names the image as its subject, and has nothing else. */
static void sign(zreg_client *client, const zreg_ref *image, const zreg_digest *subject)
{
    zreg_error err = {0};
    zreg_blob_writer *writer = NULL;
    zreg_manifest *manifest = NULL;
    zreg_digest empty;
    zreg_ref *ref = NULL;
    char json[1000];

    must(zreg_blob_create(&writer, client, image, NULL, 2, NULL, &err), &err);
    must(zreg_blob_write(writer, "{}", 2, &err), &err);
    must(zreg_blob_commit(&empty, writer, &err), &err);
    zreg_blob_writer_free(writer);
    snprintf(json, sizeof(json),
             "{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\","
             " \"artifactType\": \"application/vnd.example.signature\","
             " \"config\": {\"mediaType\": \"application/vnd.oci.empty.v1+json\","
             "  \"digest\": \"%s\", \"size\": 2}, \"layers\": [],"
             " \"subject\": {\"mediaType\": \"application/vnd.oci.image.manifest.v1+json\","
             "  \"digest\": \"%s\", \"size\": 248}}",
             empty.text, subject->text);
    must(zreg_manifest_parse(&manifest, json, strlen(json), NULL, &err), &err);
    must(zreg_ref_with_digest(&ref, image, zreg_manifest_digest(manifest), &err), &err);
    must(zreg_client_manifest_put(client, ref, manifest, NULL, &err), &err);
    zreg_ref_free(ref);
    zreg_manifest_free(manifest);
}

int main(void)
{
    zreg_referrers_options options = ZREG_OPTIONS(zreg_referrers_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = start(&client);
    zreg_referrers *referrers = NULL;
    zreg_ref *image = NULL;
    zreg_digest digest;
    char name[100];

    snprintf(name, sizeof(name), "%s/example/base:latest", zreg_server_address(server));
    must(zreg_append(&digest, client, "scratch", NULL, name, NULL, NULL, &err), &err);
    must(zreg_ref_parse(&image, name, &err), &err);
    sign(client, image, &digest);
    options.artifact_type = "application/vnd.example.signature";
    must(zreg_client_referrers(&referrers, client, image, &options, NULL, &err), &err);
    for (size_t i = 0; i < zreg_referrers_count(referrers); i++) {
        const zreg_descriptor *referrer = zreg_referrers_at(referrers, i);
        printf("%s: %s\n", referrer->artifact_type, referrer->digest.text);
    }
    zreg_referrers_free(referrers);
    zreg_ref_free(image);
    zreg_client_free(client);
    zreg_server_free(server);
    return 0;
}
