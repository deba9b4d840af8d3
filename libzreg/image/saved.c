/* SPDX-License-Identifier: Apache-2.0 */
#include "image/saved.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "image/archive_contents.h"
#include "oci/manifest.h"
#include "oci/mediatype.h"
#include <unistd.h>

#define LIST_NAME "manifest.json"

static bool has_list(const zreg__layout *layout)
{
    zreg__tarindex_file file;
    return layout->tar != NULL ? zreg__tarindex_find(&file, layout->tar, LIST_NAME, NULL) == ZREG_OK
                               : faccessat(layout->fd, LIST_NAME, F_OK, 0) == 0;
}

static bool is_plain(const char *type)
{
    return zreg__str_equal(type, ZREG__TYPE_OCI_LAYER) ||
           zreg__str_equal(type, ZREG__TYPE_DOCKER_LAYER);
}

/* A plain layer is what its diff_id says. */
static bool fits(const zreg_manifest *manifest, const zreg__json *ids)
{
    size_t count = zreg_manifest_count(manifest);
    if (count != zreg__json_length(ids)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const zreg_descriptor *layer = zreg_manifest_at(manifest, i);
        const char *id = zreg__json_as_text(zreg__json_at(ids, i));
        if (is_plain(layer->media_type) && id != NULL && !zreg__str_equal(id, layer->digest.text)) {
            return false;
        }
    }
    return true;
}

/* The config, or NULL: what cannot be read is told by whoever copies it. */
static zreg__json *read_config(const zreg__layout *layout, const zreg_digest *digest)
{
    ZREG__AUTO(zreg__buf) zreg__buf bytes = ZREG__BUF(ZREG__MAX_CONFIG_BYTES);
    zreg__json *config = NULL;
    char path[200];
    zreg__archive_contents_path(path, digest);
    bool is_read = zreg__layout_read(&bytes, layout, path, NULL) == ZREG_OK &&
                   zreg__json_parse(&config, bytes.data, bytes.size, path, NULL) == ZREG_OK;
    return is_read ? config : NULL;
}

zreg_status zreg__saved_check(const zreg__layout *layout, const zreg_manifest *manifest,
                              zreg_error *err)
{
    const zreg_descriptor *described = zreg_manifest_config(manifest);
    if (described == NULL || !zreg__archive_contents_is_image(manifest) || !has_list(layout)) {
        return ZREG_OK;
    }
    ZREG__AUTO(zreg__json) zreg__json *config = read_config(layout, &described->digest);
    const zreg__json *ids = zreg__json_get(zreg__json_get(config, "rootfs"), "diff_ids");
    if (zreg__json_length(ids) == 0 || fits(manifest, ids)) {
        return ZREG_OK;
    }
    return zreg__fail(err, ZREG_CORRUPT,
                      "the layers of manifest %s are not those of its config, as some versions of "
                      "docker save write it; read it as docker-archive:FILE",
                      zreg_manifest_digest(manifest)->text);
}
