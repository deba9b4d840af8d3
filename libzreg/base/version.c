/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <zreg/common.h>

const char *zreg_version(void)
{
    return PACKAGE_VERSION;
}
