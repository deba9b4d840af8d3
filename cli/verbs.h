/* SPDX-License-Identifier: Apache-2.0 */
/** The verbs, one file each, and their table. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "session.h"

extern const verb cmd_append;
extern const verb cmd_artifacts;
extern const verb cmd_blob;
extern const verb cmd_catalog;
extern const verb cmd_cleanup_tags;
extern const verb cmd_config;
extern const verb cmd_copy;
extern const verb cmd_delete;
extern const verb cmd_delete_tag;
extern const verb cmd_digest;
extern const verb cmd_export;
extern const verb cmd_help;
extern const verb cmd_index;
extern const verb cmd_inspect;
extern const verb cmd_login;
extern const verb cmd_logout;
extern const verb cmd_manifest;
extern const verb cmd_mutate;
extern const verb cmd_populate;
extern const verb cmd_promote;
extern const verb cmd_publish;
extern const verb cmd_referrers;
extern const verb cmd_resolve;
extern const verb cmd_serve;
extern const verb cmd_sync;
extern const verb cmd_tags;
extern const verb cmd_upload;
extern const verb cmd_use_buildset_registry;
extern const verb cmd_verify;
extern const verb cmd_version;

/** All of them, in the order in which help shows them; ends with NULL. */
extern const verb *const verbs[];

/** The verb of this name, or NULL. */
const verb *verbs_find(const char *name);

/** Reports a verb that does not exist, with the one that may be meant. */
zreg_status verbs_unknown(session *s, const char *name);

#endif
