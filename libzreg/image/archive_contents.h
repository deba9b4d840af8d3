/* SPDX-License-Identifier: Apache-2.0 */
/** What an archive tells of the image in it: index.json of an OCI layout, and the manifest.json that
 *  `docker load` reads. */
#ifndef ZREG_IMAGE_ARCHIVE_CONTENTS_H
#define ZREG_IMAGE_ARCHIVE_CONTENTS_H

#include <stdbool.h>
#include <zreg/manifest.h>

/** The text of index.json, which names one manifest or index; `name` may be NULL, a tag or a whole
 *  reference. Errors: NOMEM, INVAL. */
zreg_status zreg__archive_contents_index(char **out, const zreg_manifest *root, const char *name,
                                         zreg_error *err);

/** Whether a manifest is an image, whose config `docker load` understands. */
bool zreg__archive_contents_is_image(const zreg_manifest *root);

/** The text of manifest.json for such an image. Only a whole reference is a name there. Errors:
 *  NOMEM. */
zreg_status zreg__archive_contents_list(char **out, const zreg_manifest *image, const char *name,
                                        zreg_error *err);

/** The name of a blob in the archive, "blobs/sha256/...". */
void zreg__archive_contents_path(char out[200], const zreg_digest *digest);

#endif
