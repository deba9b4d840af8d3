/* SPDX-License-Identifier: Apache-2.0 */
/** All verbs, in the order in which help shows them. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "session.h"

extern const verb cmd_append;
extern const verb cmd_artifacts;
extern const verb cmd_cleanup_tags;
extern const verb cmd_copy;
extern const verb cmd_delete_tag;
extern const verb cmd_index;
extern const verb cmd_inspect;
extern const verb cmd_populate;
extern const verb cmd_promote;
extern const verb cmd_publish;
extern const verb cmd_resolve;
extern const verb cmd_serve;
extern const verb cmd_tags;
extern const verb cmd_upload;
extern const verb cmd_use_buildset_registry;
extern const verb cmd_version;

#endif
