/* SPDX-License-Identifier: Apache-2.0 */
/** Credential helpers: docker-credential-NAME, asked over its standard input and output (the protocol of
 *  docker-credential-helpers). What it says on its standard error is not shown: it may hold secrets. It is
 *  killed at a cancel and after 60 s, and so is what it has started (base/process.h).
 *  Where it cannot be known how it ended, it is asked whether it has what it was to store, or erase. */
#ifndef ZREG_REGISTRY_HELPER_H
#define ZREG_REGISTRY_HELPER_H

#include "registry/credentials.h"
#include <stdbool.h>

/** Runs `docker-credential-NAME get`. `*out_found` is false when the helper has nothing for the
 *  server. Errors: IO (cannot be run, or failed), INVAL (its answer is not understood), CANCELLED. */
zreg_status zreg__helper_get(bool *out_found, zreg__credential *out, const char *name,
                             const char *server, zreg_cancel *cancel, zreg_error *err);

/** Runs `docker-credential-NAME store`. Errors: IO, CANCELLED. */
zreg_status zreg__helper_store(const char *name, const char *server, const char *username,
                               const char *secret, zreg_cancel *cancel, zreg_error *err);

/** Runs `docker-credential-NAME erase`. `*out_found` is false when the helper says that it has nothing for the
 *  server. Errors: IO, CANCELLED. */
zreg_status zreg__helper_erase(bool *out_found, const char *name, const char *server,
                               zreg_cancel *cancel, zreg_error *err);

#endif
