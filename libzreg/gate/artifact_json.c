/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"
#include "gate/artifact.h"

/* Zuul refuses all artifacts of a build when one has a key besides name, url and metadata, so
 * whatever we add goes into the metadata. Keys without a value are left out. */

static zreg_status metadata_json(zreg__json *to, const zreg__artifact *artifact, zreg_error *err)
{
    const zreg_artifact *shown = &artifact->shown;
    ZREG__TRY(zreg__json_set_text(to, "type", "container_image", err));
    ZREG__TRY(zreg__json_set_text(to, "repository", shown->repository, err));
    ZREG__TRY(zreg__json_set_text(to, "tag", shown->tag, err));
    ZREG__TRY(zreg__json_set_if_known(to, "digest", shown->digest, err));
    ZREG__TRY(zreg__json_set_if_known(to, "media_type", shown->media_type, err));
    if (artifact->platforms != NULL) {
        ZREG__TRY(zreg__json_set_shared(to, "platforms", artifact->platforms, err));
    }
    ZREG__TRY(zreg__json_set_if_known(to, "change", shown->change, err));
    ZREG__TRY(zreg__json_set_if_known(to, "patchset", shown->patchset, err));
    return zreg__json_set_if_known(to, "build", shown->build, err);
}

static zreg_status artifact_json(zreg__json *list, const zreg__artifact *artifact, zreg_error *err)
{
    zreg__json *object = NULL;
    zreg__json *metadata = NULL;
    ZREG__TRY(zreg__json_add_object(&object, list, err));
    ZREG__TRY(zreg__json_set_text(object, "name", artifact->shown.name, err));
    ZREG__TRY(zreg__json_set_text(object, "url", artifact->shown.url, err));
    ZREG__TRY(zreg__json_set_object(&metadata, object, "metadata", err));
    return metadata_json(metadata, artifact, err);
}

zreg_status zreg_artifacts_json(char **out_json, const zreg_artifacts *artifacts, zreg_error *err)
{
    zreg__error_clear(err);
    ZREG__AUTO(zreg__json) zreg__json *document = zreg__json_new_object();
    zreg__json *list = NULL;
    ZREG__TRY(zreg__json_set_array(&list, document, "artifacts", err));
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        ZREG__TRY(artifact_json(list, &artifacts->items[i], err));
    }
    return zreg__json_print(out_json, document, err);
}
