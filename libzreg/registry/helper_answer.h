/* SPDX-License-Identifier: Apache-2.0 */
/** What docker-credential-NAME answers to "get". No I/O. */
#ifndef ZREG_REGISTRY_HELPER_ANSWER_H
#define ZREG_REGISTRY_HELPER_ANSWER_H

#include "base/str.h"
#include "registry/credentials.h"
#include <stdbool.h>

/** `*out_found` is false when both user and secret are empty. Errors: INVAL, which shows nothing of the answer;
 *  NOMEM. */
zreg_status zreg__helper_answer_read(bool *out_found, zreg__credential *out, zreg__span answer,
                                     const char *name, zreg_error *err);

#endif
