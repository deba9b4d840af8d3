/* SPDX-License-Identifier: Apache-2.0 */
/** The options that say over which interface tags are listed and deleted. */
#ifndef CLI_TAG_API_H
#define CLI_TAG_API_H

#include "session.h"

/** Rows for the option table of a verb that deletes tags. */
/* clang-format off */
#define TAG_API_OPTIONS                                                                            \
    {"api", "auto|oci|hub|quay", "over which interface tags are listed and deleted"},              \
    {"api-url", "URL", "where Docker Hub's or Quay's API answers"},                                \
    {"api-token-file", "FILE", "holds an OAuth token for it; also ZREG_API_TOKEN"}
/* clang-format on */

/** Tells the session's client, for the host of `place`. */
zreg_status tag_api_configure(session *s, const char *place);

#endif
