/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/published.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/strings.h"
#include "gate/artifact.h"
#include "gate/names.h"
#include "oci/compose.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include <string.h>

#define KEY_IMAGES "org.zuul-ci.images"
#define MAX_IMAGES_TEXT 4096
#define MAX_BUILDS 4 /* that are read of one record */
#define MAX_NAMED 8  /* images that are told of one build */

/* Names of projects and pipelines are no names of repositories, so the key is their hash. */
static zreg_status place(zreg_ref **out, const zreg__published_key *key, const char *tag,
                         zreg_error *err)
{
    char digest[136];
    zreg__hash hash;
    ZREG__AUTO_FREE char *text =
        zreg__asprintf("%s\n%s\n%s\n%s", key->project, key->change, key->patchset, key->pipeline);
    if (text == NULL) {
        return zreg__fail_nomem(err);
    }
    zreg__hash_init(&hash, ZREG__SHA256);
    zreg__hash_update(&hash, text, strlen(text));
    zreg__hash_digest(&hash, digest);
    ZREG__AUTO_FREE char *name =
        zreg__asprintf("%s/zreg/published/%s:%s", key->host, strchr(digest, ':') + 1, tag);
    return name == NULL ? zreg__fail_nomem(err) : zreg_ref_parse(out, name, err);
}

/* As many names as have room; the first is enough to know that there are some. */
static char *images_of(const zreg_artifacts *artifacts)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_IMAGES_TEXT);
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        const char *name = zreg_artifacts_at(artifacts, i)->name;
        if (zreg__buf_printf(&text, NULL, "%s%s", i == 0 ? "" : " ", name) != ZREG_OK) {
            break;
        }
    }
    return zreg__buf_steal(&text);
}

static zreg_status make(zreg_manifest **out, const zreg__published_key *key,
                        const zreg_artifacts *artifacts, zreg_error *err)
{
    ZREG__AUTO_FREE char *images = images_of(artifacts);
    ZREG__AUTO(zreg__json) zreg__json *annotations = NULL;
    if (images == NULL) {
        return zreg__fail_nomem(err);
    }
    const char *const pairs[] = {KEY_IMAGES,
                                 images,
                                 "org.zuul-ci.project",
                                 key->project,
                                 "org.zuul-ci.change",
                                 key->change,
                                 "org.zuul-ci.patchset",
                                 key->patchset,
                                 "org.zuul-ci.pipeline",
                                 key->pipeline,
                                 NULL};
    ZREG__TRY(zreg__compose_annotations(&annotations, pairs, err));
    const zreg__parts parts = {.media_type = ZREG__TYPE_OCI_INDEX, .annotations = annotations};
    return zreg__compose_manifest(out, &parts, err);
}

zreg_status zreg__published_write(zreg_client *client, const zreg__published_key *key,
                                  const char *build, const zreg_artifacts *artifacts,
                                  zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *record = NULL;
    ZREG__TRY(place(&ref, key, build, err));
    ZREG__TRY(make(&record, key, artifacts, err));
    return zreg_client_manifest_put(client, ref, record, cancel, err);
}

/* Only what reads as an image is told: the record comes from outside. */
static zreg_status add_images(zreg__buf *text, const char *images, const char *build,
                              zreg_error *err)
{
    size_t named = 0;
    while (*images != '\0' && named < MAX_NAMED) {
        size_t size = strcspn(images, " ");
        ZREG__AUTO(zreg_ref) zreg_ref *image = NULL;
        ZREG__AUTO_FREE char *name = zreg__strndup(images, size);
        if (name == NULL) {
            return zreg__fail_nomem(err);
        }
        images += size + (images[size] == ' ' ? 1 : 0);
        if (size <= 255 && zreg__names_image(&image, name, NULL) == ZREG_OK) {
            ZREG__TRY(zreg__buf_printf(text, err, "%s%s", text->size == 0 ? "" : ", ", name));
            named++;
        }
    }
    return named == 0 ? ZREG_OK : zreg__buf_printf(text, err, " (build %s)", build);
}

static zreg_status read_build(zreg__buf *text, zreg_client *client, const zreg__published_key *key,
                              const char *build, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_manifest) zreg_manifest *record = NULL;
    ZREG__TRY(place(&ref, key, build, err));
    ZREG__TRY(zreg_client_manifest_get(&record, client, ref, cancel, err));
    const char *images = zreg_manifest_annotation(record, KEY_IMAGES);
    return images == NULL ? ZREG_OK : add_images(text, images, build, err);
}

static zreg_status read_all(zreg__buf *text, zreg_client *client, const zreg__published_key *key,
                            zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    ZREG__AUTO(zreg_strings) zreg_strings *builds = NULL;
    ZREG__TRY(place(&ref, key, "latest", err));
    ZREG__TRY(zreg_client_tags(&builds, client, ref, cancel, err));
    for (size_t i = 0; i < zreg_strings_count(builds) && i < MAX_BUILDS; i++) {
        ZREG__TRY(read_build(text, client, key, zreg_strings_at(builds, i), cancel, err));
    }
    return ZREG_OK;
}

zreg_status zreg__published_read(char **out, zreg_client *client, const zreg__published_key *key,
                                 zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(MAX_BUILDS * MAX_NAMED * 300);
    zreg_status status = read_all(&text, client, key, cancel, err);
    if (status == ZREG_CANCELLED || status == ZREG_TIMEOUT || status == ZREG_NOMEM) {
        return status;
    }
    zreg__error_clear(err);
    *out = text.size == 0 ? NULL : zreg__buf_steal(&text);
    return text.size != 0 && *out == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}
