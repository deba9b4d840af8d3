/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Image references: HOST[:PORT]/REPOSITORY[:TAG][@DIGEST].
 *
 * The rules are docker's: without a host the image is on docker.io, and one-word repositories of
 * docker.io are in `library/`. A first part is a host when it holds a dot or a colon, is
 * "localhost", or is an IPv6 address in brackets. A leading `docker://` is accepted.
 */
#ifndef ZREG_REF_H
#define ZREG_REF_H

#include <zreg/common.h>
#include <zreg/digest.h>

ZREG_BEGIN_DECLS

/** A parsed reference. Never changes after it was made, so threads may share it. */
typedef struct zreg_ref zreg_ref;

/**
 * Reads a reference.
 *
 * Without tag and digest the tag is "latest". Errors: INVAL with the offending part named, NOMEM.
 */
ZREG_API zreg_status zreg_ref_parse(zreg_ref **out, const char *text, zreg_error *err);

/** A copy of `ref` with this tag and no digest. Errors: INVAL, NOMEM. */
ZREG_API zreg_status zreg_ref_with_tag(zreg_ref **out, const zreg_ref *ref, const char *tag,
                                       zreg_error *err);

/** A copy of `ref` with this digest and no tag. Errors: INVAL, NOMEM. */
ZREG_API zreg_status zreg_ref_with_digest(zreg_ref **out, const zreg_ref *ref,
                                          const zreg_digest *digest, zreg_error *err);

/** The host with its port, such as "docker.io", "quay.io", "127.0.0.1:5000", "[::1]:5000". */
ZREG_API const char *zreg_ref_host(const zreg_ref *ref);

/** The repository within the host, such as "library/debian". */
ZREG_API const char *zreg_ref_repository(const zreg_ref *ref);

/** The tag, or NULL when the reference has a digest only. */
ZREG_API const char *zreg_ref_tag(const zreg_ref *ref);

/** The digest, or NULL. */
ZREG_API const zreg_digest *zreg_ref_digest(const zreg_ref *ref);

/** What stands last in a manifest URL: the digest when there is one, else the tag. */
ZREG_API const char *zreg_ref_reference(const zreg_ref *ref);

/** The full canonical text, such as "docker.io/library/debian:latest". */
ZREG_API const char *zreg_ref_text(const zreg_ref *ref);

/**
 * The name under which Zuul's artifacts and the buildset registry know the repository: without
 * the host for docker.io ("library/debian"), with it for all others ("quay.io/x/y").
 */
ZREG_API const char *zreg_ref_canonical_name(const zreg_ref *ref);

/** Frees the reference. Accepts NULL. */
ZREG_API void zreg_ref_free(zreg_ref *ref);

ZREG_END_DECLS

#endif
