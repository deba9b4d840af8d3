/* SPDX-License-Identifier: Apache-2.0 */
/** The inside of a cancel token: a descriptor that becomes readable for good when triggered or in time. */
#ifndef ZREG_BASE_CANCEL_H
#define ZREG_BASE_CANCEL_H

#include "base/compiler.h"
#include <zreg/cancel.h>

/** Descriptor to poll for reading, or -1 for a NULL token. Never read from it. */
int zreg__cancel_fd(const zreg_cancel *cancel);

/** One more holder, who frees it as well; the last one to free it ends it. NULL gives NULL. */
zreg_cancel *zreg__cancel_share(zreg_cancel *cancel);

/** ZREG_OK, or with `err` set: ZREG_CANCELLED, or ZREG_TIMEOUT once the deadline has passed. */
zreg_status zreg__cancel_check(const zreg_cancel *cancel, zreg_error *err);

/** Sleeps, but wakes when cancelled. Errors: those of zreg__cancel_check. */
zreg_status zreg__cancel_sleep(const zreg_cancel *cancel, uint64_t ms, zreg_error *err);

ZREG__DEFINE_AUTO(zreg_cancel, zreg_cancel_free)

#endif
