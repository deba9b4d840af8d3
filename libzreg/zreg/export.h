/* SPDX-License-Identifier: Apache-2.0 */
/** Export: the file system of an image as a tar archive. */
#ifndef ZREG_EXPORT_H
#define ZREG_EXPORT_H

#include <zreg/cancel.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/digest.h>
#include <zreg/server.h>

ZREG_BEGIN_DECLS

/** Settings of an export. */
typedef struct zreg_export_options {
    size_t size;
    const char
        *platform; /**< "os/arch[/variant]": the child to take of an index; NULL: "linux/" and this
                                  machine's */
    zreg_server
        *src_server; /**< read straight from this server; the host of the place is ignored */
    zreg_progress_fn progress;
    void *progress_user;
} zreg_export_options;

/**
 * Writes the files of the image at `place` (zreg_copy) to `fd`, as who runs it sees them: one tar archive in which
 * the layers lie above each other and whiteouts are carried out (image-spec, layer.md).
 *
 * Modes, owners, times, extended attributes, devices and hard links are those of the layers; a further name of a
 * file is a hard link to the first one in the archive, also where the layer of that one was replaced. Files come in the
 * order of their layers, so a folder may come after what is in it. The same image gives the same bytes.
 *
 * All layers are fetched and compared with their digests and diff_ids first, into files without a name in $TMPDIR,
 * compressed as they are; nothing is written before. Memory goes with the number of files, at most a million. `fd`
 * stays open; a pipe that nobody reads from is an error, and no signal. `out` gets the digest of the image.
 * Errors: NOTFOUND (the image, or none for the platform), INVAL (no image of a container), CORRUPT (a layer; a name
 * that leads out of the image; a hard link to nothing), UNSUPPORTED (a layer neither plain nor in gzip, sparse
 * files), LIMIT, IO, those of the client.
 */
ZREG_API zreg_status zreg_export(zreg_digest *out, zreg_client *client, const char *place, int fd,
                                 const zreg_export_options *options, zreg_cancel *cancel,
                                 zreg_error *err);

ZREG_END_DECLS

#endif
