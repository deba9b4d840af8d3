/* SPDX-License-Identifier: Apache-2.0 */
/** What a sync may copy: the tags of a repository, or the names in a layout. */
#ifndef ZREG_IMAGE_SYNC_SOURCE_H
#define ZREG_IMAGE_SYNC_SOURCE_H

#include "base/map.h"
#include "base/strings.h"
#include "image/place.h"

typedef struct zreg__sync_source {
    zreg_strings *tags; /* each once */
    zreg__map *names;   /* of a layout: tag -> its name there */
} zreg__sync_source;

/**
 * Lists a registry's tags, or what index.json names: tags as they are, of a whole reference its tag. What has no
 * name there is left out. Errors: NOTFOUND, INVAL (no layout, an archive from a pipe), those of the client.
 */
zreg_status zreg__sync_source_list(zreg__sync_source *out, zreg_client *client,
                                   const zreg__place *place, zreg_cancel *cancel, zreg_error *err);

/** The name under which the source has a tag; "" where it has several images of it. */
const char *zreg__sync_source_name(const zreg__sync_source *source, const char *tag);

void zreg__sync_source_finish(zreg__sync_source *source);

ZREG__DEFINE_AUTO_VALUE(zreg__sync_source, zreg__sync_source_finish)

#endif
