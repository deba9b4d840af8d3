/* SPDX-License-Identifier: Apache-2.0 */
/** The drivers that there are; each is in endpoint_<name>.c. */
#ifndef ZREG_IMAGE_DRIVERS_H
#define ZREG_IMAGE_DRIVERS_H

#include "image/endpoint.h"

extern const zreg__endpoint_driver zreg__registry_driver;
extern const zreg__endpoint_driver zreg__layout_driver;
extern const zreg__endpoint_driver zreg__archive_driver; /* source only */
extern const zreg__endpoint_driver zreg__store_driver;   /* only where the server is built */

#endif
