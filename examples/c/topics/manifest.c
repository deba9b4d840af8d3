/* SPDX-License-Identifier: Apache-2.0 */
/* What a manifest names, and an index that names it. */
#include "topic.h"

#include <inttypes.h>
#include <string.h>

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char signature[] =
    "{\"schemaVersion\": 2, \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\","
    " \"artifactType\": \"application/vnd.example.signature\","
    " \"config\": {\"mediaType\": \"application/vnd.oci.empty.v1+json\","
    "  \"digest\": \"" DIGEST "\", \"size\": 2},"
    " \"layers\": [{\"mediaType\": \"text/plain\", \"digest\": \"" DIGEST "\", \"size\": 5}],"
    " \"subject\": {\"mediaType\": \"application/vnd.oci.image.manifest.v1+json\","
    "  \"digest\": \"" DIGEST "\", \"size\": 7},"
    " \"annotations\": {\"org.opencontainers.image.created\": \"2026-01-31T12:00:00Z\"}}";

/* An index of this one manifest. Of what it is made, nothing is kept. */
static zreg_manifest *index_of(const zreg_manifest *manifest)
{
    zreg_manifest_options options = ZREG_OPTIONS(zreg_manifest_options);
    zreg_descriptor child = {0};
    zreg_error err = {0};
    zreg_manifest *made = NULL;
    size_t size = 0;

    zreg_manifest_bytes(manifest, &size);
    child.media_type = zreg_manifest_media_type(manifest);
    child.digest = *zreg_manifest_digest(manifest);
    child.size_bytes = size;
    child.artifact_type = zreg_manifest_artifact_type(manifest);
    options.items = &child;
    options.count = 1;
    options.annotations = zreg_manifest_annotations(manifest);
    must(zreg_manifest_build_index(&made, &options, &err), &err);
    return made;
}

int main(void)
{
    zreg_error err = {0};
    zreg_manifest *manifest = NULL;
    zreg_manifest *index = NULL;
    size_t size = 0;

    must(zreg_manifest_parse(&manifest, signature, strlen(signature), NULL, &err), &err);
    printf("%s, %s, digest %s\n", zreg_manifest_media_type(manifest),
           zreg_manifest_is_index(manifest) ? "an index" : "one image",
           zreg_manifest_digest(manifest)->text);
    printf("artifact type %s, config %s, subject %s\n", zreg_manifest_artifact_type(manifest),
           zreg_manifest_config(manifest)->digest.text,
           zreg_manifest_subject(manifest)->digest.text);
    printf("created %s\n", zreg_manifest_annotation(manifest, "org.opencontainers.image.created"));
    for (const char *const *pair = zreg_manifest_annotations(manifest); *pair != NULL; pair += 2)
        printf("annotation %s: %s\n", pair[0], pair[1]);
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        const zreg_descriptor *layer = zreg_manifest_at(manifest, i);
        printf("layer of %" PRIu64 " bytes, %s\n", layer->size_bytes, layer->media_type);
    }
    zreg_manifest_bytes(manifest, &size); /* as they came: the digest is theirs */
    printf("%zu bytes\n", size);
    index = index_of(manifest);
    printf("the index %s has %zu of them\n", zreg_manifest_digest(index)->text,
           zreg_manifest_count(index));
    zreg_manifest_free(index);
    zreg_manifest_free(manifest);
    return size == strlen(signature) ? 0 : 1;
}
