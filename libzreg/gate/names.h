/* SPDX-License-Identifier: Apache-2.0 */
/** Names of images as the steps of the gate take and make them. */
#ifndef ZREG_GATE_NAMES_H
#define ZREG_GATE_NAMES_H

#include "base/compiler.h"
#include <stdbool.h>
#include <zreg/artifact.h>
#include <zreg/ref.h>

/** Checks HOST[:PORT] as an option gives it; `what` names the option. Refuses a word that would
 *  be read as a repository of docker.io. Errors: INVAL. */
zreg_status zreg__names_host_check(const char *host, const char *what, zreg_error *err);

/** Parses REPOSITORY:TAG; a tag is required and a digest refused. Errors: INVAL, NOMEM. */
zreg_status zreg__names_image(zreg_ref **out, const char *text, zreg_error *err);

/** Parses HOST/REPOSITORY; tag and digest are refused. Errors: INVAL, NOMEM. */
zreg_status zreg__names_repository(zreg_ref **out, const char *text, zreg_error *err);

/** HOST/NAME:TAG, or HOST/NAME@DIGEST when `digest` is not empty. `name` is canonical, so that
 *  images of registries other than docker.io keep their host in the path. Errors: INVAL, NOMEM. */
zreg_status zreg__names_place(zreg_ref **out, const char *host, const char *name, const char *tag,
                              const char *digest, zreg_error *err);

/** Where an artifact's bytes are: its URL, by digest when it tells one, and on `host` when that
 *  is not NULL. Errors: INVAL, NOMEM. */
zreg_status zreg__names_artifact(zreg_ref **out, const zreg_artifact *artifact, const char *host,
                                 zreg_error *err);

#endif
