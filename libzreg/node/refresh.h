/* SPDX-License-Identifier: Apache-2.0 */
/** The system's tool that makes its bundle of certificate authorities of the folders. It runs for
 *  "/" only; beneath another root the bundle is a file like others (node/trust.h). */
#ifndef ZREG_HOST_REFRESH_H
#define ZREG_HOST_REFRESH_H

#include "node/survey.h"
#include "node/trust.h"
#include <zreg/cancel.h>

/** The row whose tool makes the bundle of this machine; NULL: there is none, or another root. */
const zreg__trust *zreg__refresh_row(const zreg__tree *tree);

/** The row whose bundle is not, or will not be, what the folder says; NULL: none. */
const zreg__trust *zreg__refresh_needed(const zreg__survey *survey);

/** Runs the tool when the bundle is not what the folder says. Errors: IO, CANCELLED. */
zreg_status zreg__refresh_run(const zreg__survey *survey, zreg_cancel *cancel, zreg_error *err);

#endif
