/* SPDX-License-Identifier: Apache-2.0 */
#include "image/sync_source.h"

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/layout.h"
#include "oci/reference.h"
#include <unistd.h>

#define CONTAINERD_NAME "io.containerd.image.name"

void zreg__sync_source_finish(zreg__sync_source *source)
{
    zreg_strings_free(source->tags);
    zreg__map_free(source->names);
}

const char *zreg__sync_source_name(const zreg__sync_source *source, const char *tag)
{
    return source->names == NULL ? tag : zreg__map_get(source->names, tag);
}

static zreg_status list_repository(zreg__sync_source *out, zreg_client *client, const zreg_ref *ref,
                                   zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg_strings) zreg_strings *tags = NULL;
    ZREG__TRY(zreg_client_tags(&tags, client, ref, cancel, err));
    for (size_t i = 0; i < zreg_strings_count(tags); i++) {
        const char *tag = zreg_strings_at(tags, i);
        ZREG__TRY(zreg__strings_add(out->tags, tag, SIZE_MAX, err));
    }
    return ZREG_OK;
}

/* In new memory; NULL: the entry names nothing that could be a tag. */
static char *tag_in(const char *name)
{
    ZREG__AUTO(zreg_ref) zreg_ref *ref = NULL;
    if (zreg__str_empty(name)) {
        return NULL;
    }
    if (zreg__reference_is_tag(zreg__span_of(name))) {
        return zreg__strdup(name);
    }
    bool is_tagged = zreg_ref_parse(&ref, name, NULL) == ZREG_OK && zreg_ref_tag(ref) != NULL;
    return is_tagged ? zreg__strdup(zreg_ref_tag(ref)) : NULL;
}

typedef struct listing {
    zreg__sync_source *out;
    zreg__map *digests; /* tag -> entry */
} listing;

static const char *name_of(const zreg__json *entry)
{
    const char *name = zreg__layout_index_tag(entry);
    return name != NULL ? name
                        : zreg__json_text(zreg__json_get(entry, "annotations"), CONTAINERD_NAME);
}

static zreg_status set_name(zreg__map *names, const char *tag, const char *name, zreg_error *err)
{
    char *copy = zreg__strdup(name);
    zreg_status status =
        copy == NULL ? zreg__fail_nomem(err) : zreg__map_set(names, tag, copy, err);
    if (status != ZREG_OK) {
        free(copy);
    }
    return status;
}

/* Of one image that stands there under several names the first counts. */
static zreg_status add_entry(listing *self, zreg__json *entry, zreg_error *err)
{
    const char *name = name_of(entry);
    const char *digest = zreg__json_text(entry, "digest");
    ZREG__AUTO_FREE char *tag = tag_in(name);
    if (tag == NULL || digest == NULL) {
        return ZREG_OK;
    }
    const zreg__json *other = zreg__map_get(self->digests, tag);
    if (other != NULL) {
        return zreg__str_equal(zreg__json_text(other, "digest"), digest)
                   ? ZREG_OK
                   : set_name(self->out->names, tag, "", err);
    }
    ZREG__TRY(zreg__map_set(self->digests, tag, entry, err));
    ZREG__TRY(zreg__strings_add(self->out->tags, tag, SIZE_MAX, err));
    return set_name(self->out->names, tag, name, err);
}

static zreg_status list_index(zreg__sync_source *out, const zreg__layout *layout, zreg_error *err)
{
    ZREG__AUTO(zreg__json) zreg__json *index = NULL;
    ZREG__AUTO(zreg__map) zreg__map *digests = NULL;
    ZREG__TRY(zreg__layout_index_load(&index, layout, err));
    ZREG__TRY(zreg__map_new(&digests, NULL, err));
    ZREG__TRY(zreg__map_new(&out->names, free, err));
    listing self = {out, digests};
    const zreg__json *entries = zreg__json_get(index, "manifests");
    for (size_t i = 0; i < zreg__json_length(entries); i++) {
        ZREG__TRY(add_entry(&self, zreg__json_at(entries, i), err));
    }
    return ZREG_OK;
}

static zreg_status list_folder(zreg__sync_source *out, const zreg__place *place, zreg_error *err)
{
    zreg__layout layout = {.fd = -1};
    ZREG__TRY(zreg__layout_open(&layout.fd, place->path, false, err));
    zreg_status status = list_index(out, &layout, err);
    close(layout.fd);
    return status;
}

/* It is read anew for each tag, which a pipe cannot be. */
static zreg_status list_archive(zreg__sync_source *out, const zreg__place *place,
                                zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__tarindex) zreg__tarindex *tar = NULL;
    if (zreg__str_equal(place->path, "-") || zreg__str_starts(place->path, "/dev/")) {
        return zreg__fail(err, ZREG_INVAL, "an archive is read once for each tag; name a file");
    }
    ZREG__TRY(zreg__tarindex_open(&tar, place->path, cancel, err));
    const zreg__layout layout = {.fd = -1, .tar = tar};
    ZREG__TRY(zreg__layout_check(&layout, err));
    return list_index(out, &layout, err);
}

zreg_status zreg__sync_source_list(zreg__sync_source *out, zreg_client *client,
                                   const zreg__place *place, zreg_cancel *cancel, zreg_error *err)
{
    ZREG__AUTO(zreg__sync_source) zreg__sync_source found = {NULL, NULL};
    ZREG__TRY(zreg__strings_new(&found.tags, err));
    if (place->kind == ZREG__PLACE_REGISTRY) {
        ZREG__TRY(list_repository(&found, client, place->ref, cancel, err));
    } else {
        zreg_status status = place->kind == ZREG__PLACE_LAYOUT
                                 ? list_folder(&found, place, err)
                                 : list_archive(&found, place, cancel, err);
        if (status != ZREG_OK) {
            return zreg__error_prefix(err, status, "%s", place->text);
        }
    }
    *out = found;
    found = (zreg__sync_source){NULL, NULL};
    return ZREG_OK;
}
