/* SPDX-License-Identifier: Apache-2.0 */
/* A signature is stored beside an image, and found by it. */
#include "topic.h"

#include <string.h>

/* What a manifest names must be in the registry before it. */
static zreg_descriptor put(zreg_client *client, const zreg_ref *image, const char *media_type,
                           const char *content)
{
    zreg_descriptor descriptor = {0};
    zreg_error err = {0};
    zreg_blob_writer *writer = NULL;

    descriptor.media_type = media_type;
    descriptor.size_bytes = strlen(content);
    must(zreg_blob_create(&writer, client, image, NULL, descriptor.size_bytes, NULL, &err), &err);
    must(zreg_blob_write(writer, content, strlen(content), &err), &err);
    must(zreg_blob_commit(&descriptor.digest, writer, &err), &err);
    zreg_blob_writer_free(writer);
    return descriptor;
}

/* An artifact whose one layer is the signature, and whose subject is the image. */
static void sign(zreg_client *client, const zreg_ref *image, const zreg_descriptor *subject)
{
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    zreg_error err = {0};
    zreg_manifest *manifest = NULL;
    zreg_ref *ref = NULL;
    zreg_descriptor config = put(client, image, "application/vnd.oci.empty.v1+json", "{}");
    zreg_descriptor layer = put(client, image, "application/vnd.example.signature", "signed");

    options.artifact_type = "application/vnd.example.signature";
    options.config = &config;
    options.items = &layer;
    options.count = 1;
    options.subject = subject;
    must(zreg_manifest_build_image(&manifest, &options, &err), &err);
    must(zreg_ref_with_digest(&ref, image, zreg_manifest_digest(manifest), &err), &err);
    must(zreg_client_manifest_put(client, ref, manifest, NULL, &err), &err);
    zreg_ref_free(ref);
    zreg_manifest_free(manifest);
}

/* The descriptor of what a name stands for. */
static zreg_descriptor describe(zreg_client *client, const zreg_ref *image)
{
    zreg_descriptor descriptor = {0};
    zreg_error err = {0};
    zreg_manifest *manifest = NULL;
    size_t size = 0;

    must(zreg_client_manifest_get(&manifest, client, image, NULL, &err), &err);
    zreg_manifest_bytes(manifest, &size);
    descriptor.media_type = "application/vnd.oci.image.manifest.v1+json";
    descriptor.digest = *zreg_manifest_digest(manifest);
    descriptor.size_bytes = size;
    zreg_manifest_free(manifest);
    return descriptor;
}

int main(void)
{
    zreg_referrers_options options = ZREG_OPTIONS(zreg_referrers_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_server *server = open_registry(&client);
    zreg_referrers *referrers = NULL;
    zreg_ref *image = NULL;
    zreg_descriptor subject;
    zreg_digest digest;
    char name[100];

    snprintf(name, sizeof(name), "%s/example/base:latest", zreg_server_address(server));
    must(zreg_append(&digest, client, "scratch", NULL, name, NULL, NULL, &err), &err);
    must(zreg_ref_parse(&image, name, &err), &err);
    subject = describe(client, image);
    sign(client, image, &subject);
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
