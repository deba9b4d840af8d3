/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The repositories that a step has filled so far: images of one change share layers, so the next
 * copy mounts from them what it can. A client remembers itself which blobs it brought there, so a
 * registry is not asked what they hold.
 */
#ifndef ZREG_GATE_SIBLINGS_H
#define ZREG_GATE_SIBLINGS_H

#include "base/compiler.h"
#include "base/strings.h"
#include <zreg/client.h>

/** Remembers a repository of the destination. Errors: NOMEM. */
zreg_status zreg__siblings_add(zreg_strings *siblings, const char *repository, zreg_error *err);

/** Has the first token for `dst`, a place on their host, cover mounts from the last few of them. Sends
 *  nothing. */
zreg_status zreg__siblings_expect(const zreg_strings *siblings, zreg_client *client,
                                  const zreg_ref *dst, zreg_error *err);

/** For those of which the client knows nothing: the repositories to try, as an array that ends with NULL: the last few only, since each costs a
 *  request where the blob is not. Lives until the next add. */
const char *const *zreg__siblings_mount_from(const zreg_strings *siblings);

#endif
