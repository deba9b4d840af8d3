/* SPDX-License-Identifier: Apache-2.0 */
/** What signs and checks the tokens of a server, as its options name it. */
#ifndef CLI_SERVE_TOKENS_H
#define CLI_SERVE_TOKENS_H

#include "registry_yaml.h"

/** Begins as zero. */
typedef struct serve_tokens {
    char **keys; /* ends with NULL */
    char *trust; /* keys of a token service */
} serve_tokens;

/** Reads the files that options name, or else registry.yaml. The server's options point into `out` and
 *  `yaml` then. */
zreg_status serve_tokens_read(session *s, serve_tokens *out, zreg_server_options *options,
                              const registry_yaml *yaml);

void serve_tokens_finish(serve_tokens *tokens);

#endif
