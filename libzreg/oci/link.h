/* SPDX-License-Identifier: Apache-2.0 */
/** The Link header of paged lists (RFC 8288; distribution-spec, "Listing Tags"). */
#ifndef ZREG_OCI_LINK_H
#define ZREG_OCI_LINK_H

#include <zreg/common.h>

/** The target of the link with rel="next", as written (relative or absolute), in new memory;
 *  NULL in `*out` when there is none. Errors: PROTO (malformed), LIMIT, NOMEM. */
zreg_status zreg__link_next(char **out, const char *header, zreg_error *err);

#endif
