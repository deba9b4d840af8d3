/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/str.h"
#include "gate/artifact.h"
#include "gate/names.h"
#include "gate/told.h"
#include "oci/manifest.h"
#include <string.h>

/* Texts and references of one artifact while it is read. */
typedef struct fields {
    char *change;
    char *patchset;
    char *build;
    zreg_ref *image;
    zreg_ref *url;
} fields;

static void fields_finish(fields *read)
{
    free(read->change);
    free(read->patchset);
    free(read->build);
    zreg_ref_free(read->image);
    zreg_ref_free(read->url);
}

ZREG__DEFINE_AUTO_VALUE(fields, fields_finish)

/* Zuul writes `key` beside name and url; what publish added stands in the metadata. */
static zreg_status read_field(char **out, const zreg__json *artifact, const char *key,
                              zreg_error *err)
{
    return zreg__told_text(out, artifact, zreg__json_get(artifact, "metadata"), key, err);
}

/* Artifacts of other tools have no "build"; their URL has it: HOST/REPOSITORY:BUILD_TAG. */
static zreg_status build_of_url(fields *read, zreg_error *err)
{
    const char *tag = zreg_ref_tag(read->image);
    const char *url_tag = zreg_ref_tag(read->url);
    if (read->build[0] != '\0' || url_tag == NULL || !zreg__str_ends(url_tag, tag)) {
        return ZREG_OK;
    }
    size_t prefix = strlen(url_tag) - strlen(tag);
    if (prefix < 2 || url_tag[prefix - 1] != '_') {
        return ZREG_OK;
    }
    free(read->build);
    read->build = zreg__strndup(url_tag, prefix - 1);
    return read->build == NULL ? zreg__fail_nomem(err) : ZREG_OK;
}

/* The image is REPOSITORY:TAG of the metadata, or of the name when the metadata lack either. */
static zreg_status read_image(zreg_ref **out, const zreg__json *artifact, const char *name,
                              zreg_error *err)
{
    const zreg__json *metadata = zreg__json_get(artifact, "metadata");
    const char *repository = zreg__json_text(metadata, "repository");
    const char *tag = zreg__json_text(metadata, "tag");
    ZREG__AUTO_FREE char *joined = NULL;
    if (repository != NULL && tag != NULL) {
        if ((joined = zreg__asprintf("%s:%s", repository, tag)) == NULL) {
            return zreg__fail_nomem(err);
        }
        name = joined;
    }
    return zreg__names_image(out, name, err);
}

static zreg_status read_digest(const char **out, const zreg__json *artifact, zreg_error *err)
{
    const char *text = zreg__json_text(zreg__json_get(artifact, "metadata"), "digest");
    zreg_digest checked;
    if (!zreg__str_empty(text)) {
        ZREG__TRY(zreg_digest_parse(&checked, text, err));
    }
    *out = text;
    return ZREG_OK;
}

/* Extra metadata may be anything; only a list of platforms is taken for one. */
static zreg__json *read_platforms(const zreg__json *artifact)
{
    zreg__json *list = zreg__json_get(zreg__json_get(artifact, "metadata"), "platforms");
    size_t count = zreg__json_length(list);
    for (size_t i = 0; i < count; i++) {
        const char *entry = zreg__json_as_text(zreg__json_at(list, i));
        if (entry == NULL || zreg__platform_check(entry, NULL) != ZREG_OK) {
            return NULL;
        }
    }
    return count == 0 ? NULL : list;
}

/* What Zuul collects, of changes ahead and of the item itself, has the project and the job, and is
 * turned round; what it appends has the branch too, or the ref; see gate/order.h. */
static bool is_turned_round(const zreg__json *artifact)
{
    return zreg__json_get(artifact, "project") != NULL && zreg__json_get(artifact, "job") != NULL &&
           zreg__json_get(artifact, "branch") == NULL && zreg__json_get(artifact, "ref") == NULL;
}

static const char *clean_text(const zreg__json *from, const char *key)
{
    const char *text = zreg__json_text(from, key);
    return text != NULL && zreg__told_is_clean(text) ? text : NULL;
}

/* Zuul's reader takes keys as they are; whoever reads its artifacts in Go might not. */
static zreg_status check_case(const zreg__json *artifact, zreg_error *err)
{
    static const char *const keys[] = {"name",     "url",   "metadata", "change",
                                       "patchset", "build", "project",  "branch",
                                       "ref",      "job",   NULL};
    static const char *const metadata_keys[] = {"type",       "repository", "tag",      "digest",
                                                "media_type", "change",     "patchset", "build",
                                                "platforms",  NULL};
    const zreg__json *metadata = zreg__json_get(artifact, "metadata");
    ZREG__TRY(zreg__json_check_case(artifact, keys, "its fields", err));
    return zreg__json_check_case(metadata, metadata_keys, "its metadata", err);
}

static zreg_status read_artifact(zreg_artifacts *list, const zreg__json *artifact,
                                 bool turned_round, zreg_error *err)
{
    zreg_artifact shown = {.name = zreg__json_text(artifact, "name"),
                           .url = zreg__json_text(artifact, "url"),
                           .media_type =
                               clean_text(zreg__json_get(artifact, "metadata"), "media_type"),
                           .project = clean_text(artifact, "project"),
                           .job = clean_text(artifact, "job")};
    ZREG__TRY(check_case(artifact, err));
    if (shown.name == NULL || shown.url == NULL) {
        return zreg__fail(err, ZREG_INVAL, "a container image needs \"name\" and \"url\"");
    }
    ZREG__AUTO(fields) fields read = {NULL};
    ZREG__TRY(read_image(&read.image, artifact, shown.name, err));
    ZREG__TRY(zreg_ref_parse(&read.url, shown.url, err));
    ZREG__TRY(read_field(&read.change, artifact, "change", err));
    ZREG__TRY(read_field(&read.patchset, artifact, "patchset", err));
    ZREG__TRY(read_field(&read.build, artifact, "build", err));
    ZREG__TRY(build_of_url(&read, err));
    ZREG__TRY(read_digest(&shown.digest, artifact, err));
    shown.repository = zreg_ref_canonical_name(read.image);
    shown.tag = zreg_ref_tag(read.image);
    shown.change = read.change;
    shown.patchset = read.patchset;
    shown.build = read.build;
    return zreg__artifact_list_add(list, &shown, read_platforms(artifact), turned_round, err);
}

static bool is_image(const zreg__json *artifact)
{
    const char *type = zreg__json_text(zreg__json_get(artifact, "metadata"), "type");
    return zreg__str_equal(type, "container_image");
}

zreg_status zreg__artifact_list_read(zreg_artifacts *list, const zreg__json *artifact,
                                     zreg_error *err)
{
    return is_image(artifact) ? read_artifact(list, artifact, false, err) : ZREG_OK;
}

static zreg_status read_list(zreg_artifacts *list, const zreg__json *array, zreg_error *err)
{
    for (size_t i = 0; i < zreg__json_length(array); i++) {
        const zreg__json *artifact = zreg__json_at(array, i);
        if (!is_image(artifact)) {
            continue;
        }
        zreg_status status = read_artifact(list, artifact, is_turned_round(artifact), err);
        if (status != ZREG_OK) {
            return zreg__error_prefix(err, status, "artifact %zu", i);
        }
    }
    return zreg__artifact_list_unite(list, err);
}

/* Zuul leaves "artifacts" out of its variables when there are none. */
static zreg_status find_list(const zreg__json **array, const zreg__json *zuul, zreg_error *err)
{
    if (zreg__json_is_array(zuul)) {
        *array = zuul;
        return ZREG_OK;
    }
    bool is_zuul = zreg__json_get(zuul, "build") != NULL || zreg__json_get(zuul, "change") != NULL;
    *array = zreg__json_get(zuul, "artifacts");
    if (!zreg__json_is_array(*array) && (*array != NULL || !is_zuul)) {
        return zreg__fail(err, ZREG_INVAL,
                          "artifacts: give a list, or an object with a list at \"artifacts\" or "
                          "\"zuul.artifacts\"");
    }
    return ZREG_OK;
}

zreg_status zreg_artifacts_parse(zreg_artifacts **out, const char *json, size_t size,
                                 zreg_error *err)
{
    zreg__error_clear(err);
    if (size > ZREG__MAX_ARTIFACTS_BYTES) {
        return zreg__fail(err, ZREG_LIMIT, "artifacts: %zu bytes, at most %zu are read", size,
                          ZREG__MAX_ARTIFACTS_BYTES);
    }
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    ZREG__AUTO(zreg_artifacts) zreg_artifacts *list = NULL;
    const zreg__json *array = NULL;
    ZREG__TRY(zreg__json_parse(&document, json, size, "artifacts", err));
    const zreg__json *zuul = zreg__json_get(document, "zuul");
    zuul = zuul == NULL ? document : zuul;
    ZREG__TRY(find_list(&array, zuul, err));
    ZREG__TRY(zreg__artifact_list_new(&list, err));
    ZREG__TRY(zreg__items_read(&list->ahead, zuul, err));
    ZREG__TRY(read_list(list, array, err));
    *out = zreg__steal(&list);
    return ZREG_OK;
}
