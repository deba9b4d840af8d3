/* SPDX-License-Identifier: Apache-2.0 */
/** Places as text (<zreg/copy.h>): which driver, and what it is to look for. No I/O. */
#ifndef ZREG_IMAGE_PLACE_H
#define ZREG_IMAGE_PLACE_H

#include "base/compiler.h"
#include <stdint.h>
#include <zreg/common.h>
#include <zreg/digest.h>
#include <zreg/ref.h>

/* A path ends at the first colon, as skopeo has it: names have colons, paths do not. */
typedef enum zreg__place_kind {
    ZREG__PLACE_REGISTRY,    /* [docker://]HOST[:PORT]/REPOSITORY[:TAG|@DIGEST] */
    ZREG__PLACE_LAYOUT,      /* oci:DIR[:NAME][@DIGEST] or oci:DIR:@NUMBER */
    ZREG__PLACE_OCI_ARCHIVE, /* oci-archive:FILE, likewise */
    ZREG__PLACE_ARCHIVE,     /* docker-archive:FILE[:REF] or docker-archive:FILE:@NUMBER */
    ZREG__PLACE_DAEMON,      /* docker-daemon:REF or docker-daemon:sha256:ID */
} zreg__place_kind;

#define ZREG__PLACE_NO_NUMBER SIZE_MAX

/** A parsed place. Texts are owned; NULL when unset. */
typedef struct zreg__place {
    zreg__place_kind kind;
    char *text;    /* as it is shown to people */
    zreg_ref *ref; /* registry: the reference */
    char *path;    /* layout, archive; "-": what is read is standard input. Daemon: the name that
                           it is asked for */
    char *tag;     /* layout: NAME, a tag or a whole reference; archive: REF without a
                           digest; daemon: REF; or NULL */
    zreg_digest digest; /* layout, archive: DIGEST, or "" */
    size_t number;      /* of the image, from 0; or ZREG__PLACE_NO_NUMBER */
} zreg__place;

/** Errors: INVAL, UNSUPPORTED (a digest's algorithm; a place that other tools know, with what to do),
 *  NOMEM. */
zreg_status zreg__place_parse(zreg__place **out, const char *text, zreg_error *err);

/** The digest that the place is pinned to, or NULL. */
const zreg_digest *zreg__place_digest(const zreg__place *place);

/** Another tag in the same repository or folder, as the text of a place. Errors: UNSUPPORTED (an
 *  archive), INVAL (a tag). */
zreg_status zreg__place_tagged(char **out, const zreg__place *place, const char *tag,
                               zreg_error *err);

void zreg__place_free(zreg__place *place);

ZREG__DEFINE_AUTO(zreg__place, zreg__place_free)

#endif
