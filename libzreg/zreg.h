/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of libzreg. Each topic can also be included by itself. */
#ifndef ZREG_H
#define ZREG_H

#include <zreg/version.h>

#endif
