/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "base/limits.h"
#include "oci/manifest.h"

static void check_descriptor(const zreg_descriptor *descriptor)
{
    zreg_digest digest;
    fuzz_check(zreg_digest_parse(&digest, descriptor->digest.text, NULL) == ZREG_OK);
    fuzz_check(descriptor->size_bytes <= ZREG__MAX_BLOB_BYTES);
    fuzz_check(strchr(descriptor->media_type, '/') != NULL);
    fuzz_check(strpbrk(descriptor->media_type, "\r\n") == NULL);
    if (descriptor->has_platform) {
        zreg__platform_matches(&descriptor->platform, "linux/amd64");
    }
}

static void check_manifest(const zreg_manifest *manifest)
{
    fuzz_check(!zreg_manifest_is_index(manifest) == (zreg_manifest_config(manifest) != NULL));
    for (size_t i = 0; i < zreg_manifest_count(manifest); i++) {
        check_descriptor(zreg_manifest_at(manifest, i));
    }
    if (zreg_manifest_config(manifest) != NULL) {
        check_descriptor(zreg_manifest_config(manifest));
    }
    if (zreg_manifest_subject(manifest) != NULL) {
        check_descriptor(zreg_manifest_subject(manifest));
    }
    fuzz_check(zreg_manifest_artifact_type(manifest) != NULL);
    zreg_manifest_annotation(manifest, "a");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO(zreg_manifest) zreg_manifest *manifest = NULL;
    zreg_error err = {0};
    fuzz_check_result(zreg_manifest_parse(&manifest, data, size, NULL, &err), &err);
    if (manifest != NULL) {
        size_t kept = 0;
        const void *bytes = zreg_manifest_bytes(manifest, &kept);
        fuzz_check(kept == size && memcmp(bytes, data, size) == 0);
        check_manifest(manifest);
    }
    return 0;
}
