/* SPDX-License-Identifier: Apache-2.0 */
/** Makes a machine's files what a survey says, so that it can be cut off at any moment: the record
 *  is written first, then the files, then what is left to undo. */
#ifndef ZREG_HOST_CARRY_OUT_H
#define ZREG_HOST_CARRY_OUT_H

#include "node/survey.h"
#include <zreg/cancel.h>

zreg_status zreg__carry_out(const zreg__survey *survey, zreg_cancel *cancel, zreg_error *err);

#endif
