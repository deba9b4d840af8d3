/* SPDX-License-Identifier: Apache-2.0 */
/** Log lines to a callback. The caller of this never passes a secret; control characters are
 *  replaced. */
#ifndef ZREG_BASE_LOG_H
#define ZREG_BASE_LOG_H

#include "base/compiler.h"
#include <zreg/common.h>

typedef struct zreg__log {
    zreg_log_fn write; /* NULL: no log */
    void *user;
} zreg__log;

void zreg__log_line(const zreg__log *log, zreg_log_level level, const char *format, ...)
    ZREG__PRINTF(3, 4);

#endif
