/* SPDX-License-Identifier: Apache-2.0 */
/** This machine in the words of image platforms. */
#ifndef ZREG_IMAGE_MACHINE_H
#define ZREG_IMAGE_MACHINE_H

/** "linux/" and its architecture, in new memory; NULL when there is none. */
char *zreg__machine_platform(void);

#endif
