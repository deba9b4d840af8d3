/* SPDX-License-Identifier: Apache-2.0 */
/** What a buildset registry makes for itself: certificate, user, root; and its connection record. */
#ifndef ZREG_SERVER_BUILDSET_H
#define ZREG_SERVER_BUILDSET_H

#include "server/inside.h"

/** Fills in what is missing; users and address are set already. */
zreg_status zreg__buildset_prepare(zreg_server *server, const zreg_server_options *options,
                                   zreg_error *err);

#endif
