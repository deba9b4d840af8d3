/* SPDX-License-Identifier: Apache-2.0 */
/** The drivers that there are; each is in endpoint_<name>.c. */
#ifndef ZREG_IMAGE_DRIVERS_H
#define ZREG_IMAGE_DRIVERS_H

#include "image/endpoint.h"

extern const zreg__endpoint_driver zreg__endpoint_registry;
extern const zreg__endpoint_driver zreg__endpoint_layout;
extern const zreg__endpoint_driver zreg__endpoint_archive;         /* source only */
extern const zreg__endpoint_driver zreg__endpoint_new_oci_archive; /* destinations only */
extern const zreg__endpoint_driver zreg__endpoint_new_docker_archive;
extern const zreg__endpoint_driver zreg__endpoint_new_daemon_image;
extern const zreg__endpoint_driver zreg__endpoint_store; /* only where the server is built */

#endif
