/* SPDX-License-Identifier: Apache-2.0 */
/** Answers from files: blobs, and what is too large to wait in memory until its client has read it. */
#ifndef ZREG_SERVER_SEND_H
#define ZREG_SERVER_SEND_H

#include "server/inside.h"

/** Gives the answer its bytes; status, headers, `source.offset` and `source.size` are set. The blob is
 *  the answer's now. */
void zreg__send_blob(zreg__call *call, zreg__store_blob *blob);

/** Moves the body of an answer that is set to a file, if it is larger than ZREG__STORE_SMALL_BYTES. */
void zreg__send_aside(zreg__call *call, zreg__store *store);

#endif
