/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Running engines and the name of the registry. They are written in Go, whose programs look at
 * /etc/hosts again only when they last did so five seconds ago: until then a new name is unknown to
 * them, a mirror of that name is passed over, and the image of the original is pulled.
 */
#ifndef ZREG_HOST_SETTLE_H
#define ZREG_HOST_SETTLE_H

#include "node/survey.h"
#include <stdint.h>
#include <zreg/cancel.h>

/** Waits until daemons that run on this machine know what /etc/hosts holds since `written_ms`; not
 *  when the name is old, or no daemon runs. Errors: CANCELLED. */
zreg_status zreg__settle(const zreg__survey *survey, uint64_t written_ms, zreg_cancel *cancel,
                         zreg_error *err);

#endif
