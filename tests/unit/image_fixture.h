/* SPDX-License-Identifier: Apache-2.0 */
/** OCI layouts made by hand, for the tests of image/. */
#ifndef TESTS_IMAGE_FIXTURE_H
#define TESTS_IMAGE_FIXTURE_H

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zreg/digest.h>

#define FIXTURE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define FIXTURE_INDEX "application/vnd.oci.image.index.v1+json"
#define FIXTURE_CONFIG "application/vnd.oci.image.config.v1+json"
#define FIXTURE_LAYER "application/vnd.oci.image.layer.v1.tar"

typedef struct fixture_blob {
    zreg_digest digest;
    size_t size;
} fixture_blob;

static inline void fixture_write(const char *dir, const char *name, const void *bytes, size_t size)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(zreg__file_write(path, bytes, size, 0644, false, NULL), ZREG_OK);
}

static inline void fixture_layout(const char *dir)
{
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    char path[1024];
    snprintf(path, sizeof(path), "%s/blobs/sha256", dir);
    assert_int_equal(zreg__file_mkdirs(path, 0755, NULL), ZREG_OK);
    fixture_write(dir, "oci-layout", version, strlen(version));
}

static inline fixture_blob fixture_put(const char *dir, const void *bytes, size_t size)
{
    fixture_blob blob = {.size = size};
    char name[200];
    assert_int_equal(zreg_digest_of(&blob.digest, NULL, bytes, size, NULL), ZREG_OK);
    snprintf(name, sizeof(name), "blobs/sha256/%s", blob.digest.text + strlen("sha256:"));
    fixture_write(dir, name, bytes, size);
    return blob;
}

/* `size` bytes that depend on `seed`. */
static inline fixture_blob fixture_bytes(const char *dir, size_t size, uint32_t seed)
{
    ZREG__AUTO_FREE unsigned char *bytes = zreg__calloc(size + 1, 1);
    uint32_t state = seed * 2654435761u + 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(state >> 24);
    }
    return fixture_put(dir, bytes, size);
}

static inline void fixture_add(zreg__buf *to, const char *type, const fixture_blob *blob,
                               const char *rest)
{
    assert_int_equal(zreg__buf_printf(to, NULL,
                                      "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}",
                                      type, blob->digest.text, blob->size, rest),
                     ZREG_OK);
}

/* An image of linux/`arch` with `layers` layers of `size` bytes each. */
static inline fixture_blob fixture_image(const char *dir, const char *arch, unsigned layers,
                                         size_t size, uint32_t seed)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(1 << 20);
    char config[256];
    snprintf(config, sizeof(config),
             "{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":{\"Labels\":{\"seed\":\"%u\"}}}",
             arch, seed);
    fixture_blob blob = fixture_put(dir, config, strlen(config));
    zreg__buf_printf(&text, NULL,
                     "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":", FIXTURE_MANIFEST);
    fixture_add(&text, FIXTURE_CONFIG, &blob, "");
    zreg__buf_text(&text, ",\"layers\":[", NULL);
    for (unsigned i = 0; i < layers; i++) {
        blob = fixture_bytes(dir, size + i, seed + i);
        zreg__buf_text(&text, i > 0 ? "," : "", NULL);
        fixture_add(&text, FIXTURE_LAYER, &blob, "");
    }
    zreg__buf_text(&text, "]}", NULL);
    return fixture_put(dir, text.data, text.size);
}

/* An index of two images, "amd64" and "arm64". */
static inline fixture_blob fixture_index(const char *dir, const fixture_blob children[2])
{
    static const char *const platforms[] = {
        ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}",
        ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"}"};
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(1 << 20);
    zreg__buf_printf(&text, NULL, "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[",
                     FIXTURE_INDEX);
    fixture_add(&text, FIXTURE_MANIFEST, &children[0], platforms[0]);
    zreg__buf_text(&text, ",", NULL);
    fixture_add(&text, FIXTURE_MANIFEST, &children[1], platforms[1]);
    zreg__buf_text(&text, "]}", NULL);
    return fixture_put(dir, text.data, text.size);
}

/* index.json with this one entry. */
static inline void fixture_tag(const char *dir, const char *type, const fixture_blob *root,
                               const char *tag)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(1 << 20);
    char annotation[200];
    snprintf(annotation, sizeof(annotation),
             ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"%s\"}", tag);
    zreg__buf_text(&text, "{\"schemaVersion\":2,\"manifests\":[", NULL);
    fixture_add(&text, type, root, annotation);
    zreg__buf_text(&text, "]}", NULL);
    fixture_write(dir, "index.json", text.data, text.size);
}

#endif
