/* SPDX-License-Identifier: Apache-2.0 */
/** The grammar of names (distribution-spec, "Pulling manifests") and the inside of zreg_ref. */
#ifndef ZREG_OCI_REFERENCE_H
#define ZREG_OCI_REFERENCE_H

#include "base/compiler.h"
#include "base/str.h"
#include <zreg/ref.h>

bool zreg__reference_is_repository(zreg__span text);
bool zreg__reference_is_path(zreg__span text); /* that, or "h:1/x": as it stands in a request */
bool zreg__reference_is_tag(zreg__span text);
bool zreg__reference_is_host(zreg__span text); /* "h", "h:1", "1.2.3.4:5", "[::1]:5" */

/** Makes a reference from its checked parts; `tag` or `digest` may be NULL, not both. */
zreg_status zreg__reference_new(zreg_ref **out, const char *host, const char *repository,
                                const char *tag, const zreg_digest *digest, zreg_error *err);

/**
 * The one canonicaliser of repository names, as they arrive in a URL path of a buildset registry:
 * "x", "library/x", "docker.io/library/x" (and "x" with namespace "docker.io") all become
 * "library/x"; "quay.io/y/z" (and "y/z" with namespace "quay.io") becomes "quay.io/y/z".
 * `namespace_host` is the `?ns=` of the request, or NULL. New memory.
 */
zreg_status zreg__reference_canonical(char **out, zreg__span repository, const char *namespace_host,
                                      zreg_error *err);

/** True for localhost, 127.0.0.0/8 and ::1, with or without a port. */
bool zreg__reference_is_loopback(const char *host);

ZREG__DEFINE_AUTO(zreg_ref, zreg_ref_free)

#endif
