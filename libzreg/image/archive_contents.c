/* SPDX-License-Identifier: Apache-2.0 */
#include "image/archive_contents.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/layout.h"
#include "oci/compose.h"
#include "oci/mediatype.h"
#include "oci/reference.h"
#include <stdio.h>
#include <string.h>

void zreg__archive_contents_path(char out[200], const zreg_digest *digest)
{
    int algorithm = (int)strcspn(digest->text, ":");
    snprintf(out, 200, "blobs/%.*s/%s", algorithm, digest->text, digest->text + algorithm + 1);
}

zreg_status zreg__archive_contents_index(char **out, const zreg_manifest *root, const char *name,
                                         zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *entries = zreg__json_new_array();
    ZREG__AUTO(zreg__json) zreg__json *document = NULL;
    zreg__json *entry = NULL;
    ZREG__TRY(zreg__layout_index_entry(&entry, root, name, err));
    ZREG__TRY(zreg__json_add(entries, entry, err));
    const zreg__parts parts = {.media_type = ZREG__TYPE_OCI_INDEX, .items = entries};
    ZREG__TRY(zreg__compose_document(&document, &parts, err));
    return zreg__json_print(out, document, err);
}

bool zreg__archive_contents_is_image(const zreg_manifest *root)
{
    const zreg_descriptor *config = zreg_manifest_config(root);
    return !zreg_manifest_is_index(root) && config != NULL &&
           (zreg__str_equal(config->media_type, ZREG__TYPE_OCI_CONFIG) ||
            zreg__str_equal(config->media_type, ZREG__TYPE_DOCKER_CONFIG));
}

static zreg_status add_path(zreg__json *paths, const zreg_digest *digest, zreg_error *err)
{
    char path[200];
    zreg__archive_contents_path(path, digest);
    return zreg__json_add_text(paths, path, err);
}

/* A tag alone is no name for Docker. */
static zreg_status add_names(zreg__json *image, const char *name, zreg_error *err)
{
    zreg__json *names = NULL;
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    bool is_full = name != NULL && !zreg__reference_is_tag(zreg__span_of(name)) &&
                   zreg_ref_parse(&ref, name, NULL) == ZREG_OK && zreg_ref_tag(ref) != NULL;
    ZREG__TRY(zreg__json_set_array(&names, image, "RepoTags", err));
    return is_full ? zreg__json_add_text(names, zreg_ref_text(ref), err) : ZREG_OK;
}

zreg_status zreg__archive_contents_list(char **out, const zreg_manifest *image, const char *name,
                                        zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *list = zreg__json_new_array();
    zreg__json *entry = NULL;
    zreg__json *layers = NULL;
    char path[200];
    ZREG__TRY(zreg__json_add_object(&entry, list, err));
    zreg__archive_contents_path(path, &zreg_manifest_config(image)->digest);
    ZREG__TRY(zreg__json_set_text(entry, "Config", path, err));
    ZREG__TRY(add_names(entry, name, err));
    ZREG__TRY(zreg__json_set_array(&layers, entry, "Layers", err));
    for (size_t i = 0; i < zreg_manifest_count(image); i++) {
        ZREG__TRY(add_path(layers, &zreg_manifest_at(image, i)->digest, err));
    }
    return zreg__json_print(out, list, err);
}
