/* SPDX-License-Identifier: Apache-2.0 */
/** Media types of manifests (image-spec, media-types.md; docker schema 2). */
#ifndef ZREG_OCI_MEDIATYPE_H
#define ZREG_OCI_MEDIATYPE_H

#include "base/str.h"

#define ZREG__TYPE_OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define ZREG__TYPE_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define ZREG__TYPE_OCI_CONFIG "application/vnd.oci.image.config.v1+json"
#define ZREG__TYPE_OCI_LAYER "application/vnd.oci.image.layer.v1.tar"
#define ZREG__TYPE_OCI_LAYER_GZIP "application/vnd.oci.image.layer.v1.tar+gzip"
#define ZREG__TYPE_OCI_LAYER_ZSTD "application/vnd.oci.image.layer.v1.tar+zstd"
#define ZREG__TYPE_OCI_EMPTY "application/vnd.oci.empty.v1+json"
#define ZREG__TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define ZREG__TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define ZREG__TYPE_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"
#define ZREG__TYPE_DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define ZREG__TYPE_DOCKER_LAYER_GZIP "application/vnd.docker.image.rootfs.diff.tar.gzip"

/** What a manifest request accepts, as the value of one Accept header. */
extern const char *const zreg__mediatype_accept;

typedef enum zreg__mediatype_kind {
    ZREG__KIND_UNKNOWN,
    ZREG__KIND_IMAGE,   /* OCI manifest, docker manifest schema 2 */
    ZREG__KIND_INDEX,   /* OCI index, docker manifest list */
    ZREG__KIND_SCHEMA1, /* docker schema 1, signed or not: refused everywhere */
} zreg__mediatype_kind;

/** The kind of a Content-Type; parameters and case are ignored. */
zreg__mediatype_kind zreg__mediatype_kind_of(zreg__span content_type);

/** The same, and the type's usual spelling (static memory) in `*out_name`; NULL when unknown. */
zreg__mediatype_kind zreg__mediatype_known(const char **out_name, zreg__span content_type);

/** True for what servers send when they do not know the type: nothing, application/json,
 *  application/octet-stream, text/plain. */
bool zreg__mediatype_is_generic(zreg__span content_type);

/** True for TYPE/SUBTYPE as RFC 6838, section 4.2, has it, without parameters. */
bool zreg__mediatype_is_name(const char *text);

/** A Content-Type without parameters and surrounding space. */
zreg__span zreg__mediatype_essence(zreg__span content_type);

#endif
