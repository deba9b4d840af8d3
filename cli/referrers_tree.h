/* SPDX-License-Identifier: Apache-2.0 */
/** What belongs to an image, and to that in turn, as a tree. */
#ifndef CLI_REFERRERS_TREE_H
#define CLI_REFERRERS_TREE_H

#include "json.h"
#include "session.h"

/** Digest, type, size and annotations of one referrer. */
json_value *referrers_describe(const zreg_descriptor *one);

/** Prints the tree of what `ref` names. Each manifest is gone into once, whoever says that it names it, to a depth of
 *  8 and up to 1000 of them; what lies beyond is an error (LIMIT). */
zreg_status referrers_tree(session *s, const zreg_ref *ref, const zreg_referrers_options *options);

#endif
