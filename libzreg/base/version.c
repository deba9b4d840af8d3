/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <zreg/common.h>
#include <zreg/version.h>

const char *zreg_version(void)
{
    return PACKAGE_VERSION;
}

uint32_t zreg_version_number(void)
{
    return ZREG_VERSION_NUMBER;
}
