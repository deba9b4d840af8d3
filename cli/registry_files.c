/* SPDX-License-Identifier: Apache-2.0 */
#include "registry_files.h"

#include <string.h>

/* Verbs that pull. All others are about what a registry itself has: a mirror may be late, or whole where the
 * registry is not. */
static const char *const pulling[] = {"append",  "blob",     "config", "copy", "export",
                                      "inspect", "manifest", "mutate", "sync"};

static bool pulls(const char *name)
{
    for (size_t i = 0; i < sizeof(pulling) / sizeof(pulling[0]); i++) {
        if (strcmp(pulling[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void registry_files_take(const session *s, zreg_client_options *options)
{
    options->registries_conf = options_text(&s->given, "registries-conf");
    options->hosts_dir = options_text(&s->given, "hosts-dir");
    options->certs_dir = options_text(&s->given, "certs-dir");
    options->podman_config = 1;
    options->no_mirrors = !pulls(s->verb->name);
}
